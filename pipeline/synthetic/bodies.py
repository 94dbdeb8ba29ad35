"""Fish-like bodies: a bending spine that carries ellipses, as a closed mesh of quadrilaterals."""

import numpy as np
from numpy.typing import NDArray

from pipeline.synthetic.motion import Motion
from pipeline.synthetic.scene import Animal

Floats = NDArray[np.float64]

# Along the body, from nose (0) to tail tip (1): half width and half height in body lengths. The last three are the fin.
_STATIONS = np.array(
    [[0.00, 0.004, 0.006], [0.03, 0.028, 0.036], [0.09, 0.052, 0.066], [0.18, 0.071, 0.094], [0.28, 0.080, 0.110],
     [0.38, 0.078, 0.110], [0.48, 0.069, 0.099], [0.58, 0.055, 0.080], [0.68, 0.040, 0.058], [0.77, 0.026, 0.039],
     [0.84, 0.015, 0.028], [0.88, 0.009, 0.034], [0.94, 0.006, 0.070], [1.00, 0.004, 0.098]]
)  # fmt: skip
_RING = 10
_ALONG, _WIDTH, _HEIGHT = _STATIONS.T
_ROUND = np.arange(_RING) * 2 * np.pi / _RING

SHAPE = (len(_ALONG), _RING)
"""Sections along the body, points around each."""


def _quads() -> NDArray[np.int64]:
    sections, ring = SHAPE
    here = np.arange(sections * ring).reshape(SHAPE)
    next_ = np.roll(here, -1, axis=1)
    corners = np.stack([here[:-1], here[1:], next_[1:], next_[:-1]], axis=-1)
    return corners.reshape(-1, 4)


QUADS = _quads()
"""(Q, 4) vertices of each quadrilateral, counter-clockwise as seen from outside."""


def _volume_shares() -> Floats:
    """Share of the body's volume that each section carries (trapezoid rule)."""
    area, gap = _WIDTH * _HEIGHT, np.diff(_ALONG)
    share = np.zeros(len(_ALONG))
    share[:-1] += gap * area[:-1] / 2
    share[1:] += gap * area[1:] / 2
    return share / share.sum()


_VOLUME = _volume_shares()


def vertices(animals: tuple[Animal, ...], motion: Motion, frame: int) -> Floats:
    """Surface points of every animal in one frame.

    Returns
    -------
    (N, sections · ring, 3) world, m. The centre of each body is ``motion.position[frame]``: its centre of volume.
    """
    length = np.array([animal.length for animal in animals])[:, None]
    along = _spine(motion.phase[frame], motion.effort[frame], motion.bend[frame]) * length[..., None]
    along -= np.einsum("s,nsk->nk", _VOLUME, along)[:, None]
    tangent = np.gradient(along, axis=1)
    tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True)
    side = np.stack([tangent[..., 1], -tangent[..., 0]], axis=-1)  # tangents point from nose to tail

    cos_yaw, sin_yaw = np.cos(motion.yaw[frame]), np.sin(motion.yaw[frame])
    cos_pitch, sin_pitch = np.cos(motion.pitch[frame]), np.sin(motion.pitch[frame])
    forward = np.stack([cos_yaw * cos_pitch, sin_yaw * cos_pitch, sin_pitch], axis=-1)
    left = np.stack([-sin_yaw, cos_yaw, np.zeros_like(sin_yaw)], axis=-1)
    up = np.cross(forward, left)
    axes = np.stack([forward, left], axis=1)

    spine = motion.position[frame][:, None] + along @ axes
    lateral = side @ axes
    out = (
        spine[:, :, None]
        + (length * _WIDTH)[..., None, None] * np.cos(_ROUND)[:, None] * lateral[:, :, None]
        + (length * _HEIGHT)[..., None, None] * np.sin(_ROUND)[:, None] * up[:, None, None]
    )
    return out.reshape(len(animals), -1, 3)


def shades(world: Floats) -> Floats:
    """Grey level of each quadrilateral (N, Q): a dark back, paler flanks, a light belly, under light from above."""
    corners = world[:, QUADS]
    normal = np.cross(corners[:, :, 2] - corners[:, :, 0], corners[:, :, 3] - corners[:, :, 1])
    upward = normal[..., 2] / np.maximum(np.linalg.norm(normal, axis=-1), 1e-12)
    around = np.sin(_ROUND + np.pi / _RING)
    skin = np.interp(around, [-1.0, -0.3, 0.3, 1.0], [150.0, 112.0, 86.0, 66.0])
    bars = 1 - 0.07 * np.sin(2 * np.pi * 4.5 * (_ALONG[:-1] + _ALONG[1:]) / 2)
    pattern = (bars[:, None] * skin).reshape(-1)
    return pattern * (0.86 + 0.16 * upward)


def _spine(phase: Floats, effort: Floats, bend: Floats) -> Floats:
    """(N, S, 2) spines in body lengths, x forward and y left, nose at the origin.

    A travelling wave whose amplitude grows towards the tail (as in subcarangiform swimming, Videler 1993) on an arc.
    """
    s = _ALONG
    angle = -bend[:, None] * (s - 0.35)
    step = np.diff(s, prepend=0.0)
    arc = -np.cumsum(np.stack([np.cos(angle), np.sin(angle)], axis=-1) * step[:, None], axis=1)
    amplitude = (0.25 + 0.75 * effort)[:, None] * (0.012 - 0.03 * s + 0.115 * s**2)
    arc[..., 1] += amplitude * np.sin(phase[:, None] - 2 * np.pi * s / 0.95)
    return arc
