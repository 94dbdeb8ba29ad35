import numpy as np
import pyarrow as pa
import pytest

from pipeline.tracking.part import Part, part_of
from pipeline.tracking.scale import measure
from pipeline.types import DETECTIONS


def part(rows: list[tuple[int, float, float, float]]) -> Part:
    """Frame, x, y and area; boxes of 30 × 40 px."""
    frame, x, y, area = np.array(sorted(rows), float).T
    fixed = {"width": 30, "height": 40, "orientation": 0, "score": 1, "class_id": 0}
    columns = {
        "frame": frame,
        "detection": np.zeros(len(x)),
        "x": x,
        "y": y,
        "left": x - 15,
        "top": y - 20,
        "area": area,
    }
    columns |= {name: np.full(len(x), value) for name, value in fixed.items()} | {"mask": [b""] * len(x)}
    arrays = [pa.array(columns[field.name]).cast(field.type) for field in DETECTIONS]
    return part_of(pa.Table.from_arrays(arrays, schema=DETECTIONS))


def animal(rng: np.random.Generator, frames: int = 1000) -> list[tuple[int, float, float, float]]:
    """One that goes 3 px per frame on a circle of 200 px."""
    angle = np.arange(frames) * 3 / 200
    x, y = 500 + 200 * np.cos(angle), 500 + 200 * np.sin(angle)
    return [(f, x[f], y[f], float(a)) for f, a in enumerate(rng.normal(600, 10, frames))]


def flicker(rng: np.random.Generator, share: float, frames: int = 1000) -> list[tuple[int, float, float, float]]:
    """Spots anywhere, of any size, for one frame each."""
    when = np.flatnonzero(rng.random(frames) < share)
    return [(int(f), *rng.uniform(0, 3000, 2), float(np.exp(rng.uniform(2, 8)))) for f in when]


def test_steps_and_sizes_of_an_animal() -> None:
    scale = measure([part(animal(np.random.default_rng(1)))])
    assert scale.length == 50
    assert scale.area == pytest.approx(600, rel=0.01)
    assert scale.speed == pytest.approx(3, rel=0.01)
    assert scale.step == pytest.approx(max(1.5 * 3 + 3 * scale.noise, 0.2 * 50), rel=0.01)


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_flickering_spots_are_no_fast_animals(share: float) -> None:
    rng = np.random.default_rng(2)
    clean = measure([part(animal(rng))])
    found = measure([part(animal(rng) + flicker(rng, share))])
    assert found.step <= 2 * clean.step
    assert found.speed <= 1.5 * clean.speed


def test_too_few_detections_leave_body_lengths() -> None:
    scale = measure([part([(0, 10, 10, 600), (1, 12, 10, 600)])])
    assert scale.step == 0.75 * scale.length
