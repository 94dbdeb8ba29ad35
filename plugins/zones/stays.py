"""Uninterrupted stays of one animal: in a zone (a visit), outside all zones, or lost."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plugins.zones.membership import Booleans, Floats, Integers, Membership, runs

BEGINS = ("entry", "start", "found")
"""Seen to come in; there at the first sample of the recording; found there after a loss."""
ENDS = ("exit", "end", "lost")
"""Seen to leave; there at the last sample of the recording; lost while it was there."""


@dataclass(frozen=True, eq=False)
class Stays:
    """R stays, ordered by place and time.

    Parameters
    ----------
    place
        (R,) 0 … Z - 1 the zones, Z outside, Z + 1 lost.
    start, stop
        (R,) first sample, and the sample after the last.
    begins, ends
        (R,) indices into `BEGINS` and `ENDS`.
    """

    place: Integers
    start: Integers
    stop: Integers
    begins: NDArray[np.int8]
    ends: NDArray[np.int8]

    def of(self, place: int) -> tuple[Integers, Integers]:
        """Starts and stops of the stays in one place, in the order of time."""
        part = slice(*np.searchsorted(self.place, [place, place + 1]))
        return self.start[part], self.stop[part]


def stays(animal: Membership) -> Stays:
    """All stays of one animal."""
    masks = [*animal.zones, animal.outside, animal.lost]
    bounds = [runs(mask) for mask in masks]
    start = np.concatenate([start for start, _ in bounds])
    stop = np.concatenate([stop for _, stop in bounds])
    place = np.repeat(np.arange(len(masks)), [len(start) for start, _ in bounds])
    n = len(animal.lost)
    before = np.where(start > 0, animal.lost[np.maximum(start, 1) - 1], False)
    after = np.where(stop < n, animal.lost[np.minimum(stop, n - 1)], False)
    begins = np.select([start == 0, before], [1, 2], 0).astype(np.int8)
    ends = np.select([stop == n, after], [1, 2], 0).astype(np.int8)
    return Stays(place, start, stop, begins, ends)


@dataclass(frozen=True, eq=False)
class Path:
    """How far an animal has come, as running sums over the samples.

    A step counts when its positions at both ends are known; steps over a gap do not, because nobody saw the way.

    Parameters
    ----------
    length
        (N,) sum of the steps up to this sample, in the unit of the positions.
    time
        (N,) sum of the durations of the steps that count, s.
    """

    length: Floats
    time: Floats

    def between(self, first: Integers, stop: Integers) -> tuple[Floats, Floats]:
        """Length and time of the steps from sample `first` to sample `stop - 1`."""
        return self.length[stop - 1] - self.length[first], self.time[stop - 1] - self.time[first]


def path(xyz: Floats, seen: Booleans, edges: Floats) -> Path:
    """Running path length; heights count where they are known (3D)."""
    known = seen[1:] & seen[:-1]
    square = np.zeros(len(known))
    for column in xyz.T:
        step = np.diff(column)
        square += np.where(np.isnan(step), 0.0, step) ** 2
    steps = np.where(known, np.sqrt(square), 0.0)
    times = np.where(known, np.diff(edges[:-1]), 0.0)
    return Path(np.concatenate([[0.0], np.cumsum(steps)]), np.concatenate([[0.0], np.cumsum(times)]))
