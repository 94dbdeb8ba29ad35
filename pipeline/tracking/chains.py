"""Links between consecutive frames that nobody contests, found for all frames of a part at once."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.tracking.part import Part

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

_LISTS = ("x", "y", "left", "top", "width", "height", "area", "length", "orientation", "score")


@dataclass(frozen=True, eq=False)
class Chains:
    """A part's rows as plain lists, by frame and then by x, and the chains they form.

    A link is a pair of detections in consecutive frames that are within reach of each other and of no other detection
    in the two frames. A chain is a run of links; each row is in one.

    Parameters
    ----------
    order
        (N,) row of the part that each of these rows is.
    frames
        (frame, first row, row after the last) of each frame that has detections.
    x … score
        Columns of the part, `area` and `length` as :attr:`Part.size`.
    excess
        Px by which a row may be farther off than the animal's reach.
    widest
        Longest diagonal and largest excess among the rows of each of `frames`.
    chain, position
        Number of each row's chain, and where the row is in `sequence`.
    sequence, stop
        All rows, chain by chain, each in the order of time; where each chain stops in it.
    starts, ends
        First and last rows of chains, by frame.
    candidates
        The rows within reach in the next frame, for rows that end a chain.
    """

    order: Integers
    frames: list[tuple[int, int, int]]
    frame: list[int]
    x: list[float]
    y: list[float]
    left: list[float]
    top: list[float]
    width: list[float]
    height: list[float]
    area: list[float]
    length: list[float]
    orientation: list[float]
    score: list[float]
    excess: list[float]
    widest: list[tuple[float, float]]
    chain: list[int]
    position: list[int]
    sequence: list[int]
    stop: list[int]
    starts: list[list[int]]
    ends: list[list[int]]
    candidates: dict[int, list[int]]

    def __len__(self) -> int:
        return len(self.x)

    def after(self, row: int) -> int | None:
        """The next row of the chain."""
        at = self.position[row] + 1
        return self.sequence[at] if at < self.stop[self.chain[row]] else None

    def around(self, index: int, x: float, radius: float) -> range:
        """The rows of a frame (its place in `frames`) that are at most `radius` from x along x."""
        _, first, stop = self.frames[index]
        return range(bisect_left(self.x, x - radius, first, stop), bisect_right(self.x, x + radius, first, stop))


def chains_of(part: Part, reach: Floats, excess: Floats) -> Chains:
    """Link the rows of a part.

    Parameters
    ----------
    reach
        (N,) how far an animal at the row can move in one frame, px.
    excess
        (N,) how much farther the row may be away, px.
    """
    order = np.lexsort((part.xy[:, 0], part.frame))
    xy, frame, reach, excess = part.xy[order], part.frame[order], reach[order], excess[order]
    first = np.flatnonzero(np.diff(frame, prepend=-1))
    bounds = np.append(first, len(order))
    number = np.repeat(np.arange(len(first)), np.diff(bounds))
    length = part.size[order, 1]
    widest = np.column_stack([np.maximum.reduceat(values, first) for values in (length, excess)])
    before, after = _pairs(xy, frame[first], number, reach, excess, widest[:, 1])

    n = len(order)
    forward, backward = np.bincount(before, minlength=n), np.bincount(after, minlength=n)
    single = (forward[before] == 1) & (backward[after] == 1)
    linked, follower = before[single], after[single]
    previous = np.arange(n)
    previous[follower] = linked
    root = previous
    while not np.array_equal(farther := root[root], root):
        root = farther
    heads, chain = np.unique(root, return_inverse=True)
    sequence = np.argsort(chain, kind="stable")
    position = np.empty(n, np.intp)
    position[sequence] = np.arange(n)
    stop = np.cumsum(np.bincount(chain, minlength=len(heads)))
    tails = np.sort(sequence[stop - 1])
    candidates: dict[int, list[int]] = {}
    for i, j in zip(before[~single].tolist(), after[~single].tolist(), strict=True):
        candidates.setdefault(i, []).append(j)
    columns = {**part.numbers, "area": part.size[:, 0], "length": part.size[:, 1]}
    return Chains(
        order=order,
        frames=list(zip(frame[first].tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)),
        frame=frame.tolist(),
        **{name: columns[name][order].tolist() for name in _LISTS},
        excess=excess.tolist(),
        widest=list(map(tuple, widest.tolist())),
        chain=chain.tolist(),
        position=position.tolist(),
        sequence=sequence.tolist(),
        stop=stop.tolist(),
        starts=_by_frame(heads, bounds),
        ends=_by_frame(tails, bounds),
        candidates=candidates,
    )


def _by_frame(rows: Integers, bounds: Integers) -> list[list[int]]:
    at, listed = np.searchsorted(rows, bounds).tolist(), rows.tolist()
    return [listed[a:b] for a, b in pairwise(at)]


def _pairs(
    xy: Floats, frames: NDArray, number: Integers, reach: Floats, excess: Floats, largest: Floats
) -> tuple[Integers, Integers]:
    """Rows of consecutive frames that are within reach of each other, sorted by the first one.

    The rows are sorted by frame and x, so that with the frames laid side by side one search along x finds those of the
    next frame that can be near.
    """
    follows = np.append(np.diff(frames) == 1, False)
    radius = reach + np.append(largest[1:], 0)[number]
    x = xy[:, 0] - xy[:, 0].min()
    apart = x.max() + 2 * radius.max() + 1
    place = number * apart + x
    low = np.searchsorted(place, place + apart - radius, side="left")
    high = np.searchsorted(place, place + apart + radius, side="right")
    width = np.where(follows[number], high - low, 0)
    before = np.repeat(np.arange(len(xy)), width)
    after = np.arange(len(before)) + np.repeat(low - np.cumsum(width) + width, width)
    y = np.ascontiguousarray(xy[:, 1])
    # Most pairs are too far apart along y already.
    dy = y[after] - np.repeat(y, width)
    close = np.flatnonzero(abs(dy) <= np.repeat(radius, width))
    before, after, dy = before[close], after[close], dy[close]
    dx = xy[after, 0] - xy[before, 0]
    near = dx * dx + dy * dy <= (reach[before] + excess[after]) ** 2
    return before[near], after[near]
