"""Volumes whose distances are known in closed form."""

import numpy as np
import pytest

from pipeline.geometry import volume
from pipeline.types import Zone

FLOOR = Zone(name="floor", polygon=[(0, 0), (2, 0), (2, 2), (0, 2)])
PRISM = Zone(name="prism", polygon=[(0, 0), (2, 0), (2, 2), (0, 2)], z=(0, 1))
BOX = Zone(name="box", box=((0, 2), (0, 2), (0, 1)))
CYLINDER = Zone(name="cylinder", cylinder=(1, 1), radius=1, z=(0, 1))
COLUMN = Zone(name="column", cylinder=(1, 1), radius=1)
SPHERE = Zone(name="sphere", sphere=(1, 1, 1), radius=1)
NAN = np.nan


@pytest.mark.parametrize(
    ("zone", "point", "expected"),
    [
        (FLOOR, (1, 1, 99), True), (FLOOR, (3, 1, 0), False),
        (PRISM, (1, 1, 0.5), True), (PRISM, (1, 1, 1), True), (PRISM, (1, 1, 1.01), False), (PRISM, (2, 2, 0), True),
        (BOX, (0, 0, 0), True), (BOX, (2, 2, 1), True), (BOX, (1, 1, -0.01), False), (BOX, (2.01, 1, 0.5), False),
        (CYLINDER, (2, 1, 1), True), (CYLINDER, (1.8, 1.8, 0.5), False), (CYLINDER, (1, 1, 2), False),
        (COLUMN, (1, 1, 50), True),
        (SPHERE, (1, 1, 2), True), (SPHERE, (1, 1, 2.01), False), (SPHERE, (2, 2, 1), False),
    ],
)  # fmt: skip
def test_membership_includes_the_surface(zone: Zone, point: tuple[float, float, float], expected: bool) -> None:
    assert volume.contains(zone, point) == expected


@pytest.mark.parametrize("zone", [FLOOR, PRISM, BOX, CYLINDER, COLUMN, SPHERE])
def test_without_z_the_footprint_decides(zone: Zone) -> None:
    points = [(1, 1, NAN), (1.99, 1, NAN), (3, 1, NAN), (NAN, 1, 0.5), (NAN, NAN, NAN)]
    np.testing.assert_array_equal(volume.contains(zone, points), [True, True, False, False, False])
    np.testing.assert_allclose(volume.signed_distance(zone, points)[[2, 3]], [1, NAN])


@pytest.mark.parametrize("zone", [PRISM, BOX])
def test_distances_to_a_cuboid(zone: Zone) -> None:
    points = [(1, 1, 0.5), (1, 1, 0.9), (5, 1, 0.5), (5, 6, 0.5), (5, 6, 1 + 12)]
    np.testing.assert_allclose(volume.signed_distance(zone, points), [-0.5, -0.1, 3, 5, 13], atol=1e-12)


def test_distances_to_round_zones() -> None:
    np.testing.assert_allclose(volume.signed_distance(CYLINDER, [(5, 1, 0.5), (5, 1, 5), (1, 1, 4)]), [3, 5, 3])
    np.testing.assert_allclose(volume.signed_distance(SPHERE, [(1, 1, 1), (1, 4, 5)]), [-1, 4])


def test_a_footprint_lies_on_its_own_border() -> None:
    for zone in (FLOOR, BOX, CYLINDER, SPHERE):
        outline = volume.footprint(zone)
        flat = np.column_stack([outline, np.full(len(outline), NAN)])
        np.testing.assert_allclose(volume.signed_distance(zone, flat), 0, atol=1e-12)


def test_which_zones_have_a_height() -> None:
    zones = (FLOOR, PRISM, BOX, CYLINDER, COLUMN, SPHERE)
    assert [volume.has_height(zone) for zone in zones] == [False, True, True, True, False, True]
