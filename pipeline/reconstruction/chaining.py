"""Pieces of paths are joined over time into animals, by how well one continues the motion of the other."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.reconstruction.observations import Floats, Integers
from pipeline.reconstruction.paths import Rows

_GATE = 2.0
_LENIENT = 3.0
_LOOK_S = 0.15
_TRUST_S = 0.4
_SHARED = 3
_SAME = 10.0
"""Two points of a frame are the same animal's if they are closer than this many standard deviations."""


@dataclass(frozen=True, eq=False)
class Piece:
    """One path: frames (n,) in order, points (n, 3) m, velocities (n, 3) m/s."""

    frame: Integers
    point: Floats
    velocity: Floats

    def __len__(self) -> int:
        return len(self.frame)


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


def junction(a: Piece, b: Piece, motion: Motion) -> tuple[float, float]:
    """How badly two paths fit into one: (the misfit in standard deviations, the longest gap in s).

    At each change from one to the other both are extended to the middle of the gap; the distance there is compared
    with the noise and with how far an animal may turn away in that time. Infinite where both have points in the same
    frames, unless these are the same points.
    """
    _, in_a, in_b = np.intersect1d(a.frame, b.frame, assume_unique=True, return_indices=True)
    if len(in_a):
        apart = float(np.median(np.linalg.norm(a.point[in_a] - b.point[in_b], axis=1)))
        if len(in_a) > _SHARED and apart > _SAME * motion.spread:
            return np.inf, np.inf
        left = np.delete(np.arange(len(b)), in_b)
        if not len(left):
            return apart / (_SAME * motion.spread), 0.0
        b = Piece(b.frame[left], b.point[left], b.velocity[left])
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
    allowed = 4 * motion.spread + 0.5 * motion.speed * gap
    cost = miss / np.maximum(allowed, 1e-9) + 0.3 * np.log1p(gap)
    return float(np.quantile(cost, 0.9)), float(gap.max())


def chain(rows: Rows, motion: Motion, animals: int | None, link_s: float, minimum_s: float) -> tuple[Integers, int]:
    """Join paths into animals.

    First every path that ends is paired with one that begins, all at once and with the least misfit in sum; then what
    lies in another's gaps is joined. With a known number of animals, pieces are joined over any gap until that many
    are left, and the longest are kept.

    Returns
    -------
    number
        Animal of each path, by the time of appearance; -1 for paths that are left out.
    dropped
        How many chains were left out for the number of animals.
    """
    size = int(rows.path.max()) + 1 if len(rows) else 0
    number = np.full(size, -1)
    chains = [([path], piece) for path, piece in pieces(rows, motion.fps).items()]
    chains = _sequences(chains, motion, link_s)
    chains = _greedy(chains, motion, link_s, _GATE, 0)
    shortest = max(2, round(minimum_s * motion.fps))
    if animals is not None:
        chains = [entry for entry in chains if len(entry[1]) >= min(shortest, 5)]
        chains = _greedy(chains, motion, np.inf, _GATE * _LENIENT, animals)
    chains = [entry for entry in chains if len(entry[1]) >= shortest]
    chains.sort(key=lambda entry: -len(entry[1]))
    dropped = 0 if animals is None else max(0, len(chains) - animals)
    kept = sorted(chains[:animals], key=lambda entry: int(entry[1].frame[0]))
    for animal, (members, _) in enumerate(kept):
        number[members] = animal
    return number, dropped


Chains = list[tuple[list[int], Piece]]


def _sequences(chains: Chains, motion: Motion, link_s: float) -> Chains:
    """Pair ends with beginnings by the Hungarian method."""
    cost = np.full((len(chains), len(chains)), _GATE)
    for i, (_, a) in enumerate(chains):
        for j, (_, b) in enumerate(chains):
            if 0 < b.frame[0] - a.frame[-1] <= link_s * motion.fps:
                cost[i, j] = min(_GATE, junction(a, b, motion)[0])
    follows = {int(i): int(j) for i, j in zip(*linear_sum_assignment(cost), strict=True) if cost[i, j] < _GATE}
    heads = set(range(len(chains))) - set(follows.values())
    joined = []
    for head in sorted(heads):
        entry, at = chains[head], head
        while at in follows:
            at = follows[at]
            entry = _union(entry, chains[at], motion)
        joined.append(entry)
    return joined


def _greedy(chains: Chains, motion: Motion, link_s: float, gate: float, enough: int) -> Chains:
    """Join the two that fit best until none fit, or `enough` are left."""
    chains = list(chains)
    couples = combinations(range(len(chains)), 2)
    costs = {(i, j): junction(chains[i][1], chains[j][1], motion) for i, j in couples}
    alive = set(range(len(chains)))
    while len(alive) > max(enough, 1):
        fitting = [(cost, pair) for pair, (cost, gap) in costs.items() if cost < gate and gap <= link_s]
        if not fitting:
            break
        _, (i, j) = min(fitting)
        chains[i] = _union(chains[i], chains[j], motion)
        alive.remove(j)
        costs = {pair: cost for pair, cost in costs.items() if j not in pair and i not in pair}
        for other in alive - {i}:
            costs[(min(i, other), max(i, other))] = junction(chains[i][1], chains[other][1], motion)
    return [chains[index] for index in sorted(alive)]


def _union(one: tuple[list[int], Piece], other: tuple[list[int], Piece], motion: Motion) -> tuple[list[int], Piece]:
    frame = np.concatenate([one[1].frame, other[1].frame])
    frame, index = np.unique(frame, return_index=True)
    point = np.concatenate([one[1].point, other[1].point])[index]
    velocity = np.concatenate([one[1].velocity, other[1].velocity])[index]
    return one[0] + other[0], Piece(frame, point, velocity)
