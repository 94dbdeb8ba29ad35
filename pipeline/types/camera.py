"""Calibrated cameras."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import SkeinError

Floats = NDArray[np.float64]
_COEFFICIENTS = {"fisheye": 4, "pinhole": 5}


def _fixed(name: str, value: ArrayLike, shape: tuple[int, ...]) -> Floats:
    array = np.array(value, dtype=np.float64)
    if array.shape != shape:
        raise SkeinError(f"Camera {name}: expected an array of shape {shape}, got {array.shape}.")
    if not np.isfinite(array).all():
        raise SkeinError(f"Camera {name}: expected finite numbers, got {array.tolist()}.")
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Camera:
    """One calibrated camera: x_camera = R @ x_world + t, then the lens model, then pixels.

    Parameters
    ----------
    name
        Unique name in its group.
    size
        Width and height of the image, px.
    model
        ``fisheye``: Kannala-Brandt with four coefficients (OpenCV's ``cv2.fisheye``; Kannala & Brandt 2006).
        ``pinhole``: Brown-Conrady with five coefficients k1, k2, p1, p2, k3 (OpenCV's default).
    matrix
        (3, 3) intrinsic matrix, px. The centre of the top-left pixel is (0, 0).
    distortion
        (4,) or (5,) coefficients, as the model demands.
    rotation
        (3,) Rodrigues vector, world to camera, rad.
    translation
        (3,) world to camera, m.
    """

    name: str
    size: tuple[int, int]
    model: Literal["fisheye", "pinhole"]
    matrix: Floats
    distortion: Floats
    rotation: Floats = field(default_factory=lambda: np.zeros(3))
    translation: Floats = field(default_factory=lambda: np.zeros(3))

    def __post_init__(self) -> None:
        if self.model not in _COEFFICIENTS:
            raise SkeinError(f"Camera {self.name}: model must be 'fisheye' or 'pinhole', got {self.model!r}.")
        shapes = {
            "matrix": (3, 3),
            "distortion": (_COEFFICIENTS[self.model],),
            "rotation": (3,),
            "translation": (3,),
        }
        for key, shape in shapes.items():
            object.__setattr__(self, key, _fixed(f"{self.name}, {key}", getattr(self, key), shape))
        object.__setattr__(self, "size", (int(self.size[0]), int(self.size[1])))

    @cached_property
    def rotation_matrix(self) -> Floats:
        """(3, 3) world to camera."""
        from scipy.spatial.transform import Rotation  # half of what importing the types would take

        return Rotation.from_rotvec(self.rotation.copy()).as_matrix()  # scipy wants a writable array

    @cached_property
    def centre(self) -> Floats:
        """(3,) position of the camera in the world, m."""
        return -self.rotation_matrix.T @ self.translation


@dataclass(frozen=True, eq=False)
class CameraGroup:
    """Cameras that share one world frame, in the order of the experiment file."""

    cameras: tuple[Camera, ...]

    def __post_init__(self) -> None:
        names = [camera.name for camera in self.cameras]
        if len(set(names)) != len(names):
            raise SkeinError(f"Expected unique camera names, got {names}.")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(camera.name for camera in self.cameras)

    def __iter__(self) -> Iterator[Camera]:
        return iter(self.cameras)

    def __len__(self) -> int:
        return len(self.cameras)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Camera:
        for camera in self.cameras:
            if camera.name == name:
                return camera
        raise SkeinError(f"No camera named {name!r}; there are {', '.join(self.names) or 'none'}.")

    def subset(self, names: list[str] | tuple[str, ...]) -> "CameraGroup":
        """The named cameras, in the given order."""
        return CameraGroup(tuple(self[name] for name in names))
