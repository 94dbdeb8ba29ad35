"""An experiment.toml that a person wrote stays theirs."""

from datetime import datetime
from pathlib import Path

import pytest
import tomlkit

from pipeline.api import Experiment, InvalidExperiment, SkeinError, Zone
from pipeline.experiment import add_recording, create, editing, set_markers, set_parameters, set_zones
from pipeline.jobs.parameters import configure
from pipeline.segmentation.job import JOB as SEGMENT

BY_HAND = """\
# My flume, spring 2024
name = "flume"   # the big one

[world_points]
A = [0, 0, 0]

[[camera]]
name = "left"    # near the door
calibration_video = "cal/left.avi"

[[camera]]
name = "right"

# the shelter has moved since
[[zone]]
name = "shelter"
polygon = [[0, 0], [1, 0], [1, 1]]  # by tape measure

[[recording]]
name = "day_1"   # the good one
videos = { left = "day_1/left.avi" }

[parameters.segment]
# raised because of the bubbles
min_area = 40
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "experiment.toml").write_text(BY_HAND)
    (tmp_path / "day_2").mkdir()
    for name in ("left.avi", "right.avi"):
        (tmp_path / "day_2" / name).touch()
    return tmp_path


def text(root: Path) -> str:
    return (root / "experiment.toml").read_text()


def lines_lost(root: Path) -> list[str]:
    return [line for line in BY_HAND.splitlines() if line not in text(root).splitlines()]


def test_what_init_writes_opens_and_explains_itself(tmp_path: Path) -> None:
    experiment = create(
        tmp_path / "new", cameras=["a", "b"], inner_corners=(8, 6), square_mm=30, bounds=[[0, 2], [0, 1], [0, 0.5]],
        animals=4,
    )  # fmt: skip
    configuration = experiment.configuration
    assert (experiment.name, experiment.camera_names, configuration.animals) == ("new", ("a", "b"), 4)
    assert configuration.board is not None
    assert (configuration.board.inner_corners, configuration.board.square_mm) == ((8, 6), 30)
    assert configuration.arena is not None
    assert configuration.arena.bounds == ((0, 2), (0, 1), (0, 0.5))
    with pytest.raises(SkeinError, match="holds an experiment already"):
        create(tmp_path / "new")


def test_every_commented_key_of_the_template_is_valid(tmp_path: Path) -> None:
    create(tmp_path, cameras=["a", "b"])
    path = tmp_path / "experiment.toml"
    lines = []
    for line in path.read_text().splitlines():
        bare = line.removeprefix("# ")
        example = bare.startswith("[") or (" = " in bare and "`" not in bare and bare.split(" = ")[0].isidentifier())
        lines.append(bare if line.startswith("# ") and example else line)
    path.write_text("\n".join(line for line in lines if not line.startswith("world_points_file")))
    configuration = Experiment.open(tmp_path).configuration
    assert configuration.recording[0].factors == {"treatment": "warm"}
    assert configuration.camera[1].markers["B"] == (1210.0, 402.0)
    assert (len(configuration.zone), configuration.board is not None, configuration.arena is not None) == (
        2,
        True,
        True,
    )
    assert configuration.parameters == {"segment": {"min_area": 40}}
    SEGMENT.validated(configuration.parameters["segment"])


@pytest.mark.parametrize(
    ("wrong", "count"),
    [({"cameras": ["a", "a"]}, 1), ({"cameras": ["a b"], "animals": 0}, 2), ({"bounds": [[1, 0], [0, 1], [0, 1]]}, 1)],
)
def test_init_refuses_all_wrong_values_at_once_and_writes_nothing(tmp_path: Path, wrong: dict, count: int) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        create(tmp_path / "new", **wrong)
    assert len(caught.value.problems) == count
    assert not (tmp_path / "new").exists()


def test_a_recording_is_added_and_nothing_else_changes(root: Path) -> None:
    experiment = add_recording(
        root, "day_2", {"left": "day_2/left.avi", "right": root / "day_2" / "right.avi"}, recorded_fps=20.0,
        start=datetime(2024, 5, 17, 9, 30), start_at_s=205.0, stride=2, offsets={"right": 41}, animals=8,
        factors={"treatment": "warm"},
    )  # fmt: skip
    recording = experiment.recording("day_2")
    assert recording.videos == {"left": "day_2/left.avi", "right": "day_2/right.avi"}
    assert (recording.recorded_fps, recording.start_at_s, recording.stride, recording.animals) == (20.0, 205.0, 2, 8)
    assert (recording.offsets, recording.factors) == ({"right": 41}, {"treatment": "warm"})
    assert recording.start == datetime(2024, 5, 17, 9, 30)
    assert lines_lost(root) == []
    assert add_recording(root, "day_3", {"left": "day_2/left.avi"}).recording_names == ("day_1", "day_2", "day_3")


def test_the_first_recording_and_inline_recordings(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    create(tmp_path, cameras=["a"])
    assert add_recording(tmp_path, "one", {"a": "a.mp4"}).recording_names == ("one",)
    (tmp_path / "experiment.toml").write_text(
        'name = "x"\nrecording = [{ name = "r", videos = { a = "a.mp4" } }]\n[[camera]]\nname = "a"\n'
    )
    assert add_recording(tmp_path, "two", {"a": "a.mp4"}).recording_names == ("r", "two")


def test_a_video_elsewhere_is_noted_absolutely(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    video = tmp_path_factory.mktemp("disk") / "left.avi"
    video.touch()
    assert add_recording(root, "far", {"left": video}).recording("far").videos == {"left": video.as_posix()}


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("day_1", {}, ["the name 'day_1' is used twice"]),
        ("day 2", {"recorded_fps": -1.0}, ["name", "recorded_fps"]),
        (
            "new",
            {"videos": {"left": "no.avi", "top": "day_2/left.avi"}},
            ["videos names 'top'", "there is no file no.avi"],
        ),
    ],
)
def test_a_wrong_recording_leaves_the_file_as_it_was(root: Path, name: str, values: dict, expected: list[str]) -> None:
    values = {"videos": {"left": "day_2/left.avi"}, **values}
    with pytest.raises(InvalidExperiment) as caught:
        add_recording(root, name, **values)
    assert len(caught.value.problems) == len(expected)
    for problem, part in zip(caught.value.problems, expected, strict=True):
        assert part in problem
    assert text(root) == BY_HAND


def test_parameters_are_set_and_taken_away(root: Path) -> None:
    configure(root, SEGMENT, {"min_area": 50})
    assert "# raised because of the bubbles\nmin_area = 50" in text(root)
    set_parameters(root, "track", {"mode": "overlap"})
    assert Experiment.open(root).configuration.parameters["track"] == {"mode": "overlap"}
    set_parameters(root, "track", {"mode": None})
    assert set(Experiment.open(root).configuration.parameters) == {"segment"}
    before = text(root)
    with pytest.raises(InvalidExperiment):
        configure(root, SEGMENT, {"min_area": "large", "colour": 3})
    assert text(root) == before


def test_zones_are_replaced_and_unchanged_ones_keep_their_comments(root: Path) -> None:
    kept = Experiment.open(root).configuration.zone[0]
    added = Zone(name="tank", box=((0, 1), (0, 1), (0, 0.5)))
    assert set_zones(root, [kept, added]).configuration.zone == [kept, added]
    assert "# by tape measure" in text(root)
    assert set_zones(root, []).configuration.zone == []
    assert "# near the door" in text(root)


def test_markers_are_replaced(root: Path) -> None:
    assert set_markers(root, "right", {"A": (1.5, 2.0)}).configuration.camera[1].markers == {"A": (1.5, 2.0)}
    with pytest.raises(InvalidExperiment, match="marker 'Q' is not in world_points"):
        set_markers(root, "right", {"Q": (1.0, 2.0)})
    assert set_markers(root, "right", {}).configuration.camera[1].markers == {}
    with pytest.raises(SkeinError, match="No camera named 'top'; there are left, right"):
        set_markers(root, "top", {})


def test_a_change_by_someone_else_is_not_overwritten(root: Path) -> None:
    def change_both() -> None:
        with editing(root) as document:
            document["name"] = "mine"
            (root / "experiment.toml").write_text(BY_HAND.replace("flume", "theirs"))

    with pytest.raises(SkeinError, match="changed by someone else"):
        change_both()
    assert Experiment.open(root).name == "theirs"


def test_invalid_toml_is_one_clear_problem(root: Path) -> None:
    (root / "experiment.toml").write_text("name = \n")
    with pytest.raises(InvalidExperiment, match=r"experiment\.toml: this is not valid TOML"):
        add_recording(root, "x", {"left": "day_2/left.avi"})


def test_the_document_is_plain_tomlkit(root: Path) -> None:
    with editing(root) as document:
        document["description"] = tomlkit.string("spring")
    assert Experiment.open(root).configuration.description == "spring"
    assert lines_lost(root) == []
