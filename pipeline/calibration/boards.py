"""The calibration board: its corners in metres, and finding them in an image."""

from collections.abc import Iterable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SkeinError
from pipeline.types import Board

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]
_DETECTION_SIZE = 1280
"""Longer side to which larger images are reduced for finding the board; corners are refined in the full image."""
_MINIMUM_CHARUCO = 8


def corner_points(board: Board) -> Floats:
    """(N, 3) inner corners in the board's frame, m: row by row, x along the columns, y along the rows, z = 0."""
    columns, rows = board.inner_corners
    grid = np.stack(np.meshgrid(np.arange(float(columns)), np.arange(float(rows))), axis=-1).reshape(-1, 2)
    return np.column_stack([grid, np.zeros(len(grid))]) * (board.square_mm / 1000)


def symmetries(board: Board) -> list[tuple[NDArray[np.intp], Floats]]:
    """Turns of the board that its pattern cannot tell from one another, the identity first.

    A chessboard with an odd sum of inner corners looks the same from no two sides; otherwise half a turn (and a quarter
    where it is square) leaves the same picture, so that two cameras may number its corners differently.

    Returns
    -------
    Per turn: ``order``, so that ``pixels[order]`` renames the corners, and the (4, 4) rigid transform of the board
    frame that takes each corner ``i`` to corner ``order[i]``.
    """
    points, (columns, rows) = corner_points(board), board.inner_corners
    centre = points.mean(0)
    turns = [0]
    if board.type == "chessboard" and (columns + rows) % 2 == 0:
        turns = [0, 1, 2, 3] if columns == rows and columns % 2 == 0 else [0, 2]
    found = []
    for turn in turns:
        cos, sin = [(1, 0), (0, 1), (-1, 0), (0, -1)][turn]
        transform = np.eye(4)
        transform[:2, :2] = [[cos, -sin], [sin, cos]]
        transform[:3, 3] = centre - transform[:3, :3] @ centre
        moved = points @ transform[:3, :3].T + transform[:3, 3]
        order = np.linalg.norm(moved[:, None] - points, axis=2).argmin(1)
        found.append((order, transform))
    return found


def find_board(image: Grey, board: Board, *, thorough: bool = True) -> Floats | None:
    """Corners of the board in a grey image.

    Parameters
    ----------
    thorough
        Try all thresholds where a quick look sees no chessboard: ten times slower there, and finds a few more.

    Returns
    -------
    (N, 2) px in the order of :func:`corner_points`, NaN for a corner that is not seen (ChArUco); None where there is no
    board. The order is right-handed, and a chessboard begins at a dark inner square where that decides.
    """
    if board.type == "charuco":
        return _charuco(image, board)
    return _chessboard(image, board.inner_corners, thorough)


def sizes_seen(images: Iterable[Grey], board: Board) -> tuple[dict[tuple[int, int], int], list[tuple[int, int]]]:
    """Other chessboard sizes that fit, for a hint where the stated one is nowhere to be found.

    Returns
    -------
    How many images show a board of each size (larger number first), and the sizes that were tried.
    """
    columns, rows = sorted(board.inner_corners, reverse=True)
    near = [(columns + i, rows + j) for i in range(-2, 3) for j in range(-2, 3) if (i, j) != (0, 0)]
    tried = sorted(
        {(max(size), min(size)) for size in near if min(size) >= 3},
        key=lambda size: abs(size[0] - columns) + abs(size[1] - rows),
    )
    counts: dict[tuple[int, int], int] = {}
    for image in images:
        for size in sorted(tried, key=lambda size: -counts.get(size, 0)):
            if _chessboard(image, size, thorough=False) is not None:
                counts[size] = counts.get(size, 0) + 1
                break
    return dict(sorted(counts.items(), key=lambda item: -item[1])), tried


def _chessboard(image: Grey, size: tuple[int, int], thorough: bool) -> Floats | None:
    columns, rows = size
    scale = min(1.0, _DETECTION_SIZE / max(image.shape))
    small = image if scale == 1 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    flags = cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE
    found, corners = cv2.findChessboardCorners(
        small, size, flags=flags if thorough else flags | cv2.CALIB_CB_FAST_CHECK
    )
    if not found:
        return None
    pixels = (np.asarray(corners, float).reshape(-1, 2) + 0.5) / scale - 0.5
    grid = _refined(image, pixels.reshape(rows, columns, 2))
    return _canonical(image, grid).reshape(-1, 2)


def _refined(image: Grey, grid: Floats) -> Floats:
    """Move each corner to the saddle point within a third of a square, or leave it where none is near.

    The window follows the local size of the squares: at the edge of a fisheye they are a few pixels wide.
    """
    steps = np.full(grid.shape[:2], np.inf)
    for axis in (0, 1):
        distance = np.linalg.norm(np.diff(grid, axis=axis), axis=2)
        before, after = [slice(None)] * 2, [slice(None)] * 2
        before[axis], after[axis] = slice(1, None), slice(None, -1)
        for part in (tuple(before), tuple(after)):
            steps[part] = np.minimum(steps[part], distance)
    windows = np.clip((steps * 0.35).astype(int), 2, 8)
    refined = grid.copy()
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 60, 1e-3)
    for window in np.unique(windows):
        chosen = windows == window
        start = grid[chosen].astype(np.float32)
        moved = cv2.cornerSubPix(image, start, (int(window), int(window)), (-1, -1), criteria)
        refined[chosen] = np.asarray(moved, float).reshape(-1, 2)
    astray = np.linalg.norm(refined - grid, axis=2) > np.maximum(steps / 2, 1.5)
    refined[astray] = grid[astray]
    return refined


def _canonical(image: Grey, grid: Floats) -> Floats:
    along, down = np.diff(grid, axis=1)[:-1], np.diff(grid, axis=0)[:, :-1]
    if (along[..., 0] * down[..., 1] - along[..., 1] * down[..., 0]).sum() < 0:  # seen as in a mirror
        grid = grid[:, ::-1]
    rows, columns = grid.shape[:2]
    if (rows + columns) % 2 and _begins_bright(image, grid):
        grid = grid[::-1, ::-1]
    elif rows == columns and rows % 2 and _begins_bright(image, grid):
        grid = np.swapaxes(grid, 0, 1)[:, ::-1]
    return grid


def _begins_bright(image: Grey, grid: Floats) -> bool:
    centres = (grid[:-1, :-1] + grid[1:, :-1] + grid[:-1, 1:] + grid[1:, 1:]) / 4
    x, y = np.moveaxis(np.rint(centres).astype(int), -1, 0)
    levels = image[np.clip(y, 0, image.shape[0] - 1), np.clip(x, 0, image.shape[1] - 1)].astype(float)
    sign = np.where(np.indices(levels.shape).sum(0) % 2 == 0, 1.0, -1.0)
    # Differences of neighbours, not of the sums over the board: the light may fall off over it.
    contrast = (sign[:, :-1] * (levels[:, :-1] - levels[:, 1:])).sum() + (sign[:-1] * (levels[:-1] - levels[1:])).sum()
    return bool(contrast > 0)


def _charuco(image: Grey, board: Board) -> Floats | None:
    columns, rows = board.inner_corners
    for legacy in (False, True):  # the pattern of boards with an even number of rows changed in OpenCV 4.6
        corners, ids, _, markers = _charuco_detector(board, legacy).detectBoard(image)
        if ids is not None and len(ids) >= _MINIMUM_CHARUCO:
            pixels = np.full((columns * rows, 2), np.nan)
            pixels[np.ravel(ids)] = np.reshape(corners, (-1, 2))
            return pixels
        if markers is None or len(markers) < _MINIMUM_CHARUCO // 2:
            return None
    return None


@lru_cache(maxsize=4)
def _charuco_detector(board: Board, legacy: bool) -> cv2.aruco.CharucoDetector:
    identifier = getattr(cv2.aruco, board.dictionary, None)
    if not board.dictionary.startswith("DICT_") or identifier is None:
        known = ", ".join(sorted(name for name in dir(cv2.aruco) if name.startswith("DICT_")))
        raise SkeinError(f"board dictionary: expected one of {known}; got {board.dictionary!r}.")
    columns, rows = board.inner_corners
    assert board.marker_mm is not None  # Board demands it of a ChArUco
    pattern = cv2.aruco.CharucoBoard(
        (columns + 1, rows + 1), board.square_mm, board.marker_mm, cv2.aruco.getPredefinedDictionary(identifier)
    )
    pattern.setLegacyPattern(legacy)
    return cv2.aruco.CharucoDetector(pattern)
