"""Closed-form scenes: discs and ellipses on a textured ground, whose masks are known to the pixel."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np

SIZE = (160, 120)
_FINE = 8  # parts of a pixel along each axis


def drawn(ellipses: Sequence[tuple[float, ...]], size: tuple[int, int] = SIZE) -> np.ndarray:
    """(H, W) share of each pixel that the ellipses (x, y, long, short half axis, angle in rad) cover."""
    cover = np.zeros((size[1], size[0]))
    for x, y, long, short, angle in ellipses:
        left, top = max(0, int(x - long) - 1), max(0, int(y - long) - 1)
        right, bottom = min(size[0], int(x + long) + 3), min(size[1], int(y + long) + 3)
        rows, columns = np.indices(((bottom - top) * _FINE, (right - left) * _FINE))
        u, v = left + (columns + 0.5) / _FINE - 0.5 - x, top + (rows + 0.5) / _FINE - 0.5 - y
        along, across = u * np.cos(angle) + v * np.sin(angle), -u * np.sin(angle) + v * np.cos(angle)
        inside = ((along / long) ** 2 + (across / short) ** 2 <= 1).astype(float)
        part = inside.reshape(bottom - top, _FINE, right - left, _FINE).mean(axis=(1, 3))
        cover[top:bottom, left:right] = np.maximum(cover[top:bottom, left:right], part)
    return cover


@cache
def ground(size: tuple[int, int] = SIZE, level: float = 140) -> np.ndarray:
    """A still, textured ground."""
    noise = np.random.default_rng(5).normal(0, 8, (size[1] // 8 + 2, size[0] // 8 + 2)).astype(np.float32)
    return level + cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)


def scene(
    ellipses: Sequence[tuple[float, ...]],
    contrast: float = -70,
    seed: int = 0,
    light: float = 1,
    size: tuple[int, int] = SIZE,
) -> np.ndarray:
    """(H, W) uint8 picture of ellipses that differ from the ground by `contrast`, with sensor noise."""
    image = (ground(size) + contrast * drawn(ellipses, size)) * light
    return np.clip(image + np.random.default_rng(seed).normal(0, 1.5, image.shape), 0, 255).round().astype(np.uint8)


def write_video(path: Path, count: int, image: Callable[[int], np.ndarray], fps: int = 25) -> Path:
    """Encode grey pictures almost without loss."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "4", "preset": "ultrafast", "g": "30"})
        for number in range(count):
            picture = image(number)
            if number == 0:
                stream.width, stream.height, stream.pix_fmt = picture.shape[1], picture.shape[0], "yuv420p"
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
