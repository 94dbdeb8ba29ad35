"""Slices of tracks and detections."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.pages import tracks_queries as queries
from pipeline.api import Camera, CameraGroup, Experiment, write_table
from pipeline.formats import anipose
from pipeline.segmentation.masks import encode
from pipeline.types.detections import Detections, detections_table
from tests.dashboard.movements import tracks_table, uniform, write

SIZE = (64, 48)


def test_summary(tmp_path: Path) -> None:
    write_table(tmp_path / "t.parquet", tracks_table([(0, 0, range(10)), (0, 1, range(15, 20)), (1, 2, range(5, 10))]))
    found = queries.summary(tmp_path / "t.parquet")
    assert (found.tracks, found.tracklets, found.frames, found.last_frame) == (2, 3, 15, 19)
    assert found.observed + found.interpolated == 20
    assert found.covered(20, 2) == pytest.approx(0.5)
    assert found.covered(20, None) is None
    assert found.covered(None, 2) is None


def test_lanes_are_tracks_where_they_are_few(tmp_path: Path) -> None:
    write_table(tmp_path / "t.parquet", tracks_table([(3, 0, range(10)), (3, 1, range(15, 20)), (7, 2, range(5, 10))]))
    lanes = queries.lanes(tmp_path / "t.parquet")
    assert not lanes.packed
    assert lanes.rows[["track", "tracklet", "first", "last", "lane"]].to_numpy().tolist() == [
        [3, 0, 0, 9, 0],
        [3, 1, 15, 19, 0],
        [7, 2, 5, 9, 1],
    ]
    assert lanes.tracks.to_numpy().tolist() == [[3, 0, 19, 0], [7, 5, 9, 1]]
    assert lanes.note == ""


def test_many_tracks_share_lanes_without_touching(tmp_path: Path) -> None:
    pieces = [(track, track, range(10 * (track % 3), 10 * (track % 3) + 9)) for track in range(30)]
    write_table(tmp_path / "t.parquet", tracks_table(pieces))
    lanes = queries.lanes(tmp_path / "t.parquet", rows=20)
    assert lanes.packed
    assert lanes.tracks["lane"].max() + 1 == 10  # 30 tracks, three after each other
    for _, lane in lanes.tracks.sort_values("first").groupby("lane"):
        assert (lane["first"].to_numpy()[1:] > lane["last"].to_numpy()[:-1]).all()


def test_only_the_longest_tracklets_are_read(tmp_path: Path) -> None:
    pieces = [(0, number, range(100 * number, 100 * number + number + 1)) for number in range(20)]
    write_table(tmp_path / "t.parquet", tracks_table(pieces))
    lanes = queries.lanes(tmp_path / "t.parquet", most=5)
    assert sorted(lanes.rows["tracklet"]) == [15, 16, 17, 18, 19]
    assert lanes.note == "Showing 5 of 20 tracklets, the longest."


def test_a_frame_with_its_tail(tmp_path: Path) -> None:
    write_table(tmp_path / "t.parquet", tracks_table([(0, 0, range(50)), (1, 1, range(20))]))
    rows = queries.rows_until(tmp_path / "t.parquet", 21, 5)
    assert rows[["track", "frame"]].to_numpy().tolist() == [[0, f] for f in range(16, 22)] + [
        [1, f] for f in range(16, 20)
    ]


def detections(experiment: Experiment, first: int, stop: int) -> None:
    """A rectangle of 6 × 4 px at (10 + frame, 20) in every frame of a part."""
    found = []
    for frame in range(first, stop):
        mask = encode(np.ones((4, 6), bool), 10 + frame, 20, SIZE)
        one = np.ones(1, np.float32)
        found.append(
            Detections(
                np.array([[12.5 + frame, 21.5]], np.float32), np.array([[10 + frame, 20, 6, 4]], np.float32), 24 * one,
                0 * one, one, np.zeros(1, np.int16), (mask,),
            )
        )  # fmt: skip
    folder = experiment.detections_folder("trial_1", "cam_1")
    folder.mkdir(parents=True, exist_ok=True)
    table = detections_table(list(range(first, stop)), found).replace_schema_metadata({"image_size": "64,48"})
    write_table(folder / f"part-{first:08d}-{stop:08d}.parquet", table)


def test_outlines_come_from_the_part_that_holds_the_frame(pond: Path) -> None:
    experiment = Experiment.open(pond)
    detections(experiment, 0, 10)
    detections(experiment, 10, 20)
    assert queries.image_size(experiment, "trial_1", "cam_1") == SIZE
    (ring,) = queries.outlines(experiment, "trial_1", "cam_1", 12, SIZE)[0]
    assert ring.min(axis=0).tolist() == [22, 20]
    assert ring.max(axis=0).tolist() == [27, 23]
    assert ring[0].tolist() == ring[-1].tolist()
    assert queries.outlines(experiment, "trial_1", "cam_1", 25, SIZE) == {}
    assert queries.outlines(experiment, "trial_1", "cam_2", 0, SIZE) == {}


def test_trajectories_are_projected_into_the_image(pond: Path) -> None:
    experiment = Experiment.open(pond)
    assert queries.projected(experiment, "trial_1", "cam_1", 0).empty
    matrix = np.array([[50.0, 0, 31.5], [0, 50, 23.5], [0, 0, 1]])
    camera = Camera("cam_1", SIZE, "pinhole", matrix, np.zeros(5), np.zeros(3), np.array([0, 0, 1.0]))
    anipose.write(experiment.calibration_path, CameraGroup((camera,)))
    path = experiment.trajectories_path("trial_1")
    path.parent.mkdir(parents=True)
    write(path, {"1": uniform(10, (2.0, 0, 0)), "2": uniform(10, (20.0, 0, 0))})
    seen = queries.projected(experiment, "trial_1", "cam_1", 1)  # 0.1 m and 1 m beside the axis, 1 m away
    assert seen["individual"].tolist() == ["1"]
    assert seen[["x", "y"]].to_numpy() == pytest.approx(np.array([[31.5 + 5, 23.5]]))
    assert queries.projected(experiment, "trial_1", "cam_2", 1).empty
    assert isinstance(seen, pd.DataFrame)
    assert list(queries.individuals(experiment, "trial_1")) == ["1", "2"]
