"""Cameras are frozen, validated once, and where their numbers say."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from pipeline.errors import SkeinError
from pipeline.types import Camera, CameraGroup

MATRIX = [[300, 0, 160], [0, 300, 120], [0, 0, 1]]


def camera(name: str = "a", **changes: object) -> Camera:
    values = {"size": (320, 240), "model": "fisheye", "matrix": MATRIX, "distortion": np.zeros(4)}
    return Camera(name, **{**values, **changes})  # type: ignore[arg-type]


def test_its_centre_is_where_the_world_is_mapped_to_zero() -> None:
    """A quarter turn about z takes the world's x to the camera's y; the camera stands at (3, 4, 5)."""
    turned = camera(rotation=[0, 0, np.pi / 2], translation=[4, -3, -5])
    np.testing.assert_allclose(turned.rotation_matrix @ [1, 0, 0], [0, 1, 0], atol=1e-15)
    np.testing.assert_allclose(turned.centre, [3, 4, 5])
    np.testing.assert_allclose(turned.rotation_matrix @ turned.centre + turned.translation, 0, atol=1e-15)
    assert np.array_equal(camera().centre, np.zeros(3))


def test_nothing_of_it_can_be_changed() -> None:
    matrix = np.array(MATRIX, float)
    one = camera(matrix=matrix)
    matrix[0, 0] = 1  # a copy was taken
    assert one.matrix[0, 0] == 300
    with pytest.raises(ValueError, match="read-only"):
        one.matrix[0, 0] = 1
    with pytest.raises(FrozenInstanceError):
        one.name = "b"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "wide"}, "model must be 'fisheye' or 'pinhole', got 'wide'"),
        ({"distortion": np.zeros(5)}, r"distortion: expected an array of shape \(4,\), got \(5,\)"),
        ({"model": "pinhole"}, r"distortion: expected an array of shape \(5,\), got \(4,\)"),
        ({"matrix": np.eye(2)}, r"matrix: expected an array of shape \(3, 3\), got \(2, 2\)"),
        ({"translation": [0, np.nan, 0]}, "translation: expected finite numbers"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict, message: str) -> None:
    with pytest.raises(SkeinError, match=message):
        camera(**changes)


def test_a_group_is_looked_up_by_name_and_keeps_its_order() -> None:
    group = CameraGroup((camera("b"), camera("a"), camera("c")))
    assert group.names == ("b", "a", "c")
    assert group["a"].name == "a"
    assert "d" not in group
    assert group.subset(["c", "b"]).names == ("c", "b")
    with pytest.raises(SkeinError, match="No camera named 'd'; there are b, a, c"):
        group["d"]
    with pytest.raises(SkeinError, match="unique"):
        CameraGroup((camera("a"), camera("a")))
