"""COCO run-length masks, made from the part of the image that a mask fills."""

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

Mask = NDArray[np.bool_]


def encode(mask: Mask, left: int, top: int, size: tuple[int, int]) -> bytes:
    """Compressed COCO counts of a mask that is cut out of an image.

    Only the cut-out is looked at: for an animal in a 4 MP image this is a hundred times faster than encoding the
    whole image, and the bytes are the same.

    Parameters
    ----------
    mask
        (h, w) the cut-out.
    left, top
        Where its top-left pixel lies in the image, px.
    size
        Width and height of the image, px.
    """
    height = len(mask)
    inside = np.flatnonzero(mask.T)  # down each column, column after column, as COCO counts
    places = (left + inside // height) * size[1] + top + inside % height
    if len(places) == 0:
        counts = [size[0] * size[1]]
    else:
        gaps = np.flatnonzero(places[1:] - places[:-1] > 1)
        edges = np.zeros(2 * len(gaps) + 4, np.int64)  # 0, start, end, start, …, end, number of pixels
        edges[1], edges[3:-1:2] = places[0], places[gaps + 1]
        edges[2:-2:2], edges[-2], edges[-1] = places[gaps] + 1, places[-1] + 1, size[0] * size[1]
        counts = np.diff(edges).tolist()
        if counts[-1] == 0:
            counts.pop()
    rle = coco.frPyObjects({"counts": counts, "size": [size[1], size[0]]}, size[1], size[0])
    return bytes(rle["counts"])


def decode(counts: bytes, size: tuple[int, int]) -> Mask:
    """(H, W) mask of a whole image from compressed COCO counts."""
    return coco.decode({"counts": counts, "size": [size[1], size[0]]}).astype(bool)
