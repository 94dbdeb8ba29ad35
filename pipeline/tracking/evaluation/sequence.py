"""Truth and tracks brought together, frame by frame, as similarities in [0, 1]."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import SkeinError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Labels:
    """N labelled boxes or points, in any order.

    Parameters
    ----------
    frame
        (N,) whole numbers.
    identity
        (N,) numbers or strings; each at most once per frame.
    values
        (N, 4) boxes left, top, width, height, or (N, 2) or (N, 3) points in any unit. Rows that are not finite count
        as absent.
    """

    frame: Integers
    identity: NDArray[Any]
    values: Floats

    def __post_init__(self) -> None:
        frame, identity = np.asarray(self.frame), np.asarray(self.identity)
        values = np.asarray(self.values, np.float64)
        if values.ndim != 2 or frame.shape != (len(values),) or identity.shape != (len(values),):
            raise SkeinError(
                "Labels: expected N frames, N identities and N rows of values, "
                f"got the shapes {frame.shape}, {identity.shape}, {values.shape}."
            )
        finite = np.isfinite(values).all(axis=1)
        names, code = np.unique(identity[finite], return_inverse=True)
        pairs = np.stack([frame[finite].astype(np.int64), code])
        repeated = np.unique(pairs, axis=1, return_counts=True)
        if (repeated[1] > 1).any():
            at, who = repeated[0][:, np.argmax(repeated[1])]
            raise SkeinError(f"Labels: expected each identity once per frame, got {names[who]} twice in frame {at}.")
        order = np.argsort(pairs[0], kind="stable")
        object.__setattr__(self, "frame", pairs[0][order])
        object.__setattr__(self, "identity", identity[finite][order])
        object.__setattr__(self, "values", values[finite][order])

    def __len__(self) -> int:
        return len(self.frame)


@dataclass(frozen=True, eq=False)
class Sequence:
    """One evaluated sequence: per frame, which true and which tracked identities there are and how similar they are.

    Parameters
    ----------
    truth, tracks
        Per frame, (n,) and (m,) indices of identities, from 0.
    similarity
        Per frame, (n, m) in [0, 1].
    n_truth, n_tracks
        Number of identities.
    gate
        Smallest similarity of a match.
    distance
        What a similarity of 0 means as a distance: 1 for boxes (1 − IoU), twice the gate for points.
    """

    truth: tuple[Integers, ...]
    tracks: tuple[Integers, ...]
    similarity: tuple[Floats, ...]
    n_truth: int
    n_tracks: int
    gate: float
    distance: float

    def __iter__(self) -> Iterator[tuple[Integers, Integers, Floats]]:
        return iter(zip(self.truth, self.tracks, self.similarity, strict=True))


def overlaps(first: ArrayLike, second: ArrayLike) -> Floats:
    """(n, m) intersection over union of boxes left, top, width, height; 0 where a box has no area."""
    a, b = np.asarray(first, np.float64)[:, None], np.asarray(second, np.float64)[None]
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=-1)
    union = np.prod(a[..., 2:], axis=-1) + np.prod(b[..., 2:], axis=-1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def align(truth: Labels, tracks: Labels, *, distance: float | None, iou: float) -> Sequence:
    """Similarities of truth and tracks in every frame that has either.

    Parameters
    ----------
    distance
        For points: largest distance of a match, in the unit of the points. The similarity falls linearly from 1 to
        0 at twice that distance, so that 0.5 is the gate, as for boxes (Luiten et al. 2021, section 4.4).
    iou
        For boxes (`distance` is None): smallest intersection over union of a match.
    """
    width = 4 if distance is None else None
    for what, labels in (("truth", truth), ("tracks", tracks)):
        if len(labels) and (labels.values.shape[1] != width if width else labels.values.shape[1] not in (2, 3)):
            expected = "boxes of 4 columns" if width else "points of 2 or 3 columns"
            raise SkeinError(f"Evaluation: expected {what} as {expected}, got {labels.values.shape[1]} columns.")
    if distance is not None and not distance > 0:
        raise SkeinError(f"Evaluation: expected a distance gate above 0, got {distance}.")
    true_names, true_code = np.unique(truth.identity, return_inverse=True)
    track_names, track_code = np.unique(tracks.identity, return_inverse=True)
    frames = np.union1d(truth.frame, tracks.frame)
    true_parts = _parts(truth.frame, frames)
    track_parts = _parts(tracks.frame, frames)
    similarity = tuple(
        _similarity(truth.values[a], tracks.values[b], distance) for a, b in zip(true_parts, track_parts, strict=True)
    )
    return Sequence(
        tuple(true_code[part] for part in true_parts),
        tuple(track_code[part] for part in track_parts),
        similarity,
        len(true_names),
        len(track_names),
        gate=iou if distance is None else 0.5,
        distance=1.0 if distance is None else 2 * distance,
    )


def _parts(frame: Integers, frames: Integers) -> list[slice]:
    first, stop = np.searchsorted(frame, frames, "left"), np.searchsorted(frame, frames, "right")
    return [slice(a, b) for a, b in zip(first, stop, strict=True)]


def _similarity(truth: Floats, tracks: Floats, distance: float | None) -> Floats:
    if not len(truth) or not len(tracks):
        return np.zeros((len(truth), len(tracks)))
    if distance is None:
        return overlaps(truth, tracks)
    apart = np.linalg.norm(truth[:, None] - tracks[None], axis=-1)
    return np.clip(1 - apart / (2 * distance), 0, None)
