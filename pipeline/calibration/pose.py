"""Position and direction of a board, or of a camera, from viewing rays."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Floats = NDArray[np.float64]
_LOWEST = 0.1
"""Cosine of the largest angle from the mean ray that the start from a plane image uses."""


def pose_from_rays(points: Floats, directions: Floats) -> Floats | None:
    """Rigid transform of points into the frame of the rays.

    The rays are turned so that their mean is the axis of a virtual pinhole, which a fisheye's view past 90° off-axis
    needs; there SQPnP solves (Terzakis & Lourakis 2020).

    Parameters
    ----------
    points
        (N, 3) m; they may lie in a plane.
    directions
        (N, 3) unit vectors; NaN rows are ignored.

    Returns
    -------
    (4, 4), or None where fewer than 4 rays are usable or no pose has the points in front.
    """
    known = np.isfinite(directions).all(axis=1)
    if known.sum() < 4:
        return None
    mean = directions[known].mean(axis=0)
    turn = _turn_to_axis(mean / max(float(np.linalg.norm(mean)), 1e-12))
    turned = directions @ turn.T
    with np.errstate(invalid="ignore"):
        known &= turned[:, 2] > _LOWEST
    if known.sum() < 4:
        return None
    flat = np.ascontiguousarray(turned[known, :2] / turned[known, 2:])
    source = np.ascontiguousarray(points[known])
    try:
        found, rotation, translation = cv2.solvePnP(source, flat, np.eye(3), None, flags=cv2.SOLVEPNP_SQPNP)
    except cv2.error:
        return None
    if not found or not np.isfinite(rotation).all() or not np.isfinite(translation).all():
        return None
    transform = np.eye(4)
    transform[:3, :3] = turn.T @ Rotation.from_rotvec(np.ravel(rotation)).as_matrix()
    transform[:3, 3] = turn.T @ np.ravel(translation)
    return transform


def _turn_to_axis(direction: Floats) -> Floats:
    """Rotation that takes a unit vector to the z axis."""
    axis = np.cross(direction, [0.0, 0.0, 1.0])
    sine = float(np.linalg.norm(axis))
    if sine < 1e-12:
        return np.diag([1.0, 1.0, 1.0]) if direction[2] > 0 else np.diag([1.0, -1.0, -1.0])
    return Rotation.from_rotvec(axis / sine * np.arctan2(sine, direction[2])).as_matrix()
