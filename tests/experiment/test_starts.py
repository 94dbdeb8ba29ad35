"""Start-time lists: minutes and seconds as recorded."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.api import Experiment, InvalidExperiment, SkeinError
from pipeline.experiment import import_starts
from pipeline.experiment.starts import read_starts, seconds

TOML = """\
name = "x"
[[camera]]
name = "a"
[[recording]]
name = "trial_1"
recorded_fps = 20.0  # saved as 25
videos = { a = "videos/300_2020_19_10_09_00/Cam_0.mp4" }
[[recording]]
name = "trial_2"
videos = { a = "videos/second.MP4" }
[[recording]]
name = "trial_3"
videos = { a = "videos/third.mp4" }
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "experiment.toml").write_text(TOML)
    return tmp_path


def listed(root: Path, text: str) -> Path:
    path = root / "starts.txt"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_tolerant_reading(tmp_path: Path) -> None:
    text = """Recording  start
    # by Anna, in spring
    trial_1   03:25
    trial_2 ; group 7 ; 0:07.5
    trial_3, entered late, 1:02:03   # twice checked

    trial_4\t12:00
    trial_5 | 00:01,5
    """
    assert read_starts(listed(tmp_path, text)) == {
        "trial_1": 205.0, "trial_2": 7.5, "trial_3": 3723.0, "trial_4": 720.0, "trial_5": 1.5,
    }  # fmt: skip


def test_all_unreadable_lines_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        read_starts(listed(tmp_path, "trial_1 3.25\ntrial_2 03:75\ntrial_3 1:00\ntrial_3 2:00\n"))
    assert caught.value.problems == [
        "starts.txt: line 1: expected `name … mm:ss`, got 'trial_1 3.25'",
        "starts.txt: line 2: expected `name … mm:ss`, got 'trial_2 03:75'",
        "starts.txt: line 4: trial_3 has two different times",
    ]


def test_recordings_are_found_by_name_video_or_folder(root: Path) -> None:
    path = listed(root, "TRIAL_3 00:10\n300_2020_19_10_09_00 03:25\nsecond.mp4 1:00\nother_lab 5:00\n")
    imported = import_starts(root, path)
    assert imported.starts == {"trial_1": 205.0, "trial_2": 60.0, "trial_3": 10.0}
    assert imported.notes == ("other_lab is not a recording of this experiment.",)
    experiment = Experiment.open(root)
    assert [recording.start_at_s for recording in experiment.configuration.recording] == [205.0, 60.0, 10.0]
    assert "# saved as 25" in (root / "experiment.toml").read_text()


def test_what_the_list_leaves_out_is_said(root: Path) -> None:
    assert import_starts(root, listed(root, "trial_2 1:00")).notes == (
        "trial_1 is not in the list.",
        "trial_3 is not in the list.",
    )


def test_a_list_for_another_experiment_and_ambiguous_names_are_refused(root: Path) -> None:
    with pytest.raises(SkeinError, match=r"names no recording of x; there are trial_1, trial_2, trial_3"):
        import_starts(root, listed(root, "trial_9 1:00"))
    with pytest.raises(InvalidExperiment, match="videos fits several recordings: trial_2, trial_3"):
        import_starts(root, listed(root, "videos 1:00"))
    with pytest.raises(SkeinError, match="cannot be read"):
        import_starts(root, root / "nowhere.txt")


@given(st.integers(0, 200), st.integers(0, 59), st.integers(0, 59))
def test_written_times_read_back(hours: int, minutes: int, rest: int) -> None:
    assert seconds(f"{hours}:{minutes:02}:{rest:02}") == hours * 3600 + minutes * 60 + rest
    assert seconds(f"{minutes}:{rest:02}") == minutes * 60 + rest
    assert seconds(str(rest)) == rest


def test_a_video_in_place_of_a_list_is_told_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\x00\x00 ftyp 01:30\n\xff 1\n" * 50)
    with pytest.raises(SkeinError, match=r"^a\.mp4 is not a UTF-8 text: expected lines like `name … mm:ss`\.$"):
        read_starts(tmp_path / "a.mp4")
