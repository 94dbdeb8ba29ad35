import numpy as np
import pytest

from pipeline.errors import SkeinError
from pipeline.tracking.reach import SpeedLimit
from pipeline.types import Arena, Camera

# A pinhole camera 3 m above the floor, looking straight down: 600 px focal length.
OVERHEAD = Camera(
    "top", (640, 480), "pinhole", np.array([[600.0, 0, 320], [0, 600, 240], [0, 0, 1]]), np.zeros(5),
    rotation=np.array([np.pi, 0, 0]), translation=np.array([0, 0, 3.0]),
)  # fmt: skip


def test_a_metre_is_most_pixels_at_the_top_of_the_arena() -> None:
    flat = SpeedLimit(OVERHEAD, Arena(bounds=((-1, 1), (-1, 1), (0, 1e-6))), speed=0.1)
    deep = SpeedLimit(OVERHEAD, Arena(bounds=((-1, 1), (-1, 1), (0, 1))), speed=0.1)
    centre = np.array([320.0]), np.array([240.0])
    assert flat(*centre)[0] == pytest.approx(0.1 * 600 / 3, rel=0.01)
    assert deep(*centre)[0] == pytest.approx(0.1 * 600 / 2, rel=0.01)


def test_outside_the_arena_the_nearest_place_counts() -> None:
    small = SpeedLimit(OVERHEAD, Arena(bounds=((-0.2, 0.2), (-0.2, 0.2), (0, 0.01))), speed=0.1)
    assert small(np.array([2.0, 639, -5]), np.array([2.0, 479, 900])) == pytest.approx(20, rel=0.1)


def test_an_arena_out_of_sight_is_said() -> None:
    with pytest.raises(SkeinError, match="sees nothing of the arena"):
        SpeedLimit(OVERHEAD, Arena(bounds=((50, 51), (0, 1), (0, 1))), speed=1)
