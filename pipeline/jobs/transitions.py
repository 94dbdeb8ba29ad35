"""What only the supervisor does to rows: beginning, following and ending attempts."""

import time
from collections.abc import Iterator, Sequence

from pipeline.jobs.ledger import JobRow, Ledger, State


def begin_attempt(ledger: Ledger, row: JobRow, devices: Sequence[str]) -> bool:
    """Mark a waiting row as running with a new attempt folder; False where it was cancelled meanwhile."""
    with ledger.transaction() as database:
        changed = database.execute(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, folder = folder + 1, devices = ?,"
            " started = ?, done = NULL, total = NULL, eta_s = NULL, message = 'starting'"
            " WHERE id = ? AND state = 'queued'",
            (",".join(devices), time.time(), row.id),
        )
        return changed.rowcount == 1


def take_progress(ledger: Ledger, row: JobRow, done: float, total: float, message: str, eta_s: float | None) -> int:
    """Copy what a runner wrote; returns the number of rows that this changed."""
    with ledger.transaction() as database:
        changed = database.execute(
            "UPDATE jobs SET done = ?, total = ?, message = ?, eta_s = ? WHERE id = ? AND state = 'running'",
            (done, total, message, eta_s, row.id),
        )
        return changed.rowcount


def end_attempt(ledger: Ledger, row: JobRow, state: State, error: str | None = None) -> None:
    """Set the final state of a running (or, where it could not be started, waiting) row."""
    with ledger.transaction() as database:
        database.execute(
            "UPDATE jobs SET state = ?, error = ?, finished = ?, eta_s = NULL, cancelling = 0, devices = '',"
            " done = CASE WHEN ? = 'done' THEN coalesce(total, done) ELSE done END,"
            " message = CASE WHEN message = 'starting' THEN '' ELSE message END"
            " WHERE id = ? AND state IN ('running', 'queued')",
            (state, error, time.time(), state, row.id),
        )


def requeue(ledger: Ledger, row: JobRow, message: str, *, counts: bool = True) -> None:
    """Let a row whose process was killed wait for its next attempt.

    Parameters
    ----------
    counts
        False where the computer went down: that is nothing a job can be blamed for.
    """
    with ledger.transaction() as database:
        database.execute(
            "UPDATE jobs SET state = 'queued', message = ?, eta_s = NULL, devices = '', attempts = attempts - ?"
            " WHERE id = ? AND state = 'running'",
            (message, 0 if counts else 1, row.id),
        )


def fail_blocked(ledger: Ledger) -> None:
    """Fail every waiting row one of whose dependencies failed or was cancelled, and those that wait for it in turn."""
    with ledger.transaction() as database:
        while blocked := database.execute(
            "SELECT jobs.id, other.id, other.title, other.state FROM jobs"
            " JOIN dependencies ON dependencies.job = jobs.id JOIN jobs AS other ON other.id = dependencies.after"
            " WHERE jobs.state = 'queued' AND other.state IN ('failed', 'cancelled') GROUP BY jobs.id"
        ).fetchall():
            for identity, other, title, state in blocked:
                what = "failed" if state == "failed" else "was cancelled"
                database.execute(
                    "UPDATE jobs SET state = 'failed', blocked = 1, finished = ?, error = ? WHERE id = ?",
                    (time.time(), f"Not started, because “{title}” (job {other}) {what}.", identity),
                )


def ready(ledger: Ledger) -> Iterator[JobRow]:
    """Waiting rows whose dependencies are all done, in the order in which they should start."""
    with ledger.transaction() as database:
        ids = database.execute(
            "SELECT id FROM jobs WHERE state = 'queued' AND NOT EXISTS ("
            " SELECT 1 FROM dependencies JOIN jobs AS other ON other.id = dependencies.after"
            " WHERE dependencies.job = jobs.id AND other.state <> 'done') ORDER BY priority DESC, id"
        ).fetchall()
    for (identity,) in ids:
        yield ledger.row(identity)
