"""Timelines and pictures of recordings, kept so that a page answers at once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import cv2
import numpy as np

from pipeline.api import Experiment, SkeinError
from pipeline.video import Timeline, VideoReader, video_path

Value = TypeVar("Value")
_PICTURES = 256
_READERS = 8
_QUALITY = 85


class Recent(Generic[Value]):
    """The values used most recently, by key; safe to use from many threads."""

    def __init__(self, size: int, dropped: Callable[[Value], None] = lambda value: None) -> None:
        self._size, self._dropped = size, dropped
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Hashable, value: Value) -> None:
        with self._lock:
            replaced = self._values.pop(key, value)
            self._values[key] = value
            surplus = [] if replaced is value else [replaced]
            surplus += [self._values.popitem(last=False)[1] for _ in range(len(self._values) - self._size)]
        for old in surplus:
            self._dropped(old)

    def take(self, key: Hashable) -> Value | None:
        """Remove and return a value."""
        with self._lock:
            return self._values.pop(key, None)


@dataclass(frozen=True)
class Described:
    """A recording's timeline, or why there is none.

    Parameters
    ----------
    timeline
        None where the videos cannot be joined.
    problem
        Why, one sentence.
    """

    timeline: Timeline | None
    problem: str | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be wrong, one sentence each."""
        return (self.problem,) if self.problem else grouped(self.timeline.warnings) if self.timeline else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is used, and what is cut."""
        return self.timeline.notes if self.timeline else ()


def grouped(sentences: Iterable[str]) -> tuple[str, ...]:
    """Say once what holds for several cameras: ``cam_1, cam_2: the file says …``."""
    subjects: dict[str, list[str]] = {}
    for sentence in sentences:
        subject, colon, rest = sentence.partition(": ")
        subjects.setdefault(rest if colon else sentence, []).extend([subject] if colon else [])
    return tuple(f"{', '.join(names)}: {rest}" if names else rest for rest, names in subjects.items())


class Media:
    """Timelines, frames and thumbnails of the open experiments."""

    def __init__(self) -> None:
        self._described: Recent[Described] = Recent(4000)
        self._pictures: Recent[bytes] = Recent(_PICTURES)
        self._readers: Recent[VideoReader] = Recent(_READERS, VideoReader.close)
        self._turns: dict[Path, threading.Lock] = {}
        self._pending: set[Hashable] = set()
        self._lock = threading.Lock()
        self.version = 0
        """Grows whenever something that was asked for in the background has become known."""

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, "timelines")

    def described(self, experiment: Experiment, recording: str) -> Described:
        """The timeline of a recording; indexes its videos where nobody has done so yet."""
        key = _key(experiment, recording)
        known = self._described.get(key)
        if known is None:
            try:
                known = Described(Timeline.of(experiment, recording))
            except SkeinError as error:
                known = Described(None, str(error))
            self._described.put(key, known)
        return known

    def timeline(self, experiment: Experiment, recording: str) -> Timeline:
        """The timeline of a recording.

        Raises
        ------
        SkeinError
            Where its videos cannot be read or joined.
        """
        described = self.described(experiment, recording)
        if described.timeline is None:
            raise SkeinError(described.problem or "The videos of this recording cannot be joined.")
        return described.timeline

    def peek(self, experiment: Experiment, recording: str) -> Described | None:
        """The timeline where it is known; else None, and it will be known a little later (see `version`)."""
        key = _key(experiment, recording)
        known = self._described.get(key)
        if known is None:
            with self._lock:
                if key in self._pending:
                    return None
                self._pending.add(key)
            self._pool.submit(self._describe, experiment, recording, key)
        return known

    def _describe(self, experiment: Experiment, recording: str, key: Hashable) -> None:
        try:
            self.described(experiment, recording)
        finally:
            with self._lock:
                self._pending.discard(key)
                self.version += 1

    def picture(
        self, experiment: Experiment, recording: str, camera: str, frame: int, width: int | None = None
    ) -> tuple[bytes, str]:
        """A JPEG of a frame of the recording, and a tag that changes with its content.

        Raises
        ------
        SkeinError
            If there is no such frame, or that camera has no image of it.
        """
        timeline = self.timeline(experiment, recording)
        path = video_path(experiment, recording, camera)
        if not 0 <= frame < timeline.n_frames:
            raise SkeinError(f"{recording} has the frames 0 to {timeline.n_frames - 1}; there is no frame {frame}.")
        number = int(timeline.video_frames(camera)[frame])
        if number < 0:
            raise SkeinError(f"{camera} has no image of frame {frame}.")
        return self.video_picture(path, number, width)

    def video_picture(self, path: Path, number: int, width: int | None = None) -> tuple[bytes, str]:
        """A JPEG of frame `number` of a video file, and a tag that changes with its content."""
        state = path.stat()
        key = (path, state.st_mtime_ns, state.st_size, number, width)
        tag = f"{abs(hash(key)):x}"
        with self._turns.setdefault(path, threading.Lock()):  # a page asks for the same picture many times at once
            known = self._pictures.get(key)
            if known is None:
                known = self._encoded(path, number, width)
                self._pictures.put(key, known)
        return known, tag

    def _encoded(self, path: Path, number: int, width: int | None) -> bytes:
        reader = self._readers.take(path) or VideoReader(path, threads=1)
        try:
            image = reader.read(number)
        finally:
            self._readers.put(path, reader)
        if width is not None and width < image.shape[1]:
            height = max(1, round(image.shape[0] * width / image.shape[1]))
            image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        encoded, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        if not encoded:
            raise SkeinError(f"Frame {number} of {path.name} could not be made into a JPEG.")
        return data.tobytes()


def _key(experiment: Experiment, recording: str) -> Hashable:
    """Everything that a timeline depends on, without opening a video."""
    entry = experiment.recording(recording)
    files = [*entry.videos.values(), *([entry.timestamps] if entry.timestamps else [])]
    stamps = []
    for name in files:
        try:
            state = experiment.file(name).stat()
        except OSError:
            stamps.append((0, 0))
        else:
            stamps.append((state.st_mtime_ns, state.st_size))
    return experiment.root, entry.model_dump_json(), experiment.camera_names, tuple(stamps)
