"""Two animals, one ten times as large as the other, among false finds: legs that seem apart, swaying edges, specks."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.files import write_table
from pipeline.tracking.job import Track
from pipeline.tracking.run import CameraItem, track_camera
from pipeline.types import DETECTIONS

FRAMES = 2000
SIZE = (1920, 1080)
LARGE, SMALL = (1700.0, 110.0, 190.0), (170.0, 30.0, 34.0)  # area, width, height
ABSENT = (900, 1000)
Row = tuple[int, float, float, float, float, float]  # frame, x, y, area, width, height


def paths(rng: np.random.Generator) -> np.ndarray:
    """(2, frames, 2): one that rests, and one that walks past its feet."""
    rests = np.array([1150.0, 170.0]) + rng.normal(0, 0.3, (FRAMES, 2))
    heading = np.cumsum(rng.normal(0, 0.1, FRAMES))
    walks = np.array([900.0, 700.0]) + np.cumsum(np.column_stack([np.cos(heading), np.sin(heading)]), axis=0) / 3
    return np.stack([rests, walks])


def animals(rng: np.random.Generator, truth: np.ndarray) -> list[Row]:
    rows: list[Row] = []
    legs = bursts(rng, 40, 1, 12)
    for frame in range(FRAMES):
        leg = rng.uniform(20, 110) if legs[frame] else 0
        x, y = truth[0, frame]
        rows.append((frame, x, y, LARGE[0] * rng.normal(1, 0.01) - leg, *LARGE[1:]))
        if leg:
            rows.append((frame, x + 28, y - 15, leg, 14, 7))
        if not ABSENT[0] <= frame < ABSENT[1]:
            x, y = truth[1, frame]
            rows.append((frame, x, y, SMALL[0] * rng.normal(1, 0.08), *SMALL[1:]))
    return rows


def edges(rng: np.random.Generator) -> list[Row]:
    """The left and the right edge of the arena sway now and then."""
    rows: list[Row] = []
    for x in (25.0, 1845.0):
        seen = bursts(rng, 30, 3, 20)
        for frame in np.flatnonzero(seen):
            height = rng.uniform(50, 900)
            rows.append((int(frame), x, 540 + rng.normal(0, 100), 5 * height, 8, height))
    return rows


def specks(rng: np.random.Generator) -> list[Row]:
    when = np.flatnonzero(rng.random(FRAMES) < 0.1)
    return [(int(f), rng.uniform(50, 1870), rng.uniform(300, 1000), rng.uniform(17, 400), 20, 20) for f in when]


def bursts(rng: np.random.Generator, count: int, shortest: int, longest: int) -> np.ndarray:
    seen = np.zeros(FRAMES, bool)
    for first in rng.integers(0, FRAMES, count):
        seen[first : first + rng.integers(shortest, longest + 1)] = True
    return seen


def table(rows: list[Row]) -> pa.Table:
    frame, x, y, area, width, height = np.array(sorted(rows)).T
    columns = {
        "frame": frame, "x": x, "y": y, "left": x - width / 2, "top": y - height / 2, "width": width, "height": height,
        "area": area, "detection": np.arange(len(x)), "orientation": np.zeros(len(x)), "score": np.ones(len(x)),
        "class_id": np.zeros(len(x)), "mask": [b""] * len(x),
    }  # fmt: skip
    arrays = [pa.array(columns[field.name]).cast(field.type) for field in DETECTIONS]
    return pa.Table.from_arrays(arrays, schema=DETECTIONS).replace_schema_metadata({"image_size": "1920,1080"})


@pytest.mark.parametrize("seed", range(6))
def test_each_animal_is_one_track_and_nothing_else_is(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = paths(rng)
    found = table(animals(rng, truth) + edges(rng) + specks(rng))
    write_table(tmp_path / "top" / f"part-{0:08d}-{FRAMES:08d}.parquet", found)
    track_camera(CameraItem("top", tmp_path / "top", tmp_path / "tracks.parquet", Track(), fps=30.0, animals=2))
    rows = pq.read_table(tmp_path / "tracks.parquet").to_pandas()
    assert rows["track"].nunique() == 2
    for _, track in rows.groupby("track"):
        at = track["frame"].to_numpy()
        distance = np.hypot(*np.moveaxis(truth[:, at] - track[["x", "y"]].to_numpy(), -1, 0))
        animal = int(np.median(distance, axis=1).argmin())
        expected = FRAMES - (ABSENT[1] - ABSENT[0] if animal == 1 else 0)
        assert len(at) >= 0.99 * expected
        assert distance[animal].max() < 30
