"""World points to pixels and back to rays, for fisheye and pinhole cameras."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.types import Camera

Floats = NDArray[np.float64]
_ITERATIONS = 20


def project(camera: Camera, points: Floats) -> Floats:
    """Project world points into a camera's (distorted) image.

    Parameters
    ----------
    points
        (..., 3) world coordinates, m.

    Returns
    -------
    (..., 2) px. NaN where the input is NaN or the lens cannot see: for a pinhole, points behind the camera;
    for a fisheye, directions past the angle at which its polynomial stops growing.
    """
    local = np.asarray(points, np.float64) @ camera.rotation_matrix.T + camera.translation
    if camera.model == "fisheye":
        distorted = _fisheye_distort(camera, local)
    else:
        distorted = _pinhole_distort(camera, local)
    fx, skew, cx = camera.matrix[0]
    x, y = distorted[..., 0], distorted[..., 1]
    return np.stack([fx * x + skew * y + cx, camera.matrix[1, 1] * y + camera.matrix[1, 2]], axis=-1)


def rays(camera: Camera, pixels: Floats) -> Floats:
    """Viewing directions of pixels in the world frame.

    Parameters
    ----------
    pixels
        (..., 2) px of the distorted image.

    Returns
    -------
    (..., 3) unit vectors from the camera's centre; NaN where the input is NaN or outside the lens model.
    """
    x, y = _normalised(camera, pixels)
    if camera.model == "fisheye":
        radius = np.hypot(x, y)
        theta = _fisheye_angle(camera, radius)
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.where(radius > 1e-12, np.sin(theta) / radius, 1.0)
        local = np.stack([x * scale, y * scale, np.cos(theta)], axis=-1)
    else:
        x, y = _pinhole_undistort(camera, x, y)
        local = np.stack([x, y, np.ones_like(x)], axis=-1)
        local /= np.linalg.norm(local, axis=-1, keepdims=True)
    return local @ camera.rotation_matrix


def undistort(camera: Camera, pixels: Floats) -> Floats:
    """Normalised image coordinates (x/z, y/z) in the camera's frame, (..., 2); NaN at or beyond 90° off-axis."""
    local = rays(camera, pixels) @ camera.rotation_matrix.T
    with np.errstate(invalid="ignore", divide="ignore"):
        flat = local[..., :2] / local[..., 2:]
    flat[~(local[..., 2] > 1e-9)] = np.nan
    return flat


@lru_cache(maxsize=256)
def maximum_angle(camera: Camera) -> float:
    """Angle off-axis up to which a fisheye polynomial grows, rad (at most π)."""
    k1, k2, k3, k4 = camera.distortion
    slope = np.polynomial.Polynomial([1, 0, 3 * k1, 0, 5 * k2, 0, 7 * k3, 0, 9 * k4])
    roots = slope.roots()
    real = roots.real[(abs(roots.imag) < 1e-9) & (roots.real > 0)]
    return float(min([np.pi, *real]))


def _normalised(camera: Camera, pixels: Floats) -> tuple[Floats, Floats]:
    pixels = np.asarray(pixels, np.float64)
    fx, skew, cx = camera.matrix[0]
    y = (pixels[..., 1] - camera.matrix[1, 2]) / camera.matrix[1, 1]
    return (pixels[..., 0] - cx - skew * y) / fx, y


def _fisheye_radius(camera: Camera, theta: Floats) -> Floats:
    k1, k2, k3, k4 = camera.distortion
    t2 = theta * theta
    return theta * (1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4))))


def _fisheye_distort(camera: Camera, local: Floats) -> Floats:
    flat = np.hypot(local[..., 0], local[..., 1])
    theta = np.arctan2(flat, local[..., 2])
    radius = np.where(theta < maximum_angle(camera), _fisheye_radius(camera, theta), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(flat > 1e-12, radius / flat, 1.0)
    distorted = local[..., :2] * scale[..., None]
    distorted[np.isnan(radius)] = np.nan
    return distorted


def _fisheye_angle(camera: Camera, radius: Floats) -> Floats:
    """Invert the polynomial by Newton's method inside a bracket, so that it converges at any radius."""
    k1, k2, k3, k4 = camera.distortion
    limit = maximum_angle(camera)
    low, high = np.zeros_like(radius), np.full_like(radius, limit)
    theta = np.minimum(radius, limit)
    for _ in range(_ITERATIONS):
        error = _fisheye_radius(camera, theta) - radius
        low, high = np.where(error < 0, theta, low), np.where(error > 0, theta, high)
        t2 = theta * theta
        slope = 1 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * 9 * k4)))
        with np.errstate(invalid="ignore", divide="ignore"):
            step = theta - error / slope
        inside = (step >= low) & (step <= high)
        moved = np.where(inside, step, (low + high) / 2)
        done = np.nanmax(np.abs(moved - theta), initial=0.0) < 1e-13
        theta = moved
        if done:
            break
    return np.where(radius <= _fisheye_radius(camera, np.asarray(limit)), theta, np.nan)


def _pinhole_distort(camera: Camera, local: Floats) -> Floats:
    depth = local[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = local[..., 0] / depth, local[..., 1] / depth
    distorted = np.stack(_brown(camera, x, y), axis=-1)
    distorted[~(depth > 1e-9)] = np.nan
    return distorted


def _brown(camera: Camera, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    k1, k2, p1, p2, k3 = camera.distortion
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    )


def _pinhole_undistort(camera: Camera, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Fixed-point iteration with the residual as the step: exact to 1e-12 for lenses without fold-over."""
    u, v = x.copy(), y.copy()
    for _ in range(5 * _ITERATIONS):
        du, dv = _brown(camera, u, v)
        u, v = u + x - du, v + y - dv
        if max(np.nanmax(np.abs(du - x), initial=0.0), np.nanmax(np.abs(dv - y), initial=0.0)) < 1e-13:
            break
    return u, v
