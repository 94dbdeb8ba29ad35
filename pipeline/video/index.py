"""Which frames a video has and when each is shown, found by demuxing and kept in a cache."""

import json
import zipfile
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SkeinError
from pipeline.files import file_fingerprint, home, replacing

_LAYOUT = 1  # raise it when the cached arrays change their meaning


@dataclass(frozen=True, eq=False)
class VideoIndex:
    """The frames of a video file, in the order in which they are shown.

    Parameters
    ----------
    size
        Width and height, px.
    ticks
        (N,) presentation time of each frame in units of `time_base` (the decoding time where the format stores no
        presentation time), strictly increasing. Frames that an edit list hides are not in it.
    time_base
        Seconds per tick.
    keyframes
        (K, 2) presentation and decoding ticks of the frames at which decoding can start, in order.
    container_fps
        Frames per second by the container.
    claimed
        Number of frames that the file's header claims, or what was found where it claims nothing.
    problems
        Sentences: what the file lacks.
    """

    size: tuple[int, int]
    ticks: NDArray[np.int64]
    time_base: Fraction
    keyframes: NDArray[np.int64]
    container_fps: float
    claimed: int
    problems: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ticks)

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """(N,) presentation times from the first frame, s."""
        return (self.ticks - self.ticks[0]) * float(self.time_base)

    @property
    def variable_rate(self) -> bool:
        """Whether the intervals between frames differ by more than rounding to the container's ticks explains."""
        if len(self) < 3:
            return False
        steps = np.diff(self.times)
        return bool(np.ptp(steps) > max(2.1 * float(self.time_base), 0.02 * float(np.median(steps))))


def video_index(path: str | Path) -> VideoIndex:
    """The index of a video file; demuxed once, then taken from the cache in Skein's home.

    Raises
    ------
    SkeinError
        If the file is missing, is not a video, or holds no readable frame.
    """
    path = Path(path)
    if not path.is_file():
        raise SkeinError(f"There is no video {path}: put it there, or correct its path in experiment.toml.")
    state = path.stat()
    return _remembered(path.resolve(), state.st_size, state.st_mtime_ns, home())


@lru_cache(maxsize=64)
def _remembered(path: Path, size: int, modified: int, folder: Path) -> VideoIndex:
    cached = folder / "cache" / "video-index" / f"{file_fingerprint(path)}-{_LAYOUT}.npz"
    index = _cached(cached)
    if index is None:
        index = demuxed(path)
        _keep(cached, index)
    return index


def demuxed(path: Path) -> VideoIndex:
    """Read all packets of the first video stream (no decoding: 18,000 frames take about 0.3 s)."""
    problems: list[str] = []
    with opened(path) as container:
        stream = container.streams.video[0]
        packets, whole = _packets(container, stream, problems)
        claimed, rate, base = stream.frames, stream.average_rate, stream.time_base
        size = (stream.codec_context.width, stream.codec_context.height)
    missing = claimed - len(packets)
    if missing > 0 and len(packets):
        # A frame that is not there may be shown before one that is: only what is shown up to the last whole packet's
        # decoding time has a certain number.
        packets = packets if whole else packets[:-1]
        packets = packets[packets[:, 0] <= packets[-1, 1]] if len(packets) else packets
        missing = claimed - len(packets)
    shown = packets[packets[:, 3] == 0, 0]
    ticks = np.unique(shown)
    if len(ticks) == 0 or base is None or 0 in size:
        raise SkeinError(f"{path.name} holds no readable frame: it may have been cut off while recording, or be empty.")
    if len(ticks) < len(shown):
        problems.append(f"{len(shown) - len(ticks)} frames share the time of another frame and are not used")
    if missing > 0:
        problems.append(f"the file is cut off: its header claims {claimed} frames, the last {missing} of them are lost")
    keyframes = packets[packets[:, 2] == 1, :2]
    return VideoIndex(
        size, ticks, base, keyframes[np.argsort(keyframes[:, 0], kind="stable")],
        _rate(ticks, base, rate), len(ticks) + max(missing, 0), tuple(problems),
    )  # fmt: skip


def opened(path: Path) -> Any:
    """An open PyAV container with at least one video stream (use it in ``with``)."""
    try:
        container = av.open(str(path), metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        raise SkeinError(
            f"{path.name} cannot be opened as a video ({error.strerror or error}). If the recording was interrupted, "
            "its index was never written: repair the file with the recorder's tool, or leave it out."
        ) from error
    if not container.streams.video:
        container.close()
        raise SkeinError(f"{path.name} holds no video, only {[stream.type for stream in container.streams]}.")
    return container


def _packets(container: Any, stream: Any, problems: list[str]) -> tuple[NDArray[np.int64], bool]:
    """(P, 4) presentation ticks, decoding ticks, keyframe?, hidden? of every packet; whether the last one is whole."""
    rows: list[tuple[int, int, bool, bool]] = []
    untimed, whole = 0, True
    try:
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            shown = packet.pts if packet.pts is not None else packet.dts
            if shown is None:
                untimed += 1
                continue
            decoded = packet.dts if packet.dts is not None else shown
            rows.append((shown, decoded, packet.is_keyframe, packet.is_discard))
            whole = not packet.is_corrupt
    except av.FFmpegError as error:
        problems.append(f"reading stopped after {len(rows)} frames ({error.strerror})")
    if untimed:
        problems.append(f"{untimed} packets carry no time and are not used")
    return np.array(rows, np.int64).reshape(-1, 4), whole


def _rate(ticks: NDArray[np.int64], base: Fraction, claimed: Fraction | None) -> float:
    """The header's rate where the frames' times agree with it (it is exact), else the times' mean rate."""
    if len(ticks) > 1:
        measured = (len(ticks) - 1) / float((ticks[-1] - ticks[0]) * base)
        if not claimed or abs(measured / float(claimed) - 1) > 5e-3:
            return measured
    return float(claimed or 0)


def _cached(path: Path) -> VideoIndex | None:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            rest = json.loads(str(arrays["rest"]))
            rest["time_base"] = Fraction(rest["time_base"])
            rest["size"], rest["problems"] = tuple(rest["size"]), tuple(rest["problems"])
            return VideoIndex(ticks=arrays["ticks"], keyframes=arrays["keyframes"], **rest)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None  # absent or damaged: it is made anew


def _keep(path: Path, index: VideoIndex) -> None:
    rest = {name: value for name, value in asdict(index).items() if name not in ("ticks", "keyframes")}
    with replacing(path) as temporary:
        np.savez(temporary, ticks=index.ticks, keyframes=index.keyframes, rest=json.dumps(rest, default=str))
