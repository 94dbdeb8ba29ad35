"""Zone statistics: when, how often and how long each animal is where."""

from pipeline.api import Plugin
from plugins.zones.exports import EXPORT
from plugins.zones.job import JOB

PLUGIN = Plugin(name="zones", title="Zone statistics", jobs=(JOB,), exports=(EXPORT,), page="plugins.zones.page:PAGE")
