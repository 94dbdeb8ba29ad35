"""Following jobs in a terminal: one line that moves, and one that stays for each job that ended."""

import shutil
import sys
import time

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment, read_provenance
from pipeline.jobs.ledger import JobRow, Ledger
from pipeline.jobs.supervisor import ensure_supervisor

POLL_S = 0.25
_ENSURE_S = 5.0
_QUIET_S = 15.0


def follow(ledger: Ledger, ids: list[int]) -> int:
    """Show progress until all of them have ended; Ctrl-C cancels them. Returns 0 if all are done, else 1."""
    ended: dict[int, JobRow] = {}
    line = _Line()
    ensured = time.monotonic()
    try:
        while len(ended) < len(ids):
            rows = [ledger.row(identity) for identity in ids if identity not in ended]
            for row in rows:
                if not row.active:
                    ended[row.id] = row
                    line.keep(_ending(row))
            waiting = [row for row in rows if row.active]
            if waiting:
                line.show(_status(ledger, waiting, len(ended), len(ids)))
                if time.monotonic() - ensured > _ENSURE_S:
                    ensure_supervisor()  # one that was killed is replaced
                    ensured = time.monotonic()
                time.sleep(POLL_S)
    except KeyboardInterrupt:
        line.keep("Cancelling …")
        for identity in ids:
            ledger.cancel(identity)
        ensure_supervisor()  # only it can stop what runs
        while any(ledger.row(identity).active for identity in ids):
            time.sleep(POLL_S)
        line.keep("Cancelled. What was finished is kept; the same command goes on from there.")
        return 130
    return 0 if all(row.state == "done" for row in ended.values()) else 1


def named(row: JobRow) -> str:
    """A job as people call it."""
    return f"{row.title}, {row.recording}" if row.recording else row.title


def duration(seconds: float) -> str:
    """A time span in at most two units."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _status(ledger: Ledger, waiting: list[JobRow], ended: int, count: int) -> str:
    running = [row for row in waiting if row.state == "running"]
    prefix = f"[{ended + 1}/{count}] " if count > 1 else ""
    if not running:
        before = ledger.count(states=["running"])
        return f"{prefix}{named(waiting[0])}: waiting{f' for {before} other' if before else ''}"
    row = running[0]
    parts = [f"{prefix}{named(row)}"]
    if row.fraction is not None:
        parts.append(f"{row.fraction:4.0%}")
    if row.message:
        parts.append(row.message)
    if row.eta_s is not None:
        parts.append(f"{duration(row.eta_s)} left")
    return "  ".join(parts)


def _ending(row: JobRow) -> str:
    if row.state == "done":
        took = f" in {duration((row.finished - row.started).total_seconds())}" if row.finished and row.started else ""
        return "\n".join([f"{named(row)}: done{took}", *(f"  {note}" for note in _notes(row))])
    if row.state == "cancelled":
        return f"{named(row)}: cancelled"
    return f"{named(row)}: failed. {row.error}  (`skein jobs log {row.id}` shows the log)"


def _notes(row: JobRow) -> list[str]:
    try:
        provenance = read_provenance(Experiment.open(row.experiment), row.job, row.recording)
    except SkeinError:  # the folder was moved meanwhile
        return []
    return provenance.notes if provenance else []


class _Line:
    """One line that is overwritten on a terminal; elsewhere it is printed now and then. Failures go to stderr."""

    def __init__(self) -> None:
        self._moving = sys.stderr.isatty()
        self._shown = ""
        self._printed = time.monotonic() - _QUIET_S + 3

    def show(self, text: str) -> None:
        if self._moving:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{text[:width]:<{len(self._shown)}}", end="", file=sys.stderr, flush=True)
            self._shown = text[:width]
        elif time.monotonic() - self._printed > _QUIET_S:
            print(text, flush=True)
            self._printed = time.monotonic()

    def keep(self, text: str) -> None:
        if self._shown:
            print(f"\r{'':<{len(self._shown)}}\r", end="", file=sys.stderr, flush=True)
            self._shown = ""
        print(text, file=sys.stderr if ": failed." in text else sys.stdout, flush=True)
