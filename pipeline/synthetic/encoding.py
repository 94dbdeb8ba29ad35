"""Frames to H.264, with flicker of the light and noise of the sensor."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.files import replacing
from pipeline.synthetic.scene import CONTAINER_FPS, RECORDED_FPS

Image = NDArray[np.uint8]
_NOISE = 2.0  # standard deviation, grey levels
_SLACK = 64


class Sensor:
    """What lamps and sensor do to a camera's ideal images."""

    def __init__(self, size: tuple[int, int], rng: np.random.Generator) -> None:
        self.size = size
        self.rng = rng
        width, height = size
        noise = rng.normal(0, _NOISE, (height + _SLACK, width + _SLACK))
        self.noise = np.rint(noise).astype(np.int8)
        self.hum, self.drift = rng.uniform(0, 2 * np.pi, 2)

    def expose(self, image: Image, frame: int) -> Image:
        """BGR (h, w, 3) to yuv420p (1.5 h, w) with the brightness of that moment and fresh noise."""
        time = frame / RECORDED_FPS
        # Mains flicker aliases to a slow beat; the lamps drift; each exposure differs a little.
        gain = 1 + 0.010 * np.sin(2 * np.pi * 0.37 * time + self.hum) + 0.012 * np.sin(0.11 * time + self.drift)
        gain += 0.003 * self.rng.normal()
        planes = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)
        width, height = self.size
        left, top = self.rng.integers(0, _SLACK, 2)
        luma = cv2.convertScaleAbs(planes[:height], alpha=gain, beta=16 * (1 - gain))
        planes[:height] = cv2.add(luma, self.noise[top : top + height, left : left + width], dtype=cv2.CV_8U)
        return planes


def encode(path: Path, size: tuple[int, int], frames: Iterator[Image], fingerprint: str) -> None:
    """Write yuv420p frames to an mp4 atomically; `fingerprint` is kept in the file as its comment."""
    with replacing(path) as temporary:
        options = {"movflags": "+faststart"}
        with av.open(str(temporary), "w", options=options) as container:
            container.metadata["comment"] = fingerprint
            stream = container.add_stream("libx264", rate=CONTAINER_FPS)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.time_base = Fraction(1, CONTAINER_FPS)
            stream.codec_context.thread_count = 1
            stream.options = {"preset": "veryfast", "crf": "21", "g": str(2 * CONTAINER_FPS)}
            for number, planes in enumerate(frames):
                frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, CONTAINER_FPS)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))


def is_current(path: Path, fingerprint: str) -> bool:
    """Whether a video exists, whole, with this fingerprint."""
    if not path.is_file():
        return False
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            packets = sum(1 for packet in container.demux(stream) if packet.size)
            return container.metadata.get("comment") == fingerprint and packets == stream.frames
    except (av.FFmpegError, IndexError):
        return False
