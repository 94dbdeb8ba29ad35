"""Where the middle of a body is, from its outline: the centre of volume instead of the centre of area.

The centre of an outline's area lies off the centre of the body, towards its thin end, and differently in every view. Of
a body with roughly round cross-sections the outline's width at a place along the axis is the diameter there, and the
volume goes with its square: pixels weighted by the width around them give the projection of the centre of volume, the
same point of the body in all views.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_BLOCK = 2000
_SAME_PX = 0.25
"""A track's place that is further than this from the detection's centroid is not that mask's (the tracker cut it)."""


def read_shifts(folder: Path, first: int, stop: int) -> pa.Table | None:
    """How far the centre of volume lies from the centroid, for the detections of some frames of one camera.

    Returns
    -------
    Columns frame, detection, centroid_x, centroid_y, shift_x, shift_y (px); None where there are no detections.
    """
    tables = []
    for path in sorted(folder.glob("part-*.parquet")):
        begin, end = (int(part) for part in path.stem.split("-")[1:3])
        if begin >= stop or end <= first:
            continue
        table = pq.read_table(path, columns=["frame", "detection", "x", "y", "mask"])
        said = (pq.read_schema(path).metadata or {}).get(b"image_size")
        if said is None or not len(table):
            continue
        centroid = np.stack([table["x"].to_numpy(), table["y"].to_numpy()], axis=1).astype(float)
        shift = volume_centres(table["mask"].to_pylist(), int(said.decode().split(",")[1])) - centroid
        columns = {
            "frame": table["frame"], "detection": table["detection"], "centroid_x": centroid[:, 0],
            "centroid_y": centroid[:, 1], "shift_x": shift[:, 0], "shift_y": shift[:, 1],
        }  # fmt: skip
        tables.append(pa.table(columns))
    return pa.concat_tables(tables) if tables else None


def centred(frame: Integers, detection: Integers, pixel: Floats, shifts: pa.Table) -> Floats:
    """(N, 2) places of tracked detections, moved to the centre of volume where the mask is the track's own."""
    width = int(max(detection.max(initial=0), 0)) + 2
    key = shifts["frame"].to_numpy().astype(np.int64) * width + np.minimum(shifts["detection"].to_numpy(), width - 1)
    order = np.argsort(key, kind="stable")
    wanted = frame * width + detection
    at = order[np.minimum(np.searchsorted(key, wanted, sorter=order), len(order) - 1)]
    centroid = np.stack([shifts["centroid_x"].to_numpy(), shifts["centroid_y"].to_numpy()], axis=1)[at]
    shift = np.stack([shifts["shift_x"].to_numpy(), shifts["shift_y"].to_numpy()], axis=1)[at]
    own = (key[at] == wanted) & (detection >= 0) & (np.abs(pixel - centroid).max(axis=1) <= _SAME_PX)
    own &= np.isfinite(shift).all(axis=1)
    return np.where(own[:, None], pixel + shift, pixel)


def volume_centres(masks: list[bytes], height: int) -> Floats:
    """(N, 2) centres of volume, px, of masks given as compressed COCO run lengths; NaN for an empty mask.

    Parameters
    ----------
    height
        Of the image, px: the runs go down its columns.
    """
    parts = [_centres(masks[first : first + _BLOCK], height) for first in range(0, len(masks), _BLOCK)]
    return np.concatenate(parts) if parts else np.empty((0, 2))


def _centres(masks: list[bytes], height: int) -> Floats:
    owner, start, length = mask_runs(masks)
    pixel_owner = np.repeat(owner, length)
    place = np.repeat(start - (np.cumsum(length) - length), length) + np.arange(int(length.sum()))
    point = np.stack([place // height, place % height], axis=1).astype(float)
    n = len(masks)
    area = np.bincount(pixel_owner, minlength=n)
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = _sums(pixel_owner, point, n) / area[:, None]
    away = point - middle[pixel_owner]
    xx, yy, xy = (
        np.bincount(pixel_owner, product, n) for product in (away[:, 0] ** 2, away[:, 1] ** 2, away[:, 0] * away[:, 1])
    )
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    along = away[:, 0] * np.cos(angle)[pixel_owner] + away[:, 1] * np.sin(angle)[pixel_owner]
    lowest = np.full(n, np.inf)
    np.minimum.at(lowest, pixel_owner, along)
    slot = np.floor(along - lowest[pixel_owner]).astype(int) + 1
    columns = int(slot.max(initial=0)) + 2
    profile = np.bincount(pixel_owner * columns + slot, minlength=n * columns).reshape(n, columns).astype(float)
    # Slots of one pixel across a slanted axis hold unequal numbers of pixels: smooth before weighting.
    width = 0.5 * profile
    width[:, 1:] += 0.25 * profile[:, :-1]
    width[:, :-1] += 0.25 * profile[:, 1:]
    weight = width[pixel_owner, slot]
    with np.errstate(invalid="ignore", divide="ignore"):
        return _sums(pixel_owner, point * weight[:, None], n) / np.bincount(pixel_owner, weight, n)[:, None]


def _sums(owner: Integers, values: Floats, n: int) -> Floats:
    return np.stack([np.bincount(owner, column, n) for column in values.T], axis=1)


def mask_runs(masks: list[bytes]) -> tuple[Integers, Integers, Integers]:
    """The runs of ones of many masks at once: whose, first pixel in column-major order, and length.

    COCO's compressed counts are numbers of 5 bits per byte, low first, bit 6 for "more follows", offset by 48; from
    the fourth on, each is the difference to the one two before (pycocotools, `rleFrString`).
    """
    size = np.array([len(mask) for mask in masks])
    code = np.frombuffer(b"".join(masks), np.uint8).astype(np.int64) - 48
    if not len(code):
        none = np.empty(0, np.int64)
        return none, none, none
    final = (code & 0x20) == 0
    begin = np.flatnonzero(np.concatenate([[True], final[:-1]]))
    digit = np.arange(len(code)) - np.repeat(begin, np.diff(np.append(begin, len(code))))
    value = np.add.reduceat((code & 0x1F) << (5 * digit), begin)
    last = np.flatnonzero(final)
    value -= np.where(code[last] & 0x10, np.int64(1) << (5 * (digit[last] + 1)), 0)
    owner = np.repeat(np.arange(len(masks)), size)[begin]
    index = np.arange(len(value)) - np.searchsorted(owner, owner)
    chain = np.where(index == 0, 0, 2 - index % 2)  # the first stands alone; odd ones and even ones add up
    order = np.lexsort((index, chain, owner))
    count = np.empty_like(value)
    count[order] = _grouped_cumsum(value[order], owner[order] * 3 + chain[order])
    stop = _grouped_cumsum(count, owner)
    ones = (index % 2 == 1) & (count > 0)
    return owner[ones], (stop - count)[ones], count[ones]


def _grouped_cumsum(value: Integers, group: Integers) -> Integers:
    """Cumulative sums that start again with each group; groups are contiguous."""
    total = np.cumsum(value)
    first = np.flatnonzero(np.concatenate([[True], np.diff(group) != 0]))
    before = np.concatenate([[0], total[first[1:] - 1]])
    return total - np.repeat(before, np.diff(np.append(first, len(value))))
