"""From decoded frames to arrays: grey and BGR, at full range."""

from typing import Literal

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

Format = Literal["bgr24", "gray"]
Image = NDArray[np.uint8]

_LUMA_FIRST = {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"}
_EXPANDED = np.clip(np.round((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)  # ITU-R BT.601 luma


def as_image(frame: av.VideoFrame, fmt: Format) -> Image:
    """(H, W) grey or (H, W, 3) BGR image of a decoded frame; levels are 0-255 whatever range the video uses.

    Grey is the luma plane, which costs no colour conversion. 8-bit 4:2:0 video of limited range goes through OpenCV,
    which converts twice as fast as swscale; other formats go through swscale, which knows their matrix and range.
    """
    if fmt == "gray":
        return _grey(frame)
    if fmt != "bgr24":
        raise ValueError(f"expected the format 'bgr24' or 'gray', got {fmt!r}")
    bt601 = frame.colorspace not in (Colorspace.ITU709, Colorspace.SMPTE240M, Colorspace.BT2020, Colorspace.FCC)
    even = frame.width % 2 == 0 and frame.height % 2 == 0
    if frame.format.name == "yuv420p" and frame.color_range != ColorRange.JPEG and bt601 and even:
        return cv2.cvtColor(frame.to_ndarray(), cv2.COLOR_YUV2BGR_I420).astype(np.uint8, copy=False)
    return frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)


def _grey(frame: av.VideoFrame) -> Image:
    name = frame.format.name
    if name not in _LUMA_FIRST:
        return frame.to_ndarray(format="gray").astype(np.uint8, copy=False)
    plane = frame.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
    luma = rows[: frame.height, : frame.width]
    if name.startswith("yuvj") or name == "gray" or frame.color_range == ColorRange.JPEG:
        return luma.copy()  # the decoder reuses its buffer
    return cv2.LUT(np.ascontiguousarray(luma), _EXPANDED).astype(np.uint8, copy=False)
