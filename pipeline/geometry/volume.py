"""Zones as volumes over the arena floor: which positions lie in one, and how far from its surface."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.geometry import polygon
from pipeline.types import Zone

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
_ON_SURFACE = 1e-9


def contains(zone: Zone, xyz: ArrayLike) -> Booleans:
    """Which positions lie in a zone, its surface included.

    Parameters
    ----------
    zone
        Its unit (m, or px where the experiment is not calibrated) is that of the positions.
    xyz
        (..., 3) positions in the world, z up.

    Returns
    -------
    (...) bool. False where x or y is missing. Where only z is missing (planar mode) the zone's height cannot be
    judged, and its footprint decides: the outline of a polygon, box or cylinder, the greatest circle of a sphere.
    """
    points = _points(xyz)
    if zone.polygon is not None:
        flat = polygon.contains(zone.polygon, points[..., :2])
        return flat if zone.z is None else flat & ~(_beyond(points[..., 2], *zone.z) > 0)
    return signed_distance(zone, points) <= _ON_SURFACE * _extent(zone)


def signed_distance(zone: Zone, xyz: ArrayLike) -> Floats:
    """Shortest distance to a zone's surface, negative inside.

    Exact outside. Inside a prism (polygon with z, box, cylinder) it is the nearest of walls, bottom and top.

    Parameters
    ----------
    zone, xyz
        As for :func:`contains`.

    Returns
    -------
    (...) in the zone's unit; NaN where x or y is missing. Where only z is missing, the distance to the footprint.
    """
    points = _points(xyz)
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    if zone.polygon is not None:
        return _prism(polygon.signed_distance(zone.polygon, points[..., :2]), z, zone.z)
    if zone.box is not None:
        (x0, x1), (y0, y1), height = zone.box
        dx, dy = np.maximum(x0 - x, x - x1), np.maximum(y0 - y, y - y1)
        return _prism(_joined(dx, dy), z, height)
    if zone.cylinder is not None:
        radial = np.hypot(x - zone.cylinder[0], y - zone.cylinder[1]) - float(zone.radius or 0)
        return _prism(radial, z, zone.z)
    assert zone.sphere is not None
    cx, cy, cz = zone.sphere
    up = np.where(np.isnan(z), 0.0, z - cz)
    return np.sqrt((x - cx) ** 2 + (y - cy) ** 2 + up**2) - float(zone.radius or 0)


def has_height(zone: Zone) -> bool:
    """Whether z decides who is inside."""
    return zone.z is not None or zone.shape in {"box", "sphere"}


def footprint(zone: Zone, points: int = 72) -> Floats:
    """Outline of a zone seen from above, for drawing.

    Parameters
    ----------
    points
        Number of corners that stand for a circle.

    Returns
    -------
    (V, 2) corners in order, not closed.
    """
    if zone.polygon is not None:
        return np.array(zone.polygon, np.float64)
    if zone.box is not None:
        (x0, x1), (y0, y1), _ = zone.box
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)
    centre = zone.cylinder if zone.cylinder is not None else zone.sphere
    assert centre is not None
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.array(centre[:2]) + float(zone.radius or 0) * np.column_stack([np.cos(angle), np.sin(angle)])


def _points(xyz: ArrayLike) -> Floats:
    points = np.asarray(xyz, np.float64)
    if points.ndim < 1 or points.shape[-1] != 3:
        raise ValueError(f"expected positions of shape (..., 3), got {points.shape}")
    return points


def _beyond(z: Floats, low: float, high: float) -> Floats:
    """How far z is above or below a range, negative within; NaN where z is missing."""
    return np.maximum(low - z, z - high)


def _joined(a: Floats, b: Floats) -> Floats:
    """Signed distance to the intersection of two orthogonal extents."""
    return np.hypot(np.maximum(a, 0), np.maximum(b, 0)) + np.minimum(np.maximum(a, b), 0)


def _prism(flat: Floats, z: Floats, height: tuple[float, float] | None) -> Floats:
    if height is None:
        return flat
    return np.where(np.isnan(z), flat, _joined(flat, _beyond(z, *height)))


def _extent(zone: Zone) -> float:
    if zone.box is not None:
        return max(high - low for low, high in zone.box)
    return float(zone.radius or 0)
