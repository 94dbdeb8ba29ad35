"""What of a camera's image stays the same, learned from frames sampled over the recording.

The median over time is the background where each place is free more than half of the time. Two things that it gets
wrong are mended here: a place where an animal rested longer than that (seen from the edge that the animal's outline
leaves in the median, and that the less frequent of the two states does not have), and an animal that never moves at all
(:func:`without_still_animals`; time says nothing about it, only its looks do).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.video.images import Image

_CONTESTED = 0.2  # share of the samples in which a place must differ for its background to be questioned
_DARKEST = 12  # grey level below which a pixel says nothing about the light
_GRID = 8  # px between the pixels that measure the light


@dataclass(frozen=True, eq=False)
class Background:
    """The unchanging image of a camera.

    Parameters
    ----------
    image
        (H, W) grey levels at the recording's typical light.
    noise
        (H, W) standard deviation of a pixel around it, grey levels (never below that of the whole image).
    """

    image: Image
    noise: NDArray[np.float32]


def gain(image: Image, background: Image) -> float:
    """How much brighter an image is than the background: the median ratio of pixels on a grid.

    The median makes it independent of the animals as long as they fill less than half of the image.
    """
    seen, known = image[::_GRID, ::_GRID], background[::_GRID, ::_GRID]
    usable = (known > _DARKEST) & (known < 250) & (seen < 255)
    if usable.sum() < 50:
        return 1.0
    return float(np.median(seen[usable] / known[usable].astype(np.float32)))


def in_light_of(image: Image, factor: float) -> Image:
    """The image, brighter by a factor; unchanged where that would be less than half a grey level."""
    if abs(factor - 1) * 255 < 0.5:
        return image
    return np.asarray(cv2.convertScaleAbs(image, alpha=factor), np.uint8)


def ranked(stack: list[Image], rank: int) -> Image:
    """(H, W) the value of that rank at each pixel; bit by bit, which needs no memory beyond the stack."""
    found = np.zeros_like(stack[0])
    for bit in (128, 64, 32, 16, 8, 4, 2, 1):
        candidate = found + np.uint8(bit)
        below = np.zeros(found.shape, np.uint8)
        for image in stack:
            below += image < candidate
        found = np.where(below <= rank, candidate, found)
    return found


def estimated(stack: list[Image]) -> tuple[Background, list[Image]]:
    """The background of frames sampled over time, and the samples brought to its light.

    Parameters
    ----------
    stack
        At least 3 and at most 255 grey images of one size.
    """
    middle = (len(stack) - 1) // 2
    first = ranked(stack, middle)
    stack = [in_light_of(image, 1 / gain(image, first)) for image in stack]
    image = ranked(stack, middle)
    deviations = [np.asarray(cv2.absdiff(sample, image), np.uint8) for sample in stack]
    # The noise is measured around the median, before animals are taken out of it: around what they leave behind the
    # median deviation would be that of the animal.
    spread = 1.4826 * cv2.blur(ranked(deviations, middle).astype(np.float32), (9, 9))
    noise = np.maximum(spread, _overall(deviations, spread)).astype(np.float32)
    return Background(_freed(image, stack, deviations), noise), stack


def _overall(deviations: list[Image], spread: NDArray[np.float32]) -> float:
    """Standard deviation of a typical pixel; finer than grey levels, which the median of whole numbers is not."""
    limit = 4 * max(1.0, float(np.median(spread)))
    thin = np.stack([deviation[::4, ::4] for deviation in deviations]).astype(np.float32)
    return max(0.5, float(np.sqrt(np.mean(np.square(thin[thin <= limit])))))


def _freed(image: Image, stack: list[Image], deviations: list[Image]) -> Image:
    """Replace resting animals in the median by what was there when they were gone."""
    limit = max(12.0, 6 * float(np.median(np.stack([deviation[::4, ::4] for deviation in deviations]))))
    differs = [deviation > limit for deviation in deviations]
    share: NDArray[np.float32] = np.asarray(np.mean(differs, axis=0, dtype=np.float32), np.float32)
    often = np.asarray(share >= _CONTESTED, np.uint8)
    contested = cv2.morphologyEx(often, cv2.MORPH_OPEN, disc(1))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(contested)
    if count == 1:
        return image
    total = np.zeros(image.shape, np.float32)
    for sample, different in zip(stack, differs, strict=True):
        total += np.where(different, sample, 0)
    other = total / np.maximum(share * len(stack), 1)
    freed = image.copy()
    for label in range(1, count):
        left, top, width, height, _ = boxes[label]
        window = np.s_[max(0, top - 4) : top + height + 4, max(0, left - 4) : left + width + 4]
        # One pixel more: the outline's blurred edge differs by less than the limit.
        region = cv2.dilate((labels[window] == label).astype(np.uint8), disc(1)) > 0
        known = region & (share[window] >= _CONTESTED / 2)  # a few noisy samples say nothing
        changed = np.where(known, other[window], image[window]).astype(np.float32)
        if _edge(changed, region) < 0.6 * _edge(image[window].astype(np.float32), region):
            freed[window] = np.clip(np.round(changed), 0, 255).astype(np.uint8)
    return freed


def _edge(image: NDArray[np.float32], region: NDArray[np.bool_]) -> float:
    """Mean gradient of an image along the outline of a region."""
    solid = region.astype(np.uint8)
    band = (cv2.dilate(solid, disc(1)) - cv2.erode(solid, disc(2))) > 0
    gradient = cv2.morphologyEx(image, cv2.MORPH_GRADIENT, disc(1))
    return float(gradient[band].mean())


def without_still_animals(
    background: Background, wanted: int, polarity: str, contrast: float, limits: tuple[float, float], roi: Image | None
) -> tuple[Background, int]:
    """Erase from the background the objects that look most like animals that never move.

    They are compact things that stand out from their surroundings (a median over a large window) about as much as the
    animals that do move, lie wholly inside the image and the region of interest, and have an animal's area.

    Parameters
    ----------
    wanted
        Number of objects to erase at most, the most prominent (contrast summed over the area) first.
    polarity
        ``dark``, ``light`` or ``both``: how animals differ from what surrounds them.
    contrast
        Typical difference of an animal from the background, grey levels; 0 where nothing is known.
    limits
        Smallest and largest area, px².
    roi
        (H, W) 255 inside the region of interest, or None.

    Returns
    -------
    The background, and the number of objects erased.
    """
    image = background.image
    window = min(255, (min(image.shape) // 5) | 1)
    around = np.asarray(cv2.medianBlur(image, window), np.uint8)
    weakest = max(8 * float(np.median(background.noise)), 0.5 * contrast, 15)
    stands_out = difference(image, around, polarity)
    solid = np.asarray(cv2.morphologyEx((stands_out > weakest).astype(np.uint8), cv2.MORPH_CLOSE, disc(3)), np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(solid)
    outside = np.ones(image.shape, np.uint8) if roi is None else (roi == 0).astype(np.uint8)
    if roi is None:
        outside[1:-1, 1:-1] = 0
    cut = set(np.unique(labels[cv2.dilate(outside, disc(1)) > 0]).tolist())
    prominence = np.bincount(labels.ravel(), weights=stands_out.ravel(), minlength=count)
    fits = [
        label for label in range(1, count)
        if label not in cut and limits[0] <= boxes[label][cv2.CC_STAT_AREA] <= limits[1]
        and boxes[label][cv2.CC_STAT_AREA] >= 0.05 * np.prod(boxes[label][2:4])
    ]  # fmt: skip
    chosen = sorted(fits, key=lambda label: -prominence[label])[:wanted]
    erased = cv2.dilate(np.isin(labels, chosen).astype(np.uint8), disc(3)) > 0
    return Background(np.where(erased, around, image), background.noise), len(chosen)


def difference(image: Image, background: Image, polarity: str) -> Image:
    """How much darker or lighter than the background each pixel is, 0 where it is the other way round."""
    if polarity == "dark":
        return np.asarray(cv2.subtract(background, image), np.uint8)
    if polarity == "light":
        return np.asarray(cv2.subtract(image, background), np.uint8)
    return np.asarray(cv2.absdiff(image, background), np.uint8)


def disc(radius: int) -> Image:
    """A round structuring element."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
