"""Lenses without a first guess: real boards, and rigs whose lens is known."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pipeline.calibration.boards import corner_points
from pipeline.calibration.films import Film
from pipeline.calibration.intrinsics import Limits, fit_lens
from pipeline.calibration.pose import pose_from_rays
from pipeline.calibration.views import Piece, View, search
from pipeline.errors import SkeinError
from pipeline.geometry import project, rays
from pipeline.types import Board, Camera

LIMITS = Limits()


@pytest.mark.real_data
def test_real_fisheye_boards(real_data: Path) -> None:
    """Reference: OpenCV's fisheye model from a good first guess (see the data's README)."""
    board = Board(inner_corners=(8, 6), square_mm=32.5)
    files = tuple(sorted((real_data / "fisheye_boards").glob("*.jpg")))
    film = Film("cam", files, (1032, 778), len(files), 0)
    views = search(Piece(film, film.moments(), board, thorough=True))
    assert len(views) == 15
    lens = fit_lens("cam", film.size, "fisheye", corner_points(board), views, LIMITS)
    np.testing.assert_allclose(np.diag(lens.camera.matrix)[:2], [336.64, 336.25], rtol=0.005)
    np.testing.assert_allclose(lens.camera.matrix[:2, 2], [543.23, 377.74], atol=1.0)
    assert lens.rms < 0.74
    assert 0 < lens.sd[0] / 336 < 0.002


@pytest.mark.parametrize(
    ("model", "focal", "distortion"),
    [
        ("fisheye", 230.0, [0.02, -0.008, 0.002, -0.0005]),
        ("fisheye", 300.0, [-0.05, 0.01, -0.003, 0.0003]),
        ("fisheye", 600.0, [0.1, -0.05, 0.01, 0.0]),
        ("pinhole", 500.0, [-0.3, 0.1, 0.001, -0.001, -0.02]),
        ("pinhole", 900.0, [-0.1, 0.05, 0.0, 0.0, 0.0]),
        ("pinhole", 2500.0, [0.0, 0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_any_lens_is_found_without_a_guess(model: str, focal: float, distortion: list[float]) -> None:
    matrix = np.array([[focal, 0, 470], [0, focal * 1.002, 340], [0, 0, 1]])
    camera = Camera("a", (900, 700), model, matrix, distortion)
    board, rng = Board(inner_corners=(9, 6), square_mm=40), np.random.default_rng(1)
    points = corner_points(board)
    views: list[View] = []
    while len(views) < 25:
        rotation = Rotation.from_rotvec([*rng.normal(0, 0.45, 2), rng.uniform(0, 6)]).as_matrix()
        direction = rays(camera, rng.uniform([60, 60], [840, 640]))
        centre = direction * rng.uniform(0.35, 1.0) * max(1.0, focal / 500)
        pixels = project(camera, (points - points.mean(axis=0)) @ rotation.T + centre)
        if (pixels > 3).all() and (pixels < np.array(camera.size) - 4).all():
            views.append(View("a", len(views), pixels + rng.normal(0, 0.1, pixels.shape)))
    lens = fit_lens("a", camera.size, camera.model, points, views, LIMITS)
    assert lens.rms < 0.2
    assert not lens.dropped
    error = np.abs(lens.camera.matrix - camera.matrix)
    assert error[0, 0] < 5 * lens.sd[0]
    assert error[0, 0] / focal < 0.01


def test_a_bad_view_is_dropped_with_its_reason(make_studio) -> None:
    studio = make_studio(cameras=1)
    views = studio.film(60)["cam_1"][:20]
    views[3].pixels[10] += 7
    views[8].pixels[:] += studio.rng.normal(0, 1.6, views[8].pixels.shape)
    lens = fit_lens("cam_1", (900, 700), "fisheye", corner_points(studio.board), views, LIMITS)
    reasons = {view.moment: reason for view, reason in lens.dropped}
    assert set(reasons) == {views[3].moment, views[8].moment}
    assert "a corner is off by" in reasons[views[3].moment]
    assert len(lens.views) == 18
    assert lens.rms < 0.3


def test_too_few_views_are_said(make_studio) -> None:
    studio = make_studio(cameras=1)
    views = studio.film(30)["cam_1"][:3]
    with pytest.raises(SkeinError, match="cam_1 sees the board in 3 usable views"):
        fit_lens("cam_1", (900, 700), "fisheye", corner_points(studio.board), views, LIMITS)


def test_noise_is_no_lens(make_studio) -> None:
    studio = make_studio(cameras=1)
    rng = np.random.default_rng(0)
    views = [View("cam_1", k, rng.uniform(0, 700, (54, 2))) for k in range(12)]
    with pytest.raises(SkeinError, match="cam_1"):
        fit_lens("cam_1", (900, 700), "fisheye", corner_points(studio.board), views, LIMITS)


def test_a_board_past_90_degrees_has_a_pose() -> None:
    points = corner_points(Board(inner_corners=(9, 6), square_mm=40))
    points = points - points.mean(axis=0)
    rotation = Rotation.from_euler("y", 95, degrees=True).as_matrix()
    centre = 0.5 * np.array([np.sin(np.radians(95)), 0, np.cos(np.radians(95))])
    local = points @ rotation.T + centre
    assert (local[:, 2] < 0).any()
    pose = pose_from_rays(points, local / np.linalg.norm(local, axis=1, keepdims=True))
    assert pose is not None
    np.testing.assert_allclose(pose[:3, 3], centre, atol=1e-6)
    np.testing.assert_allclose(pose[:3, :3], rotation, atol=1e-6)
