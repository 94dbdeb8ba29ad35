"""How far a job is and how long it will still take."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.errors import SkeinError
from pipeline.files import write_json

INTERVAL_S = 0.5
_SAMPLES = 200


class Estimate:
    """Estimates the time that is left from the speed over the latter half of the time so far.

    A slow start (a cold disk, chunks that were resumed at once) is forgotten as the job goes on; a pause shows as a
    growing estimate. When the total changes or the count falls, a new phase has begun and the past is dropped.
    """

    def __init__(self) -> None:
        self._samples: list[tuple[float, float]] = []
        self._total = 0.0

    def add(self, now: float, done: float, total: float) -> None:
        """Record that `done` of `total` were done at the time `now`, s."""
        if total != self._total or (self._samples and done < self._samples[-1][1]):
            self._samples.clear()
            self._total = total
        self._samples.append((now, done))
        if len(self._samples) > _SAMPLES:
            del self._samples[1:-1:2]

    def left_s(self, now: float) -> float | None:
        """Seconds until the total is reached; None where nothing can be said yet."""
        if len(self._samples) < 2 or not self._total:
            return None
        begin, done = self._samples[0][0], self._samples[-1][1]
        halfway = begin + (now - begin) / 2
        since, before = max((sample for sample in self._samples[:-1] if sample[0] <= halfway), default=self._samples[0])
        if done <= before or now <= since:
            return None
        return max(self._total - done, 0.0) * (now - since) / (done - before)


class ProgressFile:
    """Writes the latest progress to a file, at most twice a second, from a thread of its own.

    Calling it costs next to nothing, and the last word before a long silence is written too.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._latest: tuple[float, float, str] | None = None
        self._estimate = Estimate()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_often, name="progress", daemon=True)

    def __call__(self, done: float, total: float, message: str = "") -> None:
        self._latest = (float(done), float(total), message)

    def __enter__(self) -> "ProgressFile":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _write_often(self) -> None:
        written: dict[str, Any] = {}
        ended = False
        while not ended:
            ended = self._ended.wait(INTERVAL_S)
            if self._latest is None:
                continue
            done, total, message = self._latest
            now = self._clock()
            self._estimate.add(now, done, total)
            left = self._estimate.left_s(now)
            state = {
                "done": done,
                "total": total,
                "message": message,
                "eta_s": None if left is None else round(left, 1),
            }
            if state == written:
                continue
            try:
                write_json(self._path, state)
            except (SkeinError, ValueError) as error:  # progress is not worth the job: a full disk, a NaN
                print(f"Progress could not be written: {error}", flush=True)
            written = state
