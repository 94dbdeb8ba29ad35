"""Identity F1: how much of the time each animal carries the one track that fits it best.

Ristani et al. 2016, "Performance measures and a data set for multi-target, multi-camera tracking".
"""

from dataclasses import dataclass, fields

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.tracking.evaluation.sequence import Sequence


@dataclass(frozen=True)
class Identity:
    """Counts under the best one-to-one pairing of true identities with tracks over the whole sequence.

    Parameters
    ----------
    true_positives
        Positions of an animal that its paired track covers within the gate.
    truth, tracked
        Number of true and of tracked positions.
    """

    true_positives: int = 0
    truth: int = 0
    tracked: int = 0

    def __add__(self, other: "Identity") -> "Identity":
        return Identity(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def idf1(self) -> float:
        """Harmonic mean of identity precision and recall; NaN without any position."""
        total = self.truth + self.tracked
        return 2 * self.true_positives / total if total else np.nan

    @property
    def idp(self) -> float:
        return self.true_positives / self.tracked if self.tracked else np.nan

    @property
    def idr(self) -> float:
        return self.true_positives / self.truth if self.truth else np.nan


def identity(sequence: Sequence) -> Identity:
    """Count one sequence.

    The pairing that makes false negatives plus false positives fewest is the one with most true positives, so that a
    plain assignment on the counts of common frames finds it.
    """
    together = np.zeros((sequence.n_truth, sequence.n_tracks), int)
    for truth, tracks, similarity in sequence:
        rows, columns = np.nonzero(similarity >= sequence.gate)
        together[truth[rows], tracks[columns]] += 1
    best = linear_sum_assignment(together, maximize=True)
    return Identity(
        true_positives=int(together[best].sum()),
        truth=sum(map(len, sequence.truth)),
        tracked=sum(map(len, sequence.tracks)),
    )
