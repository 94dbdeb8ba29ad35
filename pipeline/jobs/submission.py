"""Queueing all that is missing or stale, of many recordings, in one go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.experiment import Experiment
from pipeline.jobs.declaration import Job
from pipeline.jobs.ledger import ACTIVE, Ledger
from pipeline.jobs.state import Known, result_state

Place = tuple[str, str | None]


@dataclass(frozen=True)
class Step:
    """One thing that has to be computed.

    Parameters
    ----------
    reasons
        Why, one clause each.
    """

    job: Job
    recording: str | None
    reasons: tuple[str, ...]

    @property
    def place(self) -> Place:
        return self.job.name, self.recording


def stale_steps(
    experiment: Experiment,
    jobs: Mapping[str, Job],
    recordings: Sequence[str] | None = None,
    under_way: Iterable[Place] = (),
) -> list[Step]:
    """What is missing or stale, in an order in which it can be computed, one recording after the other.

    Parameters
    ----------
    jobs
        All jobs by name, in the order of the data's way; only stages are considered.
    recordings
        By default all of the experiment.
    under_way
        Results that are being computed: left out, but what depends on them is out of date.
    """
    known: Known = {}
    changing = set(under_way)
    steps: list[Step] = []
    absent: set[Place] = set()
    for job, recording in _places(experiment, jobs, recordings):
        if (job.name, recording) in changing:
            continue
        upstream = [
            place for name in (*job.requires, *job.uses) for place in _upstream(experiment, jobs, name, recording)
        ]
        required = [place for name in job.requires for place in _upstream(experiment, jobs, name, recording)]
        status = result_state(experiment, job, recording, jobs, known)
        if status.state == "missing" and (
            job.not_needed(experiment, recording) or (required and all(place in absent for place in required))
        ):
            absent.add((job.name, recording))
            continue
        reasons = ("it has not been computed",) if status.state == "missing" else status.reasons
        if not reasons and any(place in changing for place in upstream):
            reasons = ("what it is computed from is being computed anew",)
        if reasons:
            steps.append(Step(job, recording, reasons))
            changing.add((job.name, recording))
    return steps


def submit_stale(
    ledger: Ledger,
    experiment: Experiment,
    jobs: Mapping[str, Job],
    recordings: Sequence[str] | None = None,
    *,
    after: Sequence[int] = (),
    priority: int = 0,
) -> list[int]:
    """Queue all that is missing or stale; what is queued or running already is waited for, not queued twice.

    Parameters
    ----------
    jobs, recordings
        See :func:`stale_steps`.
    after
        Ids of jobs that everything waits for.

    Returns
    -------
    list of int
        The new ids, in the order in which they will run.
    """
    active = ledger.rows(experiment.root, ACTIVE, limit=1_000_000)
    ids: dict[Place, int] = {(row.job, row.recording): row.id for row in reversed(active)}
    steps = stale_steps(experiment, jobs, recordings, under_way=ids)  # reads videos: not while the ledger is locked
    submitted = []
    with ledger.submitting() as submit:
        for step in steps:
            names = (*step.job.requires, *step.job.uses)
            upstream = [place for name in names for place in _upstream(experiment, jobs, name, step.recording)]
            needed = {*after, *(ids[place] for place in upstream if place in ids)}
            ids[step.place] = submit(step.job, experiment, step.recording, after=sorted(needed), priority=priority)
            submitted.append(ids[step.place])
    return submitted


def _places(
    experiment: Experiment, jobs: Mapping[str, Job], recordings: Sequence[str] | None
) -> Iterable[tuple[Job, str | None]]:
    """Each stage at each place; neighbouring stages of recordings are taken recording by recording."""
    names = experiment.recording_names if recordings is None else tuple(recordings)
    for name in names:
        experiment.recording(name)
    for scope, group in groupby((job for job in jobs.values() if job.stage), key=lambda job: job.scope):
        stages = list(group)
        if scope == "experiment":
            yield from ((job, None) for job in stages)
        else:
            yield from ((job, name) for name in names for job in stages)


def _upstream(experiment: Experiment, jobs: Mapping[str, Job], name: str, recording: str | None) -> list[Place]:
    if name not in jobs:
        return []
    if jobs[name].scope == "experiment":
        return [(name, None)]
    return [(name, recording)] if recording else [(name, other) for other in experiment.recording_names]
