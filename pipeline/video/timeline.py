"""The common time of a recording's cameras: which video frame of each shows a moment, and when that was."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import InvalidExperiment, SkeinError
from pipeline.experiment import Experiment
from pipeline.types import Recording
from pipeline.video.index import VideoIndex, video_index
from pipeline.video.timestamps import joined_by_time, read_timestamps

_RATE_TOLERANCE = 1e-3  # 29.97 and 30 differ by exactly this; a clock does not drift as much


@dataclass(frozen=True, eq=False)
class Timeline:
    """Frames of a recording, their times, and the video frames that show them.

    Frame k of the recording is frame ``first + offset + k * stride`` of a camera's video, where
    ``first = round(start_at_s * recorded_fps)``; with a table of timestamps it is the frame nearest in time. It ends
    with the shortest camera. A video that was cut off does not end it: that camera has no frame from there on.

    Parameters
    ----------
    recording
        Name of the recording.
    cameras
        The cameras that have a video, in the experiment's order.
    times
        (n_frames,) seconds from frame 0, by the recorded frame rate or the timestamps.
    frames
        Per camera, (n_frames,) frame of its video, -1 where it has none.
    fps
        Recording frames per second, after the stride.
    notes
        Sentences: what is used, what is cut.
    warnings
        Sentences on what may be wrong: container ≠ declared rate, damaged or missing videos.
    """

    recording: str
    cameras: tuple[str, ...]
    times: NDArray[np.float64]
    frames: dict[str, NDArray[np.int64]]
    fps: float
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, experiment: Experiment, recording: str) -> "Timeline":
        """The timeline of one of an experiment's recordings.

        Raises
        ------
        InvalidExperiment
            Every video that is missing or unreadable.
        SkeinError
            If the timestamps table is missing or unreadable, or the videos have no moment in common.
        """
        entry = experiment.recording(recording)
        names = [name for name in experiment.camera_names if name in entry.videos]
        indices = _indices(experiment, entry, names)
        warnings = [f"{name} has no video in this recording" for name in experiment.camera_names if name not in names]
        for name, index in indices.items():
            warnings += [f"{name}: {problem}" for problem in index.problems]
        if entry.timestamps is not None:
            return _by_timestamps(entry, experiment.file(entry.timestamps), indices, warnings)
        return _by_number(entry, indices, warnings)

    @property
    def n_frames(self) -> int:
        """Number of frames of the recording."""
        return len(self.times)

    def time_s(self, frames: ArrayLike) -> NDArray[np.float64]:
        """Seconds from frame 0 of the recording; of the same shape as `frames`.

        Raises
        ------
        SkeinError
            If a frame is not one of the recording's.
        """
        wanted = np.asarray(frames)
        if wanted.size and not (wanted.min() >= 0 and wanted.max() < self.n_frames):
            raise SkeinError(
                f"{self.recording} has the frames 0 to {self.n_frames - 1}; got {wanted.min()} to {wanted.max()}. "
                "Results older than a change of the recording must be computed again."
            )
        return self.times[wanted]

    def video_frames(self, camera: str) -> NDArray[np.int64]:
        """(n_frames,) frame of that camera's video for each frame of the recording, -1 where it has none."""
        if camera not in self.frames:
            return np.full(self.n_frames, -1, np.int64)
        return self.frames[camera]


def video_path(experiment: Experiment, recording: str, camera: str) -> Path:
    """The video of one camera.

    Raises
    ------
    SkeinError
        If the recording has no video of that camera.
    """
    entry = experiment.recording(recording)
    if camera not in entry.videos:
        raise SkeinError(
            f"{recording} has no video of {camera}: name one under [recording.videos], there are "
            f"{', '.join(entry.videos)}."
        )
    return experiment.file(entry.videos[camera])


def _indices(experiment: Experiment, entry: Recording, cameras: list[str]) -> dict[str, VideoIndex]:
    found: dict[str, VideoIndex] = {}
    problems = []
    for camera in cameras:
        try:
            found[camera] = video_index(experiment.file(entry.videos[camera]))
        except SkeinError as error:
            problems.append(f"Recording {entry.name}, {camera}: {error}")
    if problems:
        raise InvalidExperiment(problems)
    return found


def _by_number(entry: Recording, indices: dict[str, VideoIndex], warnings: list[str]) -> Timeline:
    reference = next(iter(indices))
    container = indices[reference].container_fps
    fps = entry.recorded_fps or container
    if fps <= 0:
        raise SkeinError(f"Recording {entry.name}: {reference} states no frame rate; set recorded_fps.")
    for name, index in indices.items():
        if abs(index.container_fps / fps - 1) > _RATE_TOLERANCE:
            whose = "the recording was made at" if entry.recorded_fps else f"{reference} says"
            warnings.append(
                f"{name}: the file says {_rate(index.container_fps)} frames/s, {whose} {_rate(fps)}; "
                f"times use {_rate(fps)}"
            )
    by_container = entry.recorded_fps is None and indices[reference].variable_rate
    if by_container:
        warnings.append(
            f"{reference}: the frame rate varies; times are those in its file. Frames of the cameras are joined by "
            "their number: give a timestamps table if a camera may have dropped frames"
        )
        first = int(np.argmin(np.abs(indices[reference].times - entry.start_at_s)))
    else:
        first = round(entry.start_at_s * fps)
    offsets = {name: entry.offsets.get(name, 0) for name in indices}
    left = {name: index.claimed - first - offsets[name] for name, index in indices.items()}
    available = -(-min(left.values()) // entry.stride)
    asked = available
    if entry.duration_s is not None:
        asked = int(np.ceil(entry.duration_s * fps / entry.stride - 1e-6))
    count = min(available, asked)
    if count < 1:
        shortest = min(left, key=left.__getitem__)
        raise SkeinError(
            f"Recording {entry.name}: no frame is left. {shortest} has {indices[shortest].claimed} frames, and the "
            f"recording starts at its frame {first + offsets[shortest]} (start_at_s = {entry.start_at_s}, "
            f"offset = {offsets[shortest]}, {_rate(fps)} frames/s)."
        )
    wanted = first + np.arange(count) * entry.stride
    frames = {name: _existing(wanted + offsets[name], len(index)) for name, index in indices.items()}
    notes = _used(entry, first, count, available, asked, fps)
    notes += _cut(indices, {name: (first + offsets[name], offsets[name] + wanted[-1]) for name in indices}, entry)
    times: NDArray[np.float64] = np.arange(count, dtype=np.float64) * (entry.stride / fps)
    if by_container:
        # Past the reference's own end (it was cut off) time goes on at its mean rate.
        own = indices[reference].times
        at = np.clip(wanted + offsets[reference], 0, None)
        times = own[np.minimum(at, len(own) - 1)] + np.maximum(at - len(own) + 1, 0) / fps
        times = times - times[0]
    return Timeline(entry.name, tuple(indices), times, frames, fps / entry.stride, tuple(notes), tuple(warnings))


def _by_timestamps(entry: Recording, path: Path, indices: dict[str, VideoIndex], warnings: list[str]) -> Timeline:
    table = read_timestamps(path, {name: len(index) for name, index in indices.items()})
    times, frames, fps = joined_by_time(entry.name, table, entry.start_at_s, entry.duration_s, entry.stride)
    notes = [f"{len(times)} frames are used; their times come from {path.name}"]
    for name, matched in frames.items():
        there = matched[matched >= 0]
        missing = len(matched) - len(there)
        if missing:
            notes.append(f"{name} has no frame at {missing} of {len(matched)} moments")
        if len(there) == 0:
            warnings.append(f"{name}: none of its frames falls on a moment of the recording")
    return Timeline(entry.name, tuple(indices), times, frames, fps / entry.stride, tuple(notes), tuple(warnings))


def _existing(frames: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    return np.where((frames >= 0) & (frames < length), frames, -1)


def _used(entry: Recording, first: int, count: int, available: int, asked: int, fps: float) -> list[str]:
    every = "" if entry.stride == 1 else f" (1 in {entry.stride} of the videos')"
    notes = [f"{count} frames are used{every}, {count * entry.stride / fps:.2f} s at {_rate(fps)} frames/s"]
    if first:
        notes.append(f"the first {first} frames ({entry.start_at_s:g} recorded seconds) are skipped")
    if entry.duration_s is not None and asked > available:
        notes.append(f"duration_s asks for {asked} frames, the videos have {available}")
    return notes


def _cut(indices: dict[str, VideoIndex], used: dict[str, tuple[int, int]], entry: Recording) -> list[str]:
    """What of each video lies outside the common part."""
    notes = []
    for name, (start, last) in used.items():
        if start < 0:
            notes.append(f"{name} starts {-start} frames later than the others: it has no image until then")
        rest = indices[name].claimed - 1 - last
        if entry.duration_s is None and rest >= entry.stride:
            notes.append(f"{name} is {rest} frames longer: its last {rest} frames are not used")
        if last >= len(indices[name]):
            notes.append(f"{name} has no image in the last {last - len(indices[name]) + 1} frames: its file is cut off")
    return notes


def _rate(fps: float) -> str:
    return f"{fps:.3f}".rstrip("0").rstrip(".")
