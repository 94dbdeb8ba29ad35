"""What of each camera's video a recording uses, and when each frame was taken."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.video import Timeline
from tests.video.numbered import write_numbered

FAST = {"preset": "ultrafast", "g": "50"}


def experiment(root: Path, recording: str, cameras: int = 2) -> Experiment:
    entries = "".join(f'[[camera]]\nname = "cam_{number}"\n' for number in range(1, cameras + 1))
    text = f'name = "test"\n{entries}[[recording]]\nname = "trial"\n{recording}'
    (root / "experiment.toml").write_text(text)
    return Experiment.open(root)


def test_time_comes_from_the_recorded_rate(tmp_path: Path) -> None:
    """A laboratory's cameras record 20 frames/s and save 25: 10 recorded seconds are frame 200, not 250."""
    for camera in ("a", "b"):
        write_numbered(tmp_path / f"{camera}.mp4", 300, fps=25, options=FAST)
    timeline = Timeline.of(
        experiment(
            tmp_path, 'recorded_fps = 20\nstart_at_s = 10\nvideos = { cam_1 = "a.mp4", cam_2 = "b.mp4" }\n'
            "offsets = { cam_2 = 3 }\n"
        ), "trial",
    )  # fmt: skip
    assert timeline.n_frames == 300 - 200 - 3
    assert timeline.fps == 20
    np.testing.assert_array_equal(timeline.video_frames("cam_1"), np.arange(200, 297))
    np.testing.assert_array_equal(timeline.video_frames("cam_2"), np.arange(203, 300))
    np.testing.assert_allclose(timeline.time_s([0, 20, 96]), [0, 1, 4.8])
    assert timeline.warnings == tuple(
        f"cam_{number}: the file says 25 frames/s, the recording was made at 20; times use 20" for number in (1, 2)
    )
    assert "the first 200 frames (10 recorded seconds) are skipped" in timeline.notes


def test_a_longer_video_is_cut_and_said(tmp_path: Path) -> None:
    write_numbered(tmp_path / "a.mp4", 100, options=FAST)
    write_numbered(tmp_path / "b.mp4", 141, options=FAST)
    timeline = Timeline.of(experiment(tmp_path, 'videos = { cam_1 = "a.mp4", cam_2 = "b.mp4" }'), "trial")
    assert timeline.n_frames == 100
    assert "cam_2 is 41 frames longer: its last 41 frames are not used" in timeline.notes
    assert timeline.warnings == ()


def test_stride_and_duration_count_recorded_time(tmp_path: Path) -> None:
    write_numbered(tmp_path / "a.mp4", 101, fps=25, options=FAST)
    every = Timeline.of(experiment(tmp_path, 'stride = 10\nvideos = { cam_1 = "a.mp4" }', 1), "trial")
    np.testing.assert_array_equal(every.video_frames("cam_1"), np.arange(0, 101, 10))
    assert every.fps == 2.5
    np.testing.assert_allclose(every.times, np.arange(11) * 0.4)
    two_seconds = Timeline.of(experiment(tmp_path, 'duration_s = 2.0\nvideos = { cam_1 = "a.mp4" }', 1), "trial")
    assert two_seconds.n_frames == 50
    more = Timeline.of(experiment(tmp_path, 'duration_s = 9.0\nvideos = { cam_1 = "a.mp4" }', 1), "trial")
    assert more.n_frames == 101
    assert "duration_s asks for 225 frames, the videos have 101" in more.notes


def test_a_camera_that_starts_late_or_is_missing_has_no_frame(tmp_path: Path) -> None:
    write_numbered(tmp_path / "a.mp4", 60, options=FAST)
    write_numbered(tmp_path / "b.mp4", 60, options=FAST)
    timeline = Timeline.of(
        experiment(tmp_path, 'videos = { cam_1 = "a.mp4", cam_2 = "b.mp4" }\noffsets = { cam_2 = -5 }', 3), "trial"
    )
    assert timeline.n_frames == 60
    np.testing.assert_array_equal(timeline.video_frames("cam_2"), [-1] * 5 + list(range(55)))
    np.testing.assert_array_equal(timeline.video_frames("cam_3"), [-1] * 60)
    assert "cam_3 has no video in this recording" in timeline.warnings
    assert any(note.startswith("cam_2 starts 5 frames later") for note in timeline.notes)


def test_a_cut_off_video_does_not_shorten_the_others(tmp_path: Path) -> None:
    write_numbered(tmp_path / "a.mp4", 200, options=FAST)
    whole = write_numbered(tmp_path / "w.mp4", 200, options=FAST, container_options={"movflags": "faststart"})
    data = whole.read_bytes()
    (tmp_path / "b.mp4").write_bytes(data[: int(len(data) * 0.6)])
    timeline = Timeline.of(experiment(tmp_path, 'videos = { cam_1 = "a.mp4", cam_2 = "b.mp4" }'), "trial")
    assert timeline.n_frames == 200
    second = timeline.video_frames("cam_2")
    readable = int((second >= 0).sum())
    assert 20 < readable < 160
    np.testing.assert_array_equal(second, [*range(readable), *[-1] * (200 - readable)])
    assert any("cut off" in warning for warning in timeline.warnings)


def test_without_a_recorded_rate_a_variable_video_keeps_its_own_times(tmp_path: Path) -> None:
    ticks = np.cumsum(np.random.default_rng(3).integers(20, 80, 90))
    write_numbered(tmp_path / "a.mp4", 90, ticks=ticks.tolist(), options=FAST)
    timeline = Timeline.of(experiment(tmp_path, 'videos = { cam_1 = "a.mp4" }\nstart_at_s = 1.0', 1), "trial")
    first = int(np.argmin(np.abs(ticks - ticks[0] - 1000)))
    assert timeline.video_frames("cam_1")[0] == first
    np.testing.assert_allclose(timeline.times, (ticks[first:] - ticks[first]) / 1000, atol=1e-3)


def test_timestamps_join_frames_by_time(tmp_path: Path) -> None:
    """cam_2 began 1 s later and dropped every tenth frame: its frames still meet those of cam_1."""
    write_numbered(tmp_path / "a.mp4", 100, options=FAST)
    write_numbered(tmp_path / "b.mp4", 60, options=FAST)
    times_a = 5 + np.arange(100) / 20
    kept = np.array([number for number in range(100) if number % 10 != 9])[:60]
    times_b = 6.003 + kept / 20
    rows = ["camera,frame,time_s"]
    rows += [f"cam_1,{frame},{time:.4f}" for frame, time in enumerate(times_a)]
    rows += [f"cam_2,{frame},{time:.4f}" for frame, time in enumerate(times_b)]
    (tmp_path / "times.csv").write_text("\n".join(rows))
    timeline = Timeline.of(
        experiment(tmp_path, 'timestamps = "times.csv"\nvideos = { cam_1 = "a.mp4", cam_2 = "b.mp4" }'), "trial"
    )
    assert timeline.fps == pytest.approx(20)
    first = timeline.video_frames("cam_1")
    np.testing.assert_array_equal(first, np.arange(20, 20 + len(first)))
    second = timeline.video_frames("cam_2")
    there = second >= 0
    np.testing.assert_array_equal(kept[second[there]], np.flatnonzero(there))
    np.testing.assert_array_equal(np.flatnonzero(~there) % 10, 9)
    np.testing.assert_allclose(timeline.times, np.arange(len(first)) / 20, atol=1e-9)


@pytest.mark.parametrize(
    ("recording", "message"),
    [
        ('videos = { cam_1 = "none.mp4" }', "Recording trial, cam_1: There is no video"),
        ('videos = { cam_1 = "notes.mp4" }', "cannot be opened as a video"),
        ('videos = { cam_1 = "a.mp4" }\nstart_at_s = 60', "no frame is left. cam_1 has 30 frames"),
        ('videos = { cam_1 = "a.mp4" }\ntimestamps = "times.csv"', "missing time_s"),
        ('videos = { cam_1 = "a.mp4" }\ntimestamps = "other.csv"', "no row for a frame of cam_1"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, recording: str, message: str) -> None:
    write_numbered(tmp_path / "a.mp4", 30, options=FAST)
    (tmp_path / "notes.mp4").write_text("not a video")
    (tmp_path / "times.csv").write_text("camera,frame\ncam_1,0\n")
    (tmp_path / "other.csv").write_text("camera,frame,time_s\ncam_2,0,0.5\n")
    with pytest.raises(SkeinError, match=message.replace("(", r"\(")):
        Timeline.of(experiment(tmp_path, recording, 1), "trial")


def test_a_frame_outside_the_recording_has_no_time(tmp_path: Path) -> None:
    write_numbered(tmp_path / "a.mp4", 30, options=FAST)
    timeline = Timeline.of(experiment(tmp_path, 'videos = { cam_1 = "a.mp4" }', 1), "trial")
    with pytest.raises(SkeinError, match="frames 0 to 29"):
        timeline.time_s([3, 30])
