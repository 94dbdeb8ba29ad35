"""State of every stage of every recording: the results on disk and the jobs in the ledger, taken together."""

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.components.states import Status
from pipeline.api import Experiment, Job, SkeinError
from pipeline.jobs.state import Known, result_state

if TYPE_CHECKING:
    from pipeline.jobs.ledger import JobRow

Cell = tuple[str, str | None]
"""Name of a job, name of a recording (None: the whole experiment)."""
_FRESH_S = 60.0  # a changed video is noticed after this time; changed results are noticed at once


@dataclass
class ResultCache:
    """States of results, computed again only where a provenance file or `experiment.toml` has changed."""

    _known: dict[tuple[Path, str | None], tuple[object, float, dict[str, Status]]] = field(default_factory=dict)

    def of(
        self, experiment: Experiment, recording: str | None, jobs: Mapping[str, Job], found: Known
    ) -> dict[str, Status]:
        """Job → state of its result, for the jobs of one recording (None: those of the whole experiment).

        `found` is what this request has looked at already: calibration is examined once, not for every recording.
        """
        stamp = (_stamps(experiment.root), _stamps(experiment.folder(recording)) if recording else None)
        key = (experiment.root, recording)
        known = self._known.get(key)
        if known and known[0] == (experiment.configuration, stamp) and time.monotonic() - known[1] < _FRESH_S:
            return known[2]
        scope = "recording" if recording else "experiment"
        chosen = {name: job for name, job in jobs.items() if job.scope == scope}
        states = {name: examined(experiment, job, recording, jobs, found) for name, job in chosen.items()}
        self._known[key] = ((experiment.configuration, stamp), time.monotonic(), states)
        return states


def examined(experiment: Experiment, job: Job, recording: str | None, jobs: Mapping[str, Job], known: Known) -> Status:
    """State of one result; `known` is what was found so far."""
    try:
        result = result_state(experiment, job, recording, jobs, known)
    except SkeinError as error:
        return Status("stale", (str(error),))
    if result.state == "missing" and (why := job.not_needed(experiment, recording)):
        return Status("unneeded", (why,))
    return Status(result.state, tuple(result.reasons))


def without_source(results: Mapping[Cell, Status], jobs: Mapping[str, Job]) -> dict[Cell, Status]:
    """Call a missing result not needed where all that it would be computed from is not needed."""
    found = dict(results)
    for name, job in jobs.items():
        for cell in [cell for cell, status in found.items() if cell[0] == name and status.state == "missing"]:
            sources = [(other, None if jobs[other].scope == "experiment" else cell[1]) for other in job.requires]
            if sources and all(found.get(source, Status()).state == "unneeded" for source in sources):
                titles = ", ".join(jobs[other].title for other in job.requires)
                found[cell] = Status("unneeded", (f"It is computed from: {titles}. That is not needed here.",))
    return found


def _stamps(folder: Path) -> tuple[tuple[str, int], ...]:
    """Names and times of the provenance files of a folder."""
    try:
        entries = list(os.scandir(folder / "provenance"))
    except OSError:
        return ()
    return tuple(sorted((entry.name, entry.stat().st_mtime_ns) for entry in entries if entry.name.endswith(".json")))


def with_job(result: Status, row: "JobRow | None") -> Status:
    """A result's state together with its newest job: what a person should see in one cell."""
    if row is None or row.state in {"done", "cancelled"}:
        return result
    if row.state == "queued":
        return Status("queued", (row.message,) if row.message else ("Waits for its turn.",), job_id=row.id)
    if row.state == "running":
        return Status("running", (row.message,) if row.message else (), row.fraction, row.eta_s, row.id)
    if result.state in {"done", "unneeded"}:
        return result  # a later success, a failed attempt to repeat what is still valid, or at what nothing waits for
    return Status("failed", (row.error or "The job failed; its log says why.", *result.reasons), job_id=row.id)


def newest(rows: "Iterable[JobRow]") -> "dict[Cell, JobRow]":
    """The newest job of each cell."""
    found: dict[Cell, JobRow] = {}
    for row in rows:
        cell = (row.job, row.recording)
        if cell not in found or row.id > found[cell].id:
            found[cell] = row
    return found
