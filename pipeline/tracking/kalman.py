"""Constant-velocity motion of all live tracks at once.

A nearly constant velocity with white acceleration noise (Bar-Shalom, Li & Kirubarajan 2001, section 6.2.2). The noise
is the same along x and y, so that the covariance of a track is one 2 × 2 matrix shared by both axes, and predicting
and updating all tracks are a few operations on columns.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STATE = [
    ("xy", "f8", 2), ("velocity", "f8", 2),  # px, px per frame
    ("pp", "f8"), ("pv", "f8"), ("vv", "f8"),  # covariance of position and velocity along one axis
]  # fmt: skip


def predict(tracks: NDArray, frames: int, acceleration: float) -> None:
    """Move tracks ahead, in place.

    Parameters
    ----------
    tracks
        (N,) structured array with the fields of :data:`STATE`.
    frames
        How far, ≥ 1.
    acceleration
        Standard deviation of the acceleration, px per frame².
    """
    xy, velocity = tracks["xy"], tracks["velocity"]
    pp, pv, vv = tracks["pp"], tracks["pv"], tracks["vv"]
    power = acceleration * acceleration
    xy += velocity * frames
    pp += (pv + pv + vv * frames) * frames + power * frames**3 / 3
    pv += vv * frames + power * frames**2 / 2
    vv += power * frames


def update(tracks: NDArray, measured: Floats, variance: Floats | float) -> Floats:
    """Take in a measured position of each track, in place.

    Parameters
    ----------
    measured
        (N, 2) px.
    variance
        Of the measurement, px²; (N,) or one for all.

    Returns
    -------
    (N,) squared distance of what was foretold and what was measured, in variances of that distance along one axis.
    """
    xy, velocity = tracks["xy"], tracks["velocity"]
    pp, pv, vv = tracks["pp"], tracks["pv"], tracks["vv"]
    scale = 1 / (pp + variance)
    gain, gain_v = pp * scale, pv * scale
    error = measured - xy
    surprise = np.einsum("ij,ij->i", error, error) * scale
    xy += gain[:, None] * error
    velocity += gain_v[:, None] * error
    vv -= gain_v * pv
    rest = 1 - gain
    pp *= rest
    pv *= rest
    return surprise
