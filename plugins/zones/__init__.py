"""Zones plugin."""

from pipeline.api import Plugin

PLUGIN = Plugin(name="zones", title="Zones")
