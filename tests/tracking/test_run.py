"""The whole job on simulated detections: two cameras, several parts."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pycocotools import mask as coco

from benchmarks._swimmers import Swimmers, detect, swim
from pipeline.errors import InvalidExperiment, SkeinError
from pipeline.experiment import Experiment, Provenance, write_provenance
from pipeline.files import write_table
from pipeline.formats import anipose
from pipeline.jobs.execution import run_now
from pipeline.jobs.fanout import LocalFanout
from pipeline.tracking.evaluation import Labels, evaluate_mot, purity
from pipeline.tracking.job import JOB, Track
from pipeline.tracking.run import CameraItem, track_camera
from pipeline.types import TRACKS, Camera, CameraGroup

TOML = """
name = "pond"
animals = 5
[arena]
bounds = [[-1, 1], [-1, 1], [0, 0.5]]
[[camera]]
name = "left"
model = "pinhole"
[[camera]]
name = "right"
model = "pinhole"
[[recording]]
name = "morning"
recorded_fps = 20
videos = { left = "left.mp4", right = "right.mp4" }
"""
FRAMES, CUT = 240, 100


def write_parts(folder: Path, table: pa.Table, cuts: list[int], size: tuple[int, int]) -> None:
    frame = table["frame"].to_numpy()
    for first, stop in itertools.pairwise(cuts):
        part = table.filter(pa.array((frame >= first) & (frame < stop)))
        part = part.replace_schema_metadata({"image_size": f"{size[0]},{size[1]}"})
        write_table(folder / f"part-{first:08d}-{stop:08d}.parquet", part)


@pytest.fixture(scope="module")
def scene() -> tuple[Swimmers, pa.Table]:
    truth = swim(21, 5, FRAMES)
    return truth, detect(truth, 21)


@pytest.fixture
def experiment(tmp_path: Path, scene: tuple[Swimmers, pa.Table]) -> Experiment:
    (tmp_path / "experiment.toml").write_text(TOML)
    opened = Experiment.open(tmp_path)
    truth, table = scene
    write_parts(opened.detections_folder("morning", "left"), table, [0, CUT, FRAMES], truth.size)
    write_parts(opened.detections_folder("morning", "right"), table, [0, FRAMES], truth.size)
    write_provenance(opened, Provenance("segment", "morning", {}, {}))
    return opened


def tracks(experiment: Experiment, camera: str) -> pd.DataFrame:
    return pq.read_table(experiment.tracks_path("morning", camera)).to_pandas()


def labels(rows: pd.DataFrame, identity: str) -> Labels:
    boxes = rows[["left", "top", "width", "height"]].to_numpy(float)
    return Labels(rows["frame"].to_numpy(), rows[identity].to_numpy(), boxes)


def test_five_animals_end_as_five_pure_tracks(experiment: Experiment, scene: tuple[Swimmers, pa.Table]) -> None:
    provenance = run_now(JOB, experiment, "morning")
    table = pq.read_table(experiment.tracks_path("morning", "left"))
    assert table.schema.equals(TRACKS)
    assert table.schema.metadata[b"image_size"] == b"1600,1200"
    rows = table.to_pandas()
    assert rows["track"].nunique() == 5
    assert not rows.duplicated(["frame", "track"]).any()
    assert rows[["frame", "track"]].apply(tuple, axis=1).is_monotonic_increasing
    truth = scene[0].labels()
    observed = rows[rows["state"] == "observed"]
    assert purity(truth, labels(observed, "tracklet")) >= 0.999
    scores = evaluate_mot(truth, labels(rows, "track")).row()
    assert scores["mota"] > 0.9
    assert scores["switches"] <= 2
    assert (rows.loc[rows["state"] == "interpolated", "detection"] == -1).all()
    assert any(note.startswith("left: 5 tracks") for note in provenance.notes)


def test_parts_and_workers_make_no_difference(experiment: Experiment) -> None:
    run_now(JOB, experiment, "morning", fanout=LocalFanout(2))
    left, right = tracks(experiment, "left"), tracks(experiment, "right")
    assert len(left) > 0.9 * 5 * FRAMES
    same = ["frame", "track", "tracklet", "detection"]
    # The sample that typical sizes come from differs with the parts, the result should not.
    pd.testing.assert_frame_equal(left[same], right[same])


def test_a_resumed_job_keeps_the_cameras_that_are_done(experiment: Experiment) -> None:
    def written(camera: str) -> int:
        return experiment.tracks_path("morning", camera).stat().st_mtime_ns

    notes = run_now(JOB, experiment, "morning").notes
    left, right = written("left"), written("right")
    rows = tracks(experiment, "right")
    experiment.tracks_path("morning", "right").write_bytes(b"damaged")
    assert set(run_now(JOB, experiment, "morning").notes) == set(notes)
    assert written("left") == left
    assert written("right") != right
    pd.testing.assert_frame_equal(tracks(experiment, "right"), rows)
    run_now(JOB, experiment, "morning", {"min_detections": 7})
    assert written("left") != left


def test_other_detections_are_tracked_anew(experiment: Experiment, scene: tuple[Swimmers, pa.Table]) -> None:
    run_now(JOB, experiment, "morning")
    truth, table = scene
    fewer = table.filter(pa.array(table["frame"].to_numpy() < CUT))
    write_parts(experiment.detections_folder("morning", "right"), fewer, [0, CUT], truth.size)
    (experiment.detections_folder("morning", "right") / f"part-{0:08d}-{FRAMES:08d}.parquet").unlink()
    run_now(JOB, experiment, "morning")
    assert tracks(experiment, "left")["frame"].max() > CUT
    assert tracks(experiment, "right")["frame"].max() < CUT


def test_an_observed_row_is_its_detection(experiment: Experiment, scene: tuple[Swimmers, pa.Table]) -> None:
    run_now(JOB, experiment, "morning")
    found = scene[1].to_pandas().set_index(["frame", "detection"])
    rows = tracks(experiment, "left")
    rows = rows[rows["state"] == "observed"]
    given = found.loc[list(zip(rows["frame"], rows["detection"], strict=True))]
    alike = np.hypot(given["x"].to_numpy() - rows["x"].to_numpy(), given["y"].to_numpy() - rows["y"].to_numpy()) < 1e-3
    assert alike.mean() > 0.99  # the rest are animals in several pieces


def test_a_top_speed_needs_a_calibration_and_is_used_with_one(experiment: Experiment) -> None:
    notes = run_now(JOB, experiment, "morning", {"max_speed": 1.0}).notes
    assert any("left: the top speed is not used" in note for note in notes)
    down = {
        "size": (1600, 1200), "model": "pinhole", "matrix": np.array([[900.0, 0, 800], [0, 900, 600], [0, 0, 1]]),
        "distortion": np.zeros(5), "rotation": np.array([np.pi, 0, 0]), "translation": np.array([0, 0, 2.0]),
    }  # fmt: skip
    anipose.write(experiment.calibration_path, CameraGroup((Camera("left", **down), Camera("right", **down))))
    assert run_now(JOB, experiment, "morning", {"max_speed": 1.0}).notes[0].startswith("left: 5 tracks")
    # 1 mm/s is 0.03 px per frame: nobody can have moved so little, so that nothing holds together.
    slow = run_now(JOB, experiment, "morning", {"max_speed": 0.001, "min_detections": 1}).notes[0]
    assert int(slow.split(" tracklets")[0].split()[-1]) > 500


def test_classic_mode(experiment: Experiment, scene: tuple[Swimmers, pa.Table]) -> None:
    run_now(JOB, experiment, "morning", {"mode": "overlap"})
    rows = tracks(experiment, "left")
    assert (rows["state"] == "observed").all()
    assert purity(scene[0].labels(), labels(rows, "track")) > 0.6
    assert rows["track"].nunique() >= 5


def test_classic_mode_joins_masks_found_twice(tmp_path: Path) -> None:
    image = np.zeros((40, 60), np.uint8, order="F")
    image[10:20, 10:30] = 1
    twin = np.zeros_like(image)
    twin[10:20, 12:32] = 1
    rows = [
        {"frame": frame, "detection": number, "x": 19.5 + 2 * number, "y": 14.5, "left": 10 + 2 * number, "top": 10,
         "width": 20, "height": 10, "area": 200, "orientation": 0, "score": 1, "class_id": 0,
         "mask": coco.encode(mask)["counts"]}
        for frame in range(10) for number, mask in enumerate((image, twin))
    ]  # fmt: skip
    names = pa.Table.from_pylist(rows).schema.names
    table = pa.Table.from_pylist(rows).select(names)
    write_parts(tmp_path / "cam", table, [0, 10], (60, 40))
    item = CameraItem("cam", tmp_path / "cam", tmp_path / "out.parquet", Track(mode="overlap"), 20)
    report = track_camera(item)
    assert (report.tracklets, report.tracks) == (1, 1)
    assert pq.read_table(tmp_path / "out.parquet")["area"].to_pylist() == [220] * 10


def test_an_empty_camera_gives_an_empty_table(experiment: Experiment, scene: tuple[Swimmers, pa.Table]) -> None:
    folder = experiment.detections_folder("morning", "right")
    for path in folder.iterdir():
        path.unlink()
    write_parts(folder, scene[1].slice(0, 0), [0, FRAMES], (1600, 1200))
    run_now(JOB, experiment, "morning")
    table = pq.read_table(experiment.tracks_path("morning", "right"))
    assert (len(table), table.schema.equals(TRACKS)) == (0, True)


def test_what_is_missing_is_said(experiment: Experiment) -> None:
    for camera in ("left", "right"):
        folder = experiment.detections_folder("morning", camera)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    with pytest.raises(SkeinError, match="no camera has detections"):
        run_now(JOB, experiment, "morning")


def test_a_damaged_part_leaves_the_old_tracks(experiment: Experiment) -> None:
    run_now(JOB, experiment, "morning")
    before = experiment.tracks_path("morning", "left").read_bytes()
    path = next(experiment.detections_folder("morning", "left").glob("part-*100.parquet"))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(SkeinError, match=r"part-.* cannot be read .*segment"):
        run_now(JOB, experiment, "morning")
    assert experiment.tracks_path("morning", "left").read_bytes() == before
    assert [item.name for item in before_files(experiment)] == ["left.parquet", "right.parquet"]


def before_files(experiment: Experiment) -> list[Path]:
    return sorted(experiment.tracks_path("morning", "left").parent.iterdir())


def test_impossible_passes_are_refused() -> None:
    with pytest.raises(InvalidExperiment, match="expected a gap ≥ 1"):
        JOB.validated({"passes": [[0, 20, 1]]})
