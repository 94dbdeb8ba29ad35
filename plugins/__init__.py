"""Skein's own plugins. Each imports `pipeline.api` and `dashboard.api` only."""
