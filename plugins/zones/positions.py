"""Reading trajectories animal by animal: a table of many animals and hours is never whole in memory."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.api import SkeinError, Timeline
from plugins.zones.membership import Booleans, Floats

_BATCH = 1 << 17
_MEMORY = 1 << 27
"""Bytes that the positions of the animals read together may take."""


@dataclass(frozen=True)
class Trajectories:
    """A recording's table of trajectories.

    Parameters
    ----------
    path
        The Parquet file.
    unit
        ``m``, or ``px`` where the camera is not calibrated.
    individuals
        Every animal that it knows, numbers in numeric order.
    planar
        True where no position has a height.
    """

    path: Path
    unit: str
    individuals: tuple[str, ...]
    planar: bool

    @classmethod
    def open(cls, path: Path) -> "Trajectories":
        """Look through a file once.

        Raises
        ------
        SkeinError
            If there is no such file.
        """
        if not path.is_file():
            raise SkeinError(f"No {path.name} in {path.parent.name}: run `skein reconstruct` first.")
        metadata = pq.read_schema(path).metadata or {}
        names: set[str] = set()
        planar = True
        for batch in _batches(path, ["individual", "z"]):
            used = np.unique(batch["individual"].indices)
            names.update(str(batch["individual"].dictionary[int(code)]) for code in used)
            planar = planar and bool(np.isnan(_floats(batch["z"])).all())
        return cls(path, metadata.get(b"unit", b"m").decode(), tuple(sorted(names, key=natural)), planar)

    def animals(self, n_samples: int) -> Iterator[tuple[str, Floats, Booleans]]:
        """Each animal, and where it was at each sample of the recording.

        The file is read once, or once per group of animals where the positions of all would take too much memory.

        Yields
        ------
        individual
            Its name.
        xyz
            (n_samples, 3) positions, NaN where it was not seen. In 3D a position is known only with all three
            coordinates; in planar mode z is NaN throughout.
        interpolated
            (n_samples,) True where they were interpolated.

        Raises
        ------
        SkeinError
            If the table has frames that the recording does not have.
        """
        together = max(1, _MEMORY // (25 * n_samples))
        for first in range(0, len(self.individuals), together):
            group = self.individuals[first : first + together]
            xyz, interpolated = self._read(group, n_samples)
            if not self.planar:
                xyz[np.isnan(xyz).any(axis=2)] = np.nan
            yield from zip(group, xyz, interpolated, strict=True)

    def _read(self, group: tuple[str, ...], n_samples: int) -> tuple[Floats, Booleans]:
        xyz = np.full((len(group), n_samples, 3), np.nan)
        interpolated = np.zeros((len(group), n_samples), bool)
        for batch in _batches(self.path, ["frame", "individual", "x", "y", "z", "state"]):
            frame = np.asarray(batch["frame"])
            if len(frame) and not (frame.min() >= 0 and frame.max() < n_samples):
                raise SkeinError(
                    f"{self.path.name} has frames {frame.min()} to {frame.max()}, but the recording has 0 to "
                    f"{n_samples - 1}: run `skein reconstruct` again."
                )
            names, states = batch["individual"], batch["state"]
            number = {name: index for index, name in enumerate(group)}
            animal = np.array([number.get(name, -1) for name in names.dictionary.to_pylist()], np.int64)[names.indices]
            wanted = animal >= 0
            where = animal[wanted], frame[wanted]
            for axis, column in enumerate("xyz"):
                xyz[(*where, axis)] = _floats(batch[column])[wanted]
            filled = np.array([state == "interpolated" for state in states.dictionary.to_pylist()], bool)
            interpolated[where] = filled[states.indices][wanted]
        return xyz, interpolated


def sample_edges(timeline: Timeline) -> NDArray[np.float64]:
    """(N + 1,) times, s: sample k stands for [edges[k], edges[k + 1]); the last lasts one frame."""
    return np.append(timeline.times, timeline.times[-1] + 1 / timeline.fps)


def natural(name: str) -> list[tuple[int, str]]:
    """Sorting key that puts `fish 10` after `fish 2`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    texts = [name for name in ("individual", "state") if name in columns]
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        yield from file.iter_batches(_BATCH, columns=columns)


def _floats(column: pa.Array) -> Floats:
    return column.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
