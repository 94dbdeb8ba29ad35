"""Opening an experiment: what the file says, and every problem of it at once."""

from pathlib import Path

import pytest

from pipeline.errors import InvalidExperiment, SkeinError
from pipeline.experiment import Experiment

GOOD = """\
name = "Trout"
animals = 8
classes = ["trout", "perch"]
[board]
type = "charuco"
inner_corners = [8, 6]
square_mm = 32.5
marker_mm = 24
[arena]
bounds = [[0, 2], [0, 1], [0, 0.4]]
water_surface_z = 0.35
[world_points]
A = [0.1, 0.1, 0.0]
[[camera]]
name = "cam_1"
calibration_video = "board.mp4"
markers = { A = [412.0, 300.5] }
[[camera]]
name = "cam_2"
model = "pinhole"
[[zone]]
name = "shelter"
polygon = [[0, 0], [0.5, 0], [0.5, 1]]
[[recording]]
name = "one"
videos = { cam_1 = "a.mp4", cam_2 = "/videos/b.mp4" }
recorded_fps = 20
start = 2024-05-17T09:30:00
start_at_s = 12.5
stride = 2
offsets = { cam_2 = -3 }
animals = 5
[[recording]]
name = "two"
videos = { cam_1 = "c.mp4" }
timestamps = "times.csv"
[parameters.segment]
min_area = 40
"""
BAD = """\
animls = 3
animals = 0
[board]
inner_corners = [8]
square_mm = -1
[arena]
bounds = [[0, 2], [1, 0], [0, 0.4]]
[[camera]]
name = "a b"
[[camera]]
name = "left"
model = "fish"
markers = { B = [1, 2, 3] }
[[camera]]
name = "left"
[[recording]]
name = "one"
videos = { left = "l.mp4", top = "t.mp4" }
recorded_fps = "fast"
stride = 0
[[recording]]
name = "two"
"""


def opened(root: Path, text: str) -> Experiment:
    (root / "experiment.toml").write_text(text, encoding="utf-8")
    return Experiment.open(root)


def test_everything_that_the_file_says_arrives(tmp_path: Path) -> None:
    experiment = opened(tmp_path, GOOD)
    said = experiment.configuration
    assert (experiment.name, experiment.camera_names, experiment.recording_names) == (
        "Trout", ("cam_1", "cam_2"), ("one", "two")
    )  # fmt: skip
    assert said.board is not None
    assert (said.board.type, said.board.inner_corners, said.board.square_mm) == ("charuco", (8, 6), 32.5)
    assert said.arena is not None
    assert (said.arena.bounds[1], said.arena.water_surface_z) == ((0, 1), 0.35)
    assert [camera.model for camera in said.camera] == ["fisheye", "pinhole"]
    one = experiment.recording("one")
    assert (one.recorded_fps, one.start_at_s, one.stride, one.offsets) == (20, 12.5, 2, {"cam_2": -3})
    assert one.start is not None
    assert one.start.isoformat() == "2024-05-17T09:30:00"
    assert (experiment.animals("one"), experiment.animals("two")) == (5, 8)
    assert experiment.file("a.mp4") == experiment.root / "a.mp4"
    assert experiment.file("/videos/b.mp4") == Path("/videos/b.mp4")


def test_every_problem_of_the_file_is_told_at_once(tmp_path: Path) -> None:
    """Those of single values and those of values that do not fit together."""
    with pytest.raises(InvalidExperiment) as caught:
        opened(tmp_path, BAD)
    wrong = [
        "name: ", "animls: ", "animals: ", "board inner_corners: ", "board square_mm: ", "arena bounds: ",
        "camera 'a b' name: ", "camera 'left' model: ", "camera 'left' markers B: ", "recording 'one' recorded_fps: ",
        "recording 'one' stride: ", "recording 'two' videos: ",
        "camera left: marker 'B' is not in world_points",
        "camera: the name 'left' is used twice; names must differ",
        "recording one: videos names 'top', which is not a [[camera]]; there are a b, left",
    ]  # fmt: skip
    problems = sorted(caught.value.problems)
    expected = sorted(f"experiment.toml: {start}" for start in wrong)
    assert len(problems) == len(expected)
    for problem, start in zip(problems, expected, strict=True):
        assert problem.startswith(start)


@pytest.mark.parametrize("wrong", ["camera = 3", "camera = [3]", "recording = [[1]]", "[[camera]]\nname = 3"])
def test_entries_of_a_wrong_kind_are_problems_and_not_defects(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(InvalidExperiment):
        opened(tmp_path, f'name = "x"\n{wrong}\n')


def test_what_is_not_toml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidExperiment, match=r"experiment\.toml: this is not valid TOML: .*line 2"):
        opened(tmp_path, 'name = "x"\nanimals 3\n')


def test_a_folder_without_an_experiment_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SkeinError, match="`skein init"):
        Experiment.open(tmp_path)


def test_names_are_looked_up_and_never_become_paths(tmp_path: Path) -> None:
    experiment = opened(tmp_path, GOOD)
    assert experiment.tracks_path("one", "cam_2") == tmp_path / "recordings" / "one" / "tracks" / "cam_2.parquet"
    with pytest.raises(SkeinError, match=r"No recording named '\.\./x' in Trout; there are one, two"):
        experiment.folder("../x")
    with pytest.raises(SkeinError, match=r"No camera named '\.\.'; there are cam_1, cam_2"):
        experiment.detections_folder("one", "..")
