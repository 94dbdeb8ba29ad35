"""The flume: arena, cameras, floor markers and animals, all from one seed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pipeline.geometry import project
from pipeline.synthetic.job import Render
from pipeline.types import Arena, Camera, CameraGroup

Floats = NDArray[np.float64]

ARENA = Arena(bounds=((0.0, 1.6), (0.0, 1.0), (0.0, 0.4)), water_surface_z=0.4)
WALL_HEIGHT = 0.45
"""Top of the opaque walls, m."""
GATE = ((0.42, 0.58), (0.0, 0.22))
"""Opening in the wall x = 0 through which the last animal enters: y and z ranges, m."""

IMAGE_SIZE = (896, 672)
RECORDED_FPS = 20
CONTAINER_FPS = 25
"""The recorder writes 20 frames per second into files that claim 25, as a real laboratory's does."""
EXTRA_FRAMES = 41
"""The second camera stops this many frames after the others."""
RECORDING = "trial_1"

BOARD_CORNERS = (9, 6)
BOARD_SQUARE = 0.045
"""Edge of a square, m. An odd and an even number of corners leave no doubt which way round the board lies."""
MARKER_RADIUS = 0.012
CLICK_ERROR = 0.3
"""Standard deviation of a person who clicks on a marker, px."""

_POSITIONS = np.array(
    [[0.12, 0.18, 0.86], [1.48, 0.82, 0.90], [0.22, 0.88, 0.96], [1.36, 0.12, 0.82], [0.80, 0.50, 1.20]]
)
_TARGETS = np.array([[0.72, 0.48, 0.0], [0.88, 0.52, 0.0], [0.78, 0.45, 0.0], [0.84, 0.50, 0.0], [0.80, 0.52, 0.0]])
_MARKERS = np.array(
    [[0.15, 0.12], [0.55, 0.08], [1.02, 0.11], [1.46, 0.14], [0.10, 0.52], [0.62, 0.44], [1.01, 0.58], [1.51, 0.49],
     [0.17, 0.90], [0.58, 0.88], [1.05, 0.92], [1.44, 0.87]]
)  # fmt: skip


@dataclass(frozen=True)
class Animal:
    """The look of one animal.

    Parameters
    ----------
    name
        Its identity in the truth.
    length
        Nose to tail tip, m.
    tint
        Reflectance of blue, green and red relative to the others' mean.
    """

    name: str
    length: float
    tint: tuple[float, float, float]


@dataclass(frozen=True)
class Scene:
    """What stands still: cameras, markers and what the animals look like.

    There is no refraction: the cameras look through the same medium that the animals move in (a dry flume).

    Parameters
    ----------
    markers
        Name → surveyed position of a disc on the floor, m.
    clicks
        Camera → marker → where a person clicked on it, px.
    """

    parameters: Render
    cameras: CameraGroup
    markers: dict[str, tuple[float, float, float]]
    clicks: dict[str, dict[str, tuple[float, float]]]
    animals: tuple[Animal, ...]

    def n_frames(self, camera: str) -> int:
        """Length of a camera's video of the recording: the second camera ran longer."""
        return self.parameters.frames + (EXTRA_FRAMES if camera == self.cameras.names[1] else 0)


def stream(parameters: Render, *purpose: int) -> np.random.Generator:
    """A random generator of its own for each purpose, so that e.g. one camera more leaves the swimming as it was."""
    return np.random.default_rng([parameters.seed, *purpose])


def build_scene(parameters: Render) -> Scene:
    """Cameras, markers and animals of a seed."""
    cameras = CameraGroup(tuple(_camera(parameters, number) for number in range(parameters.cameras)))
    rng = stream(parameters, 2)
    shifts = np.round(rng.uniform(-0.03, 0.03, _MARKERS.shape), 3)
    places = np.round(_MARKERS + shifts, 3)
    markers = {f"m{number + 1:02d}": (float(x), float(y), 0.0) for number, (x, y) in enumerate(places)}
    clicks = {
        camera.name: _clicks(camera, markers, stream(parameters, 3, number)) for number, camera in enumerate(cameras)
    }
    looks = stream(parameters, 4)
    animals = []
    for number in range(parameters.animals):
        length, grey, *colour = looks.normal([0.112, 1, 0, 0, 0], [0.007, 0.05, 0.02, 0.02, 0.02])
        tint = np.clip(grey + np.asarray(colour), 0.85, 1.15)
        animals.append(
            Animal(f"fish_{number + 1:02d}", float(np.clip(length, 0.095, 0.13)), (tint[0], tint[1], tint[2]))
        )
    return Scene(parameters, cameras, markers, clicks, tuple(animals))


def in_view(camera: Camera, pixels: Floats, margin: float = 0.0) -> NDArray[np.bool_]:
    """Which pixels (..., 2) lie in the image, `margin` px away from its border; False for NaN."""
    width, height = camera.size
    x, y = pixels[..., 0], pixels[..., 1]
    return (x >= margin) & (y >= margin) & (x <= width - 1 - margin) & (y <= height - 1 - margin)


def off_axis(camera: Camera, points: Floats) -> Floats:
    """Angle between world points (..., 3) and the optical axis, rad."""
    local = points @ camera.rotation_matrix.T + camera.translation
    return np.arctan2(np.hypot(local[..., 0], local[..., 1]), local[..., 2])


def _camera(parameters: Render, number: int) -> Camera:
    """A fisheye lens whose image spans 150° or more from left to right."""
    rng = stream(parameters, 1, number)
    focal = rng.uniform(318, 332)
    width, height = IMAGE_SIZE
    cx, cy = (width - 1) / 2 + rng.uniform(-9, 9), (height - 1) / 2 + rng.uniform(-9, 9)
    matrix = [[focal, 0, cx], [0, focal * rng.uniform(0.998, 1.002), cy], [0, 0, 1]]
    distortion = rng.normal([0.022, -0.009, 0.0025, -0.0006], [0.006, 0.002, 0.0005, 0.0001])
    centre = _POSITIONS[number] + rng.uniform(-0.02, 0.02, 3)
    forward = _TARGETS[number] + rng.uniform(-0.04, 0.04, 3) - centre
    forward /= np.linalg.norm(forward)
    # The image's x axis is horizontal; a camera that looks straight down takes the world's.
    right = np.cross(forward, [0, 0, 1.0])
    right = np.array([1.0, 0, 0]) if np.linalg.norm(right) < 0.2 else right / np.linalg.norm(right)
    down = np.cross(forward, right)
    down /= np.linalg.norm(down)
    level = Rotation.from_matrix(np.stack([np.cross(down, forward), down, forward]))
    rotation = Rotation.from_rotvec([0, 0, rng.uniform(-0.05, 0.05)]) * level
    return Camera(
        name=f"cam_{number + 1}",
        size=IMAGE_SIZE,
        model="fisheye",
        matrix=np.asarray(matrix),
        distortion=distortion,
        rotation=rotation.as_rotvec(),
        translation=-rotation.apply(centre),
    )


def _clicks(
    camera: Camera, markers: dict[str, tuple[float, float, float]], rng: np.random.Generator
) -> dict[str, tuple[float, float]]:
    points = np.array(list(markers.values()))
    pixels = project(camera, points)
    clicked = np.round(pixels + rng.normal(0, CLICK_ERROR, pixels.shape), 2)
    visible = in_view(camera, pixels, margin=10) & (off_axis(camera, points) < np.deg2rad(80))
    return {name: (float(x), float(y)) for name, (x, y), seen in zip(markers, clicked, visible, strict=True) if seen}
