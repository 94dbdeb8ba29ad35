"""Proxies and clips are read back and every frame is checked by its number."""

from pathlib import Path

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.jobs import run_now
from pipeline.video import VideoReader
from pipeline.video.clips import Clip, write_clip
from pipeline.video.encoding import even_size
from pipeline.video.job import JOB
from tests.video.numbered import number_in, write_numbered


def experiment(root: Path, recording: str) -> Experiment:
    (root / "experiment.toml").write_text(
        f'name = "t"\n[[camera]]\nname = "cam_1"\n[[recording]]\nname = "r"\n{recording}'
    )
    return Experiment.open(root)


def test_a_proxy_shows_each_frame_at_its_recorded_time(tmp_path: Path) -> None:
    write_numbered(tmp_path / "a.mp4", 200, fps=25, options={"g": "60", "bf": "2"})
    opened = experiment(tmp_path, 'recorded_fps = 20\nstart_at_s = 2\nstride = 3\nvideos = { cam_1 = "a.mp4" }')
    run_now(JOB, opened, "r")
    folder = tmp_path / "recordings" / "r" / "proxies"
    table = pq.read_table(folder / "cam_1.parquet").to_pandas()
    with VideoReader(folder / "cam_1.mp4") as reader:
        assert len(reader) == len(table) == 54
        np.testing.assert_allclose(reader.times, table.time_s, atol=1e-4)
        np.testing.assert_allclose(table.time_s, table.frame * 3 / 20, atol=1e-4)
        for index, image in reader.frames(fmt="gray"):
            assert number_in(image) == 40 + 3 * table.frame[index]


def test_a_proxy_can_be_played_and_sought_in_a_browser(tmp_path: Path) -> None:
    write_numbered(tmp_path / "a.mp4", 100, options={"g": "60", "bf": "2"})
    run_now(JOB, experiment(tmp_path, 'videos = { cam_1 = "a.mp4" }'), "r", {"width": 160})
    proxy = tmp_path / "recordings" / "r" / "proxies" / "cam_1.mp4"
    data = proxy.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "the index must come first"
    with av.open(str(proxy)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        packets = [packet for packet in container.demux(stream) if packet.size]
    keys = [number for number, packet in enumerate(packets) if packet.is_keyframe]
    assert keys == list(range(0, 100, 15))
    assert all(packet.pts == packet.dts for packet in packets), "no B-frames"


def test_a_proxy_keeps_a_variable_rate(tmp_path: Path) -> None:
    ticks = np.cumsum(np.random.default_rng(4).integers(20, 90, 80))
    write_numbered(tmp_path / "a.mkv", 80, ticks=ticks.tolist(), options={"g": "30", "bf": "2"})
    run_now(JOB, experiment(tmp_path, 'videos = { cam_1 = "a.mkv" }'), "r")
    with VideoReader(tmp_path / "recordings" / "r" / "proxies" / "cam_1.mp4") as reader:
        np.testing.assert_allclose(reader.times, (ticks - ticks[0]) / 1000, atol=1e-3)
        assert [number_in(image) for _, image in reader.frames()] == list(range(80))


def test_clips_are_exact_and_can_be_joined(tmp_path: Path) -> None:
    first = write_numbered(tmp_path / "a.mp4", 100, options={"g": "60", "bf": "3"})
    second = write_numbered(tmp_path / "b.mp4", 100, options={"g": "60", "bf": "3"})
    table = write_clip(tmp_path / "clip.mp4", [Clip(first, 37, 52), Clip(second, 10, 40, 10), Clip(first, 99, 100)])
    expected = [*range(37, 52), 10, 20, 30, 99]
    assert table["frame"].to_pylist() == expected
    assert table["source"].to_pylist() == ["a.mp4"] * 15 + ["b.mp4"] * 3 + ["a.mp4"]
    assert pq.read_table(tmp_path / "clip.parquet").equals(table)
    with VideoReader(tmp_path / "clip.mp4") as reader:
        assert [number_in(image) for _, image in reader.frames()] == expected
        assert reader.container_fps == 25


def test_a_clip_beyond_the_end_is_refused(tmp_path: Path) -> None:
    video = write_numbered(tmp_path / "a.mp4", 30)
    with pytest.raises(SkeinError, match="frames 0 to 29; the clip asks for 20 to 34"):
        write_clip(tmp_path / "clip.mp4", Clip(video, 20, 35))
    assert not list(tmp_path.glob("*clip*")), "nothing may be left behind"


@pytest.mark.parametrize(
    ("size", "widest", "expected"),
    [((1920, 1080), 1280, (1280, 720)), ((641, 481), None, (640, 480)), ((640, 480), 1280, (640, 480))],
)
def test_sizes_are_even(size: tuple[int, int], widest: int | None, expected: tuple[int, int]) -> None:
    assert even_size(size, widest) == expected
