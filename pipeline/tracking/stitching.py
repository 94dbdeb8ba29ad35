"""Tracklets to tracks: which piece continues which, decided for the whole recording at once.

A minimum-cost assignment of ends to beginnings (Huang, Wu & Nevatia 2008, "Robust object tracking by hierarchical
association of detection responses"), with a price for leaving a piece without a continuation.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from pipeline.tracking.association import motion_cost
from pipeline.tracking.scale import Scale
from pipeline.tracking.tracklets import Tracklets

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SUCCESSORS = 60
_BLOCK = 2048
_STEPS = 14
_BRIEF = 5
_HIGHEST_PRICE = 400.0
_FARTHEST = 6.0  # standard deviations of a random walk beyond which nobody gets
# Negative logs: an animal is rarely lost, and once it is (hidden, in a shared blob) it mostly stays so for a while.
_VANISH, _STAY_UNSEEN, _LONG_UNSEEN = 3.0, 0.1, 30


@dataclass(frozen=True)
class Stitched:
    """The track of each tracklet.

    Parameters
    ----------
    track
        (T,) from 0 in the order of their first frames; -1 for tracklets that were dropped.
    short
        Number of tracks dropped because they are shorter than the least number of frames.
    surplus
        Number of tracks dropped because as many animals as there are were already elsewhere.
    """

    track: Integers
    short: int
    surplus: int


def stitch(
    tracklets: Tracklets, scale: Scale, *, max_gap: int, min_frames: int, animals: int | None = None, area: float = 0
) -> Stitched:
    """Join tracklets over gaps.

    Parameters
    ----------
    tracklets
        All of one camera.
    scale
        Typical sizes and motions.
    max_gap
        Longest gap that is bridged where the number of animals is not known, frames.
    min_frames
        Tracks with fewer detections are dropped.
    animals
        Number of animals. Where given, pieces are joined at any distance in time, as far as an animal can get in it,
        until there are as many tracks as animals, the likeliest joins first. What flickers or shows itself briefly, and
        is one too many, is dropped before that; so are tracks beyond that number where the animals are all elsewhere
        at the time. (In a camera that sees only a part of the arena the identities over such gaps are a
        guess; the tracklets remain what is certain.)
    area
        Of the image in which animals can appear, px²; default: of the rectangle around all ends.
    """
    track = np.full(len(tracklets), -1)
    if not len(tracklets):
        return Stitched(track, 0, 0)
    price = _appearance(tracklets, area)
    doubt = price * np.maximum(1 - tracklets.count / min_frames, 0)
    chain = _chains(tracklets, link(candidates(tracklets, scale, max_gap, doubt), len(tracklets), price))
    frames = np.bincount(chain, tracklets.count)
    kept = np.flatnonzero(frames[chain] >= min_frames)
    short = int((frames < min_frames).sum())
    surplus = 0
    chain = np.unique(chain[kept], return_inverse=True)[1]
    if animals is not None and len(kept):
        for doubted in (_spurious, _implausible):
            doubtful = doubted(tracklets.where(kept), chain, animals, _BRIEF * min_frames)
            if doubtful.any():
                surplus += len(np.unique(chain[doubtful]))
                kept = kept[~doubtful]
                # Without them other continuations may be the likeliest.
                rest = tracklets.where(kept)
                chain = _chains(rest, link(candidates(rest, scale, max_gap, doubt[kept]), len(rest), price))
        rest = tracklets.where(kept)
        chain = _as_many(rest, scale, animals, price, chain, doubt[kept])
        inside = _within(rest, chain, animals)
        surplus += chain.max() + 1 - len(np.unique(chain[inside]))
        kept, chain = kept[inside], chain[inside]
    track[kept] = _by_first_frame(chain, tracklets.first[kept])
    return Stitched(track, short, int(surplus))


@dataclass(frozen=True, eq=False)
class Links:
    """K possible continuations: tracklet `before` goes on as tracklet `after`, at a cost."""

    before: Integers
    after: Integers
    cost: Floats


def candidates(tracklets: Tracklets, scale: Scale, max_gap: int | None, doubt: Floats) -> Links:
    """Continuations that are possible by time and distance, with their negative log-likelihoods.

    Position is foretold from both sides: by the mean of the two velocities for as long as an animal keeps its velocity,
    by a random walk beyond. Of each end the next 60 beginnings in time are looked at. The `doubt` (T,) that a tracklet
    is of an animal at all is shared by the links to and from it: alone in a long gap, a brief spot has to lie where the
    animal is expected; next to the animal's other pieces it need not be explained.
    """
    order = np.argsort(tracklets.first, kind="stable")
    begin = np.searchsorted(tracklets.first[order], tracklets.last, side="right")
    limit = np.minimum(begin + _SUCCESSORS, len(tracklets))
    if max_gap is not None:
        limit = np.minimum(limit, np.searchsorted(tracklets.first[order], tracklets.last + max_gap + 1, side="right"))
    width = np.maximum(limit - begin, 0)
    found = []
    for first in range(0, len(tracklets), _BLOCK):  # most pairs are out of reach: memory for a block of them at a time
        ends = np.arange(first, min(first + _BLOCK, len(tracklets)))
        before = np.repeat(ends, width[ends])
        offset = np.arange(len(before)) - np.repeat(np.cumsum(width[ends]) - width[ends], width[ends])
        found.append(_weighed(tracklets, scale, before, order[begin[before] + offset]))
    before, after, cost = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return Links(before, after, cost + (doubt[before] + doubt[after]) / 2)


def _weighed(
    tracklets: Tracklets, scale: Scale, before: Integers, after: Integers
) -> tuple[Integers, Integers, Floats]:
    """The pairs that are within reach, and their costs."""
    gap = (tracklets.first[after] - tracklets.last[before]).astype(float)
    move = tracklets.start[after] - tracklets.end[before]
    memory = float(np.clip((scale.speed / scale.acceleration) ** 2, 3, 25))
    lasting = np.minimum(gap, memory)
    wander = scale.speed**2 * memory * (gap - lasting) / 2
    # Nobody keeps to top speed and direction for longer than animals keep their velocity. Beside a shared blob the last
    # own position is up to half a body off.
    reach = np.minimum(scale.step * gap, scale.step * memory + _FARTHEST * np.sqrt(wander)) + 0.5 * scale.length
    near = move[:, 0] ** 2 + move[:, 1] ** 2 <= reach**2
    before, after, gap, move = before[near], after[near], gap[near], move[near]
    lasting, wander = lasting[near], wander[near]
    velocity = (tracklets.end_velocity[before] + tracklets.start_velocity[after]) / 2
    off = move - velocity * lasting[:, None]
    error = off[:, 0] ** 2 + off[:, 1] ** 2
    variance = 2 * scale.noise**2 * (1 + lasting**2 / 20) + scale.acceleration**2 * lasting**3 / 12 + wander
    size = (tracklets.size[after] - tracklets.size[before]) / (2.5 * scale.size_change)
    unseen = np.where(gap > 1, _VANISH + _STAY_UNSEEN * np.minimum(gap - 1, _LONG_UNSEEN), 0)
    return before, after, motion_cost(error, variance) + np.minimum(size**2 / 2, 4) + unseen


def link(links: Links, count: int, price: float) -> Integers:
    """(T,) the continuation of each tracklet, -1 for none: least cost in all, a missing link costing `price`."""
    follower = np.full(count, -1)
    useful = links.cost < price
    if not useful.any():
        return follower
    ends, i = np.unique(links.before[useful], return_inverse=True)
    starts, j = np.unique(links.after[useful], return_inverse=True)
    n, m = len(ends), len(starts)
    # Ends and beginnings may also pair with a stand-in of their own; stand-ins pair among themselves for nothing. All
    # full matchings have the same number of pairs, so that a constant keeps weights above 0 and changes nothing.
    saving = links.cost[useful] - price
    base = 1 - saving.min()
    rows = np.concatenate([i, np.arange(n), n + np.arange(m), n + j])
    columns = np.concatenate([j, m + np.arange(n), np.arange(m), m + i])
    weights = np.concatenate([saving + base, np.full(n + m + len(i), base)])
    graph = csr_array((weights, (rows, columns)), shape=(n + m, n + m))
    row, column = min_weight_full_bipartite_matching(graph)
    linked = (row < n) & (column < m)
    follower[ends[row[linked]]] = starts[column[linked]]
    return follower


def _appearance(tracklets: Tracklets, area: float) -> float:
    """Negative log-likelihood that an animal appears anywhere in the image."""
    if area <= 0:
        points = np.concatenate([tracklets.start, tracklets.end])
        area = float(np.prod(np.maximum(np.ptp(points, axis=0), 1)))
    return float(np.log(max(area, np.e))) + 2 * _VANISH


def _chains(tracklets: Tracklets, follower: Integers) -> Integers:
    """(T,) number of the chain that each tracklet is in."""
    chain = np.full(len(tracklets), -1)
    count = 0
    for index in np.argsort(tracklets.first, kind="stable"):
        if chain[index] < 0:
            chain[index] = count
            count += 1
        if follower[index] >= 0:
            chain[follower[index]] = chain[index]
    return chain


def _as_many(
    tracklets: Tracklets, scale: Scale, animals: int, price: float, chain: Integers, doubt: Floats
) -> Integers:
    """Chains, as many as animals where that is possible: the price of a missing link rises until it is."""
    if chain.max() + 1 <= animals:
        return chain
    links = candidates(tracklets, scale, None, doubt)
    low, high = price, _HIGHEST_PRICE
    best = _chains(tracklets, link(links, len(tracklets), high))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        chain = _chains(tracklets, link(links, len(tracklets), middle))
        if chain.max() + 1 > max(animals, best.max() + 1):
            low = middle
        else:
            high, best = middle, chain
    return best


def _spurious(tracklets: Tracklets, chain: Integers, animals: int, brief: int) -> NDArray[np.bool_]:
    """(T,) whether the tracklet's chain is doubtful while all animals are elsewhere: a reflection, a ripple. It would
    offer itself to bridge a real animal's gaps.
    """
    inverse, length, first, last, doubtful = _evidence(tracklets, chain, brief)
    order = np.argsort(-length, kind="stable")
    absent = _without_room([[slice(first[n], last[n] + 1)] for n in order], animals)
    outside = np.zeros(len(order), bool)
    outside[order] = absent
    return (outside & doubtful)[inverse]


def _implausible(tracklets: Tracklets, chain: Integers, animals: int, brief: int) -> NDArray[np.bool_]:
    """(T,) whether the tracklet's chain is doubtful, and one more than there are animals.

    That nothing likely joins it to an animal's path, and that it shows itself so little, is explained better by a false
    find than by an animal that went there and back unseen. The least seen go first.
    """
    inverse, length, _, _, doubtful = _evidence(tracklets, chain, brief)
    order = np.flatnonzero(doubtful)[np.argsort(length[doubtful], kind="stable")]
    dropped = np.zeros(len(length), bool)
    dropped[order[: max(len(length) - animals, 0)]] = True
    return dropped[inverse]


def _evidence(
    tracklets: Tracklets, chain: Integers, brief: int
) -> tuple[Integers, Integers, Integers, Integers, NDArray[np.bool_]]:
    """Index of each tracklet's chain (T,); for each chain detections, first and last frame, and whether it is doubtful:
    brief, or flickering (seen in less than half of its time).
    """
    numbers, inverse = np.unique(chain, return_inverse=True)
    length = np.bincount(inverse, tracklets.count).astype(np.int64)
    first, last = np.full(len(numbers), tracklets.last.max()), np.zeros(len(numbers), np.int64)
    np.minimum.at(first, inverse, tracklets.first)
    np.maximum.at(last, inverse, tracklets.last)
    return inverse, length, first, last, (2 * length < last - first + 1) | (length < brief)


def _within(tracklets: Tracklets, chain: Integers, animals: int) -> NDArray[np.bool_]:
    """(T,) whether the tracklet's chain is among the longest `animals` in at least half of its frames."""
    order = np.argsort(-np.bincount(chain, tracklets.count), kind="stable")
    by_chain = np.argsort(chain, kind="stable")
    bounds = np.searchsorted(chain[by_chain], np.arange(len(order) + 1))
    spans = [
        [slice(tracklets.first[i], tracklets.last[i] + 1) for i in by_chain[bounds[number] : bounds[number + 1]]]
        for number in order
    ]
    outside = np.zeros(len(order), bool)
    outside[order] = _without_room(spans, animals)
    return ~outside[chain]


def _without_room(spans: list[list[slice]], animals: int) -> NDArray[np.bool_]:
    """For spans of frames in the order of their claim: whether others fill all places in more than half of them."""
    present = np.zeros(max(int(span.stop) for of_one in spans for span in of_one), np.int32)
    without = np.zeros(len(spans), bool)
    for index, of_one in enumerate(spans):
        free = sum(np.count_nonzero(present[span] < animals) for span in of_one)
        without[index] = 2 * free < sum(span.stop - span.start for span in of_one)
        if not without[index]:
            for span in of_one:
                present[span] += 1
    return without


def _by_first_frame(chain: Integers, first: Integers) -> Integers:
    """Number the chains in the order of their first frames."""
    _, position, inverse = np.unique(chain, return_index=True, return_inverse=True)
    earliest = np.full(len(position), np.iinfo(np.int64).max)
    np.minimum.at(earliest, inverse, first)
    rank = np.empty(len(position), np.int64)
    rank[np.argsort(earliest, kind="stable")] = np.arange(len(position))
    return rank[inverse]
