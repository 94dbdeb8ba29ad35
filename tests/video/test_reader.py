"""Every frame of every kind of video carries its number; the right one must come, in any order."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipeline.errors import SkeinError
from pipeline.video import VideoReader, video_index
from pipeline.video import index as index_module
from pipeline.video.reader import spans
from tests.video.numbered import number_in, picture, write_numbered

COUNT = 120
OPEN_GOP = "open-gop=1:keyint=20:min-keyint=20:bframes=3:b-adapt=0:scenecut=0"
VARIABLE = np.cumsum(np.random.default_rng(0).integers(15, 90, COUNT)).tolist()
KINDS: dict[str, dict[str, Any]] = {
    "plain.mp4": {"options": {"g": "25", "bf": "0"}},
    "b_frames.mp4": {"options": {"g": "25", "bf": "3"}},
    "one_keyframe.mp4": {"options": {"g": "250", "bf": "3"}},
    "open_gop.mp4": {"options": {"x264-params": OPEN_GOP}},
    "open_gop.mkv": {"options": {"x264-params": OPEN_GOP}},
    "open_gop.ts": {"options": {"x264-params": OPEN_GOP}},
    "hevc.mp4": {"codec": "libx265", "options": {"x265-params": "log-level=none:keyint=20:bframes=3:open-gop=1"}},
    "variable.mp4": {"ticks": VARIABLE, "options": {"g": "25", "bf": "2"}},
    "variable.mkv": {"ticks": VARIABLE, "options": {"g": "25", "bf": "2"}},
    "mpeg4_b_frames.avi": {"codec": "mpeg4", "options": {"g": "12", "bf": "2", "qscale": "2"}},
    "mjpeg.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"g": "20", "deadline": "realtime", "cpu-used": "8"}},
    "grey.mkv": {"codec": "ffv1", "pix_fmt": "gray"},
}


@pytest.mark.parametrize("name", KINDS)
def test_each_frame_is_the_one_asked_for(tmp_path: Path, name: str) -> None:
    path = write_numbered(tmp_path / name, COUNT, **KINDS[name])
    with VideoReader(path) as reader:
        assert len(reader) == COUNT
        assert reader.size == (128, 64)
        assert [(index, number_in(image)) for index, image in reader.frames(fmt="gray")] == [
            (i, i) for i in range(COUNT)
        ]
        for index in np.random.default_rng(1).permutation(COUNT):
            assert number_in(reader.read(int(index))) == index
        assert [number_in(image) for _, image in reader.frames(3, 100, 7)] == list(range(3, 100, 7))
        assert reader.problems == []


@pytest.mark.parametrize("name", ["variable.mp4", "variable.mkv"])
def test_times_of_a_variable_rate_are_the_files_own(tmp_path: Path, name: str) -> None:
    path = write_numbered(tmp_path / name, COUNT, **KINDS[name])
    with VideoReader(path) as reader:
        np.testing.assert_allclose(reader.times, (np.array(VARIABLE) - VARIABLE[0]) / 1000, atol=1.1e-3)
        assert reader.index.variable_rate


def test_a_constant_rate_is_exact(tmp_path: Path) -> None:
    with VideoReader(write_numbered(tmp_path / "a.mkv", 60, fps=30, options={"bf": "2"})) as reader:
        assert reader.container_fps == 30
        assert not reader.index.variable_rate


def test_frames_hidden_by_an_edit_list_are_not_counted(tmp_path: Path) -> None:
    """A cut without encoding keeps the packets since the keyframe and hides those before the cut."""
    source = write_numbered(tmp_path / "source.mp4", 100, options={"g": "25", "bf": "0"})
    cut = tmp_path / "cut.mp4"
    with av.open(str(source)) as read, av.open(str(cut), "w") as write:
        stream = read.streams.video[0]
        copy = write.add_stream_from_template(stream)
        for packet in read.demux(stream):
            number = None if packet.pts is None else round(packet.pts * float(stream.time_base) * 25)
            if number is None or number < 25:
                continue
            shift = round(35 / 25 / stream.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, copy
            write.mux(packet)
    with VideoReader(cut) as reader:
        numbers = [number_in(image) for _, image in reader.frames(fmt="gray")]
        assert numbers == list(range(35, 100))
        assert [number_in(reader.read(index)) for index in (64, 0, 30)] == [99, 35, 65]


def noisy(number: int) -> np.ndarray:
    """A picture that does not compress well, so that damage hits several frames."""
    noise = np.random.default_rng(number).normal(0, 12, (64, 128))
    return np.clip(picture(number) + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def long_video(tmp_path: Path) -> Path:
    return write_numbered(
        tmp_path / "long.mp4", 400, image=noisy, options={"g": "50", "bf": "3", "crf": "18", "preset": "veryfast"},
        container_options={"movflags": "faststart"},
    )  # fmt: skip


def test_a_cut_off_file_gives_what_is_there_and_says_the_rest(long_video: Path) -> None:
    data = long_video.read_bytes()
    cut = long_video.with_name("cut.mp4")
    cut.write_bytes(data[: int(len(data) * 0.55)])
    with VideoReader(cut) as reader:
        numbers = [number_in(image) for _, image in reader.frames(fmt="gray")]
        assert numbers == list(range(len(reader)))
        assert 180 < len(reader) < 240
        assert reader.index.claimed == 400
        lost = 400 - len(reader)
        assert reader.problems == [
            f"the file is cut off: its header claims 400 frames, the last {lost} of them are lost"
        ]
        with pytest.raises(SkeinError, match="there is no frame 399"):
            reader.read(399)


def test_a_damaged_middle_loses_only_itself(long_video: Path) -> None:
    data = bytearray(long_video.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 15_000] = np.random.default_rng(2).integers(0, 256, 15_000, dtype=np.uint8).tobytes()
    damaged = long_video.with_name("damaged.mp4")
    damaged.write_bytes(data)
    with VideoReader(damaged) as reader:
        assert len(reader) == 400
        seen = {index: number_in(image) for index, image in reader.frames(fmt="gray")}
        assert len(seen) + len(reader.lost) == 400
        assert 0 < len(reader.lost) + len(reader.damaged) < 80
        wrong = {index for index, number in seen.items() if index != number}
        assert wrong <= reader.damaged
        assert any("cannot be decoded" in problem or "damaged" in problem for problem in reader.problems)
        assert number_in(reader.read(399)) == 399


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "There is no video"), (b"", "cannot be opened"), (b"plain text, not a video", "cannot be opened")],
)
def test_what_is_no_video_is_said(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SkeinError, match=message):
        VideoReader(path)


def test_the_index_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_numbered(tmp_path / "a.mp4", 30)
    first = video_index(path)

    def refuse(path: Path) -> None:
        raise AssertionError("demuxed again")

    monkeypatch.setattr(index_module, "demuxed", refuse)
    index_module._remembered.cache_clear()
    again = video_index(path)
    np.testing.assert_array_equal(again.ticks, first.ticks)
    np.testing.assert_array_equal(again.keyframes, first.keyframes)
    assert (again.size, again.time_base, again.container_fps) == (first.size, first.time_base, first.container_fps)


@pytest.mark.parametrize(("pix_fmt", "codec"), [("yuv420p", "libx264"), ("yuvj420p", "mjpeg"), ("yuv444p", "libx264")])
def test_levels_are_full_range(tmp_path: Path, pix_fmt: str, codec: str) -> None:
    """Black is 0 and white 255 in grey and in colour, whatever range the file uses."""
    ramp = np.tile(np.repeat([0, 64, 128, 192, 255], [26, 26, 26, 25, 25]).astype(np.uint8), (64, 1))
    path = write_numbered(tmp_path / "a.mkv", 3, codec=codec, pix_fmt=pix_fmt, image=lambda number: ramp)
    with VideoReader(path) as reader:
        grey, colour = reader.read(1, "gray"), reader.read(1)
    for image in (grey, colour.mean(axis=2)):
        np.testing.assert_allclose(image[32, [8, 38, 64, 90, 120]], [0, 64, 128, 192, 255], atol=3)


def test_spans_are_short() -> None:
    assert spans({3, 7, 8, 9, 12}) == "3, 7-9, 12"
    assert spans(list(range(0, 60, 2))).endswith(" …")
