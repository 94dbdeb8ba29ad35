"""Tracklets that change the animal on their way are cut where they begin to contradict another camera."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.reconstruction.affinity import Encounters, pairs
from pipeline.reconstruction.observations import Integers, Observations

_SAME_PLACE = 5


def split_at_contradictions(
    seen: Observations, met: Encounters, evidence: NDArray[np.float32], threshold: float
) -> Observations:
    """Cut both tracklets of a pair where long agreement turns into long contradiction, or the reverse.

    Which of the two is wrong need not be known: clustering joins again what belongs together. A wrong pair may agree
    by chance for a while (two animals in one plane with both cameras); the cut that follows is harmless too.

    Parameters
    ----------
    evidence
        Log-likelihood ratio of each encounter.
    threshold
        Sum of evidence on both sides that makes a cut.
    """
    grouped = pairs(seen, met)
    value = evidence[grouped.order].astype(np.float64)
    length = np.diff(grouped.edges)
    pair = np.repeat(np.arange(len(length)), length)
    gains = np.bincount(pair, np.maximum(value, 0), len(length))
    losses = np.bincount(pair, np.minimum(value, 0), len(length))
    cuts: dict[int, list[int]] = {}
    for number in np.flatnonzero((gains > threshold) & (losses < -threshold)):
        run = slice(grouped.edges[number], grouped.edges[number + 1])
        frames = seen.frame[met.first[grouped.order[run]]]
        for place in _turns(value[run], threshold):
            for piece in (grouped.first[number], grouped.second[number]):
                cuts.setdefault(int(piece), []).append(int(frames[place]))
    return cut(seen, cuts)


def cut(seen: Observations, cuts: dict[int, list[int]]) -> Observations:
    """Cut pieces before the given frames; cuts a few frames apart count as one.

    Parameters
    ----------
    cuts
        Piece → frames with which a new piece begins.
    """
    piece = seen.piece.copy()
    following = seen.n_pieces
    for number, frames in cuts.items():
        rows = np.flatnonzero(seen.piece == number)
        for frame in _distinct(frames):
            later = rows[seen.frame[rows] >= frame]
            if len(later) and len(later) < len(rows):
                piece[later] = following
                following += 1
    _, piece = np.unique(piece, return_inverse=True)
    return replace(seen, piece=piece)


def _distinct(frames: list[int]) -> list[int]:
    ordered = np.sort(frames)
    groups = np.split(ordered, np.flatnonzero(np.diff(ordered) > _SAME_PLACE) + 1)
    return [int(np.median(group)) for group in groups]


def _turns(value: NDArray[np.float64], threshold: float) -> list[int]:
    """Where the most contradicting run of a sequence begins and ends, if an agreeing run lies beside it; recursive."""
    total = np.concatenate([[0.0], np.cumsum(value)])
    # The run of least sum (Kadane's algorithm on cumulative sums).
    highest = np.maximum.accumulate(total)
    stop = int(np.argmin(total - highest))
    begin = int(np.argmax(total[: stop + 1]))
    if total[stop] - total[begin] > -threshold:
        return []
    before = total[begin] - total[: begin + 1].min()
    after = total[stop:].max() - total[stop]
    found = []
    if before > threshold:
        found += [*_turns(value[:begin], threshold), begin]
    if after > threshold:
        found += [stop, *(stop + place for place in _turns(value[stop:], threshold))]
    return found


def runs(flags: NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """Begin and end (exclusive) of each run of True."""
    change = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return np.flatnonzero(change == 1), np.flatnonzero(change == -1)
