"""The plane-to-plane map between an image and the floor, for planar mode."""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from pipeline.errors import SkeinError

Floats = NDArray[np.float64]
_SUBSETS = 300
_FLAT = 1e-3
"""Four points count as collinear in threes below this ratio of triangle area to squared extent."""


@dataclass(frozen=True, eq=False)
class Homography:
    """A floor seen by one camera (Hartley & Zisserman 2004, chapters 2 and 4).

    Parameters
    ----------
    matrix
        (3, 3), homogeneous px → homogeneous floor coordinates, m; positive scale for points in front of the camera.
    residuals_px
        (N,) distance between each given pixel and its floor point projected back, px.
    inliers
        (N,) bool; the points that determined the matrix.
    """

    matrix: Floats
    residuals_px: Floats
    inliers: NDArray[np.bool_]

    @cached_property
    def inverse(self) -> Floats:
        """(3, 3) floor → px."""
        return np.asarray(np.linalg.inv(self.matrix), np.float64)

    def to_floor(self, pixels: ArrayLike) -> Floats:
        """(..., 2) px → (..., 2) m; NaN stays NaN, and so becomes what lies on or beyond the horizon."""
        return _apply(self.matrix, pixels)

    def to_pixels(self, floor: ArrayLike) -> Floats:
        """(..., 2) m → (..., 2) px; NaN stays NaN, and so becomes what lies behind the camera."""
        return _apply(self.inverse, floor)


def fit_homography(pixels: ArrayLike, floor: ArrayLike, tolerance_px: float = 3.0) -> Homography:
    """Fit the map from pixels to the floor to surveyed points, of which some may be wrong.

    Every set of four points (a random 300 of them where there are more) proposes a map by the normalised direct linear
    transformation; the one on which most points agree is refined on these by the sum of squared pixel errors.

    Parameters
    ----------
    pixels
        (N, 2) px; undistort them first where the lens is known. Rows with NaN are ignored (never inliers).
    floor
        (N, 2) the same points on the floor, m.
    tolerance_px
        A point farther than this from where the map puts it does not count.

    Raises
    ------
    SkeinError
        If there are fewer than 4 points, or no four of them span a plane (three on a line).
    """
    pixels, floor = np.asarray(pixels, float), np.asarray(floor, float)
    if pixels.shape != floor.shape or pixels.ndim != 2 or pixels.shape[1] != 2:
        raise SkeinError(f"A homography needs two (N, 2) arrays, got {pixels.shape} and {floor.shape}.")
    known = np.flatnonzero(np.isfinite(pixels).all(1) & np.isfinite(floor).all(1))
    if len(known) < 4:
        raise SkeinError(f"A floor map needs at least 4 surveyed points in the image, got {len(known)}: mark more.")
    best: tuple[int, float, Floats] | None = None
    for subset in _subsets(len(known)):
        four = known[subset]
        if _collinear(pixels[four]) or _collinear(floor[four]):
            continue
        to_image = _dlt(floor[four], pixels[four])
        errors = _errors(to_image, floor[known], pixels[known])
        agreeing = errors <= tolerance_px
        score = (int(agreeing.sum()), -float(np.minimum(errors, tolerance_px).sum()))
        if best is None or score > best[:2]:
            best = (*score, to_image)
    if best is None:
        raise SkeinError(
            "A floor map needs 4 surveyed points of which no three lie on a line: mark a point beside the line."
        )
    to_image = best[2]
    chosen = known[_errors(to_image, floor[known], pixels[known]) <= tolerance_px]
    if len(chosen) > 4:
        to_image = _refined(_dlt(floor[chosen], pixels[chosen]), floor[chosen], pixels[chosen])
    matrix = np.asarray(np.linalg.inv(to_image), np.float64)
    matrix *= np.sign(matrix[2] @ [*pixels[chosen[0]], 1.0]) / np.linalg.norm(matrix)
    inliers = np.zeros(len(pixels), bool)
    inliers[chosen] = True
    return Homography(matrix, _errors(to_image, floor, pixels), inliers)


def _apply(matrix: Floats, points: ArrayLike) -> Floats:
    points = np.asarray(points, float)
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        flat = mapped[..., :2] / mapped[..., 2:]
    flat[~(mapped[..., 2] > 1e-12)] = np.nan
    return flat


def _subsets(count: int) -> list[list[int]]:
    if comb(count, 4) <= _SUBSETS:
        return [list(subset) for subset in combinations(range(count), 4)]
    rng = np.random.default_rng(0)  # the same points must always give the same map
    return [rng.choice(count, 4, replace=False).tolist() for _ in range(_SUBSETS)]


def _collinear(points: Floats) -> bool:
    extent = np.ptp(points, axis=0).max() ** 2
    for a, b, c in combinations(points, 3):
        ab, ac = b - a, c - a
        if abs(ab[0] * ac[1] - ab[1] * ac[0]) <= _FLAT * extent:
            return True
    return False


def _normaliser(points: Floats) -> Floats:
    centre = points.mean(0)
    scale = np.sqrt(2) / np.linalg.norm(points - centre, axis=1).mean()
    return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])


def _dlt(source: Floats, target: Floats) -> Floats:
    """Normalised direct linear transformation; positive scale at the source points."""
    before, after = _normaliser(source), _normaliser(target)
    ones = np.ones((len(source), 1))
    p = np.hstack([source, ones]) @ before.T
    u, v, _ = (np.hstack([target, ones]) @ after.T).T[..., None]
    zero = np.zeros_like(p)
    rows = np.vstack([np.hstack([p, zero, -u * p]), np.hstack([zero, p, -v * p])])
    matrix = np.linalg.inv(after) @ np.linalg.svd(rows)[2][-1].reshape(3, 3) @ before
    side = matrix[2] @ [*source.mean(0), 1.0]
    return matrix * (np.sign(side) or 1.0) / np.linalg.norm(matrix)


def _errors(matrix: Floats, source: Floats, target: Floats) -> Floats:
    distance = np.linalg.norm(_apply(matrix, source) - target, axis=1)
    return np.where(np.isnan(distance) & np.isfinite(target).all(1) & np.isfinite(source).all(1), np.inf, distance)


def _refined(matrix: Floats, source: Floats, target: Floats) -> Floats:
    before, after = _normaliser(source), _normaliser(target)
    p = source @ before[:2, :2].T + before[:2, 2]
    q = target @ after[:2, :2].T + after[:2, 2]
    start = after @ matrix @ np.linalg.inv(before)
    start /= start[2, 2]

    def residuals(eight: Floats) -> Floats:
        mapped = np.column_stack([p, np.ones(len(p))]) @ np.append(eight, 1.0).reshape(3, 3).T
        return (mapped[:, :2] / mapped[:, 2:] - q).ravel()

    fitted = np.append(least_squares(residuals, start.ravel()[:8], method="lm").x, 1.0).reshape(3, 3)
    return np.linalg.inv(after) @ fitted @ before
