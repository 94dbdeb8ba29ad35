"""Board films: a chessboard shown to each camera from near, then to all of them together."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pipeline.geometry import project, rays
from pipeline.synthetic.background import upsampled
from pipeline.synthetic.scene import (
    ARENA,
    BOARD_CORNERS,
    BOARD_SQUARE,
    WALL_HEIGHT,
    Scene,
    in_view,
    off_axis,
    stream,
)
from pipeline.types import Camera

Floats = NDArray[np.float64]

_OVERSAMPLING = 4
_QUIET = 0.03  # white border around the squares, m
_GRID = (6, 4)  # cells of the image, across and down
_NEAR_VIEWS, _SHARED_VIEWS = 24, 64
_TRIES = 24
_FARTHEST_OFF_AXIS = np.deg2rad(83)
_INK, _PAPER = 34.0, 206.0


@dataclass(frozen=True)
class BoardPose:
    """Board to world: x_world = rotation @ x_board + translation; the first inner corner is the board's origin."""

    rotation: Floats
    translation: Floats

    def corners(self) -> Floats:
        """(columns · rows, 3) inner corners in the world, m, row by row."""
        columns, rows = BOARD_CORNERS
        x, y = np.meshgrid(np.arange(columns), np.arange(rows))
        flat = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1) * BOARD_SQUARE
        return np.asarray(flat @ self.rotation.T + self.translation, np.float64)

    def outline(self, border: float = _QUIET) -> Floats:
        """(4, 3) corners of the printed squares and a border, m around them, in the world, m."""
        low, high = _sheet(border)
        flat = np.array([[low[0], low[1], 0], [high[0], low[1], 0], [high[0], high[1], 0], [low[0], high[1], 0]])
        return flat @ self.rotation.T + self.translation


def board_poses(scene: Scene) -> list[BoardPose]:
    """One pose per frame of the board films (all cameras film at the same time)."""
    rng = stream(scene.parameters, 7)
    poses = []
    for camera in scene.cameras:
        for view in range(_NEAR_VIEWS):
            poses.append(_near(camera, view, rng))
    while len(poses) < len(scene.cameras) * _NEAR_VIEWS + _SHARED_VIEWS:
        pose = _shared(rng)
        if pose is not None and sum(_seen(camera, pose) for camera in scene.cameras) >= 2:
            poses.append(pose)
    return poses


def paint_board(
    image: NDArray[np.uint8], light: NDArray[np.float32], table: NDArray[np.float32], camera: Camera, pose: BoardPose
) -> None:
    """Paint the board into `image` (in place): every part of every pixel is traced to the board's plane.

    Parameters
    ----------
    table
        (h, w, 3) viewing directions of the pixels in the camera's frame.
    """
    edge = pose.outline()
    along = np.linspace(0, 1, 12)[:, None]
    rim = np.concatenate([edge[i] + along * (edge[(i + 1) % 4] - edge[i]) for i in range(4)])
    pixels = project(camera, rim)
    pixels = pixels[np.isfinite(pixels).all(axis=1) & (off_axis(camera, rim) < np.deg2rad(95))]
    if not len(pixels):
        return
    width, height = camera.size
    left, top = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - 2, 1)
    right, bottom = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 3, (width - 1, height - 1))
    if left >= right or top >= bottom:
        return
    rotation = camera.rotation_matrix @ pose.rotation
    translation = camera.rotation_matrix @ pose.translation + camera.translation
    to_plane = np.linalg.inv(np.column_stack([rotation[:, 0], rotation[:, 1], translation])).astype(np.float32)
    directions = table[top - 1 : bottom + 1, left - 1 : right + 1]
    homogeneous = upsampled(np.nan_to_num(directions) @ to_plane.T, _OVERSAMPLING)
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = homogeneous[..., 0] / homogeneous[..., 2], homogeneous[..., 1] / homogeneous[..., 2]
    low, high = _sheet()
    sheet = (homogeneous[..., 2] > 0) & (x > low[0]) & (x < high[0]) & (y > low[1]) & (y < high[1])
    column, row = np.floor(x / BOARD_SQUARE), np.floor(y / BOARD_SQUARE)
    columns, rows = BOARD_CORNERS
    printed = (column >= -1) & (column < columns) & (row >= -1) & (row < rows)
    dark = printed & sheet & (np.mod(column + row, 2) == 0) & _printed_side(camera, pose)
    size = (right - left, bottom - top)
    cover = cv2.resize(sheet.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    ink = cv2.resize(dark.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    lit = 0.72 + 0.28 * abs(pose.rotation[2, 2])
    colour = lit * light[top:bottom, left:right] * (_PAPER * cover - (_PAPER - _INK) * ink)
    part = image[top:bottom, left:right]
    part[:] = np.clip(part * (1 - cover)[..., None] + colour[..., None] + 0.5, 0, 255).astype(np.uint8)


def _sheet(border: float = _QUIET) -> tuple[Floats, Floats]:
    """Lower and upper corner of the squares and a border in the board's own coordinates, m."""
    squares = np.array(BOARD_CORNERS, float)
    return np.full(2, -BOARD_SQUARE - border), squares * BOARD_SQUARE + border


def _near(camera: Camera, view: int, rng: np.random.Generator) -> BoardPose:
    """A pose 0.3 to 0.7 m before one camera, in a cell of the image.

    Of all that fit, the one that reaches farthest from the lens's axis is taken: that is where distortion shows.
    """
    last = np.array(camera.size) - 1
    for attempt in range(1000):
        cell = view if attempt == 0 else int(rng.integers(_NEAR_VIEWS))  # the board does not fit into every cell
        column, row = cell % _GRID[0], cell // _GRID[0]
        places = (np.array([column, row]) + rng.random((_TRIES, 2))) / _GRID * last
        reached: dict[float, BoardPose] = {}
        for direction in rays(camera, places):
            if not np.isfinite(direction).all():
                continue
            centre = camera.centre + direction * rng.uniform(0.3, 0.7)
            pose = _facing(centre, -direction, rng.uniform(0, np.deg2rad(40)), rng)
            if _possible(pose) and _seen(camera, pose):
                reached[float(off_axis(camera, pose.corners()).max())] = pose
        if reached:
            return reached[max(reached)]
    raise RuntimeError(f"no board pose is whole in the image of {camera.name}")


def _shared(rng: np.random.Generator) -> BoardPose | None:
    """A pose in the middle of the flume, tilted by up to 40°."""
    centre = rng.uniform([0.3, 0.25, 0.06], [1.3, 0.75, 0.48])
    pose = _facing(centre, np.array([0, 0, 1.0]), rng.uniform(0, np.deg2rad(40)), rng)
    return pose if _possible(pose) else None


def _facing(centre: Floats, normal: Floats, tilt: float, rng: np.random.Generator) -> BoardPose:
    """The board with its middle at `centre`, its print towards `normal` but for a tilt, turned at random."""
    # The board's z axis points away from whoever looks at the print (x to the right, y down).
    axis = -normal / np.linalg.norm(normal)
    across = np.cross(axis, np.eye(3)[np.abs(axis).argmin()])
    across /= np.linalg.norm(across)
    start = np.column_stack([across, np.cross(axis, across), axis])
    lean, turn = rng.uniform(-np.pi, np.pi, 2)
    steps = Rotation.from_rotvec([[tilt * np.cos(lean), tilt * np.sin(lean), 0], [0, 0, turn]]).as_matrix()
    rotation = start @ steps[0] @ steps[1]
    low, high = _sheet()
    middle = np.append((low + high) / 2, 0)
    return BoardPose(rotation, centre - rotation @ middle)


def _possible(pose: BoardPose) -> bool:
    """Whether the sheet is above the floor, and above the walls where it is not between them."""
    points = pose.outline()
    (x0, x1), (y0, y1), _ = ARENA.bounds
    between = (points[:, 0] > x0) & (points[:, 0] < x1) & (points[:, 1] > y0) & (points[:, 1] < y1)
    lowest = points[:, 2].min()
    return bool(lowest > 0.005 and (between.all() or lowest > WALL_HEIGHT))


def _seen(camera: Camera, pose: BoardPose) -> bool:
    """Whether the camera looks at the print and has every square in its image."""
    points = np.concatenate([pose.corners(), pose.outline(border=0.0)])
    whole = in_view(camera, project(camera, points), margin=3) & (off_axis(camera, points) < _FARTHEST_OFF_AXIS)
    return _printed_side(camera, pose) and bool(whole.all())


def _printed_side(camera: Camera, pose: BoardPose) -> bool:
    """Whether the camera is on the side of the print; the back of the board is plain paper."""
    return bool((camera.centre - pose.translation) @ pose.rotation[:, 2] < 0)
