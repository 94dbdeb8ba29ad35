"""Whether a result is there and still fits what it was computed from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment, Provenance, ResultState, read_provenance
from pipeline.jobs.declaration import Job
from pipeline.jobs.execution import CONFIGURED, current_inputs, output_paths

Known = dict[tuple[str, str | None], "ResultStatus"]


@dataclass(frozen=True)
class ResultStatus:
    """State of one result.

    Parameters
    ----------
    reasons
        Why it is stale, one clause each; empty otherwise.
    provenance
        What produced it, or None where it is missing.
    """

    state: ResultState
    reasons: tuple[str, ...]
    provenance: Provenance | None


def result_state(
    experiment: Experiment, job: Job, recording: str | None, jobs: Mapping[str, Job], known: Known | None = None
) -> ResultStatus:
    """Compare a result's provenance with its inputs as they are now.

    A result is stale when a video, the part of `experiment.toml` it depends on, its parameters there, or a result
    that it was computed from has changed, and also while such a result is itself stale.

    Parameters
    ----------
    recording
        Ignored for a job of the whole experiment.
    jobs
        All jobs by name.
    known
        States found so far; give the same dictionary to many calls and nothing is examined twice.
    """
    recording = None if job.scope == "experiment" else recording
    known = {} if known is None else known
    if (job.name, recording) not in known:
        known[job.name, recording] = _examined(experiment, job, recording, jobs, known)
    return known[job.name, recording]


def _examined(
    experiment: Experiment, job: Job, recording: str | None, jobs: Mapping[str, Job], known: Known
) -> ResultStatus:
    try:
        provenance = read_provenance(experiment, job.name, recording)
    except SkeinError as error:
        return ResultStatus("stale", (str(error),), None)
    if provenance is None:
        return ResultStatus("missing", (), None)
    reasons = [f"{path.name} was removed" for path in output_paths(job, experiment, recording) if not path.exists()]
    try:
        reasons += _differences(provenance.inputs, current_inputs(job, experiment, recording), jobs)
    except SkeinError as error:
        reasons.append(str(error))
    for name in (*job.requires, *job.uses):
        for place in _places(experiment, jobs, name, recording):
            if result_state(experiment, jobs[name], place, jobs, known).state == "stale":
                reasons.append(f"{_title(name, jobs)} is itself out of date{_of(place, recording)}")
    return ResultStatus("stale" if reasons else "done", tuple(reasons), provenance)


def _differences(then: dict[str, str], now: dict[str, str], jobs: Mapping[str, Job]) -> list[str]:
    reasons = []
    for name in dict.fromkeys([*then, *now]):
        if then.get(name) == now.get(name):
            continue
        what = name
        if name == CONFIGURED:
            what = f"{name} ({', '.join(_changed_keys(then.get(name), now.get(name)))})"
        elif (job := name.split(" of ")[0]) in jobs:
            what = _title(job, jobs) + name.removeprefix(job)
        if name not in now:
            reasons.append(f"{what} was removed after this was computed")
        elif name not in then:
            reasons.append(f"{what} was added after this was computed")
        else:
            reasons.append(f"{what} changed after this was computed")
    return reasons


def _changed_keys(then: str | None, now: str | None) -> list[str]:
    old, new = json.loads(then or "{}"), json.loads(now or "{}")
    return [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key) or (key in old) != (key in new)]


def _places(
    experiment: Experiment, jobs: Mapping[str, Job], upstream: str, recording: str | None
) -> tuple[str | None, ...]:
    if upstream not in jobs or jobs[upstream].scope == "experiment":
        return (None,) if upstream in jobs else ()
    return (recording,) if recording else experiment.recording_names


def _title(name: str, jobs: Mapping[str, Job]) -> str:
    return f"the result of “{jobs[name].title}”" if name in jobs else f"the result of {name}"


def _of(place: str | None, recording: str | None) -> str:
    return f" for {place}" if place and place != recording else ""
