"""Making, filling and checking an experiment folder by command."""

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from pipeline import __version__
from pipeline.api import Experiment, Plugin
from pipeline.cli import entry, main
from pipeline.registry import PluginState
from tests.cli.conftest import Answer
from tests.video.numbered import write_numbered

Skein = Callable[..., Answer]


def test_from_an_empty_folder_to_a_recording(skein: Skein, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "flume"
    answer = skein("init", root, "--cameras", "left,right", "--board", "8x6", "--square", 30, "--arena", "2x1x0.5")
    assert (answer.code, answer.err) == (0, "")
    monkeypatch.chdir(tmp_path)
    write_numbered(tmp_path / "here.mp4", 60)
    write_numbered(root / "there.mp4", 60)
    answer = skein(
        "add-recording", root, "day_1", "--video", "left=here.mp4", "--video", "right=there.mp4", "--recorded-fps", 20,
        "--start", "2024-05-17T09:30", "--start-at", "00:01.5", "--offset", "right=-3", "--factor", "treatment=warm",
    )  # fmt: skip
    assert (answer.code, answer.err) == (0, "")
    assert "Added day_1; flume has 1 recording.\n" in answer.out
    assert "Doubtful: recording day_1: left: the file says 25 frames/s, the recording was made at 20" in answer.out
    assert "Noted: recording day_1: the first 30 frames (1.5 recorded seconds) are skipped" in answer.out
    recording = Experiment.open(root).recording("day_1")
    assert recording.videos == {"left": (tmp_path / "here.mp4").as_posix(), "right": "there.mp4"}
    assert (recording.recorded_fps, recording.start_at_s, recording.offsets) == (20, 1.5, {"right": -3})
    (tmp_path / "starts.txt").write_text("day_1 … 01:00\nday_9 02:00\n")
    answer = skein("import-starts", root, "starts.txt")
    assert answer.out == "day_1: starts at 60 s (recorded)\nday_9 is not a recording of this experiment.\n"
    assert Experiment.open(root).recording("day_1").start_at_s == 60


def test_what_cannot_be_read_as_a_video_is_told_when_it_is_added(skein: Skein, tmp_path: Path) -> None:
    skein("init", tmp_path, "--cameras", "left")
    (tmp_path / "notes.mp4").write_text("the camera was full")
    answer = skein("add-recording", tmp_path, "new", "--video", f"left={tmp_path / 'notes.mp4'}")
    assert answer.code == 1
    assert "Wrong: recording new: left: notes.mp4 cannot be opened as a video" in answer.out
    assert answer.err == "skein: new was added, but cannot be used before this is corrected.\n"


def test_running_without_recordings_says_what_is_missing(skein: Skein, tmp_path: Path) -> None:
    skein("init", tmp_path, "--name", "Flume")
    for words in ([], ["--dry-run"]):
        answer = skein("run", tmp_path, *words)
        assert (answer.code, answer.out) == (0, "Flume has no recordings yet: `skein add-recording` adds one.\n")


def test_words_that_no_command_takes_are_one_line(skein: Skein, tmp_path: Path) -> None:
    answer = skein("init", tmp_path, "--model", "wide")
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("skein: argument --model: invalid choice: 'wide'")
    assert answer.err.endswith("see `skein init --help`\n")


def test_a_folder_with_a_blank_can_be_typed_as_it_is_shown(skein: Skein, tmp_path: Path) -> None:
    assert f'skein check "{tmp_path / "my flume"}"' in skein("init", tmp_path / "my flume").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--video", "left=a.mp4", "--start", "soon"], "expected a date and time like 2024-05-17T09:30:00, got 'soon'"),
        (["--video", "left=a.mp4", "--offset", "left=x"], "skein: --offset left=x: expected a frame number."),
        (["--video", "left=a.mp4", "--stride", "0"], "stride: expected at least 1, got 0"),
        (["--video", "left"], "expected NAME=VALUE, got 'left'"),
        (["--video", "left=a.mp4", "--start-at", "soon"], "expected mm:ss or seconds, got 'soon'"),
    ],
)
def test_wrong_words_are_explained(skein: Skein, tmp_path: Path, words: list[str], message: str) -> None:
    skein("init", tmp_path, "--cameras", "left")
    (tmp_path / "a.mp4").touch()
    answer = skein("add-recording", tmp_path, "new", *words)
    assert answer.code != 0
    assert message in answer.err
    assert Experiment.open(tmp_path).recording_names == ()


def test_check_names_everything_at_once(skein: Skein, tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_text(
        'name = "x"\nworld_points_file = "survey.csv"\n'
        '[[camera]]\nname = "a"\ncalibration_video = "cal/*.png"\n[[camera]]\nname = "b"\n'
        '[[recording]]\nname = "r"\nvideos = { a = "gone.mp4" }\n'
        "[parameters.sgment]\nmin_area = 3\n[parameters.segment]\nmin_area = -3\ncolour = 1\n"
    )
    answer = skein("check", tmp_path)
    assert answer.code == 1
    wrong = [line for line in answer.out.splitlines() if line.startswith("Wrong: ")]
    for line, part in zip(
        wrong,
        [
            "cal/*.png",
            "no file survey.csv",
            "[parameters.sgment]: there is no such job",
            "min_area",
            "colour",
            "gone.mp4",
        ],
        strict=True,
    ):
        assert part in line
    assert any("no [board]" in line for line in answer.out.splitlines() if line.startswith("Doubtful: "))
    assert answer.err == "skein: x: 6 to correct.\n"


def test_all_problems_of_a_file_are_printed_without_a_traceback(skein: Skein, tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_text("nmae = 3\nanimals = 0\n")
    answer = skein("check", tmp_path)
    assert answer.code == 1
    assert len(answer.err.splitlines()) == 3
    assert all(line.startswith("skein: experiment.toml: ") for line in answer.err.splitlines())


def test_a_defect_is_one_line_unless_debugging(skein: Skein, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_: object, **__: object) -> None:
        raise RuntimeError("lost")

    monkeypatch.setattr("pipeline.cli.experiments.create", defect)
    answer = skein("init", tmp_path)
    assert answer.code == 1
    assert answer.err == "skein: something went wrong inside Skein (RuntimeError: lost); add --debug to see where\n"
    assert "Traceback" in skein("init", tmp_path, "--debug").err
    monkeypatch.setenv("SKEIN_DEBUG", "1")
    assert "Traceback" in skein("init", tmp_path).err


def test_version_and_help(skein: Skein) -> None:
    assert skein("--version").out == f"skein {__version__}\n"
    text = skein("--help").out
    for command in ("demo", "init", "add-recording", "calibrate", "segment", "track", "reconstruct", "zones", "run",
                    "export", "evaluate", "jobs", "dashboard", "plugins", "check"):  # fmt: skip
        assert f"\n    {command}" in text
    assert skein().code == 2
    assert "invalid choice: 'fly'" in skein("fly").err


def test_a_command_of_another_package_gets_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[list[str]] = []
    point = EntryPoint("paint", "tests.cli.nowhere:main", entry.COMMANDS)
    monkeypatch.setattr(EntryPoint, "load", lambda self: lambda words: got.append(words) or 3)
    monkeypatch.setattr(entry, "_foreign", lambda: {"paint": point})
    assert main(["paint", "--colour", "red"]) == 3
    assert got == [["--colour", "red"]]


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    code = (
        "import sys; from pipeline.cli.entry import parser; parser().format_help();"
        "print(sorted({'av', 'cv2', 'dash', 'distributed', 'duckdb', 'plotly', 'scipy', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_plugins_are_listed_and_checked(skein: Skein, monkeypatch: pytest.MonkeyPatch) -> None:
    good = PluginState("good", "good:PLUGIN", Plugin("good", "Good"))
    broken = PluginState("bad", "bad:PLUGIN", None, "ImportError: no module named bad")
    lost = PluginState("lost", "lost:PLUGIN", Plugin("lost", "Lost", page="nowhere.page:PAGE"))
    monkeypatch.setattr("pipeline.cli.ledger.plugins", lambda: (good,))
    assert (skein("plugins", "check").code, skein("plugins").code) == (0, 0)
    monkeypatch.setattr("pipeline.cli.ledger.plugins", lambda: (good, broken, lost))
    answer = skein("plugins", "check")
    assert answer.code == 1
    assert [line.split()[0] for line in answer.out.splitlines() if "works" in line] == ["good"]
    assert "no module named bad" in answer.out
    assert "there is no module nowhere.page" in answer.out
    assert skein("plugins").code == 0


def test_the_installed_plugins_work(skein: Skein) -> None:
    assert "ImportError" not in skein("plugins").out
