"""A table of measured times, for cameras whose frames are not evenly spaced."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import SkeinError

Times = dict[str, NDArray[np.float64]]
_COLUMNS = ("camera", "frame", "time_s")


def read_timestamps(path: Path, lengths: dict[str, int]) -> Times:
    """Read a CSV with the columns ``camera, frame, time_s``.

    Parameters
    ----------
    lengths
        Number of frames of each camera's video.

    Returns
    -------
    Per camera, (frames,) time of each video frame, s; NaN where the table says nothing.

    Raises
    ------
    SkeinError
        If the file is missing, a column is missing or not a number, a camera has no row, or times do not increase.
    """
    if not path.is_file():
        raise SkeinError(f"There is no timestamps table {path}: put it there, or correct `timestamps`.")
    try:
        table = pd.read_csv(path, dtype={"camera": str}, skipinitialspace=True)
    except (ValueError, UnicodeDecodeError) as error:
        raise SkeinError(f"{path.name} cannot be read as CSV: {error}") from error
    if missing := [name for name in _COLUMNS if name not in table.columns]:
        raise SkeinError(f"{path.name}: expected the columns camera, frame, time_s; missing {', '.join(missing)}.")
    for name in ("frame", "time_s"):
        numbers = pd.to_numeric(table[name], errors="coerce")
        if numbers.isna().any():
            row = int(np.flatnonzero(numbers.isna())[0])
            raise SkeinError(
                f"{path.name}, line {row + 2}: expected a number for {name}, got {table[name].iloc[row]!r}."
            )
        table[name] = numbers
    times: Times = {}
    for camera, length in lengths.items():
        rows = table[table["camera"] == camera].sort_values("frame")
        frames, seconds = rows["frame"].to_numpy(np.int64), rows["time_s"].to_numpy(np.float64)
        there = (frames >= 0) & (frames < length)
        if not there.any():
            raise SkeinError(f"{path.name} has no row for a frame of {camera}; it names {_names(table)}.")
        if (np.diff(frames) == 0).any() or (np.diff(seconds) <= 0).any():
            raise SkeinError(f"{path.name}: expected times of {camera} that increase with the frame, once per frame.")
        times[camera] = np.full(length, np.nan)
        times[camera][frames[there]] = seconds[there]
    return times


def joined_by_time(
    recording: str, table: Times, start_at_s: float, duration_s: float | None, stride: int
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.int64]], float]:
    """Join cameras by time: the first camera beats it; of the others the nearest frame within half a beat is taken.

    The recording goes from the latest beginning to the earliest end of any camera.

    Returns
    -------
    (n,) times from the recording's frame 0, s; per camera (n,) video frames, -1 where none is near; frames per second
    of the first camera (its median).

    Raises
    ------
    SkeinError
        If the cameras have no moment in common.
    """
    reference = next(iter(table))
    beats = np.flatnonzero(np.isfinite(table[reference]))
    if len(beats) < 2:
        raise SkeinError(
            f"Recording {recording}: expected times of at least 2 frames of {reference}, got {len(beats)}."
        )
    interval = float(np.median(np.diff(table[reference][beats])))
    begin = max(float(np.nanmin(times)) for times in table.values()) + start_at_s
    end = min(float(np.nanmax(times)) for times in table.values())
    if duration_s is not None:
        end = min(end, begin + duration_s - interval / 2)
    at = table[reference][beats]
    within = (at >= begin - interval / 2) & (at <= end + interval / 2)
    at = at[within][::stride]
    if len(at) == 0:
        raise SkeinError(
            f"Recording {recording}: the cameras have no moment in common after {start_at_s:g} s; by their timestamps "
            + ", ".join(f"{name} runs {np.nanmin(t):.3f}-{np.nanmax(t):.3f} s" for name, t in table.items())
        )
    frames = {name: _nearest(times, at, interval / 2) for name, times in table.items()}
    return at - at[0], frames, 1 / interval


def _nearest(times: NDArray[np.float64], at: NDArray[np.float64], reach: float) -> NDArray[np.int64]:
    known = np.flatnonzero(np.isfinite(times))
    after = np.searchsorted(times[known], at).clip(1, max(1, len(known) - 1))
    before = known[after - 1]
    later = known[np.minimum(after, len(known) - 1)]
    nearest = np.where(np.abs(times[later] - at) < np.abs(times[before] - at), later, before)
    return np.where(np.abs(times[nearest] - at) <= reach, nearest, -1)


def _names(table: pd.DataFrame) -> str:
    return ", ".join(sorted(table["camera"].dropna().unique())) or "no camera"
