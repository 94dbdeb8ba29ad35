"""Writing H.264 that browsers play and whose frames can be named again."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from pipeline.errors import SkeinError
from pipeline.files import replacing

TICKS = 90_000  # per second: divides all usual frame rates


class Writer:
    """Takes frames with their presentation times, in rising order."""

    def __init__(self, container: Any, stream: Any) -> None:
        self._container, self._stream = container, stream

    def write(self, frame: av.VideoFrame, tick: int) -> None:
        """Encode a frame (of the writer's size and format, see :func:`fitted`) to be shown at `tick` / 90,000 s."""
        frame.pts, frame.time_base = tick, Fraction(1, TICKS)
        frame.pict_type = av.video.frame.PictureType.NONE  # the encoder, not the source, chooses the keyframes
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        self._container.mux(self._stream.encode(None))


@contextmanager
def h264(
    path: Path, size: tuple[int, int], fps: float, *, quality: int = 23, preset: str = "veryfast"
) -> Iterator[Writer]:
    """An mp4 file that appears under its name when the block succeeds.

    yuv420p, a keyframe every 15 frames, no B-frames, index at the front, presentation times as given: a browser can
    begin to play at once, and a seek decodes at most 15 frames.

    Parameters
    ----------
    size
        Width and height, px; both even.
    fps
        Nominal frames per second, a hint for players.
    quality
        x264's constant rate factor.

    Raises
    ------
    SkeinError
        If the file cannot be written.
    """
    options = {"crf": str(quality), "preset": preset, "g": "15", "keyint_min": "15", "sc_threshold": "0", "bf": "0"}
    try:
        with replacing(path) as temporary, av.open(str(temporary), "w", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options=options)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.codec_context.time_base = Fraction(1, TICKS)
            stream.thread_count = 2
            writer = Writer(container, stream)
            yield writer
            writer.finish()
    except av.FFmpegError as error:
        raise SkeinError(f"{path.name} could not be encoded: {error.strerror or error}.") from error


def fitted(frame: av.VideoFrame, size: tuple[int, int]) -> av.VideoFrame:
    """The frame at another size, as limited-range yuv420p (which is what players assume)."""
    return frame.reformat(*size, format="yuv420p", dst_color_range="MPEG")


def even_size(size: tuple[int, int], widest: int | None = None) -> tuple[int, int]:
    """A size that 4:2:0 video can have: even, and not wider than `widest`, the aspect kept."""
    factor = min(1.0, widest / size[0]) if widest else 1.0
    width, height = (max(2, 2 * round(length * factor / 2)) for length in size)
    return width, height
