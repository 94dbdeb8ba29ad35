"""HOTA: detection and association, weighed equally, over thresholds of similarity.

Luiten et al. 2021, "HOTA: A higher order metric for evaluating multi-object tracking", IJCV 129.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.tracking.evaluation.sequence import Sequence

Floats = NDArray[np.float64]
ALPHAS: Floats = np.arange(0.05, 0.99, 0.05)
_ROUNDING = 1e-12


def _none() -> Floats:
    return np.zeros(len(ALPHAS))


@dataclass(frozen=True, eq=False)
class Hota:
    """Sums per threshold, which add up over sequences, and the scores made of them (means over the thresholds).

    Parameters
    ----------
    true_positives, misses, false_positives
        (19,) counts at the thresholds 0.05 … 0.95.
    association, association_recall, association_precision
        (19,) sums over the true positives of their Jaccard index, recall and precision of identity.
    localisation
        (19,) sums of the matches' similarities.
    """

    true_positives: Floats
    misses: Floats
    false_positives: Floats
    association: Floats
    association_recall: Floats
    association_precision: Floats
    localisation: Floats

    @classmethod
    def empty(cls) -> "Hota":
        return cls(*(_none() for _ in range(7)))

    def __add__(self, other: "Hota") -> "Hota":
        return Hota(*(a + b for a, b in zip(self.__dict__.values(), other.__dict__.values(), strict=True)))

    @property
    def deta(self) -> float:
        """Detection accuracy."""
        return float(self._deta().mean())

    @property
    def assa(self) -> float:
        """Association accuracy."""
        return float(self._per_match(self.association).mean())

    @property
    def assre(self) -> float:
        return float(self._per_match(self.association_recall).mean())

    @property
    def asspr(self) -> float:
        return float(self._per_match(self.association_precision).mean())

    @property
    def loca(self) -> float:
        """Mean similarity of the matches; 1 where there are none."""
        matches = np.maximum(self.true_positives, 1)
        return float(np.where(self.true_positives > 0, self.localisation / matches, 1).mean())

    @property
    def hota(self) -> float:
        return float(np.sqrt(self._deta() * self._per_match(self.association)).mean())

    def _deta(self) -> Floats:
        return self.true_positives / np.maximum(self.true_positives + self.misses + self.false_positives, 1)

    def _per_match(self, sums: Floats) -> Floats:
        return sums / np.maximum(self.true_positives, 1)


def hota(sequence: Sequence) -> Hota:
    """Score one sequence.

    Matches maximise similarity times the agreement of the two identities over the whole sequence, once per frame; each
    threshold then keeps those that are similar enough.
    """
    truth_count = np.bincount(np.concatenate([*sequence.truth, np.empty(0, int)]), minlength=sequence.n_truth)
    track_count = np.bincount(np.concatenate([*sequence.tracks, np.empty(0, int)]), minlength=sequence.n_tracks)
    rows, columns, similarity = _matches(sequence, truth_count, track_count)
    sums = np.zeros((7, len(ALPHAS)))
    pair = rows * max(sequence.n_tracks, 1) + columns
    for index, alpha in enumerate(ALPHAS):
        good = similarity >= alpha - _ROUNDING
        pairs, count = np.unique(pair[good], return_counts=True)
        a, b = np.divmod(pairs, max(sequence.n_tracks, 1))
        n = int(good.sum())
        sums[:, index] = (
            n,
            truth_count.sum() - n,
            track_count.sum() - n,
            (count * count / (truth_count[a] + track_count[b] - count)).sum(),
            (count * count / truth_count[a]).sum(),
            (count * count / track_count[b]).sum(),
            similarity[good].sum(),
        )
    return Hota(*sums)


def _matches(
    sequence: Sequence, truth_count: NDArray[np.int64], track_count: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Identities and similarities of all matches of all frames."""
    agreement = np.zeros((sequence.n_truth, sequence.n_tracks))
    for truth, tracks, similarity in sequence:
        union = similarity.sum(axis=0)[None] + similarity.sum(axis=1)[:, None] - similarity
        share = np.divide(similarity, union, out=np.zeros_like(similarity), where=union > _ROUNDING)
        agreement[np.ix_(truth, tracks)] += share
    agreement /= np.maximum(truth_count[:, None] + track_count[None] - agreement, 1)
    rows, columns, similarities = [np.empty(0, int)], [np.empty(0, int)], [np.empty(0)]
    for truth, tracks, similarity in sequence:
        i, j = linear_sum_assignment(agreement[np.ix_(truth, tracks)] * similarity, maximize=True)
        rows.append(truth[i])
        columns.append(tracks[j])
        similarities.append(similarity[i, j])
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(similarities)
