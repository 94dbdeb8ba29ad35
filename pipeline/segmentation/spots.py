"""From a picture of changed pixels to detections."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.segmentation.background import disc
from pipeline.segmentation.masks import encode
from pipeline.segmentation.splitting import split
from pipeline.types import Detections
from pipeline.video.images import Image

_TILE = 8  # px; changed pixels are looked for in a picture that is this many times smaller
_EVEN = 3.0  # thresholds: what is stronger counts the same for the centroid
_ROUND = 0.05  # relative difference of the axes' variances below which a mask has no direction
_LIMB, _NEAR = 8.0, 0.3  # a limb: this much smaller than its body, and nearer than this share of the body's √area

Spot = tuple[NDArray[np.bool_], int, int]
"""A mask that is cut out of the image, and the left and top of the cut-out."""


@dataclass(frozen=True)
class Rules:
    """What counts as an animal.

    Parameters
    ----------
    min_area, max_area
        Limits of the area, px².
    opening, closing
        Radii, px: what is nowhere thicker is erased, smaller gaps are closed.
    typical_area
        Area of a single animal, px²; 0 where unknown.
    split
        Whether touching animals are separated.
    threshold
        Difference from the background at which a pixel counts as changed, grey levels.
    """

    min_area: float
    max_area: float
    opening: int
    closing: int
    typical_area: float
    split: bool
    threshold: float


def found(changed: Image, contrast: Image, rules: Rules) -> Detections:
    """The animals among the changed pixels.

    The centroid is weighted with the contrast, limited to three times the threshold: pixels at the outline count by
    how far the animal covers them, the inside counts evenly. The score grows with the mean contrast c as
    ``1 - exp(-(c - threshold) / threshold)``.

    Parameters
    ----------
    changed
        (H, W) 255 where a pixel differs from the background.
    contrast
        (H, W) by how much, grey levels.
    """
    size = (changed.shape[1], changed.shape[0])
    rows: list[tuple[float, ...]] = []
    masks: list[bytes] = []
    for mask, left, top in with_limbs(list(connected(changed, rules))):
        for part in split(mask, rules.typical_area) if rules.split else [mask]:
            area = int(np.count_nonzero(part))
            if not rules.min_area <= area <= rules.max_area:
                continue
            part, x, y = _trimmed(part, left, top)
            window = np.s_[y : y + part.shape[0], x : x + part.shape[1]]
            rows.append((*_measured(part, contrast[window], x, y, rules.threshold), area))
            masks.append(encode(part, x, y, size))
    if not masks:
        return Detections.empty()
    table = np.array(rows, np.float32)
    return Detections(
        xy=table[:, 0:2], boxes=table[:, 2:6], area=table[:, 8], orientation=table[:, 6], score=table[:, 7],
        class_id=np.zeros(len(masks), np.int16), masks=tuple(masks),
    )  # fmt: skip


def connected(changed: Image, rules: Rules) -> Iterator[Spot]:
    """Connected spots of at least the smallest area: mask, left, top. Only tiles with changed pixels are looked at."""
    height, width = changed.shape
    coarse = (-(-width // _TILE), -(-height // _TILE))
    padded = changed
    if width % _TILE or height % _TILE:
        padded = np.pad(changed, ((0, coarse[1] * _TILE - height), (0, coarse[0] * _TILE - width)))
    amount = cv2.resize(padded, coarse, interpolation=cv2.INTER_AREA)
    reach = -(-(rules.closing + 1) // _TILE)
    grown = cv2.dilate((amount > 0).astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(grown)
    pixels = np.bincount(labels.ravel(), weights=amount.ravel(), minlength=count) * (_TILE * _TILE / 255)
    for label in np.flatnonzero(pixels >= 0.5 * rules.min_area):
        if label == 0:
            continue
        column, row, columns, lines, _ = boxes[label]
        tiles = (labels[row : row + lines, column : column + columns] == label).astype(np.uint8) * 255
        left, top = column * _TILE, row * _TILE
        window = changed[top : top + lines * _TILE, left : left + columns * _TILE]
        belongs = cv2.resize(tiles, (columns * _TILE, lines * _TILE), interpolation=cv2.INTER_NEAREST)
        solid = _smoothed(window & belongs[: window.shape[0], : window.shape[1]], rules)
        parts, numbered, stats, _ = cv2.connectedComponentsWithStats(solid)
        for part in range(1, parts):
            x, y, w, h, area = stats[part]
            if area >= rules.min_area:
                yield numbered[y : y + h, x : x + w] == part, int(left + x), int(top + y)


def _smoothed(window: Image, rules: Rules) -> Image:
    """Gaps closed, and what is nowhere as thick as the opening erased; legs and tails of what is thicker stay."""
    # Beyond the window nothing has changed; a margin keeps the closing from sticking to its edges.
    margin = rules.closing + 1
    framed = np.zeros((window.shape[0] + 2 * margin, window.shape[1] + 2 * margin), np.uint8)
    framed[margin:-margin, margin:-margin] = window
    solid = framed
    if rules.closing:
        solid = np.asarray(cv2.morphologyEx(solid, cv2.MORPH_CLOSE, disc(rules.closing)), np.uint8)
    if rules.opening:
        thick = np.asarray(cv2.morphologyEx(framed, cv2.MORPH_OPEN, disc(rules.opening)))
        count, labels = cv2.connectedComponents(solid)
        stays = np.zeros(count, np.uint8)
        stays[labels[thick > 0]] = 255
        solid = stays[labels]
    return np.ascontiguousarray(solid[margin:-margin, margin:-margin])


def with_limbs(spots: list[Spot]) -> list[Spot]:
    """Join to a large spot the small ones close to it: a leg, a tail, a part behind a pale band.

    A spot is small beside one of eight times its area, and close where the gap is under 0.3 of the larger one's √area.
    """
    if len(spots) < 2:
        return spots
    areas = np.array([np.count_nonzero(mask) for mask, _, _ in spots])
    order = np.argsort(-areas, kind="stable")
    kept: list[Spot] = []
    bodies: list[float] = []  # areas as they were, so that a body does not grow by what it takes in
    for position in order:
        mask, left, top = spots[position]
        owner = next(
            (
                number for number, (body, area) in enumerate(zip(kept, bodies, strict=True))
                if area >= _LIMB * areas[position] and _gap(body, (mask, left, top), _NEAR * area**0.5)
            ),
            None,
        )  # fmt: skip
        if owner is None:
            kept.append((mask, left, top))
            bodies.append(float(areas[position]))
        else:
            kept[owner] = _joined(kept[owner], (mask, left, top))
    return kept


def _gap(one: Spot, other: Spot, reach: float) -> bool:
    """Whether two spots are nearer to each other than `reach`."""
    (a, left_a, top_a), (b, left_b, top_b) = one, other
    across = max(left_a, left_b) - min(left_a + a.shape[1], left_b + b.shape[1])
    down = max(top_a, top_b) - min(top_a + a.shape[0], top_b + b.shape[0])
    if max(across, down) > reach:
        return False
    away = cv2.distanceTransform((~np.pad(a, int(reach) + 1)).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    rows, columns = np.nonzero(b)
    rows, columns = rows + top_b - top_a + int(reach) + 1, columns + left_b - left_a + int(reach) + 1
    there = (rows >= 0) & (columns >= 0) & (rows < away.shape[0]) & (columns < away.shape[1])
    return bool((np.asarray(away)[rows[there], columns[there]] <= reach).any())


def _joined(one: Spot, other: Spot) -> Spot:
    (a, left_a, top_a), (b, left_b, top_b) = one, other
    left, top = min(left_a, left_b), min(top_a, top_b)
    right = max(left_a + a.shape[1], left_b + b.shape[1])
    bottom = max(top_a + a.shape[0], top_b + b.shape[0])
    whole = np.zeros((bottom - top, right - left), np.bool_)
    for mask, x, y in (one, other):
        whole[y - top : y - top + mask.shape[0], x - left : x - left + mask.shape[1]] |= mask
    return whole, left, top


def _trimmed(mask: NDArray[np.bool_], left: int, top: int) -> tuple[NDArray[np.bool_], int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    inner = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return inner, left + int(columns[0]), top + int(rows[0])


def _measured(mask: NDArray[np.bool_], contrast: Image, left: int, top: int, threshold: float) -> tuple[float, ...]:
    """x, y, left, top, width, height, orientation, score."""
    weight = np.minimum(contrast, np.float32(_EVEN * threshold)) * mask
    moments = cv2.moments(weight)
    solid = cv2.moments(mask.astype(np.uint8), binaryImage=True)
    if moments["m00"] <= 0:  # closed gaps only
        moments = solid
    angle = np.nan
    across, along = solid["mu20"] - solid["mu02"], solid["mu20"] + solid["mu02"]
    if np.hypot(across, 2 * solid["mu11"]) > _ROUND * along:
        angle = 0.5 * np.arctan2(2 * solid["mu11"], across)
        angle = np.pi / 2 if angle <= -np.pi / 2 else angle
    mean = float(contrast[mask].mean())
    score = 1 - np.exp(-max(mean - threshold, 0) / threshold)
    x, y = left + moments["m10"] / moments["m00"], top + moments["m01"] / moments["m00"]
    return x, y, left, top, mask.shape[1], mask.shape[0], angle, score
