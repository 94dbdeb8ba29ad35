"""Rigs whose every number is known, and what they would see of a board."""

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pipeline.calibration.boards import corner_points
from pipeline.calibration.views import View
from pipeline.geometry import project
from pipeline.types import Board, Camera


@dataclass(frozen=True, eq=False)
class Studio:
    """Cameras around a table at the origin (z up), and a board that is moved over it."""

    cameras: tuple[Camera, ...]
    board: Board
    noise: float = 0.15
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))

    def pose(self) -> tuple[np.ndarray, np.ndarray]:
        """Rotation and translation of a board whose print looks up, tilted and turned at random."""
        tilt = Rotation.from_euler("xyz", [*self.rng.normal(0, 0.4, 2), self.rng.uniform(0, 2 * np.pi)])
        rotation = (tilt * Rotation.from_euler("x", np.pi)).as_matrix()
        middle = corner_points(self.board).mean(axis=0)
        return rotation, self.rng.uniform([-0.4, -0.4, 0.0], [0.4, 0.4, 0.4]) - rotation @ middle

    def sight(self, camera: Camera, moment: int, pose: tuple[np.ndarray, np.ndarray]) -> View | None:
        """What a camera sees of the board: None where it is not whole in the image or seen from behind."""
        rotation, translation = pose
        world = corner_points(self.board) @ rotation.T + translation
        pixels = project(camera, world)
        inside = (pixels > 5).all() and (pixels < np.array(camera.size) - 6).all()
        if not inside or (camera.centre - translation) @ rotation[:, 2] > -0.1:
            return None
        return View(camera.name, moment, pixels + self.rng.normal(0, self.noise, pixels.shape))

    def film(self, moments: int) -> dict[str, list[View]]:
        """Views of all cameras."""
        views: dict[str, list[View]] = {camera.name: [] for camera in self.cameras}
        for moment in range(moments):
            pose = self.pose()
            for camera in self.cameras:
                view = self.sight(camera, moment, pose)
                if view is not None:
                    views[camera.name].append(view)
        return views


def fisheye(
    name: str, position: tuple[float, float, float], target: tuple[float, float, float] = (0, 0, 0.1)
) -> Camera:
    """A fisheye of 170° across, at a position in the world."""
    matrix = np.array([[300.0, 0, 452], [0, 301, 347], [0, 0, 1]])
    return looking(Camera(name, (900, 700), "fisheye", matrix, [0.02, -0.008, 0.002, -0.0005]), position, target)


def looking(camera: Camera, position: tuple[float, float, float], target: tuple[float, float, float]) -> Camera:
    """The camera moved to a position, its axis through the target."""
    forward = np.subtract(target, position) / np.linalg.norm(np.subtract(target, position))
    right = np.cross(forward, [0, 0, 1.0])
    right = right / np.linalg.norm(right) if np.linalg.norm(right) > 1e-6 else np.array([1.0, 0, 0])
    rotation = np.stack([right, np.cross(forward, right), forward])
    vector = Rotation.from_matrix(rotation).as_rotvec()
    return Camera(
        camera.name, camera.size, camera.model, camera.matrix, camera.distortion, vector, -rotation @ position
    )


@pytest.fixture
def make_studio() -> Callable[..., Studio]:
    """Four fisheye cameras over a table; the board's size can be chosen."""

    def make(inner_corners: tuple[int, int] = (9, 6), noise: float = 0.15, cameras: int = 4) -> Studio:
        places = [(-0.7, -0.5, 0.8), (0.7, -0.5, 0.85), (0.7, 0.5, 0.8), (-0.7, 0.5, 0.9)]
        rig = tuple(fisheye(f"cam_{k + 1}", place) for k, place in enumerate(places[:cameras]))
        return Studio(rig, Board(inner_corners=inner_corners, square_mm=40.0), noise)

    return make


@pytest.fixture
def paint() -> Callable[..., np.ndarray]:
    """Pictures of a chessboard through a pinhole without distortion."""

    def painted(
        camera: Camera, board: Board, pose: tuple[np.ndarray, np.ndarray], *, brightness: float = 1.0
    ) -> np.ndarray:
        columns, rows = board.inner_corners
        edge = 40
        squares = np.indices((rows + 1, columns + 1)).sum(0) % 2
        sheet = cv2.copyMakeBorder(
            np.kron(squares * 190 + 40, np.ones((edge, edge))).astype(np.uint8),
            *[edge] * 4,
            cv2.BORDER_CONSTANT,
            value=230,
        )
        rotation, translation = pose
        turned = camera.rotation_matrix @ rotation
        moved = camera.rotation_matrix @ translation + camera.translation
        to_board = np.array(
            [[1 / edge, 0, -2], [0, 1 / edge, -2], [0, 0, 1]], float
        )  # sheet px → squares from corner 0
        to_board[:2] *= board.square_mm / 1000
        half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # an edge between squares lies between two pixels
        plane = camera.matrix @ np.column_stack([turned[:, 0], turned[:, 1], moved]) @ to_board @ half
        fine = 3
        scaled = np.array([[fine, 0, (fine - 1) / 2], [0, fine, (fine - 1) / 2], [0, 0, 1]]) @ plane
        large = (camera.size[0] * fine, camera.size[1] * fine)
        image = cv2.warpPerspective(sheet, scaled, large, flags=cv2.INTER_LINEAR, borderValue=110)
        small = cv2.resize(image, camera.size, interpolation=cv2.INTER_AREA)
        return np.clip(small * brightness, 0, 255).astype(np.uint8)

    return painted
