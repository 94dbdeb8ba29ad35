"""Purity of tracklets: does each piece hold one animal only?"""

import numpy as np

from pipeline.tracking.evaluation.sequence import Labels, align


def purity(truth: Labels, tracklets: Labels, *, distance: float | None = None, iou: float = 0.5) -> float:
    """Share of the matched positions whose animal is the most frequent one of their tracklet; NaN without a match.

    Each tracked position is matched to the most similar true one within the gate (see
    :func:`pipeline.tracking.evaluation.evaluate_mot`), whoever else is near: purity asks what a tracklet lies on, not
    how a frame is best explained.
    """
    sequence = align(truth, tracklets, distance=distance, iou=iou)
    votes = np.zeros((sequence.n_tracks, sequence.n_truth), int)
    for animals, tracks, similarity in sequence:
        if similarity.size:
            nearest = similarity.argmax(axis=0)
            good = similarity.max(axis=0) >= sequence.gate
            np.add.at(votes, (tracks[good], animals[nearest[good]]), 1)
    total = int(votes.sum())
    return float(votes.max(axis=1).sum() / total) if total else np.nan
