"""How far an animal of a known top speed can move in the image from one frame to the next."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, maximum_filter

from pipeline.errors import SkeinError
from pipeline.geometry import project
from pipeline.types import Arena, Camera

Floats = NDArray[np.float64]

_CELLS = 32
_POINTS = (48, 48, 8)
_STEP_M = 1e-3


class SpeedLimit:
    """Pixels per frame for a speed in the world, anywhere in a calibrated camera's image.

    An image point says nothing of depth: of all places in the arena that are seen there, the one where a metre is most
    pixels counts, in the direction in which it is most. Between the cells that see the arena the nearest one counts.

    Parameters
    ----------
    speed
        Top speed, m per frame.
    """

    def __init__(self, camera: Camera, arena: Arena, speed: float) -> None:
        self._cell = np.array(camera.size) / _CELLS
        self._pixels = speed * _pixels_per_metre(camera, arena, self._cell)

    def __call__(self, x: Floats, y: Floats) -> Floats:
        """Px per frame at the image points x, y."""
        column = np.clip(x / self._cell[0], 0, _CELLS - 1).astype(int)
        row = np.clip(y / self._cell[1], 0, _CELLS - 1).astype(int)
        return self._pixels[row, column]


def _pixels_per_metre(camera: Camera, arena: Arena, cell: Floats) -> Floats:
    axes = [np.linspace(low, high, count) for (low, high), count in zip(arena.habitat, _POINTS, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    at = project(camera, points)
    columns = [(project(camera, points + _STEP_M * axis) - at) / _STEP_M for axis in np.eye(3)]
    scale = np.linalg.norm(np.stack(columns, axis=-1), ord=2, axis=(-2, -1)) if len(points) else np.empty(0)
    seen = np.isfinite(scale) & (at >= 0).all(axis=1) & (at < camera.size).all(axis=1)
    if not seen.any():
        raise SkeinError(
            f"Camera {camera.name} sees nothing of the arena: check the arena's bounds and the calibration, or leave "
            "the top speed empty."
        )
    column, row = (at[seen] / cell).astype(int).T
    largest = np.zeros((_CELLS, _CELLS))
    np.maximum.at(largest, (row, column), scale[seen])
    nearest = distance_transform_edt(largest == 0, return_distances=False, return_indices=True)
    # A cell holds few of the arena's points; its neighbours tell what lies between them.
    return maximum_filter(largest[tuple(nearest)], size=3)
