"""Triangulation of points whose pixels are known, with missing, noisy and wrong views."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SkeinError
from pipeline.geometry import project, rays
from pipeline.geometry.intersection import intersect
from pipeline.geometry.triangulation import triangulate
from pipeline.geometry.view import view
from pipeline.types import Camera, CameraGroup

MATRIX = np.array([[300.0, 0, 500], [0, 301, 400], [0, 0, 1]])
FISHEYE = [0.01, -0.002, 0.001, -0.0003]
PINHOLE = [0.05, -0.02, 1e-3, -2e-3, 0.004]


def rig(model: str = "fisheye", count: int = 4) -> CameraGroup:
    """Cameras 1.5 m above the floor that look down, 0.8 m apart, each turned a little."""
    cameras = []
    for k in range(count):
        turn = np.array([np.pi + 0.1 * k, 0.05, -0.08 * k])
        camera = Camera(f"c{k}", (1000, 800), model, MATRIX, FISHEYE if model == "fisheye" else PINHOLE, turn)
        centre = np.array([0.8 * (k % 2), 0.6 * (k // 2), 1.5])
        moved = -camera.rotation_matrix @ centre
        cameras.append(Camera(camera.name, camera.size, model, MATRIX, camera.distortion, turn, moved))
    return CameraGroup(tuple(cameras))


def scene(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform([-0.2, -0.2, 0], [1.0, 0.8, 0.4], (n, 3))


def seen(cameras: CameraGroup, points: np.ndarray) -> np.ndarray:
    return np.stack([project(camera, points) for camera in cameras])


@pytest.mark.parametrize("model", ["fisheye", "pinhole"])
def test_exact_pixels_give_exact_points_from_any_views(model: str) -> None:
    cameras, points = rig(model), scene(500)
    pixels = seen(cameras, points)
    missing = np.random.default_rng(1).random(pixels.shape[:2]) < 0.4
    pixels[missing] = np.nan
    found = triangulate(cameras, pixels)
    enough = (~missing).sum(axis=0) >= 2
    np.testing.assert_allclose(found.points[enough], points[enough], atol=1e-6)
    np.testing.assert_array_equal(found.n_views, np.where(enough, (~missing).sum(axis=0), 0))
    assert np.isnan(found.points[~enough]).all()
    assert (~enough).any()


def test_a_point_past_90_degrees_off_axis() -> None:
    up = Camera("up", (1000, 800), "fisheye", MATRIX, FISHEYE, [0, 0, 0], [0, 0, 0])
    side = Camera("side", (1000, 800), "fisheye", MATRIX, FISHEYE, [0, 0, 0], [-1.0, 0, 0])
    cameras = CameraGroup((up, side))
    points = np.array([[0.3, 0.5, -0.1], [0.6, 0.8, -0.2]])  # behind both image planes
    found = triangulate(cameras, seen(cameras, points))
    np.testing.assert_allclose(found.points, points, atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(
    x=st.floats(-0.2, 1.0), y=st.floats(-0.2, 0.8), z=st.floats(0, 0.5), model=st.sampled_from(["fisheye", "pinhole"])
)
def test_project_then_triangulate_returns(x: float, y: float, z: float, model: str) -> None:
    cameras, point = rig(model), np.array([[x, y, z]])
    np.testing.assert_allclose(triangulate(cameras, seen(cameras, point)).points, point, atol=1e-6)


@pytest.mark.parametrize("model", ["fisheye", "pinhole"])
def test_derivatives_are_differences(model: str) -> None:
    points, camera, h = scene(50).T, rig(model)[f"c{2}"], 1e-6
    _, _, du, dv = view(camera, points)
    for axis in range(3):
        shift = np.zeros((3, 1))
        shift[axis] = h
        difference = (project(camera, (points + shift).T) - project(camera, (points - shift).T)) / (2 * h)
        np.testing.assert_allclose(du[axis], difference[:, 0], rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(dv[axis], difference[:, 1], rtol=1e-5, atol=1e-4)


def test_standard_deviations_are_those_of_repeated_noise() -> None:
    cameras, point, sigma = rig(), np.array([[0.3, 0.2, 0.1]]), 0.7
    clean = np.repeat(seen(cameras, point), 20_000, axis=1)
    noisy = clean + np.random.default_rng(2).normal(0, sigma, clean.shape)
    found = triangulate(cameras, noisy, sigma_px=sigma, gate=None)
    np.testing.assert_allclose(found.points.std(axis=0), found.sd.mean(axis=0), rtol=0.03)
    # 4 views × 2 coordinates - 3 unknowns = 5 degrees of freedom over 4 views
    np.testing.assert_allclose((found.reprojection_px**2).mean(), 5 / 4 * sigma**2, rtol=0.03)


def test_rays_alone_are_nearly_as_good() -> None:
    cameras, points, sigma = rig(), scene(5_000), 0.5
    pixels = seen(cameras, points) + np.random.default_rng(5).normal(0, sigma, (4, 5_000, 2))
    directions = np.stack([rays(camera, image) for camera, image in zip(cameras, pixels, strict=True)])
    found, sd = intersect(np.stack([camera.centre for camera in cameras]), directions, sigma / 300)
    refined = triangulate(cameras, pixels, sigma_px=sigma, gate=None)
    ratio = np.linalg.norm(found - points, axis=1).mean() / np.linalg.norm(refined.points - points, axis=1).mean()
    assert 0.99 < ratio < 1.03
    np.testing.assert_allclose(np.median(sd / refined.sd), 1, atol=0.1)


def test_a_less_certain_view_weighs_less() -> None:
    cameras, points = rig(), scene(2_000)
    sigma = np.array([0.3, 0.3, 3.0, 0.3])[:, None]
    pixels = seen(cameras, points)
    pixels += np.random.default_rng(3).normal(0, 1, pixels.shape) * sigma[..., None]
    weighted = np.linalg.norm(triangulate(cameras, pixels, sigma_px=sigma).points - points, axis=1)
    alike = np.linalg.norm(triangulate(cameras, pixels, gate=None).points - points, axis=1)
    assert np.sqrt((weighted**2).mean()) < 0.6 * np.sqrt((alike**2).mean())


def test_one_wrong_view_of_four_is_left_out() -> None:
    cameras, points = rig(), scene(1_000)
    pixels = seen(cameras, points) + np.random.default_rng(4).normal(0, 0.3, (4, 1_000, 2))
    wrong = np.arange(1_000) % 4
    pixels[wrong, np.arange(1_000)] += [40, -30]
    found = triangulate(cameras, pixels, sigma_px=0.3)
    left_out = ~found.used[wrong, np.arange(1_000)]
    assert left_out.mean() > 0.995
    assert (found.n_views == 3).mean() > 0.97
    assert np.median(np.linalg.norm(found.points - points, axis=1)) < 0.003
    kept = triangulate(cameras, pixels, sigma_px=0.3, gate=None)
    assert (kept.n_views == 4).all()


def test_two_contradicting_views_are_told_by_their_error() -> None:
    cameras, points = rig(count=2), scene(100)
    pixels = seen(cameras, points)
    pixels[0, :, 1] += 50  # across the epipolar lines: the cameras are apart along x
    assert np.median(triangulate(cameras, pixels).reprojection_px) > 15


def test_parallel_rays_have_no_point() -> None:
    same = rig(count=1)["c0"]
    twin = Camera("twin", same.size, "fisheye", MATRIX, same.distortion, same.rotation, same.translation)
    found = triangulate(CameraGroup((same, twin)), np.full((2, 1, 2), 450.0))
    assert np.isnan(found.points).all()
    assert found.n_views[0] == 0


def test_blocks_do_not_show() -> None:
    cameras, points = rig(), scene(9_000)
    pixels = seen(cameras, points)
    np.testing.assert_array_equal(
        triangulate(cameras, pixels).points[8_500:], triangulate(cameras, pixels[:, 8_500:]).points
    )


def test_the_shape_must_fit() -> None:
    with pytest.raises(SkeinError, match=r"\(4, N, 2\)"):
        triangulate(rig(), np.zeros((3, 5, 2)))
