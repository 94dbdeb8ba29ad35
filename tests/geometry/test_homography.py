"""The floor map against a known camera: exact points, wrong points, degenerate points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SkeinError
from pipeline.geometry import project
from pipeline.geometry.homography import fit_homography
from pipeline.types import Camera

CAMERA = Camera(
    "a", (800, 600), "pinhole", np.array([[700.0, 0, 400], [0, 700, 300], [0, 0, 1]]), np.zeros(5), [2.4, 0.1, 0.2],
    [-0.5, 0.4, 3.0],
)  # fmt: skip
FLOOR = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0.2], [0.3, 0.8], [0.9, 0.4]])
PIXELS = project(CAMERA, np.column_stack([FLOOR, np.zeros(len(FLOOR))]))


def test_exact_points_give_the_cameras_map() -> None:
    fitted = fit_homography(PIXELS, FLOOR)
    assert fitted.inliers.all()
    assert fitted.residuals_px.max() < 1e-7
    np.testing.assert_allclose(fitted.to_floor(PIXELS), FLOOR, atol=1e-10)


@given(x=st.floats(-0.5, 1.5), y=st.floats(-0.5, 1.5))
def test_there_and_back(x: float, y: float) -> None:
    fitted = fit_homography(PIXELS[:4], FLOOR[:4])
    np.testing.assert_allclose(fitted.to_floor(fitted.to_pixels([x, y])), [x, y], atol=1e-8)


def test_a_wrong_point_is_named_and_does_not_count() -> None:
    pixels = PIXELS + np.random.default_rng(1).normal(0, 0.2, PIXELS.shape)
    pixels[4] += 40
    fitted = fit_homography(pixels, FLOOR)
    assert fitted.inliers.tolist() == [True] * 4 + [False] + [True] * 2
    assert fitted.residuals_px[4] > 30
    np.testing.assert_allclose(fitted.to_floor(PIXELS), FLOOR, atol=3e-3)


def test_missing_points_are_ignored_and_stay_missing() -> None:
    pixels = PIXELS.copy()
    pixels[2] = np.nan
    fitted = fit_homography(pixels, FLOOR)
    assert not fitted.inliers[2]
    assert np.isnan(fitted.to_floor(pixels[2])).all()


def test_beyond_the_horizon_there_is_no_floor() -> None:
    fitted = fit_homography(PIXELS, FLOOR)
    far = fitted.to_pixels([0.5, 1e6])  # the horizon, as this camera looks along y
    step = far - fitted.to_pixels([0.5, 100.0])
    assert np.isfinite(fitted.to_floor(far - step)).all()
    assert np.isnan(fitted.to_floor(far + 5 * step)).all()


@pytest.mark.parametrize(
    ("floor", "message"),
    [(FLOOR[:3], "at least 4"), (np.column_stack([np.arange(5.0), np.arange(5.0)]), "on a line")],
)
def test_too_few_points_are_said(floor: np.ndarray, message: str) -> None:
    pixels = project(CAMERA, np.column_stack([floor, np.zeros(len(floor))]))
    with pytest.raises(SkeinError, match=message):
        fit_homography(pixels, floor)
