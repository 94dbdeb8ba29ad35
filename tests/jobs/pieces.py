"""Functions that worker processes can import, and a job that fans out over them."""

import os
import signal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.api import Context, Job, Parameters, SkeinError, write_json


def total(item: NDArray[np.int64]) -> int:
    return int(item.sum())


def same(item: int) -> int:
    return item


def fails_at_three(item: int) -> int:
    if item == 3:
        raise SkeinError("Piece 3 is broken.")
    return item


def dies(item: int) -> None:
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def threads(item: int) -> tuple[str | None, int]:
    import cv2

    return os.environ.get("OMP_NUM_THREADS"), cv2.getNumThreads()


def write_square(item: tuple[str, int]) -> int:
    folder, number = item
    write_json(Path(folder) / f"{number}.json", float(np.linalg.det(np.full((2, 2), number) + np.eye(2))))
    return number


def squares(context: Context, parameters: Parameters) -> None:
    folder = str(context.experiment.folder(context.recording or "") / "squares")
    for done, _ in enumerate(context.fanout.map(write_square, [(folder, k) for k in range(10)]), 1):
        context.progress(done, 10)


SQUARES = Job(
    name="squares",
    title="Squares",
    help="Squares.",
    parameters=Parameters,
    run="tests.jobs.pieces:squares",
    entry="tests.jobs.pieces:SQUARES",
    produces=("recordings/{recording}/squares",),
)
