"""What is kept in memory, and how warnings are told."""

import time
from pathlib import Path

import pytest

from dashboard.media import Media, Recent, grouped
from pipeline.api import Experiment, SkeinError
from tests.dashboard.conftest import FRAMES


def test_the_oldest_is_dropped_and_closed() -> None:
    dropped: list[str] = []
    recent = Recent[str](2, dropped.append)
    for value in "abc":
        recent.put(value, value)
        recent.get("a")
    assert dropped == ["b"]
    assert recent.get("a") == "a"
    recent.put("a", "A")
    assert dropped == ["b", "a"]
    assert recent.take("a") == "A"
    assert recent.get("a") is None


def test_what_holds_for_several_cameras_is_said_once() -> None:
    told = ("cam_1: 25 frames/s", "cam_2: 25 frames/s", "cam_3: cut off", "the frame rate varies")
    assert grouped(told) == ("cam_1, cam_2: 25 frames/s", "cam_3: cut off", "the frame rate varies")


def test_a_recording_is_described_with_what_is_used_and_what_is_doubtful(pond: Path) -> None:
    experiment = Experiment.open(pond)
    described = Media().described(experiment, "trial_1")
    assert described.timeline is not None
    assert described.timeline.n_frames == FRAMES
    assert any("file says 25" in warning and "cam_1, cam_2" in warning for warning in described.warnings)
    assert any("cam_2 is 3 frames longer" in note for note in described.notes)


def test_missing_videos_are_a_sentence(pond: Path) -> None:
    experiment, media = Experiment.open(pond), Media()
    assert "nowhere.mp4" in media.described(experiment, "trial_2").warnings[0]
    with pytest.raises(SkeinError, match=r"nowhere\.mp4"):
        media.timeline(experiment, "trial_2")


def test_a_page_does_not_wait_for_videos(pond: Path) -> None:
    experiment, media = Experiment.open(pond), Media()
    assert media.peek(experiment, "trial_1") is None
    until = time.monotonic() + 60
    while media.version == 0 and time.monotonic() < until:
        time.sleep(0.01)
    found = media.peek(experiment, "trial_1")
    assert found is not None
    assert found.timeline is not None


def test_a_video_that_appears_is_noticed(pond: Path) -> None:
    experiment, media = Experiment.open(pond), Media()
    assert media.described(experiment, "trial_2").timeline is None
    (pond / "nowhere.mp4").write_bytes((pond / "cam_1.mp4").read_bytes())
    assert media.described(experiment, "trial_2").timeline is not None
