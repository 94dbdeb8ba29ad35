"""decord gives the frames that the default reader gives, where it is installed."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import SkeinError
from pipeline.video import VideoReader
from pipeline.video.decord_reader import DecordReader
from tests.video.numbered import number_in, write_numbered

try:
    import decord
except ImportError:
    decord = None

needs_decord = pytest.mark.skipif(decord is None, reason="decord is not installed (extra `decord`)")


@needs_decord
def test_both_readers_give_the_same_frames(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "a.mp4", 80, options={"g": "25", "bf": "2"})
    with VideoReader(path) as ours, DecordReader(path) as theirs:
        assert (len(ours), ours.size, ours.container_fps) == (len(theirs), theirs.size, theirs.container_fps)
        np.testing.assert_array_equal(ours.times, theirs.times)
        for index in np.random.default_rng(0).permutation(80)[:25]:
            for fmt in ("bgr24", "gray"):
                one, other = ours.read(int(index), fmt), theirs.read(int(index), fmt)
                assert one.shape == other.shape
                assert number_in(one) == number_in(other) == index
                np.testing.assert_allclose(one.astype(int), other.astype(int), atol=6)
        assert [number_in(image) for _, image in theirs.frames(5, 60, 9, "gray")] == list(range(5, 60, 9))
        with pytest.raises(SkeinError, match="there is no frame 80"):
            theirs.read(80)


@pytest.mark.skipif(decord is not None, reason="decord is installed")
def test_without_decord_the_reader_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(SkeinError, match=r"pip install 'skein\[decord\]'"):
        DecordReader(write_numbered(tmp_path / "a.mp4", 10))
