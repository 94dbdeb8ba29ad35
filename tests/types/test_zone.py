"""Which zones a person may write."""

import pytest
from pydantic import ValidationError

from pipeline.types import Zone

SQUARE = [(0, 0), (2, 0), (2, 2), (0, 2)]


def test_the_shape_follows_from_what_is_given() -> None:
    assert Zone(name="a", polygon=SQUARE).shape == "polygon"
    assert Zone(name="a", box=((0, 1), (0, 1), (0, 1))).shape == "box"
    assert Zone(name="a", cylinder=(0, 0), radius=1).shape == "cylinder"
    assert Zone(name="a", sphere=(0, 0, 0), radius=1).shape == "sphere"


def test_corners_that_only_touch_are_allowed() -> None:
    Zone(name="concave", polygon=[(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)])
    Zone(name="closed by hand", polygon=[*SQUARE, SQUARE[0]])
    Zone(name="pinched", polygon=[(0, 0), (2, 0), (1, 1), (2, 2), (0, 2), (1, 1)])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"polygon": [(0, 0), (2, 2), (2, 0), (0, 2)]}, "edge after corner 1 and the edge after corner 3"),
        ({"polygon": [(0, 0), (1, 1), (0, 0)]}, "at least 3 different points"),
        ({}, "exactly one of polygon, box, cylinder, sphere"),
        ({"polygon": SQUARE, "sphere": (0, 0, 0), "radius": 1}, "exactly one of"),
        ({"polygon": SQUARE, "radius": 1}, "radius with a cylinder or a sphere"),
        ({"sphere": (0, 0, 0)}, "radius with a cylinder or a sphere"),
        ({"box": ((0, 1), (1, 0), (0, 1))}, "lower < upper"),
        ({"polygon": SQUARE, "z": (1, 0)}, "lower < upper"),
        ({"sphere": (0, 0, 0), "radius": 1, "z": (0, 1)}, "have their own height"),
        ({"name": "lost", "polygon": SQUARE}, "is taken"),
    ],
)
def test_what_makes_no_zone_is_said(wrong: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Zone.model_validate({"name": "a", **wrong})
