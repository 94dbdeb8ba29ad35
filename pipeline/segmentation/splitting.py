"""Telling from its outline whether a spot is one animal or two that touch."""

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_NECK = 0.7  # the neck between two animals is narrower than this share of the thinner one's width
_ALIKE = 0.5  # touching animals differ in width by less than this factor
_LARGER = 1.35  # two touching animals fill at least this many typical areas
_SMALLEST = 0.4  # a part smaller than this share of the typical area is no animal


def split(mask: Mask, typical_area: float) -> list[Mask]:
    """Cut a spot into animals where its shape is clearly that of several.

    Widths are taken from the distance transform. A spot is cut where the ridge between two thick parts narrows to a
    neck, when the parts are of comparable width and each is as large as an animal. Animals that overlap without a neck
    stay one spot: outlines cannot tell them apart, time can.

    Parameters
    ----------
    mask
        (h, w) the spot.
    typical_area
        Area of a single animal, px²; 0 where it is not known, then nothing is cut.

    Returns
    -------
    Masks of the parts, of the same shape; they are disjoint and fill the spot.
    """
    if typical_area <= 0 or mask.sum() < _LARGER * typical_area:
        return [mask]
    padded = np.pad(mask.astype(np.uint8), 1)
    width = np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
    seeds = _seeds(width)
    if len(seeds) < 2:
        return [mask]
    # Each pixel goes to the seed it is nearest to, counted from the seed's edge.
    nearest = np.argmin([_distance_to(seed) for seed in seeds], axis=0)
    parts = [(nearest == part)[1:-1, 1:-1] & mask for part in range(len(seeds))]
    return parts if min(part.sum() for part in parts) >= _SMALLEST * typical_area else [mask]


def _seeds(width: NDArray[np.float32]) -> list[Mask]:
    """The thick parts that remain at the level that separates most of them."""
    thickest = float(width.max())
    best: list[Mask] = []
    for level in np.linspace(0.2, 0.85, 14) * thickest:
        count, labels = cv2.connectedComponents((width > level).astype(np.uint8))
        found = [labels == label for label in range(1, count)]
        peaks = [float(width[seed].max()) for seed in found]
        # `level` bounds the neck's half-width from above.
        kept = [
            seed for seed, peak in zip(found, peaks, strict=True) if peak >= _ALIKE * thickest and level <= _NECK * peak
        ]
        if len(kept) > len(best):
            best = kept
    return best


def _distance_to(seed: Mask) -> NDArray[np.float32]:
    outside = np.asarray(cv2.distanceTransform((~seed).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    return outside.astype(np.float32)
