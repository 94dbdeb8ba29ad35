"""Evaluation plugin."""

from pipeline.api import Plugin

PLUGIN = Plugin(name="evaluation", title="Evaluation")
