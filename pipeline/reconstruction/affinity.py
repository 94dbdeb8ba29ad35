"""How well tracklets of different cameras fit together, from the distance of their rays in common frames."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline.reconstruction.observations import Floats, Integers, Observations
from pipeline.types import Arena, CameraGroup

_STRAY = 0.05
"""Share of frames in which the right pair may be anywhere (a merged mask, a reflection)."""
_PARALLEL = 0.05
"""Sine of the angle between two rays below which they tell nothing about each other."""
_MINIMUM_NOISE_PX = 0.3
_ENOUGH = 10
_ONE_SIGMA = 68.3
"""Percentile of the absolute error that is one standard deviation if the errors are normal; masks have longer tails."""
_ROUGH, _ROUGH_SHARE = 3.0, 0.25
"""Masks that touch or are half hidden: their errors are this many times as large, in this share of the frames."""


@dataclass(frozen=True, eq=False)
class Encounters:
    """Every pair of observations of two cameras in one frame.

    Parameters
    ----------
    first, second
        (M,) indices of observations; the camera of `first` comes before that of `second`.
    error_px
        (M,) distance of the two rays, expressed as the error of a centroid that would explain it, px; inf where they
        meet behind a camera or outside the arena, NaN where they are nearly parallel.
    """

    first: Integers
    second: Integers
    error_px: NDArray[np.float32]


def encounters(cameras: CameraGroup, seen: Observations, arena: Arena | None) -> Encounters:
    """All pairs of observations of different cameras in the same frame."""
    bounds = np.array(arena.habitat) if arena else None
    edges = np.searchsorted(seen.camera, np.arange(len(cameras) + 1))
    parts = []
    for i, j in combinations(range(len(cameras)), 2):
        first, second = _same_frame(seen.frame, (edges[i], edges[i + 1]), (edges[j], edges[j + 1]))
        error = _ray_error(cameras, seen, first, second, (i, j), bounds).astype(np.float32)
        parts.append((first, second, error))
    if not parts:
        none = np.empty(0, np.int64)
        return Encounters(none, none, np.empty(0, np.float32))
    return Encounters(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _same_frame(frame: Integers, one: tuple[int, int], other: tuple[int, int]) -> tuple[Integers, Integers]:
    """Indices of all combinations of rows of two sorted ranges that have the same frame."""
    start = np.searchsorted(frame[slice(*other)], frame[slice(*one)], side="left")
    count = np.searchsorted(frame[slice(*other)], frame[slice(*one)], side="right") - start
    first = np.repeat(np.arange(*one), count)
    within = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    return first, other[0] + np.repeat(start, count) + within


def _ray_error(
    cameras: CameraGroup, seen: Observations, first: Integers, second: Integers, pair: tuple[int, int],
    bounds: Floats | None,
) -> Floats:  # fmt: skip
    one, other = (cameras.cameras[number] for number in pair)
    a, b = seen.direction[first], seen.direction[second]
    between = other.centre - one.centre
    across = np.cross(a, b)
    sine2 = np.einsum("ij,ij->i", across, across)
    with np.errstate(invalid="ignore", divide="ignore"):
        depth_a = np.einsum("ij,ij->i", np.cross(between, b), across) / sine2
        depth_b = np.einsum("ij,ij->i", np.cross(between, a), across) / sine2
        distance = np.abs(across @ between) / np.sqrt(sine2)
        blur_a = depth_a * seen.angle_px[first] * seen.doubt[first]
        blur_b = depth_b * seen.angle_px[second] * seen.doubt[second]
        error = distance / np.hypot(blur_a, blur_b)
    error[(depth_a <= 0) | (depth_b <= 0)] = np.inf
    if bounds is not None:
        middle = (one.centre + depth_a[:, None] * a + other.centre + depth_b[:, None] * b) / 2
        # A ray crossed at a small angle leaves the depth open: 10 px of noise must not put it outside.
        slack = 0.05 * np.ptp(bounds, axis=1) + 10 * (np.hypot(blur_a, blur_b) / np.sqrt(sine2))[:, None]
        outside = (middle < bounds[:, 0] - slack) | (middle > bounds[:, 1] + slack)
        error[outside.any(axis=1)] = np.inf
    error[sine2 < _PARALLEL**2] = np.nan
    return error


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of pieces that have frames in common, and the encounters of each, in the order of frames.

    Parameters
    ----------
    first, second
        (K,) pieces.
    order
        (M',) usable encounters, sorted by pair, then frame.
    edges
        (K + 1,) where each pair's run in `order` begins and ends.
    """

    first: Integers
    second: Integers
    order: Integers
    edges: Integers


def pairs(seen: Observations, met: Encounters) -> Pairs:
    """Group encounters by the pieces that meet."""
    count = max(seen.n_pieces, 1)
    usable = np.flatnonzero(~np.isnan(met.error_px))
    key = seen.piece[met.first[usable]] * count + seen.piece[met.second[usable]]
    order = np.lexsort((seen.frame[met.first[usable]], key))
    keys, start = np.unique(key[order], return_index=True)
    return Pairs(keys // count, keys % count, usable[order], np.append(start, len(order)))


def noise_px(seen: Observations, met: Encounters) -> float:
    """Standard deviation of a centroid, px, measured from pairs of tracklets that are each other's best partner.

    It holds whatever makes cameras disagree: noise of the masks, the calibration's error, and that the middle of an
    outline is not the same point of the body from two sides. NaN where no two tracklets share ten frames.
    """
    grouped = pairs(seen, met)
    length = np.diff(grouped.edges)
    if not (length >= _ENOUGH).any():
        return float("nan")
    # Median error of each pair, by sorting within the pairs.
    pair = np.repeat(np.arange(len(length)), length)
    error = met.error_px[grouped.order]
    ordered = error[np.lexsort((error, pair))]
    middle = np.where(length >= _ENOUGH, ordered[(grouped.edges[:-1] + length // 2).clip(max=len(ordered) - 1)], np.inf)
    start = grouped.order[grouped.edges[:-1]]
    # Best partner of each piece in each other camera: the last one written wins.
    cameras = int(seen.camera.max()) + 1
    worst_first = np.argsort(-middle, kind="stable")
    best = np.full((seen.n_pieces, cameras), -1)
    other = np.full((seen.n_pieces, cameras), -1)
    best[grouped.first[worst_first], seen.camera[met.second[start[worst_first]]]] = worst_first
    other[grouped.second[worst_first], seen.camera[met.first[start[worst_first]]]] = worst_first
    mutual = np.intersect1d(best[best >= 0], other[other >= 0])
    mutual = mutual[np.isfinite(middle[mutual])]
    agreeing = error[np.isin(pair, mutual)]
    agreeing = agreeing[np.isfinite(agreeing)]
    return max(_MINIMUM_NOISE_PX, float(np.percentile(agreeing, _ONE_SIGMA))) if len(agreeing) else float("nan")


def evidence(met: Encounters, sigma_px: float) -> NDArray[np.float32]:
    """(M,) logarithm of the likelihood ratio that both observations show the same animal; 0 where nothing is told.

    The right partner's error is a mixture of two normal distributions and a share of strays; a wrong one's is spread
    as widely as the errors of all pairs, most of which are wrong.
    """
    finite = met.error_px[np.isfinite(met.error_px)]
    spread = max(4 * float(np.median(finite)) if len(finite) else 0.0, 40 * sigma_px)
    scaled = np.square(met.error_px / sigma_px)
    clean, rough = np.exp(-0.5 * scaled), np.exp(-0.5 * scaled / _ROUGH**2) / _ROUGH
    density = ((1 - _ROUGH_SHARE) * clean + _ROUGH_SHARE * rough) * spread / (sigma_px * np.sqrt(2 * np.pi))
    ratio = np.log((1 - _STRAY) * density + _STRAY)
    return np.where(np.isnan(met.error_px), 0, ratio).astype(np.float32)
