"""Pieces of tracks of all cameras are grouped into animals: correlation clustering with pairs that must stay apart.

Greedy additive edge contraction (Keuper et al. 2015): the two groups with most evidence between them are joined, their
evidence towards the others added up, until none is left that speaks for joining; then single pieces move to where they
fit better. Pieces of one camera that overlap in time are never in one group.
"""

import heapq
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.reconstruction.affinity import Encounters, pairs
from pipeline.reconstruction.observations import Integers, Observations

_SWEEPS = 5
_CONTINUES = 2.0
"""Evidence that two pieces into which a tracklet was cut are one animal: a tracker errs less often than not."""


def cluster(
    seen: Observations, met: Encounters, evidence: NDArray[np.float32], correlation_frames: float, threshold: float
) -> Integers:
    """Group number of every piece, from 0; pieces that nothing joins have a group of their own.

    Parameters
    ----------
    evidence
        Log-likelihood ratio of each encounter.
    correlation_frames
        Number of neighbouring frames that tell as much as one independent frame.
    threshold
        Evidence needed to join two groups.
    """
    grouped = pairs(seen, met)
    weights = np.add.reduceat(evidence[grouped.order], grouped.edges[:-1]) if len(grouped.first) else np.empty(0)
    first, last = spans(seen)
    camera, tracklet = np.zeros(seen.n_pieces, int), np.zeros(seen.n_pieces, int)
    camera[seen.piece], tracklet[seen.piece] = seen.camera, seen.tracklet
    graph = _Graph(camera, first, last)
    for a, b, weight in zip(grouped.first, grouped.second, weights / correlation_frames, strict=True):
        graph.add(int(a), int(b), float(weight))
    order = np.lexsort((first, tracklet, camera))
    for a, b in pairwise(order):
        if camera[a] == camera[b] and tracklet[a] == tracklet[b]:
            graph.add(int(a), int(b), _CONTINUES)
    graph.contract(threshold)
    graph.improve()
    _, numbers = np.unique(graph.group, return_inverse=True)
    return numbers


def spans(seen: Observations) -> tuple[Integers, Integers]:
    """First and last frame of every piece."""
    first = np.full(seen.n_pieces, np.iinfo(np.int64).max)
    last = np.full(seen.n_pieces, -1)
    np.minimum.at(first, seen.piece, seen.frame)
    np.maximum.at(last, seen.piece, seen.frame)
    return first, last


class _Graph:
    """Pieces, the evidence between them, and their present groups."""

    def __init__(self, camera: Integers, first: Integers, last: Integers) -> None:
        self.camera, self.first, self.last = camera, first, last
        self.group = np.arange(len(camera))
        self.members: dict[int, list[int]] = {piece: [piece] for piece in range(len(camera))}
        self.pieces: list[dict[int, float]] = [{} for _ in camera]

    def add(self, a: int, b: int, weight: float) -> None:
        self.pieces[a][b] = self.pieces[b][a] = self.pieces[a].get(b, 0.0) + weight

    def compatible(self, some: Iterable[int], others: Iterable[int]) -> bool:
        """Whether no piece overlaps in time with one of the other side in the same camera."""
        others = list(others)
        return not any(
            self.camera[a] == self.camera[b] and self.first[a] <= self.last[b] and self.first[b] <= self.last[a]
            for a in some
            for b in others
        )

    def contract(self, threshold: float) -> None:
        links = [dict(row) for row in self.pieces]
        heap = [
            (-weight, a, b) for a, row in enumerate(links) for b, weight in row.items() if a < b and weight > threshold
        ]
        heapq.heapify(heap)
        while heap:
            negative, a, b = heapq.heappop(heap)
            if a not in self.members or b not in self.members or links[a].get(b) != -negative:
                continue
            if not self.compatible(self.members[a], self.members[b]):
                continue
            self.members[a] += self.members.pop(b)
            for other, weight in links[b].items():
                links[other].pop(b)
                if other == a:
                    continue
                joined = links[a].get(other, 0.0) + weight
                links[a][other] = links[other][a] = joined
                if joined > threshold:
                    low, high = min(a, other), max(a, other)
                    heapq.heappush(heap, (-joined, low, high))
        for group, members in self.members.items():
            self.group[members] = group

    def improve(self) -> None:
        """Move single pieces to the group that they have most evidence for, until nothing moves."""
        for _ in range(_SWEEPS):
            moved = False
            for piece, row in enumerate(self.pieces):
                pull: dict[int, float] = {}
                for other, weight in row.items():
                    group = int(self.group[other])
                    pull[group] = pull.get(group, 0.0) + weight
                own = int(self.group[piece])
                for group in sorted(pull, key=lambda g: -pull[g]):
                    if pull[group] <= max(pull.get(own, 0.0), 0.0) or group == own:
                        break
                    if self.compatible([piece], self.members[group]):
                        self.members[own].remove(piece)
                        self.members[group].append(piece)
                        self.group[piece] = group
                        moved = True
                        break
            if not moved:
                return
