"""Which detection continues which track: costs of the plausible pairs, their assignment, and where it is ambiguous."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

FREEDOM = 4.0
_FAR = 1e6


@dataclass(frozen=True, eq=False)
class Pairs:
    """K plausible pairs of N tracks and M detections.

    Parameters
    ----------
    track, detection
        (K,) indices.
    cost
        (K,) negative log-likelihood up to a constant.
    shape
        N and M.
    """

    track: Indices
    detection: Indices
    cost: Floats
    shape: tuple[int, int]

    def where(self, chosen: NDArray[np.bool_]) -> "Pairs":
        """Some of the pairs."""
        return Pairs(self.track[chosen], self.detection[chosen], self.cost[chosen], self.shape)

    def matrix(self) -> Floats:
        """(N, M) costs, infinite where a pair is not plausible."""
        dense = np.full(self.shape, np.inf)
        dense[self.track, self.detection] = self.cost
        return dense


def motion_cost(squared: Floats, variance: Floats) -> Floats:
    """Negative log-likelihood of a squared distance under a two-dimensional Student t distribution.

    Animals turn more sharply, and masks shift more, than a normal distribution admits: with its light tails one bad
    frame would outweigh everything else.
    """
    return (FREEDOM + 2) / 2 * np.log1p(squared / (FREEDOM * variance)) + np.log(variance)


def assign(pairs: Pairs) -> Indices:
    """(N,) the detection of each track, -1 for none: most matches, then least cost.

    Pairs without a competitor are settled at once; only the rest goes through the Hungarian method.
    """
    match = np.full(pairs.shape[0], -1, np.intp)
    per_track = np.bincount(pairs.track, minlength=pairs.shape[0])
    per_detection = np.bincount(pairs.detection, minlength=pairs.shape[1])
    alone = (per_track[pairs.track] == 1) & (per_detection[pairs.detection] == 1)
    match[pairs.track[alone]] = pairs.detection[alone]
    if alone.all():
        return match
    track, detection, cost = pairs.track[~alone], pairs.detection[~alone], pairs.cost[~alone]
    tracks, i = np.unique(track, return_inverse=True)
    detections, j = np.unique(detection, return_inverse=True)
    dense = np.full((len(tracks), len(detections)), _FAR)
    dense[i, j] = cost
    rows, columns = linear_sum_assignment(dense)
    good = dense[rows, columns] < _FAR
    match[tracks[rows[good]]] = detections[columns[good]]
    return match


def ambiguous(pairs: Pairs, match: Indices, margin: float) -> NDArray[np.bool_]:
    """(N,) whether a track's match is nearly as good in another way.

    The other way is that two tracks exchange their detections, that a track without a detection takes this one, or that
    the track takes a detection nobody took. Nearly as good: the costs differ by less than `margin` (natural log of the
    odds).
    """
    unsure = np.zeros(pairs.shape[0], bool)
    other = pairs.detection != match[pairs.track]
    if not other.any():
        return unsure
    i, j, cost = pairs.track[other], pairs.detection[other], pairs.cost[other]
    owner = np.full(pairs.shape[1], -1, np.intp)
    taken = np.flatnonzero(match >= 0)
    owner[match[taken]] = taken
    k, own = owner[j], match[i]
    # An extra row and column of infinity let -1 (nobody, nothing) be an index.
    dense = np.full((pairs.shape[0] + 1, pairs.shape[1] + 1), np.inf)
    dense[pairs.track, pairs.detection] = pairs.cost
    now = np.where(own >= 0, dense[i, own], 0) + np.where(k >= 0, dense[k, j], 0)
    then = cost + np.where((own >= 0) & (k >= 0), dense[k, own], 0)
    # Where the exchange is impossible, its cost is infinite and so is the difference.
    with np.errstate(invalid="ignore"):
        close = ((own >= 0) | (k >= 0)) & (then - now < margin)
    unsure[i[close & (own >= 0)]] = True
    unsure[k[close & (k >= 0)]] = True
    return unsure
