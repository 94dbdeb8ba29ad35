"""Running one job in this process: what the runner does for the ledger, and scripts and tests do directly."""

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment, Provenance, read_provenance, write_provenance
from pipeline.experiment.provenance import provenance_path
from pipeline.files import data_fingerprint, home, leftovers
from pipeline.jobs.declaration import Context, Fanout, Job, Parameters, Progress
from pipeline.jobs.fanout import SerialFanout
from pipeline.jobs.parameters import configured_values, resolve_parameters

CONFIGURED = "parameters in experiment.toml"
LOCK_S = 30.0
_FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)


def run_now(
    job: Job,
    experiment: Experiment,
    recording: str | None = None,
    parameters: dict[str, Any] | Parameters | None = None,
    progress: Progress | None = None,
    fanout: Fanout | None = None,
    note: Callable[[str], None] | None = None,
) -> Provenance:
    """Validate, run in this process, write the provenance.

    While it runs the result counts as missing; where it fails without having touched the old result, that one stays.

    Parameters
    ----------
    parameters
        Explicit values; others come from `experiment.toml`, then from the defaults.
    progress
        Called with how far it is; by default nobody is told.
    fanout
        Where its pieces run; by default in this process.
    note
        Told each note at once; all of them are kept in the provenance.

    Raises
    ------
    SkeinError
        If parameters, recording or a required result do not fit, the same result is being computed by another
        process, the disk is full, or for the job's own reasons.
    """
    if job.scope == "experiment":
        recording = None
    elif recording is None:
        raise SkeinError(f"{job.title} works on a recording: name one of {experiment.name}.")
    else:
        experiment.recording(recording)
    values = parameters if isinstance(parameters, Parameters) else resolve_parameters(job, experiment, parameters)
    notes: list[str] = []

    def keep(sentence: str) -> None:
        notes.append(sentence)
        if note is not None:
            note(sentence)

    with _alone(job, experiment, recording):
        inputs = current_inputs(job, experiment, recording)
        _check_required(job, experiment, recording)
        started = time.monotonic()
        with _withdrawn(job, experiment, recording):
            context = Context(experiment, recording, progress or _nobody, fanout or SerialFanout(), keep)
            try:
                job.function(context, values)
            except OSError as error:
                if error.errno in _FULL:
                    raise SkeinError(
                        f"The disk is full: {job.title!r} stopped at {error.filename or 'a file'}. "
                        "Free some space and retry; what was finished is kept."
                    ) from error
                raise
            for path in output_paths(job, experiment, recording):
                if not path.exists():
                    raise SkeinError(f"{job.title} ended without writing {path.relative_to(experiment.root)}.")
            provenance = Provenance(
                job.name,
                recording,
                values.model_dump(mode="json"),
                inputs,
                notes,
                duration_s=round(time.monotonic() - started, 3),
            )
            write_provenance(experiment, provenance)
    return provenance


def current_inputs(job: Job, experiment: Experiment, recording: str | None) -> dict[str, str]:
    """Fingerprints of all that a result depends on, as they are now: what the job names, the results that it reads
    (their provenance's key) and what `experiment.toml` says about its parameters.

    Raises
    ------
    SkeinError
        If an input cannot be read.
    """
    try:
        inputs = dict(job.inputs(experiment, recording))
    except OSError as error:
        raise SkeinError(f"{error.filename or 'An input'} cannot be read: {error.strerror or error}.") from error
    inputs[CONFIGURED] = configured_values(job, experiment)
    for name in (*job.requires, *job.uses):
        inputs |= {label: result.key for label, result in upstream_results(experiment, name, recording).items()}
    return inputs


def upstream_results(experiment: Experiment, job: str, recording: str | None) -> dict[str, Provenance]:
    """The results of `job` that something about `recording` reads: the recording's or the experiment's; where
    `recording` is None the experiment's or those of all its recordings, labelled ``<job> of <recording>``."""
    for place in [recording, None] if recording else [None]:
        result = read_provenance(experiment, job, place)
        if result is not None:
            return {job: result}
    if recording:
        return {}
    found = {name: read_provenance(experiment, job, name) for name in experiment.recording_names}
    return {f"{job} of {name}": result for name, result in found.items() if result is not None}


def output_paths(job: Job, experiment: Experiment, recording: str | None) -> Iterator[Path]:
    """Where the job's outputs lie."""
    for relative in job.produces:
        yield experiment.root / relative.format(recording=recording)


def _check_required(job: Job, experiment: Experiment, recording: str | None) -> None:
    for name in job.requires:
        if not upstream_results(experiment, name, recording):
            option = f" --recording {recording}" if recording else ""
            raise SkeinError(
                f"{job.title} needs the result of `{name}` first: run `skein {name} {experiment.root.name}{option}`, "
                "or `skein run` for all that is missing."
            )


@contextmanager
def _alone(job: Job, experiment: Experiment, recording: str | None) -> Iterator[None]:
    """Two processes never compute the same result at once; the system gives the lock back when its holder dies."""
    name = data_fingerprint([str(experiment.root), job.name, recording])
    path = home() / "locks" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=LOCK_S)
    except Timeout as error:
        raise SkeinError(f"{job.title} is being computed by another process: wait for it, or cancel it.") from error
    with lock:
        lock.release()  # `with` has acquired it a second time
        _remove_leftovers(job, experiment, recording)
        yield


def _remove_leftovers(job: Job, experiment: Experiment, recording: str | None) -> None:
    """Delete the half-written files of an attempt that was killed: nobody else writes these outputs now."""
    for output in (*output_paths(job, experiment, recording), provenance_path(experiment, job.name, recording)):
        for leftover in leftovers(output):
            leftover.unlink(missing_ok=True)


def _snapshot(job: Job, experiment: Experiment, recording: str | None) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for output in output_paths(job, experiment, recording):
        for path in output.rglob("*") if output.is_dir() else [output]:
            if path.is_file():
                status = path.stat()
                found[str(path)] = (status.st_size, status.st_mtime_ns)
    return found


@contextmanager
def _withdrawn(job: Job, experiment: Experiment, recording: str | None) -> Iterator[None]:
    """Take the old provenance away while its result may be overwritten; on failure it comes back if nothing was.

    A mixture of two runs is so never taken for a whole result, even after a power cut.
    """
    path = provenance_path(experiment, job.name, recording)
    previous = read_provenance(experiment, job.name, recording)
    before = _snapshot(job, experiment, recording)
    path.unlink(missing_ok=True)
    try:
        yield
    except BaseException:
        if previous is not None and _snapshot(job, experiment, recording) == before:
            write_provenance(experiment, previous)
        raise


def _nobody(done: float, total: float, message: str = "") -> None:
    pass
