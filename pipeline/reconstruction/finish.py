"""From points to the trajectories table: short gaps interpolated and flagged, smoothing, streaming over windows."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline
from scipy.signal import savgol_filter

from pipeline.reconstruction.observations import Floats, Integers
from pipeline.reconstruction.paths import Rows
from pipeline.types import TRAJECTORIES

_REACH = 3


@dataclass
class Finisher:
    """Takes the points of one window after the other and gives table rows as soon as nothing later can change them.

    Parameters
    ----------
    time_s
        Seconds of frames.
    gap_frames
        Longest run of missing frames that is interpolated.
    smoothing_frames
        Window of the Savitzky-Golay filter (quadratic); below 3 it is off.
    planar
        Whether z is null.
    unit
        Of the coordinates, ``m`` or ``px``.
    """

    time_s: Callable[[Integers], Floats]
    gap_frames: int
    smoothing_frames: int
    planar: bool = False
    unit: str = "m"
    observed: int = 0
    interpolated: int = 0
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    _context: Rows | None = None
    _emitted: int = 0

    @property
    def _hold(self) -> int:
        return self.gap_frames + self.smoothing_frames + 2 * _REACH + 2

    def push(self, rows: Rows, until: int | None) -> pa.Table:
        """Add rows (path = number of the individual, from 0) and get the finished ones.

        Parameters
        ----------
        until
            All rows of frames before it are known now; None: there are no more.
        """
        whole = rows if self._context is None else Rows.joined([self._context, rows])
        limit = np.iinfo(np.int64).max if until is None else max(self._emitted, until - self._hold)
        table = self._table(whole, self._emitted, limit)
        self._context = whole.take(whole.frame >= limit - self._hold)
        self._emitted = limit
        return table

    def _table(self, rows: Rows, begin: int, stop: int) -> pa.Table:
        parts = [self._one(number, rows.take(np.arange(s.start, s.stop))) for number, s in rows.slices().items()]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
        if parts:
            chosen = np.flatnonzero((columns["frame"] >= begin) & (columns["frame"] < stop))
            chosen = chosen[np.lexsort((columns["number"][chosen], columns["frame"][chosen]))]
            columns = {name: values[chosen] for name, values in columns.items()}
            self._count(columns)
        return self._typed(columns)

    def _one(self, number: int, rows: Rows) -> dict[str, NDArray]:
        """One individual's rows with short gaps filled."""
        frames = np.arange(rows.frame[0], rows.frame[-1] + 1)
        after = np.searchsorted(rows.frame, frames)
        seen = rows.frame[after] == frames
        gap = rows.frame[after] - rows.frame[np.maximum(after - 1, 0)] - 1
        kept = seen | (gap <= self.gap_frames)
        point = np.full((len(frames), 3), np.nan)
        point[seen] = rows.point
        filled = kept & ~seen
        if filled.any():
            point[filled] = _between(rows.frame, rows.point, frames[filled])
        frames, seen, point = frames[kept], seen[kept], point[kept]
        point = smoothed(frames, point, self.smoothing_frames)
        found: dict[str, NDArray] = {
            "number": np.full(len(frames), number), "frame": frames, "seen": seen, "point": point,
            "sd": np.full((len(frames), 3), np.nan), "reprojection_px": np.full(len(frames), np.nan),
            "n_views": np.zeros(len(frames), int),
        }  # fmt: skip
        for name in ("sd", "reprojection_px", "n_views"):
            found[name][seen] = getattr(rows, name)
        return found

    def _count(self, columns: dict[str, NDArray]) -> None:
        self.observed += int(columns["seen"].sum())
        self.interpolated += int((~columns["seen"]).sum())
        for number in np.unique(columns["number"]):
            frames = columns["frame"][columns["number"] == number]
            first, last = self.spans.get(int(number), (int(frames[0]), -1))
            self.spans[int(number)] = (first, max(last, int(frames[-1])))

    def _typed(self, columns: dict[str, NDArray]) -> pa.Table:
        metadata = {**(TRAJECTORIES.metadata or {}), "unit": self.unit}
        if not columns:
            return TRAJECTORIES.empty_table().replace_schema_metadata(metadata)
        flat = {
            "frame": columns["frame"], "time_s": self.time_s(columns["frame"]),
            "individual": np.char.mod("%d", columns["number"] + 1),
            **{name: columns["point"][:, axis] for axis, name in enumerate("xyz")},
            **{name: columns["sd"][:, axis] for axis, name in enumerate(("sx", "sy", "sz"))},
            "reprojection_px": columns["reprojection_px"], "n_views": columns["n_views"],
            "state": np.where(columns["seen"], "observed", "interpolated"),
        }  # fmt: skip
        if self.planar:
            flat["z"] = flat["sz"] = np.full(len(flat["frame"]), np.nan)
        arrays = [pa.array(flat[f.name], from_pandas=True).cast(f.type) for f in TRAJECTORIES]
        return pa.table(arrays, schema=TRAJECTORIES).replace_schema_metadata(metadata)


def _between(frame: Integers, point: Floats, wanted: Integers) -> Floats:
    """Points on cubic curves that leave and enter the gaps with the velocity on either side."""
    index = np.arange(len(frame))
    low, high = np.maximum(index - _REACH, 0), np.minimum(index + _REACH, len(frame) - 1)
    # A velocity is taken from one side only where the other is a gap.
    broken = np.concatenate([[0], np.cumsum(np.diff(frame) > 1)])
    low = np.maximum(low, np.searchsorted(broken, broken))
    high = np.minimum(high, np.searchsorted(broken, broken, side="right") - 1)
    alone = low == high
    low, high = np.where(alone, np.maximum(index - 1, 0), low), np.where(alone, np.minimum(index + 1, index[-1]), high)
    slope = (point[high] - point[low]) / np.maximum(frame[high] - frame[low], 1)[:, None]
    return CubicHermiteSpline(frame, point, slope)(wanted)


def smoothed(frames: Integers, point: Floats, window: int) -> Floats:
    """Savitzky-Golay over each unbroken run; runs shorter than the window stay as they are."""
    window += window % 2 == 0
    if window < 3:
        return point
    out = point.copy()
    for run in np.split(np.arange(len(frames)), np.flatnonzero(np.diff(frames) > 1) + 1):
        if len(run) >= window:
            out[run] = savgol_filter(point[run], window, min(2, window - 1), axis=0)
    return out
