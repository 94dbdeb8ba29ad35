"""Projection against OpenCV, and back through rays, also beyond 90° off-axis."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.geometry import project, rays, undistort
from pipeline.types import Camera

MATRIX = np.array([[300.0, 0, 500], [0, 301, 400], [0, 0, 1]])
FISHEYE = Camera("a", (1000, 800), "fisheye", MATRIX, [0.01, -0.002, 0.001, -0.0003], [0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
PINHOLE = Camera("b", (1000, 800), "pinhole", MATRIX, [0.1, -0.02, 1e-3, -3e-3, 0.01], [0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
angle = st.floats(-1.0, 1.0)


def in_front(camera: Camera, count: int = 200) -> np.ndarray:
    local = np.random.default_rng(1).uniform([-1, -1, 1.5], [1, 1, 4], (count, 3))
    return (local - camera.translation) @ camera.rotation_matrix


def test_fisheye_is_opencvs() -> None:
    points = in_front(FISHEYE)
    expected, _ = cv2.fisheye.projectPoints(
        points[None], FISHEYE.rotation.copy(), FISHEYE.translation.copy(), MATRIX, FISHEYE.distortion.copy()
    )
    np.testing.assert_allclose(project(FISHEYE, points), expected[0], atol=1e-9)


def test_pinhole_is_opencvs() -> None:
    points = in_front(PINHOLE)
    expected, _ = cv2.projectPoints(
        points[None], PINHOLE.rotation.copy(), PINHOLE.translation.copy(), MATRIX, PINHOLE.distortion.copy()
    )
    np.testing.assert_allclose(project(PINHOLE, points), expected[:, 0], atol=1e-9)


@given(x=angle, y=angle, z=st.floats(-0.5, 1.0))
def test_a_fisheye_ray_returns_to_its_point(x: float, y: float, z: float) -> None:
    local = np.array([x, y, z])
    if np.linalg.norm(local) < 0.1:
        return
    point = (local - FISHEYE.translation) @ FISHEYE.rotation_matrix
    pixel = project(FISHEYE, point)
    if np.isnan(pixel).any():  # past the lens's limit
        return
    expected = (point - FISHEYE.centre) / np.linalg.norm(point - FISHEYE.centre)
    np.testing.assert_allclose(rays(FISHEYE, pixel), expected, atol=1e-7)


def test_a_pinhole_ray_returns_to_its_point() -> None:
    points = in_front(PINHOLE)
    expected = points - PINHOLE.centre
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(rays(PINHOLE, project(PINHOLE, points)), expected, atol=1e-10)


@pytest.mark.parametrize("camera", [FISHEYE, PINHOLE])
def test_missing_stays_missing(camera: Camera) -> None:
    nothing = np.full((1, 2), np.nan)
    assert np.isnan(rays(camera, nothing)).all()
    assert np.isnan(undistort(camera, nothing)).all()
    assert np.isnan(project(camera, np.full((1, 3), np.nan))).all()


def test_a_point_behind_a_pinhole_has_no_pixel() -> None:
    behind = (np.array([0.0, 0, -1]) - PINHOLE.translation) @ PINHOLE.rotation_matrix
    assert np.isnan(project(PINHOLE, behind)).all()
