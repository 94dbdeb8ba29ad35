"""What a look at an experiment says about its videos."""

from pathlib import Path

from openpyxl import Workbook

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


def test_one_camera_is_told_the_unit_of_its_positions(tmp_path: Path) -> None:
    one = 'name = "x"\n[world_points]\nA = [0, 0, 0]\n[[camera]]\nname = "a"\n'
    (tmp_path / "experiment.toml").write_text(one)
    assert "positions and zones are in pixels" in check_experiment(Experiment.open(tmp_path)).notes[0]
    (tmp_path / "experiment.toml").write_text(one + "markers = { A = [10, 20] }\n")
    assert "positions and zones are in metres, by 1 marker" in check_experiment(Experiment.open(tmp_path)).notes[0]


def test_every_missing_and_corrupt_video_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_text(TOML)
    (tmp_path / "b.mp4").write_bytes(b"not a video")
    missing, corrupt = check_experiment(Experiment.open(tmp_path)).problems
    assert missing.startswith("recording r: a: ")
    assert "a.mp4" in missing
    assert corrupt.startswith("recording r: b: ")
    assert "b.mp4" in corrupt


def test_calibration_files_are_looked_for_as_the_calibration_does(tmp_path: Path) -> None:
    """Pictures in folders that fit a pattern, and a sheet of a workbook."""
    workbook = Workbook()
    workbook.create_sheet("Tank").append(["id", "x", "y", "z"])
    workbook["Tank"].append(["A", 0.5, 0.25, 0.0])
    workbook.save(tmp_path / "survey.xlsx")
    for day in ("monday", "tuesday"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "board.png").write_bytes(b"")

    def problems(film: str, survey: str, marker: str) -> tuple[str, ...]:
        (tmp_path / "experiment.toml").write_text(
            f'name = "c"\nworld_points_file = "{survey}"\n'
            f'[[camera]]\nname = "a"\ncalibration_video = "{film}"\nmarkers = {{ {marker} = [3, 4] }}\n'
        )
        return check_experiment(Experiment.open(tmp_path)).problems

    assert problems("*day/*.png", "survey.xlsx#Tank", "A") == ()
    film, sheet = problems("*week/*.png", "survey.xlsx#Pond", "A")
    assert "Camera a, calibration_video: there is no" in film
    assert "Pond" in sheet
    (marker,) = problems("monday", "survey.xlsx#Tank", "B")
    assert "B" in marker
