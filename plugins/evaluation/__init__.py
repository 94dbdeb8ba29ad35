"""Evaluation: how close results come to a known truth."""

from pipeline.api import Plugin
from plugins.evaluation.job import JOB

PLUGIN = Plugin(name="evaluation", title="Evaluation", jobs=(JOB,))
