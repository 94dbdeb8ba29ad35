"""Corners and their order: the same corner has the same number from whichever side it is seen."""

import cv2
import numpy as np
import pytest

from pipeline.calibration.boards import corner_points, find_board, sizes_seen, symmetries
from pipeline.errors import SkeinError
from pipeline.types import Board, Camera

CAMERA = Camera("a", (640, 480), "pinhole", [[600.0, 0, 320], [0, 600, 240], [0, 0, 1]], np.zeros(5))


def facing(board: Board, turn: float, tilt: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    rotation = cv2.Rodrigues(np.array([tilt, -tilt, 0.0]))[0] @ cv2.Rodrigues(np.array([0.0, 0, turn]))[0]
    return rotation, np.array([0, 0, 0.75]) - rotation @ corner_points(board).mean(axis=0)


def truth(board: Board, pose: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    local = corner_points(board) @ pose[0].T + pose[1]
    return local[:, :2] / local[:, 2:] * 600 + [320, 240]


@pytest.mark.parametrize("size", [(9, 6), (6, 9), (8, 5), (7, 7), (8, 6), (6, 6)])
@pytest.mark.parametrize("turn", [0.2, 1.9, 3.3, 5.0])
def test_corners_are_found_to_a_tenth_of_a_pixel_and_numbered_alike(paint, size, turn) -> None:
    board = Board(inner_corners=size, square_mm=30)
    pose = facing(board, turn)
    found = find_board(paint(CAMERA, board, pose), board)
    assert found is not None
    expected = truth(board, pose)
    errors = [np.linalg.norm(found[order] - expected, axis=1).max() for order, _ in symmetries(board)]
    assert min(errors) < 0.15
    assert len(errors) == {(9, 6): 1, (6, 9): 1, (8, 5): 1, (7, 7): 2, (8, 6): 2, (6, 6): 4}[size]


@pytest.mark.parametrize("size", [(9, 6), (7, 7), (8, 6), (6, 6)])
def test_a_symmetry_takes_corners_to_corners(size: tuple[int, int]) -> None:
    board = Board(inner_corners=size, square_mm=30)
    points = corner_points(board)
    for order, transform in symmetries(board):
        np.testing.assert_allclose(points @ transform[:3, :3].T + transform[:3, 3], points[order], atol=1e-12)
        assert np.linalg.det(transform[:3, :3]) == pytest.approx(1)


def test_nothing_is_found_where_nothing_is() -> None:
    board = Board(inner_corners=(9, 6), square_mm=30)
    noise = np.random.default_rng(0).integers(0, 255, (480, 640)).astype(np.uint8)
    assert find_board(noise, board) is None


def test_another_size_is_named(paint) -> None:
    real, stated = (Board(inner_corners=size, square_mm=30) for size in [(8, 6), (9, 7)])
    images = [paint(CAMERA, real, facing(real, turn)) for turn in (0.1, 0.5)]
    seen, tried = sizes_seen(images, stated)
    assert seen == {(8, 6): 2}
    assert (10, 7) in tried


def charuco_image(board: Board) -> np.ndarray:
    pattern = cv2.aruco.CharucoBoard(
        (board.inner_corners[0] + 1, board.inner_corners[1] + 1), 30, 22,
        cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_100),
    )  # fmt: skip
    return pattern.generateImage((640, 480), marginSize=40)


def test_part_of_a_charuco_is_enough() -> None:
    board = Board(type="charuco", inner_corners=(7, 5), square_mm=30, marker_mm=22)
    image = charuco_image(board)
    whole = find_board(image, board)
    assert whole is not None
    assert np.isfinite(whole).all()
    image[:, :300] = 255
    part = find_board(image, board)
    assert part is not None
    seen = np.isfinite(part[:, 0])
    assert 8 <= seen.sum() < 35
    np.testing.assert_allclose(part[seen], whole[seen], atol=0.5)


def test_an_unknown_dictionary_is_named() -> None:
    board = Board(type="charuco", inner_corners=(7, 5), square_mm=30, marker_mm=22, dictionary="DICT_NONE")
    with pytest.raises(SkeinError, match="DICT_4X4_100"):
        find_board(np.zeros((100, 100), np.uint8), board)
