"""What a look at an experiment says about its videos."""

from pathlib import Path

from pipeline.api import Experiment
from pipeline.check import check_experiment
from tests.video.numbered import write_numbered

TOML = """\
name = "x"
[board]
inner_corners = [8, 6]
square_mm = 30
[[camera]]
name = "a"
[[camera]]
name = "b"
[[recording]]
name = "r"
recorded_fps = 20
videos = { a = "a.mp4", b = "b.mp4" }
"""


def test_rates_that_differ_and_frames_that_are_cut_are_said(tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_text(TOML)
    write_numbered(tmp_path / "a.mp4", 30)
    write_numbered(tmp_path / "b.mp4", 71)
    checked = check_experiment(Experiment.open(tmp_path))
    assert checked.problems == ()
    assert [line for line in checked.warnings if "25" in line and "20" in line] == [
        line for line in checked.warnings if line.startswith("recording r: ")
    ]
    assert any(
        "without a calibration_video these cameras give no 3D positions: a, b" in line for line in checked.warnings
    )
    assert any(line.startswith("recording r: ") and "41 frames" in line for line in checked.notes)


def test_every_missing_and_corrupt_video_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_text(TOML)
    (tmp_path / "b.mp4").write_bytes(b"not a video")
    missing, corrupt = check_experiment(Experiment.open(tmp_path)).problems
    assert missing.startswith("recording r: a: ")
    assert "a.mp4" in missing
    assert corrupt.startswith("recording r: b: ")
    assert "b.mp4" in corrupt
