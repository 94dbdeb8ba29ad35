"""Exports of a small experiment, read back."""

import json
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment, Provenance, write_provenance
from pipeline.export import export
from pipeline.files import write_table
from pipeline.formats import csv, mot, movement
from pipeline.formats.tables import about
from pipeline.jobs import run_now
from pipeline.registry import job
from pipeline.types import TRACKS, TRAJECTORIES
from tests.video.numbered import write_numbered

TOML = """
name = "pond"
[arena]
bounds = [[0, 1], [0, 1], [0, 1]]
[[camera]]
name = "cam_1"
[[zone]]
name = "left"
polygon = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
[[recording]]
name = "trial"
videos = { cam_1 = "v.mp4" }
recorded_fps = 20
factors = { water = "warm" }
[[recording]]
name = "empty"
videos = { cam_1 = "v.mp4" }
"""


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    """Ten frames at 20 per second (the file says 25), one animal that is seen from frame 2 on."""
    root = tmp_path / "pond"
    root.mkdir()
    (root / "experiment.toml").write_text(TOML)
    write_numbered(root / "v.mp4", 10)
    opened = Experiment.open(root)
    frame = np.arange(2, 10, dtype=np.int32)
    moving = {"frame": frame, "time_s": frame / 20, "individual": ["a"] * 8, "state": ["observed"] * 8,
              "n_views": np.ones(8, np.int16), **{name: np.linspace(0.1, 0.8, 8) for name in "xyz"}}  # fmt: skip
    still = {name: np.zeros(8, np.float32) for name in TRAJECTORIES.names if name not in moving}
    trajectories = pa.table({**moving, **still}).select(TRAJECTORIES.names).cast(TRAJECTORIES)
    write_table(opened.trajectories_path("trial"), trajectories.replace_schema_metadata({"unit": "m"}))
    track = {name: pa.array(frame).cast(TRACKS.field(name).type) for name in TRACKS.names if name != "state"}
    track = {name: track.get(name, pa.array(["observed"] * 8)) for name in TRACKS.names}
    write_table(opened.tracks_path("trial", "cam_1"), pa.table(track, schema=TRACKS))
    for name, parameters in (("segment", {"threshold": 9}), ("track", {"gap": 4}), ("reconstruct", {"smooth": 0.5})):
        write_provenance(opened, Provenance(name, "trial", parameters, {}, notes=[f"note of {name}"]))
    return opened


def test_the_same_tracks_in_two_formats_keep_both_descriptions(experiment: Experiment, tmp_path: Path) -> None:
    (table, described) = export(experiment, "tracks", "csv", tmp_path)
    before = described.read_bytes()
    export(experiment, "tracks", "mot", tmp_path)
    assert described.read_bytes() == before
    assert csv.read(table).num_rows == 8


def test_a_file_is_not_a_folder_to_write_to(experiment: Experiment, tmp_path: Path) -> None:
    (tmp_path / "results").touch()
    with pytest.raises(SkeinError, match="results is a file: expected a folder"):
        export(experiment, "tracks", "csv", tmp_path / "results")


def test_trajectories_carry_everything_that_shaped_them(experiment: Experiment, tmp_path: Path) -> None:
    files = export(experiment, "trajectories", "csv", tmp_path / "out")
    assert [path.name for path in files] == ["trial_trajectories.csv", "trial_trajectories.json"]  # `empty` has none
    read = csv.read(files[0])
    assert read["x"].to_pylist() == pq.read_table(experiment.trajectories_path("trial"))["x"].to_pylist()
    origin = about(read.schema)
    assert [(step["job"], step["parameters"]) for step in origin["jobs"]] == [
        ("segment", {"threshold": 9}), ("track", {"gap": 4}), ("reconstruct", {"smooth": 0.5})
    ]  # fmt: skip
    assert origin["jobs"][2]["notes"] == ["note of reconstruct"]
    assert "numpy" in origin["jobs"][2]["versions"]
    assert origin["fps"] == 20
    assert origin["n_frames"] == 10
    assert origin["factors"] == {"water": "warm"}
    assert origin["classes"] == ["animal"]  # what a track's class_id stands for
    assert origin["unit"] == "m"
    assert any("25" in sentence for sentence in origin["clock"])


def test_pixels_are_called_pixels(experiment: Experiment, tmp_path: Path) -> None:
    path = experiment.trajectories_path("trial")
    write_table(path, pq.read_table(path).replace_schema_metadata({"unit": "px"}))
    read = csv.read(export(experiment, "trajectories", "csv", tmp_path / "out")[0])
    assert {read.schema.field(name).metadata[b"unit"] for name in ("x", "sx")} == {b"px"}
    assert read.schema.field("time_s").metadata[b"unit"] == b"s"


def test_tracks_get_the_recorded_time(experiment: Experiment, tmp_path: Path) -> None:
    (path,) = export(experiment, "tracks", "parquet", tmp_path / "out")
    table = pq.read_table(path)
    assert table["time_s"].to_pylist() == pytest.approx(np.arange(2, 10) / 20)
    assert table.column_names[:3] == ["frame", "time_s", "track"]
    boxes = mot.read(export(experiment, "tracks", "mot", tmp_path / "out")[0])
    assert boxes["frame"].to_pylist() == list(range(2, 10))
    dataset = movement.read(export(experiment, "tracks", "movement", tmp_path / "out")[0])
    assert dataset["time_s"].to_pylist() == pytest.approx(np.arange(2, 10) / 20)


def test_without_videos_tracks_have_frames_only(experiment: Experiment, tmp_path: Path) -> None:
    (experiment.root / "v.mp4").unlink()
    (path,) = export(experiment, "tracks", "parquet", tmp_path / "out")
    assert pq.read_schema(path).names == TRACKS.names


def test_zone_tables_are_the_results(experiment: Experiment, tmp_path: Path) -> None:
    run_now(job("zones"), experiment, "trial", {"bin_s": 0.2})
    (path,) = export(experiment, "zones", "xlsx", tmp_path / "out", ["trial"])
    workbook = openpyxl.load_workbook(path)
    assert workbook.sheetnames == ["zones", "visits", "counts", "transitions", "about"]
    sheet = pd.read_excel(path, sheet_name="zones")
    left = sheet[sheet.zone == "left"]
    assert left.time_s.sum() == pytest.approx(0.25)  # x = 0.1 … 0.5 at 50 ms each
    assert sheet.time_s.sum() == pytest.approx(0.5)
    assert sheet[sheet.zone == "lost"].time_s.tolist() == pytest.approx([0.1, 0, 0])
    described = pd.read_excel(path, sheet_name="about")
    assert described[(described.sheet == "zones") & (described.column == "distance")].unit.item() == "m"
    read = csv.read(export(experiment, "zones", "csv", tmp_path / "out")[0])
    origin = about(read.schema)
    assert origin["parameters"]["bin_s"] == 0.2
    assert origin["parameters"]["hold_gap"] == 2
    assert [step["job"] for step in origin["jobs"]] == ["segment", "track", "reconstruct", "zones"]
    assert origin["zones"][0]["name"] == "left"


def test_a_stale_result_says_so(experiment: Experiment, tmp_path: Path) -> None:
    run_now(job("zones"), experiment, "trial")
    moved = (experiment.root / "experiment.toml").read_text().replace("[0.5, 0]", "[0.6, 0]")
    (experiment.root / "experiment.toml").write_text(moved)
    path = export(Experiment.open(experiment.root), "zones", "csv", tmp_path)[1]
    origin = json.loads(path.read_text())["about"]
    assert origin["state"] == "stale"
    assert any("definition of the zones" in reason for reason in origin["reasons"])


def test_the_job_writes_into_the_experiment(experiment: Experiment) -> None:
    done = run_now(job("export"), experiment, "trial", {"what": "trajectories", "format": "mat"})
    assert (experiment.root / "exports" / "trial_trajectories.mat").is_file()
    assert any("trial_trajectories.mat" in note for note in done.notes)


@pytest.mark.parametrize("folder", ["/etc", "../elsewhere", "a/../../b", "C:\\data", "\\\\server\\share", "..\\b"])
def test_the_job_writes_nowhere_else(experiment: Experiment, folder: str) -> None:
    """Its parameters may come from a browser."""
    with pytest.raises(SkeinError, match="expected a folder inside the experiment"):
        run_now(job("export"), experiment, "trial", {"what": "trajectories", "folder": folder})


@pytest.mark.parametrize(
    ("what", "format", "recordings", "message"),
    [
        ("zones", "csv", None, "run `skein zones` first"),
        ("trajectories", "csv", ["empty"], "run `skein reconstruct` first"),
        ("tracks", "csv", ["empty"], "run `skein track` first"),
        ("trajectories", "mot", None, "choose one of csv, xlsx, parquet, mat, movement"),
        ("nothing", "csv", None, "there are trajectories, tracks, zones"),
        ("tracks", "pdf", None, "there are csv"),
        ("tracks", "csv", ["absent"], "No recording named 'absent'"),
    ],
)
def test_what_cannot_be_exported_is_said(
    experiment: Experiment, tmp_path: Path, what: str, format: str, recordings: list[str] | None, message: str
) -> None:
    with pytest.raises(SkeinError, match=message):
        export(experiment, what, format, tmp_path / "out", recordings)


def test_a_folder_that_cannot_be_made_is_named(experiment: Experiment, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SkeinError, match="Could not make the folder"):
        export(experiment, "tracks", "csv", tmp_path / "file" / "out")
