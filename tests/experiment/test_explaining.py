"""A hand-written file that is wrong is answered in the words of the person who wrote it."""

from pathlib import Path

import pytest

from pipeline.errors import InvalidExperiment, SkeinError
from pipeline.experiment import Experiment

CAMERA = 'name = "x"\n[[camera]]\nname = "a"\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('name = "x"\nanimls = 3', "animls: this key is not known; did you mean animals?"),
        (CAMERA + "calibration_vdeo = 'x'", "camera 'a' calibration_vdeo: this key is not known; did you mean"),
        (CAMERA + "animals = 3", "camera 'a' animals: this key belongs to the experiment: it must stand above the"),
        (CAMERA + "lens = 3", "camera 'a' lens: this key is not known; there are name, model, calibration_video"),
        ('name = "x"\n[camera]\nname = "a"', "camera: expected [[camera]], in double brackets, above the keys of each"),
        (CAMERA + "model = 'fish'", "camera 'a' model: expected 'fisheye' or 'pinhole', got 'fish'"),
        (CAMERA + "markers = { A = [1] }", "camera 'a' markers A: expected more values in the list, got [1]"),
        (CAMERA + "markers = { A = [1, 2, 3] }", "camera 'a' markers A: expected at most 2 values, got [1, 2, 3]"),
        ('name = ""', "name: expected at least 1 character, got ''"),
        ('name = "x"\nanimals = "three"', "animals: expected a whole number, got 'three'"),
        ('name = "x\nanimals = 3', "this is not valid TOML: a text in quotes is not closed (at line 1, column 10)"),
        ('name = "x"\nanimals = -1', "animals: expected at least 1, got -1"),
        ('name = "x"\n[[camera]]\nname = "a b"', "camera 'a b' name: expected letters, digits, '_', '-' and '.' only"),
        (
            CAMERA + "[[zone]]\nname = 'z'\ncylinder = { x = 1 }\nradius = 1",
            "zone 'z' cylinder: expected a list in [ ], got {'x': 1}",
        ),
        (
            CAMERA + "[[recording]]\nname = 'r'\nvideos = { a = 'a.mp4' }\nstart = 'yesterday'",
            "recording 'r' start: expected a date and time like 2024-05-17T09:30:00, got 'yesterday'",
        ),
        (CAMERA + "[[recording]]\nname = 'r'\nvideos = {}", "recording 'r' videos: expected at least 1 value, got {}"),
        (
            CAMERA + "[[recording]]\nname = 'r'\nvideos = 'a.mp4'",
            "videos: expected names and values in { }, got 'a.mp4'",
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_was_expected(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "experiment.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidExperiment) as raised:
        Experiment.open(tmp_path)
    assert [line for line in raised.value.problems if line.startswith("experiment.toml: ") and problem in line]


def test_the_mark_that_windows_editors_write_first_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_bytes('name = "Fische im Föhn"\n'.encode("utf-8-sig"))
    assert Experiment.open(tmp_path).name == "Fische im Föhn"


def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_bytes('# ours\nname = "Föhn"\n'.encode("latin-1"))
    with pytest.raises(InvalidExperiment, match=r"experiment\.toml: line 2: expected a text in UTF-8"):
        Experiment.open(tmp_path)


def test_a_file_instead_of_a_folder_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "experiment.toml"
    file.write_text('name = "x"\n', encoding="utf-8")
    with pytest.raises(SkeinError, match="is a file: expected the folder of an experiment"):
        Experiment.open(file)
