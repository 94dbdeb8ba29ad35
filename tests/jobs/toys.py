"""Small jobs for tests, steered through files in the experiment folder."""

import errno
import os
import signal
import time
from pathlib import Path

from pipeline.api import Context, Experiment, Job, Parameters, SkeinError, data_fingerprint, parameter
from pipeline.files import replacing, write_json


class Count(Parameters):
    items: int = parameter(6, "Number of pieces.", minimum=1, maximum=1000)
    factor: float = parameter(2.0, "Multiplies each piece.", unit="px", minimum=0)


def count(context: Context, parameters: Count) -> None:
    """Write a file per piece, skipping those that are there; piece k waits until the file `gate` says more than k."""
    folder = context.experiment.folder(context.recording) / "count"
    for index in range(parameters.items):
        path = folder / f"{index}.json"
        if not path.is_file():
            while _gate(context.experiment) <= index:
                time.sleep(0.01)
            with (context.experiment.root / "computed").open("a") as log:
                log.write(f"{index}\n")
            write_json(path, index * parameters.factor)
        context.progress(index + 1, parameters.items, f"piece {index + 1}")
    context.note(f"{parameters.items} pieces.")


def _gate(experiment: Experiment) -> int:
    path = experiment.root / "gate"
    return int(path.read_text() or 0) if path.is_file() else 1_000_000


def open_gate(experiment: Experiment, upto: int) -> None:
    """Let the pieces before `upto` pass."""
    with replacing(experiment.root / "gate") as path:
        path.write_text(str(upto))


def source_fingerprint(experiment: Experiment, recording: str | None) -> dict[str, str]:
    path = experiment.root / "source.txt"
    return {"source.txt": data_fingerprint(path.read_text())} if path.is_file() else {}


COUNT = Job(
    name="count",
    title="Count",
    help="Counts.",
    parameters=Count,
    run="tests.jobs.toys:count",
    entry="tests.jobs.toys:COUNT",
    produces=("recordings/{recording}/count",),
    inputs=source_fingerprint,
)


class Total(Parameters):
    offset: float = parameter(0.0, "Is added.")


def total(context: Context, parameters: Total) -> None:
    folder = context.experiment.folder(context.recording)
    numbers = [float(path.read_text()) for path in (folder / "count").glob("*.json")]
    write_json(folder / "total.json", sum(numbers) + parameters.offset)


TOTAL = Job(
    name="total",
    title="Total",
    help="Adds up.",
    parameters=Total,
    run="tests.jobs.toys:total",
    entry="tests.jobs.toys:TOTAL",
    requires=("count",),
    produces=("recordings/{recording}/total.json",),
)


class Nothing(Parameters):
    pass


def burn(item: str) -> None:
    """Occupies a core for ever, after having said which process does."""
    Path(item).with_suffix(f".{os.getpid()}.pid").touch()
    while True:
        sum(range(10_000))


def burn_everywhere(context: Context, parameters: Nothing) -> None:
    (context.experiment.root / f"runner.{os.getpid()}.pid").touch()
    list(context.fanout.map(burn, [str(context.experiment.root / f"worker{index}") for index in range(2)]))


BURN = Job(
    name="burn",
    title="Burn",
    help="Computes for ever on two processes.",
    parameters=Nothing,
    run="tests.jobs.toys:burn_everywhere",
    entry="tests.jobs.toys:BURN",
)


def ignore(context: Context, parameters: Nothing) -> None:
    """Does not let itself be asked to end, as a library's long call would."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    context.progress(1, 2)
    while True:
        sum(range(10_000))


STUBBORN = Job(
    name="stubborn",
    title="Stubborn",
    help="Computes for ever and ignores SIGTERM.",
    parameters=Nothing,
    run="tests.jobs.toys:ignore",
    entry="tests.jobs.toys:STUBBORN",
)


def poison(context: Context, parameters: Nothing) -> None:
    with (context.experiment.root / "computed").open("a") as log:
        log.write("poison\n")
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    time.sleep(60)


POISON = Job(
    name="poison",
    title="Poison",
    help="Kills its own process.",
    parameters=Nothing,
    run="tests.jobs.toys:poison",
    entry="tests.jobs.toys:POISON",
)


class Broken(Parameters):
    how: str = parameter("defect", "What goes wrong: defect, sentence, full.")


def broken(context: Context, parameters: Broken) -> None:
    write_json(context.experiment.folder(context.recording) / "broken" / "0.json", 0)
    if parameters.how == "sentence":
        raise SkeinError("The lens cap was on.")
    if parameters.how == "full":
        with replacing(context.experiment.folder(context.recording) / "broken" / "1.json") as path:
            path.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
    raise ValueError("secret detail")


BROKEN = Job(
    name="broken",
    title="Broken",
    help="Fails.",
    parameters=Broken,
    run="tests.jobs.toys:broken",
    entry="tests.jobs.toys:BROKEN",
    produces=("recordings/{recording}/broken",),
)

JOBS = {job.name: job for job in (COUNT, TOTAL, BURN, POISON, BROKEN)}
