"""One camera's image of many points with its derivative, and small symmetric systems, component by component.

Arrays are kept apart by component (`x`, `y`, `z` instead of one (n, 3) array): for the 3 × 3 algebra of triangulation
that is several times faster than general matrix routines.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.projection import maximum_angle
from pipeline.types import Camera

Floats = NDArray[np.float64]
Vector = tuple[Floats, Floats, Floats]
Matrix = tuple[Floats, Floats, Floats, Floats, Floats, Floats]
"""Symmetric 3 × 3: xx, xy, xz, yy, yz, zz."""
_SINGULAR = 3e-15
"""Determinant over the cubed trace below which a matrix counts as singular."""


def view(camera: Camera, x: Floats, *, jacobian: bool = True) -> tuple[Floats, Floats, Vector, Vector]:
    """Pixels of world points, and how they change with the point.

    Parameters
    ----------
    x
        (3, n) world, m.
    jacobian
        Whether to compute the derivatives; without, they come back empty.

    Returns
    -------
    u, v
        (n,) px; NaN where the lens cannot see the point, as in :func:`pipeline.geometry.project`.
    du, dv
        Derivatives of u and of v by world x, y, z, px/m.
    """
    rotation = camera.rotation_matrix
    lx, ly, lz = rotation @ x + camera.translation[:, None]
    lens = _fisheye if camera.model == "fisheye" else _pinhole
    a, b, da, db = lens(camera, lx, ly, lz, jacobian)
    fx, skew, cx = camera.matrix[0]
    fy, cy = camera.matrix[1, 1:]
    u, v = fx * a + cx, fy * b + cy
    if skew:
        u += skew * b
    if not jacobian:
        return u, v, da, db
    du, dv = _turned(da, rotation), _turned(db, rotation)
    return u, v, _combined(fx, du, skew, dv), _combined(fy, dv, 0.0, dv)


def _combined(scale: float, first: Vector, share: float, second: Vector) -> Vector:
    if not share:
        return (scale * first[0], scale * first[1], scale * first[2])
    x, y, z = (scale * a + share * b for a, b in zip(first, second, strict=True))
    return (x, y, z)


def _turned(local: Vector, rotation: Floats) -> Vector:
    """Derivatives by world coordinates from those by camera coordinates: J R."""
    x, y, z = local
    a, b, c = rotation.T
    return (x * a[0] + y * a[1] + z * a[2], x * b[0] + y * b[1] + z * b[2], x * c[0] + y * c[1] + z * c[2])


def _fisheye(camera: Camera, x: Floats, y: Floats, z: Floats, jacobian: bool) -> tuple[Floats, Floats, Vector, Vector]:
    k1, k2, k3, k4 = camera.distortion
    flat2 = x * x + y * y
    flat = np.sqrt(flat2)
    theta = np.arctan2(flat, z)
    t2 = theta * theta
    radius = theta * (1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4))))
    radius[theta >= maximum_angle(camera)] = np.nan
    on_axis = flat2 < 1e-18
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(on_axis, 1 / z, radius / flat)
        a, b = scale * x, scale * y
        if not jacobian:
            return a, b, (x, x, x), (x, x, x)
        slope = (1 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * 9 * k4)))) / (flat2 + z * z)
        bend = np.where(on_axis, 0, (slope * z - scale) / flat2)
    across = bend * x * y
    return a, b, (scale + bend * x * x, across, -slope * x), (across, scale + bend * y * y, -slope * y)


def _pinhole(camera: Camera, x: Floats, y: Floats, z: Floats, jacobian: bool) -> tuple[Floats, Floats, Vector, Vector]:
    with np.errstate(invalid="ignore", divide="ignore"):
        depth = np.where(z > 1e-9, 1 / z, np.nan)
    p, q = x * depth, y * depth
    one = np.ones_like(p)
    if not camera.distortion.any():
        a, b = p, q
        aa, ab, bb = one, np.zeros_like(p), one
    else:
        k1, k2, p1, p2, k3 = camera.distortion
        r2 = p * p + q * q
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        a = p * radial + 2 * p1 * p * q + p2 * (r2 + 2 * p * p)
        b = q * radial + p1 * (r2 + 2 * q * q) + 2 * p2 * p * q
        growth = 2 * (k1 + r2 * (2 * k2 + r2 * 3 * k3))
        aa = radial + growth * p * p + 2 * p1 * q + 6 * p2 * p
        ab = growth * p * q + 2 * p1 * p + 2 * p2 * q
        bb = radial + growth * q * q + 6 * p1 * q + 2 * p2 * p
    if not jacobian:
        return a, b, (x, x, x), (x, x, x)
    aa, ab, bb = aa * depth, ab * depth, bb * depth
    return a, b, (aa, ab, -(aa * p + ab * q)), (ab, bb, -(ab * p + bb * q))


def solve(matrix: Matrix, right: Vector) -> Vector:
    """Solve symmetric 3 × 3 systems by cofactors; NaN where a system is singular to rounding.

    Parameters
    ----------
    matrix, right
        Components, each (n,).
    """
    (a, b, c, d, e, f), scale = _adjugate(matrix)
    r, s, t = right
    return ((a * r + b * s + c * t) * scale, (b * r + d * s + e * t) * scale, (c * r + e * s + f * t) * scale)


def inverse_diagonal(matrix: Matrix) -> Vector:
    """Diagonals of the inverses of symmetric 3 × 3 matrices, NaN where one is singular."""
    (a, _, _, d, _, f), scale = _adjugate(matrix)
    return a * scale, d * scale, f * scale


def _adjugate(matrix: Matrix) -> tuple[Matrix, Floats]:
    """The adjugate and one over the determinant."""
    xx, xy, xz, yy, yz, zz = matrix
    a, b, c = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    d, e, f = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    determinant = xx * a + xy * b + xz * c
    singular = determinant <= _SINGULAR * (xx + yy + zz) ** 3
    return (a, b, c, d, e, f), np.where(singular, np.nan, 1) / determinant
