"""Jobs: declared once, kept in a ledger, run by a supervisor that outlives the browser and the dashboard."""

from pipeline.jobs.declaration import Context, Fanout, Job, Parameters, Progress, parameter

__all__ = ["Context", "Fanout", "Job", "Parameters", "Progress", "parameter"]
