"""Points and polygons in the plane: inside or not, and how far from the border."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
_ON_BORDER = 1e-9
"""A point counts as on the border when it is this near to it, as a share of the polygon's extent: rounding must not
decide whether a point on a shared edge belongs to a zone."""
_CHUNK = 1 << 15
"""Points per pass: the temporaries of one pass stay in the processor's cache."""


def contains(polygon: ArrayLike, xy: ArrayLike) -> Booleans:
    """Which points lie in a polygon, its border included.

    A polygon that crosses itself follows the even-odd rule.

    Parameters
    ----------
    polygon
        (V, 2) corners in order, either way round; the last is joined to the first.
    xy
        (..., 2) points in the same unit.

    Returns
    -------
    (...) True inside or on the border; False for a missing point (any NaN).
    """
    corners, points, shape = _checked(polygon, xy)
    tolerance = _ON_BORDER * float(np.ptp(corners, axis=0).max())
    low, high = corners.min(axis=0) - tolerance, corners.max(axis=0) + tolerance
    near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
    result = np.zeros(len(points), bool)
    for start in range(0, len(near), _CHUNK):
        index = near[start : start + _CHUNK]
        inside, squared = _crossings(corners, points[index])
        result[index] = inside | (squared <= tolerance * tolerance)
    return result.reshape(shape)


def signed_distance(polygon: ArrayLike, xy: ArrayLike) -> Floats:
    """Distance to the border, negative inside.

    Parameters
    ----------
    polygon
        (V, 2) corners, as for :func:`contains`.
    xy
        (..., 2) points in the same unit.

    Returns
    -------
    (...) in the same unit; NaN for a missing point.
    """
    corners, points, shape = _checked(polygon, xy)
    result = np.empty(len(points))
    for start in range(0, len(points), _CHUNK):
        part = slice(start, start + _CHUNK)
        inside, squared = _crossings(corners, points[part])
        result[part] = np.where(inside, -1.0, 1.0) * np.sqrt(squared)
    return result.reshape(shape)


def _checked(polygon: ArrayLike, xy: ArrayLike) -> tuple[Floats, Floats, tuple[int, ...]]:
    corners, points = np.asarray(polygon, np.float64), np.asarray(xy, np.float64)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3:
        raise ValueError(f"expected a polygon of shape (3 or more, 2), got {corners.shape}")
    if points.ndim < 1 or points.shape[-1] != 2:
        raise ValueError(f"expected points of shape (..., 2), got {points.shape}")
    return corners, points.reshape(-1, 2), points.shape[:-1]


def _crossings(corners: Floats, points: Floats) -> tuple[Booleans, Floats]:
    """Even-odd rule, and the squared distance to the nearest edge; one pass over the edges for both."""
    x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    inside = np.zeros(len(points), bool)
    squared = np.full(len(points), np.inf)
    with np.errstate(invalid="ignore"):
        for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            dx, dy = bx - ax, by - ay
            px, py = x - ax, y - ay
            length = dx * dx + dy * dy
            along = np.clip((px * dx + py * dy) / length, 0.0, 1.0) if length > 0 else np.zeros_like(x)
            squared = np.minimum(squared, (px - along * dx) ** 2 + (py - along * dy) ** 2)
            if dy:
                inside ^= ((ay > y) != (by > y)) & (px < dx * py / dy)
    return inside, squared
