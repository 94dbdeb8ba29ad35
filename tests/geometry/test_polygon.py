"""Polygons with answers that can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.geometry import polygon

SQUARE = [(0, 0), (2, 0), (2, 2), (0, 2)]
NOTCHED = [(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)]  # an M: concave, with a valley that ends at (2, 1)
coordinate = st.floats(-3, 5)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((1, 1), True), ((3, 1), False), ((-1, 2), False), ((1, 2.0001), False),
        ((0, 1), True), ((2, 1), True), ((1, 0), True), ((1, 2), True),  # all four edges belong to it
        ((0, 0), True), ((2, 0), True), ((2, 2), True), ((0, 2), True),  # and all corners
        ((np.nan, 1), False), ((1, np.nan), False),
    ],
)  # fmt: skip
def test_a_square_includes_its_border(point: tuple[float, float], expected: bool) -> None:
    assert polygon.contains(SQUARE, point) == expected
    assert polygon.contains(SQUARE[::-1], point) == expected


def test_a_concave_polygon_leaves_its_valley_out() -> None:
    points = np.array([(2, 0.5), (2, 1), (2, 1.5), (2, 3), (0.5, 3), (3.5, 3)])
    np.testing.assert_array_equal(polygon.contains(NOTCHED, points), [True, True, False, False, True, True])


def test_a_point_on_a_slanted_edge_is_inside_in_spite_of_rounding() -> None:
    triangle = [(0.1, 0.1), (1.3, 0.7), (0.2, 0.9)]
    along = np.linspace(0, 1, 101)[:, None]
    edge = (1 - along) * np.array(triangle[0]) + along * np.array(triangle[1])
    assert polygon.contains(triangle, edge).all()


def test_distances_of_a_square() -> None:
    points = [(1, 1), (1.5, 1), (2, 1), (5, 1), (5, 6), (-1, -1), (np.nan, 0)]
    expected = [-1, -0.5, 0, 3, 5, np.sqrt(2), np.nan]
    np.testing.assert_allclose(polygon.signed_distance(SQUARE, points), expected, atol=1e-12)


def test_shapes_are_kept_and_wrong_ones_refused() -> None:
    assert polygon.contains(SQUARE, np.ones((3, 5, 2))).shape == (3, 5)
    with pytest.raises(ValueError, match=r"\(3 or more, 2\)"):
        polygon.contains([(0, 0), (1, 1)], (0, 0))
    with pytest.raises(ValueError, match=r"\(\.\.\., 2\)"):
        polygon.contains(SQUARE, (0, 0, 0))


def test_many_points_are_treated_as_few() -> None:
    points = np.random.default_rng(3).uniform(-1, 5, (100_000, 2))
    whole = polygon.contains(NOTCHED, points)
    np.testing.assert_array_equal(whole[-500:], polygon.contains(NOTCHED, points[-500:]))
    x, y = points.T
    expected = (x >= 0) & (x <= 4) & (y >= 0) & (y <= np.where(x < 2, 4 - 1.5 * x, 1.5 * x - 2))
    np.testing.assert_array_equal(whole, expected)


@given(x=coordinate, y=coordinate)
def test_the_sign_of_the_distance_is_membership(x: float, y: float) -> None:
    distance = polygon.signed_distance(NOTCHED, (x, y))
    assert polygon.contains(NOTCHED, (x, y)) == (distance <= 4e-9)


@given(x=coordinate, y=coordinate, dx=st.floats(-1, 1), dy=st.floats(-1, 1))
def test_the_distance_changes_no_faster_than_the_point_moves(x: float, y: float, dx: float, dy: float) -> None:
    here, there = polygon.signed_distance(NOTCHED, [(x, y), (x + dx, y + dy)])
    assert abs(here - there) <= np.hypot(dx, dy) + 1e-9
