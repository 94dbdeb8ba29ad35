"""Where animals are looked for."""

import pytest
from pydantic import ValidationError

from pipeline.types import Arena

BOUNDS = ((0, 2), (0, 1), (0, 0.4))


@pytest.mark.parametrize(("surface", "top"), [(None, 0.4), (0.3, 0.3), (0.5, 0.4)])
def test_nobody_swims_above_the_water(surface: float | None, top: float) -> None:
    assert Arena(bounds=BOUNDS, water_surface_z=surface).habitat == ((0, 2), (0, 1), (0, top))


def test_water_lies_above_the_floor() -> None:
    with pytest.raises(ValidationError, match="above the arena's lowest z, 0"):
        Arena(bounds=BOUNDS, water_surface_z=0)
