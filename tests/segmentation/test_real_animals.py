"""Real videos, compared with the positions that tracktor found: a mouse, and two spiders that hardly move."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pytest

from pipeline.experiment import Experiment
from pipeline.jobs import run_now
from pipeline.segmentation.job import JOB

STRIDE = 4
pytestmark = [pytest.mark.real_data, pytest.mark.slow]


def distances(root: Path, data: Path, name: str, animals: int) -> dict[str, np.ndarray]:
    """Per animal of the reference, (frames,) distance to the nearest detection, px."""
    video = (data / "animal_videos" / f"{name}_video.mp4").as_posix()
    (root / "experiment.toml").write_text(
        f'name = "t"\nanimals = {animals}\n[[camera]]\nname = "cam"\n[[recording]]\nname = "r"\n'
        f'stride = {STRIDE}\nvideos = {{ cam = "{video}" }}\n'
    )
    opened = Experiment.open(root)
    run_now(JOB, opened, "r")
    parts = sorted(opened.detections_folder("r", "cam").glob("part-*.parquet"))
    found = ds.dataset(parts).to_table(columns=["frame", "x", "y"]).to_pandas()
    places = {frame: rows[["x", "y"]].to_numpy() for frame, rows in found.groupby("frame")}
    reference = pd.read_csv(data / "animal_videos" / f"{name}_video_tracked.csv")
    reference = reference[(reference.frame - 1) % STRIDE == 0].dropna(subset=["pos_x"])
    reference["id"] = reference.get("id", "A")
    return {
        animal: np.array(
            [
                np.hypot(*(places[frame] - [x, y]).T).min() if frame in places else np.inf
                for frame, x, y in zip((rows.frame - 1) // STRIDE, rows.pos_x, rows.pos_y, strict=True)
            ]
        )
        for animal, rows in reference.groupby("id")
    }


def test_the_mouse_is_found_without_any_setting(tmp_path: Path, real_data: Path) -> None:
    (distance,) = distances(tmp_path, real_data, "mouse", 1).values()
    assert len(distance) == 2500
    assert (distance < 15).mean() >= 0.99


def test_both_spiders_are_found_though_one_never_moves(tmp_path: Path, real_data: Path) -> None:
    found = distances(tmp_path, real_data, "spider", 2)
    assert len(found) == 2
    for distance in found.values():
        assert (distance < 15).mean() >= 0.99
