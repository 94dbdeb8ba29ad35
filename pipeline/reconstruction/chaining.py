"""Pieces of paths are joined over time into animals, by how well one continues the motion of the other."""

from dataclasses import dataclass, replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.reconstruction.observations import Floats, Integers
from pipeline.reconstruction.paths import Rows

GATE = 2.0
_LENIENT = 3.0
_UNLINKED = 1e3
_TRACK = 2.0
"""What a camera's tracker is trusted for having joined two tracklets, as a logarithm of odds (7 : 1)."""
_MIXED_S = 0.5
_BRIEF_S = 0.5
_LOOK_S = 0.15
_TRUST_S = 0.4
_SHARED = 3
_SAME = 10.0
"""Two points of a frame are the same animal's if they are closer than this many standard deviations."""


@dataclass(frozen=True, eq=False)
class Piece:
    """One path: frames (n,) in order, points (n, 3) m, velocities (n, 3) m/s.

    `begins` and `ends` are the tracks (camera, number) to which its first and last observations belong.
    """

    frame: Integers
    point: Floats
    velocity: Floats
    begins: frozenset[tuple[int, int]] = frozenset()
    ends: frozenset[tuple[int, int]] = frozenset()

    def __len__(self) -> int:
        return len(self.frame)

    def without(self, rows: Integers) -> "Piece":
        """The path without some of its rows."""
        left = np.delete(np.arange(len(self)), rows)
        return replace(self, frame=self.frame[left], point=self.point[left], velocity=self.velocity[left])


@dataclass(frozen=True)
class Motion:
    """How the animals of a recording move.

    Parameters
    ----------
    fps
        Frames of the recording per second.
    speed
        90 % of the time an animal is slower, m/s.
    spread
        Typical standard deviation of a point, m.
    """

    fps: float
    speed: float
    spread: float

    @classmethod
    def of(cls, rows: Rows, fps: float) -> "Motion":
        """Measured from paths."""
        speeds = [np.linalg.norm(piece.velocity, axis=1) for piece in pieces(rows, fps).values() if len(piece) > 4]
        spread = float(np.median(np.linalg.norm(rows.sd, axis=1))) if len(rows) else 0.0
        return cls(fps, float(np.percentile(np.concatenate(speeds), 90)) if speeds else 0.0, spread)


def pieces(rows: Rows, fps: float) -> dict[int, Piece]:
    """Each path with its velocity, the slope over 0.15 s on both sides."""
    reach = max(1, round(_LOOK_S * fps))
    found = {}
    for number, part in rows.slices().items():
        frame, point = rows.frame[part], rows.point[part]
        index = np.arange(len(frame))
        low, high = np.maximum(index - reach, 0), np.minimum(index + reach, len(frame) - 1)
        duration = np.maximum(frame[high] - frame[low], 1) / fps
        found[number] = Piece(frame, point, (point[high] - point[low]) / duration[:, None])
    return found


class Junction(NamedTuple):
    """How two paths fit into one.

    `misfit`: distance where they should meet, in standard deviations. `gap_s`: the longest gap between them. `cost`:
    negative logarithm of the probability density of meeting so; a long gap costs, because it allows much.
    """

    misfit: float
    gap_s: float
    cost: float


_APART = Junction(np.inf, np.inf, np.inf)


def junction(a: Piece, b: Piece, motion: Motion, overlap: int = 0) -> Junction:
    """Compare two paths at each change from one to the other.

    Both are extended to the middle of the gap; the distance there is compared with the noise and with how far an animal
    may turn away in that time. They do not fit where both have points in the same frames, unless these are the same. A
    track of a camera that ends in one and goes on in the other speaks for them.

    Parameters
    ----------
    overlap
        Up to this many common frames count as a gap, and so do half as many at the facing ends: where animals lie over
        each other, paths get mixed up.
    """
    if b.frame[0] < a.frame[0]:
        a, b = b, a
    _, in_a, in_b = np.intersect1d(a.frame, b.frame, assume_unique=True, return_indices=True)
    if len(in_a):
        apart = float(np.median(np.linalg.norm(a.point[in_a] - b.point[in_b], axis=1)))
        few = len(in_a) <= min(_SHARED, len(a) - 1, len(b) - 1)
        if apart > _SAME * motion.spread and not few:
            if not len(in_a) <= overlap < min(len(a), len(b)):
                return _APART
            a = a.without(in_a)
        b = b.without(in_b)
        if not len(b):
            return Junction(apart / (_SAME * motion.spread), 0.0, 0.0)
    edge = overlap // 2
    if a.frame[-1] < b.frame[0] and min(len(a), len(b)) > 4 * edge > 0:
        a, b = a.without(np.arange(len(a) - edge, len(a))), b.without(np.arange(edge))
    frame = np.concatenate([a.frame, b.frame])
    order = np.argsort(frame, kind="stable")
    frame = frame[order]
    owner = np.repeat([0, 1], [len(a), len(b)])[order]
    point = np.concatenate([a.point, b.point])[order]
    velocity = np.concatenate([a.velocity, b.velocity])[order]
    change = np.flatnonzero(np.diff(owner))
    gap = (frame[change + 1] - frame[change]) / motion.fps
    half = np.minimum(gap, _TRUST_S)[:, None] / 2
    miss = np.linalg.norm(
        point[change] + half * velocity[change] - point[change + 1] + half * velocity[change + 1], axis=1
    )
    noise = max(4 * motion.spread, 1e-9)
    allowed = noise + 0.5 * motion.speed * gap
    misfit = miss / allowed
    cost = 0.5 * np.square(misfit) + 3 * np.log(allowed / noise)
    in_order = a.frame[-1] < b.frame[0]
    told = _TRACK * (len(a.ends & b.begins) if in_order else 0)
    return Junction(float(np.quantile(misfit, 0.9)), float(gap.max()), float(np.quantile(cost, 0.9)) - told)


Tracks = dict[int, tuple[frozenset[tuple[int, int]], frozenset[tuple[int, int]]]]
Chains = list[tuple[list[int], Piece]]


def chain(
    rows: Rows, motion: Motion, animals: int | None, link_s: float, minimum_s: float, tracks: Tracks | None = None
) -> tuple[Integers, int]:
    """Join paths into animals.

    First every path that ends is paired with one that begins, all at once and with the least misfit in sum; then what
    lies in another's gaps is joined. With a known number of animals, pieces are joined over any gap until that many
    are left, and the longest are kept.

    Parameters
    ----------
    tracks
        Per path, the tracks (camera, number) with which it begins and ends.

    Returns
    -------
    number
        Animal of each path, by the time of appearance; -1 for paths that are left out.
    dropped
        How many chains were left out for the number of animals.
    """
    size = int(rows.path.max()) + 1 if len(rows) else 0
    number = np.full(size, -1)
    known = tracks or {}
    none: frozenset[tuple[int, int]] = frozenset()
    single = []
    for path, piece in pieces(rows, motion.fps).items():
        begins, ends = known.get(path, (none, none))
        single.append(([path], replace(piece, begins=begins, ends=ends)))
    # A path of a few frames has no direction to speak of, and may be a chance meeting of rays: it comes last.
    brief = max(3, round(_BRIEF_S * motion.fps))
    chains = _sequences([entry for entry in single if len(entry[1]) >= brief], motion, link_s)
    chains = _greedy(chains, motion, link_s, GATE, 0)
    if animals is not None:
        mixed = round(_MIXED_S * motion.fps)
        chains = _greedy(chains, motion, np.inf, GATE * _LENIENT, animals, mixed)
    chains = _with_brief(chains, [entry for entry in single if len(entry[1]) < brief], motion)
    shortest = max(2, round(minimum_s * motion.fps))
    chains = [entry for entry in chains if len(entry[1]) >= shortest]
    chains.sort(key=lambda entry: -len(entry[1]))
    dropped = 0 if animals is None else max(0, len(chains) - animals)
    kept = sorted(chains[:animals], key=lambda entry: int(entry[1].frame[0]))
    for animal, (members, _) in enumerate(kept):
        number[members] = animal
    return number, dropped


def _with_brief(chains: Chains, brief: Chains, motion: Motion) -> Chains:
    """Join brief paths to the chain that they fit best; those that fit none stay by themselves."""
    chains = list(chains)
    alone = []
    for entry in brief:
        met = [junction(piece, entry[1], motion) for _, piece in chains]
        best = min(range(len(met)), key=lambda index: met[index].cost, default=-1)
        if best >= 0 and met[best].misfit < GATE:
            chains[best] = _union(chains[best], entry)
        else:
            alone.append(entry)
    return chains + alone


def _sequences(chains: Chains, motion: Motion, link_s: float) -> Chains:
    """Pair ends with beginnings by the Hungarian method."""
    cost = np.full((len(chains), len(chains)), _UNLINKED)
    for i, (_, a) in enumerate(chains):
        for j, (_, b) in enumerate(chains):
            if 0 < b.frame[0] - a.frame[-1] <= link_s * motion.fps:
                met = junction(a, b, motion)
                cost[i, j] = met.cost if met.misfit < GATE else _UNLINKED
    follows = {int(i): int(j) for i, j in zip(*linear_sum_assignment(cost), strict=True) if cost[i, j] < _UNLINKED}
    heads = set(range(len(chains))) - set(follows.values())
    joined = []
    for head in sorted(heads):
        entry, at = chains[head], head
        while at in follows:
            at = follows[at]
            entry = _union(entry, chains[at])
        joined.append(entry)
    return joined


def _greedy(chains: Chains, motion: Motion, link_s: float, gate: float, enough: int, overlap: int = 0) -> Chains:
    """Join the two that fit best until none fit, or `enough` are left."""
    chains = list(chains)
    couples = combinations(range(len(chains)), 2)
    costs = {(i, j): junction(chains[i][1], chains[j][1], motion, overlap) for i, j in couples}
    alive = set(range(len(chains)))
    while len(alive) > max(enough, 1):
        fitting = [(met.cost, pair) for pair, met in costs.items() if met.misfit < gate and met.gap_s <= link_s]
        if not fitting:
            break
        _, (i, j) = min(fitting)
        chains[i] = _union(chains[i], chains[j])
        alive.remove(j)
        costs = {pair: cost for pair, cost in costs.items() if j not in pair and i not in pair}
        for other in alive - {i}:
            costs[(min(i, other), max(i, other))] = junction(chains[i][1], chains[other][1], motion, overlap)
    return [chains[index] for index in sorted(alive)]


def _union(one: tuple[list[int], Piece], other: tuple[list[int], Piece]) -> tuple[list[int], Piece]:
    early, late = sorted((one[1], other[1]), key=lambda piece: int(piece.frame[0]))
    frame = np.concatenate([early.frame, late.frame])
    frame, index = np.unique(frame, return_index=True)
    point = np.concatenate([early.point, late.point])[index]
    velocity = np.concatenate([early.velocity, late.velocity])[index]
    ends = (late if late.frame[-1] > early.frame[-1] else early).ends
    return one[0] + other[0], Piece(frame, point, velocity, early.begins, ends)
