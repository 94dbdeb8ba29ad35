"""CLEAR MOT: how many animals are found, and how often identities break.

Bernardin & Stiefelhagen 2008, "Evaluating multiple object tracking performance". A match of an earlier frame is kept
as long as it is within the gate; the rest is assigned so that most are matched, at the smallest distance.
"""

from dataclasses import dataclass, fields

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.tracking.evaluation.sequence import Sequence

_FAR = 1e6
_MOSTLY_TRACKED, _MOSTLY_LOST = 0.8, 0.2


@dataclass(frozen=True)
class Clear:
    """Counts, which add up over sequences, and the rates made of them.

    Parameters
    ----------
    truth
        Number of true positions.
    matches
        True positions with a match, identity switches included.
    misses, false_positives
        True positions and tracked positions without a match.
    switches
        Matches whose track differs from the animal's previous match, however long ago.
    fragmentations
        Times that a tracked animal is lost and found again.
    mostly_tracked, partly_tracked, mostly_lost
        Animals matched in at least 80 %, in between, and in less than 20 % of their frames.
    distance
        Sum of the distances of all matches: 1 − IoU for boxes, the points' unit for points.
    """

    truth: int = 0
    matches: int = 0
    misses: int = 0
    false_positives: int = 0
    switches: int = 0
    fragmentations: int = 0
    mostly_tracked: int = 0
    partly_tracked: int = 0
    mostly_lost: int = 0
    distance: float = 0.0

    def __add__(self, other: "Clear") -> "Clear":
        return Clear(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def mota(self) -> float:
        """1 − (misses + false positives + switches) / true positions; NaN without truth, negative if errors abound."""
        return 1 - (self.misses + self.false_positives + self.switches) / self.truth if self.truth else np.nan

    @property
    def motp(self) -> float:
        """Mean distance of the matches; NaN without one."""
        return self.distance / self.matches if self.matches else np.nan

    @property
    def recall(self) -> float:
        return self.matches / self.truth if self.truth else np.nan

    @property
    def precision(self) -> float:
        tracked = self.matches + self.false_positives
        return self.matches / tracked if tracked else np.nan

    @property
    def individuals(self) -> int:
        """Number of true identities."""
        return self.mostly_tracked + self.partly_tracked + self.mostly_lost


def clear(sequence: Sequence) -> Clear:
    """Count one sequence."""
    last = np.full(sequence.n_truth, -1)
    present = np.zeros(sequence.n_truth, int)
    matched = np.zeros(sequence.n_truth, int)
    missing = np.zeros(sequence.n_truth, bool)
    switches = fragmentations = false_positives = 0
    distance = 0.0
    for truth, tracks, similarity in sequence:
        rows, columns = _assign(truth, tracks, similarity, last, sequence.gate)
        found, by = truth[rows], tracks[columns]
        before = last[found]
        switches += int(((before >= 0) & (before != by)).sum())
        fragmentations += int((missing[found] & (before >= 0)).sum())
        distance += float((1 - similarity[rows, columns]).sum()) * sequence.distance
        false_positives += len(tracks) - len(by)
        present[truth] += 1
        matched[found] += 1
        missing[truth] = True
        missing[found] = False
        last[found] = by
    ratio = matched / np.maximum(present, 1)
    tracked, lost = int((ratio >= _MOSTLY_TRACKED).sum()), int((ratio < _MOSTLY_LOST).sum())
    return Clear(
        truth=int(present.sum()),
        matches=int(matched.sum()),
        misses=int((present - matched).sum()),
        false_positives=false_positives,
        switches=switches,
        fragmentations=fragmentations,
        mostly_tracked=tracked,
        partly_tracked=sequence.n_truth - tracked - lost,
        mostly_lost=lost,
        distance=distance,
    )


def _assign(
    truth: np.ndarray, tracks: np.ndarray, similarity: np.ndarray, last: np.ndarray, gate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the matches: those kept from before, then the best of the rest."""
    valid = similarity >= gate
    kept_rows, kept_columns = np.nonzero((last[truth][:, None] == tracks[None]) & valid)
    # Two animals may have had the same track at different times: the first keeps it.
    _, first = np.unique(kept_columns, return_index=True)
    kept_rows, kept_columns = kept_rows[np.sort(first)], kept_columns[np.sort(first)]
    rest_rows = np.setdiff1d(np.arange(len(truth)), kept_rows)
    rest_columns = np.setdiff1d(np.arange(len(tracks)), kept_columns)
    open_ = np.ix_(rest_rows, rest_columns)
    rows, columns = linear_sum_assignment(np.where(valid[open_], 1 - similarity[open_], _FAR))
    good = valid[open_][rows, columns]
    return (
        np.concatenate([kept_rows, rest_rows[rows[good]]]),
        np.concatenate([kept_columns, rest_columns[columns[good]]]),
    )
