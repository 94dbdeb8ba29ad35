"""Videos whose frames carry their number, so that a wrong frame cannot pass for the right one."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE = (128, 64)
BITS = 16


def picture(number: int) -> np.ndarray:
    """(64, 128) grey image: 16 blocks of 16 × 32 px, white where the bit is set."""
    bits = (number >> np.arange(BITS)) & 1
    return np.kron(bits.reshape(2, 8), np.ones((32, 16))).astype(np.uint8) * 200 + 30


def number_in(image: np.ndarray) -> int:
    """The number that a picture shows."""
    grey = image if image.ndim == 2 else image.mean(axis=2)
    blocks = grey.reshape(2, 32, 8, 16)[:, 8:24, :, 4:12].mean(axis=(1, 3))
    return int(((blocks.ravel() > 130) << np.arange(BITS)).sum())


def write_numbered(
    path: Path,
    count: int,
    *,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    fps: int = 25,
    ticks: Sequence[int] | None = None,
    pix_fmt: str = "yuv420p",
    container_options: dict[str, str] | None = None,
    image: Callable[[int], np.ndarray] = picture,
) -> Path:
    """Write frames 0 … count - 1; `ticks` are presentation times in ms for a variable rate."""
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height, stream.pix_fmt = SIZE[0], SIZE[1], pix_fmt
        if ticks is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(image(number), format="gray").reformat(format=pix_fmt)
            frame.pts = number if ticks is None else ticks[number]
            frame.time_base = Fraction(1, fps) if ticks is None else Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
