"""Tracklets of a whole recording, without keeping their rows in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.tracking.part import NUMBERS, Part

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_END_ROWS = 5
_ROWS = pa.schema(
    [("frame", pa.int32()), ("tracklet", pa.int32()), ("detection", pa.int32()), ("class_id", pa.int16())]
    + [(name, pa.float32()) for name in NUMBERS]
)


@dataclass(frozen=True, eq=False)
class Tracklets:
    """T tracklets by number: when and where each begins and ends.

    Parameters
    ----------
    first, last, count
        (T,) frames, and number of rows.
    start, end
        (T, 2) position in the first and the last frame, px.
    start_velocity, end_velocity
        (T, 2) px per frame: a line through up to five rows, the tracker's estimate where there are fewer than three.
    size
        (T,) mean log area.
    """

    first: Integers
    last: Integers
    count: Integers
    start: Floats
    end: Floats
    start_velocity: Floats
    end_velocity: Floats
    size: Floats

    def __len__(self) -> int:
        return len(self.first)

    def where(self, chosen: NDArray) -> "Tracklets":
        """Some of the tracklets, numbered anew."""
        return Tracklets(*(column[chosen] for column in self.__dict__.values()))


class TrackletStore:
    """Keeps rows in a Parquet file, a row group per part, and of each tracklet only its ends in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: pq.ParquetWriter | None = None
        self._count = np.zeros(0, np.int64)
        self._size = np.zeros(0)
        self._heads: list[Floats] = []
        self._tails: list[Floats] = []

    def __enter__(self) -> "TrackletStore":
        self._writer = pq.ParquetWriter(
            self.path, _ROWS, compression="lz4", use_dictionary=False, write_statistics=False
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """No more rows."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def add(self, part: Part, rows: NDArray[np.intp], tracklet: Integers, velocity: Floats) -> None:
        """Append rows of a part that belong to tracklets, sorted by frame."""
        if self._writer is None or not len(rows):
            return
        columns = {
            "frame": part.frame[rows].astype(np.int32),
            "tracklet": tracklet.astype(np.int32),
            "detection": part.detection[rows].astype(np.int32),
            "class_id": part.class_id[rows].astype(np.int16),
            **{name: part[name][rows].astype(np.float32) for name in NUMBERS},
        }
        self._writer.write_table(pa.table(columns, schema=_ROWS))
        self._remember(
            tracklet, np.column_stack([tracklet, part.frame[rows], part["x"][rows], part["y"][rows], velocity]),
            np.log(np.maximum(part["area"][rows], 1)),
        )  # fmt: skip

    def _remember(self, tracklet: Integers, rows: Floats, size: Floats) -> None:
        total = max(int(tracklet.max()) + 1, len(self._count))
        before = np.pad(self._count, (0, total - len(self._count)))
        here = np.bincount(tracklet, minlength=total)
        order = np.argsort(tracklet, kind="stable")
        rank = np.empty(len(tracklet), np.int64)
        rank[order] = np.arange(len(tracklet)) - np.repeat(np.cumsum(here) - here, here)
        self._heads.append(rows[rank + before[tracklet] < _END_ROWS])
        self._tails.append(rows[here[tracklet] - rank <= _END_ROWS])
        self._count = before + here
        self._size = np.pad(self._size, (0, total - len(self._size))) + np.bincount(tracklet, size, total)

    def ends(self) -> Tracklets:
        """The tracklets so far."""
        heads = _grouped(self._heads)
        tails = _last_rows(_grouped(self._tails))
        n = len(self._count)
        start, start_velocity = _line(heads, n, "first")
        end, end_velocity = _line(tails, n, "last")
        return Tracklets(
            first=start[:, 0].astype(np.int64),
            last=end[:, 0].astype(np.int64),
            count=self._count,
            start=start[:, 1:],
            end=end[:, 1:],
            start_velocity=start_velocity,
            end_velocity=end_velocity,
            size=self._size / np.maximum(self._count, 1),
        )

    def parts(self) -> Iterator[dict[str, NDArray]]:
        """The rows again, part by part, as columns."""
        with pq.ParquetFile(self.path) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                yield {name: table[name].to_numpy() for name in table.column_names}


def _grouped(parts: list[Floats]) -> Floats:
    rows = np.concatenate([*parts, np.empty((0, 6))])
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]


def _last_rows(rows: Floats) -> Floats:
    """The last five rows of each tracklet (each part gave its own last five)."""
    tracklet = rows[:, 0].astype(np.int64)
    count = np.bincount(tracklet)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return rows[count[tracklet] - rank <= _END_ROWS]


def _line(rows: Floats, n: int, at: str) -> tuple[Floats, Floats]:
    """Frame and position of the first or last row of each tracklet (n, 3), and the velocity there (n, 2)."""
    tracklet = rows[:, 0].astype(np.int64)
    count = np.bincount(tracklet, minlength=n)
    stop = np.cumsum(count)
    index = stop - count if at == "first" else stop - 1
    chosen = rows[index]
    time = rows[:, 1] - chosen[tracklet, 1]
    mean = np.maximum(count, 1)
    centred = time - (np.bincount(tracklet, time, n) / mean)[tracklet]
    spread = np.bincount(tracklet, centred**2, n)
    slope = [np.bincount(tracklet, centred * rows[:, column], n) for column in (2, 3)]
    fitted = np.column_stack(slope) / np.maximum(spread, 1)[:, None]
    # The tracker's estimate in the last of the rows has seen most.
    estimate = rows[stop - 1][:, 4:6]
    return chosen[:, 1:4], np.where((count >= 3)[:, None], fitted, estimate)
