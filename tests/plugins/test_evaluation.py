"""Results whose distance from the truth is known by construction."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.spatial.transform import Rotation

from pipeline.api import TRAJECTORIES, CameraGroup, Context, Experiment, SkeinError, Zone
from pipeline.formats import anipose
from plugins.evaluation.cameras import compare_cameras
from plugins.evaluation.comparison import compare_tracks, compare_trajectories, pairing, zone_differences
from plugins.evaluation.job import JOB, Evaluate
from plugins.evaluation.run import run
from tests.reconstruction.laboratory import Laboratory, rig


def walk(names: list[str], frames: int = 100, offset: float = 0.0) -> pd.DataFrame:
    """Animals half a metre apart that move along x, 5 mm per frame."""
    rows = [
        (frame, name, 0.005 * frame + offset, 0.5 * number, 0.1)
        for number, name in enumerate(names)
        for frame in range(frames)
    ]
    return pd.DataFrame(rows, columns=["frame", "individual", "x", "y", "z"])


def test_a_shifted_copy_is_complete_and_off_by_the_shift() -> None:
    row = compare_trajectories(walk(["a", "b"]), walk(["2", "1"], offset=0.004), 0.03, 1000)
    assert (row["mota"], row["idf1"], row["switches"], row["misses"], row["false_positives"]) == (1, 1, 0, 0, 0)
    assert row["median_error"] == row["error_95"] == 4.0
    assert row["individuals"]["a"]["taken_for"] == "2"
    assert row["individuals"]["b"]["same_identity_percent"] == 100


def test_a_swap_and_a_gap_are_counted() -> None:
    found = walk(["a", "b"])
    late = found["frame"] >= 60
    found.loc[late, "individual"] = found.loc[late, "individual"].map({"a": "b", "b": "a"})
    found = found[~((found["individual"] == "a") & found["frame"].between(10, 19))]
    row = compare_trajectories(walk(["a", "b"]), found, 0.03, 1000)
    assert row["switches"] == 2
    assert row["misses"] == 10
    assert row["mota"] == pytest.approx(1 - 12 / 200)
    assert row["individuals"]["a"]["found_percent"] == 90
    assert row["individuals"]["a"]["same_identity_percent"] == 50
    assert row["individuals"]["b"]["same_identity_percent"] == 60


def test_a_plane_is_compared_in_the_plane() -> None:
    flat = walk(["1"])
    flat["z"] = np.nan
    row = compare_trajectories(walk(["a"]), flat, 0.03, 1000)
    assert row["dimensions"] == 2
    assert row["mota"] == 1


def test_beyond_the_gate_is_a_miss() -> None:
    row = compare_trajectories(walk(["a"]), walk(["1"], offset=0.05), 0.03, 1000)
    assert (row["misses"], row["false_positives"], row["median_error"]) == (100, 100, None)
    assert row["individuals"]["a"]["taken_for"] is None


def test_zone_times_are_compared_by_animal() -> None:
    truth, found = walk(["a"]), walk(["1"], offset=0.05)
    zone = Zone(name="left", polygon=[(-1, -1), (0.2001, -1), (0.2001, 1), (-1, 1)])
    paired = pairing(truth, found, ["x", "y", "z"], 0.1)
    assert paired == {"a": "1"}
    row = zone_differences(truth, found, paired, [zone], 200)["a"]["left"]
    assert row == {"true_percent": 20.5, "percent": 15.5, "difference": -5.0}  # 41 and 31 of 200 frames


def test_tracks_of_hidden_animals_are_neither_asked_nor_blamed() -> None:
    truth = walk(["a", "b"]).rename(columns={"z": "visible"})
    truth[["x", "y"]] *= 1000
    truth["visible"] = 1.0
    truth.loc[(truth["individual"] == "b") & (truth["frame"] < 30), "visible"] = 0.1
    tracks = truth.rename(columns={"individual": "track"})
    guessed = compare_tracks(truth, tracks, 20, 0.25)
    silent = compare_tracks(truth, tracks[~((tracks["track"] == "b") & (tracks["frame"] < 30))], 20, 0.25)
    assert guessed["mota"] == silent["mota"] == 1
    assert guessed["truth"] == 170


def test_cameras_are_compared_as_they_stand_and_aligned() -> None:
    truth = rig(3)
    turn, shift = Rotation.from_rotvec([0, 0, np.radians(1.0)]), np.array([0.003, 0.004, 0])
    moved = []
    for camera in truth:
        rotation = camera.rotation_matrix @ turn.as_matrix().T
        centre = turn.apply(camera.centre) + shift
        matrix = camera.matrix.copy()
        matrix[0, 0] *= 1.002
        moved.append(
            replace(
                camera, matrix=matrix, rotation=Rotation.from_matrix(rotation).as_rotvec(),
                translation=-rotation @ centre,
            )
        )  # fmt: skip
    row = compare_cameras(truth, CameraGroup(tuple(moved)))
    for camera in row["cameras"].values():
        assert camera["focal_percent"] == pytest.approx(0.2)
        assert camera["rotation_deg"] == pytest.approx(1.0)
        assert camera["centre_mm"] > 1
        assert camera["centre_aligned_mm"] == pytest.approx(0, abs=1e-6)
        assert camera["rotation_aligned_deg"] == pytest.approx(0, abs=1e-6)
    assert row["worst"]["focal_percent"] == pytest.approx(0.2)
    assert compare_cameras(truth, CameraGroup(tuple(moved[:2])))["missing"] == ["cam_3"]


def evaluated(experiment: Experiment, **parameters: object) -> tuple[dict, list[str]]:
    notes: list[str] = []
    context = Context(experiment, "trial", lambda *_: None, None, notes.append)  # type: ignore[arg-type]
    run(context, Evaluate(**parameters))
    path = experiment.results_folder("trial", "evaluation") / "report.json"
    return json.loads(path.read_text()), notes


def test_the_job_reports_on_a_whole_experiment(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, frames=60)
    with (tmp_path / "experiment.toml").open("a") as file:
        file.write('[[zone]]\nname = "left"\npolygon = [[0, 0], [0.8, 0], [0.8, 1], [0, 1]]\n')
    lab.track()
    lab.reconstruct()
    write_truth(lab)
    report, notes = evaluated(lab.experiment)
    assert report["trajectories"]["mota"] == 1
    assert report["trajectories"]["median_error"] < 2
    assert report["calibration"]["worst"]["centre_mm"] == 0
    assert set(report["zones"]) == {"fish_0", "fish_1", "fish_2", "fish_3"}
    assert all(abs(row["left"]["difference"]) <= 2 for row in report["zones"].values())
    assert report["tracks"]["cam_1"]["mota"] == 1
    assert any("MOTA 1, IDF1 1" in note for note in notes)
    assert any("Time in zones differs" in note for note in notes)
    assert {"truth/trial/trajectories.parquet"} <= {f"truth/{name}" for name in JOB.inputs(lab.experiment, "trial")}


def write_truth(lab: Laboratory) -> None:
    folder = lab.root / "truth" / "trial"
    folder.mkdir(parents=True)
    anipose.write(lab.root / "truth" / "calibration.toml", lab.group)
    animal, frame = (index.ravel() for index in np.indices((lab.animals, lab.frames)))
    place, n = lab.true[animal, frame], lab.animals * lab.frames
    columns = {name: np.zeros(n) for name in TRAJECTORIES.names}
    columns |= {"frame": frame, "individual": [f"fish_{k}" for k in animal], "state": ["observed"] * n}
    columns |= {axis: place[:, k] for k, axis in enumerate("xyz")}
    table = pa.table({name: pa.array(columns[name]).cast(TRAJECTORIES.field(name).type) for name in columns})
    pq.write_table(table.select(TRAJECTORIES.names), folder / "trajectories.parquet")
    tracks = pq.read_table(lab.experiment.tracks_path("trial", "cam_1")).to_pandas()
    tracks["individual"] = "fish_" + tracks["track"].astype(str)
    tracks["visible"] = 1.0
    tracks.to_parquet(folder / "cam_1.parquet")


def test_a_given_table_may_be_csv_with_times(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, frames=40)
    lab.track()
    lab.reconstruct()
    rows = [(k / 20, f"n{a}", *lab.true[a, k]) for a in range(lab.animals) for k in range(lab.frames)]
    pd.DataFrame(rows, columns=["time_s", "individual", "x", "y", "z"]).to_csv(tmp_path / "hand.csv", index=False)
    report, _ = evaluated(lab.experiment, truth="hand.csv")
    assert report["trajectories"]["mota"] == 1
    assert report["trajectories"]["individuals"]["n0"]["found_percent"] == 100


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, frames=30)
    with pytest.raises(SkeinError, match="No truth to compare with"):
        evaluated(lab.experiment)
    (tmp_path / "bad.csv").write_text("frame,who\n1,a\n")
    with pytest.raises(SkeinError, match="individual, x, y is missing, there are frame, who"):
        evaluated(lab.experiment, truth="bad.csv")
    (tmp_path / "good.csv").write_text("frame,individual,x,y\n1,a,0,0\n")
    with pytest.raises(SkeinError, match="run `reconstruct` first"):
        evaluated(lab.experiment, truth="good.csv")
