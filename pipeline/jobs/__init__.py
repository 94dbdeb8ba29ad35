"""Jobs: declared once, kept in a ledger, run by a supervisor that outlives the browser and the dashboard."""

from pipeline.jobs.declaration import Context, Fanout, Job, Parameters, Progress, parameter
from pipeline.jobs.execution import run_now
from pipeline.jobs.ledger import JobRow, Ledger

__all__ = ["Context", "Fanout", "Job", "JobRow", "Ledger", "Parameters", "Progress", "parameter", "run_now"]
