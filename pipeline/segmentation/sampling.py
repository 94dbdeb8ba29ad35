"""Frames spread over a recording, read cheaply."""

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SkeinError
from pipeline.segmentation.segmenter import View
from pipeline.video import VideoIndex, VideoReader
from pipeline.video.images import Image


def sampled(view: View, count: int) -> list[Image]:
    """Up to `count` grey images, evenly spread over the view's frames.

    Raises
    ------
    SkeinError
        If fewer than 3 frames can be read, or the video's size is not the view's.
    """
    with VideoReader(view.video) as reader:
        if reader.size != view.size:
            raise SkeinError(f"{view.camera}: expected images of {view.size}, {view.video.name} has {reader.size}.")
        frames = spread(view.frames, reader.index, count).tolist()
        images = [image for _, image in reader.some(frames, fmt="gray")]
    if len(images) < 3:
        raise SkeinError(f"{view.camera}: expected at least 3 frames to learn the background from, got {len(images)}.")
    return images


def spread(frames: NDArray[np.int64], index: VideoIndex, count: int) -> NDArray[np.int64]:
    """Evenly spread frames; each gives way to a keyframe that is nearer than half the way to the next one.

    A keyframe is decoded alone, any other frame with all since its keyframe: of a video with a keyframe every 250
    frames, this reads 40 frames instead of 5,000.
    """
    if len(frames) <= count:
        return frames
    even = frames[np.linspace(0, len(frames) - 1, count).round().astype(int)]
    keys = np.searchsorted(index.ticks, index.keyframes[:, 0])
    keys = keys[(keys >= frames[0]) & (keys <= frames[-1])]
    if len(keys) == 0:
        return even
    nearest = keys[np.abs(keys[None, :] - even[:, None]).argmin(axis=1)]
    half = (frames[-1] - frames[0]) / (2 * (count - 1))
    return np.unique(np.where(np.abs(nearest - even) <= half, nearest, even))
