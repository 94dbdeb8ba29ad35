"""Constant-velocity motion of all live tracks at once.

A nearly constant velocity with white acceleration noise (Bar-Shalom, Li & Kirubarajan 2001, section 6.2.2). The noise
is the same along x and y, so that the covariance of a track is one 2 × 2 matrix shared by both axes, and predicting
and updating all tracks are a few operations on columns.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STATE = [
    ("x", "f8"), ("y", "f8"), ("vx", "f8"), ("vy", "f8"),  # px, px per frame
    ("pp", "f8"), ("pv", "f8"), ("vv", "f8"),  # covariance of position and velocity, one axis
]  # fmt: skip


def predict(live: NDArray, frames: int, acceleration: float) -> None:
    """Move tracks ahead, in place.

    Parameters
    ----------
    live
        (N,) structured array with the fields of :data:`STATE`.
    frames
        How far, ≥ 1.
    acceleration
        Standard deviation of the acceleration, px per frame².
    """
    power = acceleration * acceleration
    live["x"] += live["vx"] * frames
    live["y"] += live["vy"] * frames
    live["pp"] += frames * (2 * live["pv"] + frames * live["vv"]) + power * frames**3 / 3
    live["pv"] += frames * live["vv"] + power * frames**2 / 2
    live["vv"] += power * frames


def update(live: NDArray, index: NDArray[np.intp], x: Floats, y: Floats, variance: Floats | float) -> None:
    """Take in a measured position for the tracks `index`, in place.

    Parameters
    ----------
    x, y
        (K,) measured, px.
    variance
        Of the measurement, px²; (K,) or one for all.
    """
    total = live["pp"][index] + variance
    gain, gain_v = live["pp"][index] / total, live["pv"][index] / total
    dx, dy = x - live["x"][index], y - live["y"][index]
    live["x"][index] += gain * dx
    live["y"][index] += gain * dy
    live["vx"][index] += gain_v * dx
    live["vy"][index] += gain_v * dy
    cross = live["pv"][index]
    live["pp"][index] *= 1 - gain
    live["pv"][index] = cross * (1 - gain)
    live["vv"][index] -= gain_v * cross
