"""Reading trajectories one animal at a time: a table of many animals and hours is never whole in memory."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.api import SkeinError, Timeline
from plugins.zones.membership import Booleans, Floats

_BATCH = 1 << 17


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
        for batch in ds.dataset(path).to_batches(columns=["individual", "z"], batch_size=_BATCH):
            names.update(pc.unique(batch["individual"]).to_pylist())
            planar = planar and bool(np.isnan(_floats(batch["z"])).all())
        return cls(path, metadata.get(b"unit", b"m").decode(), tuple(sorted(names, key=natural)), planar)

    def positions(self, individual: str, n_samples: int) -> tuple[Floats, Booleans]:
        """Where one animal was at each sample of the recording.

        Returns
        -------
        (n_samples, 3) positions, NaN where it was not seen (in 3D a position is known only with all three
        coordinates; in planar mode z is NaN throughout), and (n_samples,) True where they were interpolated.

        Raises
        ------
        SkeinError
            If the table has frames that the recording does not have.
        """
        xyz = np.full((n_samples, 3), np.nan)
        interpolated = np.zeros(n_samples, bool)
        for batch in ds.dataset(self.path).to_batches(
            columns=["frame", "x", "y", "z", "state"], filter=ds.field("individual") == individual, batch_size=_BATCH
        ):
            frame = np.asarray(batch["frame"])
            if len(frame) and not (frame.min() >= 0 and frame.max() < n_samples):
                raise SkeinError(
                    f"{self.path.name} has frames {frame.min()} to {frame.max()}, but the recording has 0 to "
                    f"{n_samples - 1}: run `skein reconstruct` again."
                )
            xyz[frame] = np.column_stack([_floats(batch[name]) for name in "xyz"])
            interpolated[frame] = pc.equal(batch["state"], "interpolated").to_numpy(zero_copy_only=False)
        if not self.planar:
            xyz[np.isnan(xyz).any(axis=1)] = np.nan
        return xyz, interpolated


def sample_edges(timeline: Timeline) -> NDArray[np.float64]:
    """(N + 1,) times, s: sample k stands for [edges[k], edges[k + 1]); the last lasts one frame."""
    return np.append(timeline.times, timeline.times[-1] + 1 / timeline.fps)


def natural(name: str) -> list[tuple[int, str]]:
    """Sorting key that puts `fish 10` after `fish 2`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _floats(column: object) -> Floats:
    return column.to_numpy(zero_copy_only=False).astype(np.float64)  # type: ignore[attr-defined]
