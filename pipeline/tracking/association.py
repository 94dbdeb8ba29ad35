"""Which detection continues which track: costs of the plausible pairs, their assignment, and where it is ambiguous."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]
Costs = Mapping[tuple[int, int], float]  # (track, detection) → negative log-likelihood of a plausible pair

FREEDOM = 4.0
_FAR = 1e6
_INF = float("inf")


def motion_cost(squared: Floats, variance: Floats) -> Floats:
    """Negative log-likelihood of a squared distance under a two-dimensional Student t distribution.

    Animals turn more sharply, and masks shift more, than a normal distribution admits: with its light tails one bad
    frame would outweigh everything else.
    """
    return (FREEDOM + 2) / 2 * np.log1p(squared / (FREEDOM * variance)) + np.log(variance)


def assign(costs: Costs) -> dict[int, int]:
    """The detection of each track that gets one: most matches, then least cost (Hungarian method)."""
    tracks: dict[int, int] = {}
    detections: dict[int, int] = {}
    at = [(tracks.setdefault(i, len(tracks)), detections.setdefault(j, len(detections))) for i, j in costs]
    if len(tracks) <= 1 or len(detections) == 1:
        return dict([min(costs, key=costs.__getitem__)]) if costs else {}
    dense = np.full((len(tracks), len(detections)), _FAR)
    dense[tuple(zip(*at, strict=True))] = list(costs.values())
    rows, columns = linear_sum_assignment(dense)
    by_row, by_column = list(tracks), list(detections)
    pairs = ((by_row[row], by_column[column]) for row, column in zip(rows.tolist(), columns.tolist(), strict=True))
    return dict(pair for pair in pairs if pair in costs)


def ambiguous(costs: Costs, match: Mapping[int, int], margin: float) -> set[int]:
    """The tracks whose match is nearly as good in another way.

    The other way is that two tracks exchange their detections, that a track without a detection takes this one, or that
    the track takes a detection nobody took. Nearly as good: the costs differ by less than `margin` (natural log of the
    odds).
    """
    unsure: set[int] = set()
    owner = {j: i for i, j in match.items()}
    for (i, j), cost in costs.items():
        own, other = match.get(i), owner.get(j)
        if own == j or (own is None and other is None):
            continue
        now, then = 0.0, cost
        if own is not None:
            now += costs.get((i, own), _INF)
        if other is not None:
            now += costs.get((other, j), _INF)
        if own is not None and other is not None:
            then += costs.get((other, own), _INF)
        # Where the exchange is impossible, its cost is infinite and so is the difference (or it is no number).
        if then - now < margin:
            if own is not None:
                unsure.add(i)
            if other is not None:
                unsure.add(other)
    return unsure
