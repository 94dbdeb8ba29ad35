"""What the background backends learn of a camera before they segment it: background, noise, and the animals' look."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.segmentation.background import Background, difference, estimated, without_still_animals
from pipeline.segmentation.job import Segment
from pipeline.segmentation.sampling import sampled
from pipeline.segmentation.segmenter import Model, View
from pipeline.segmentation.spots import Rules, connected
from pipeline.video.images import Image

_NOISE = 5.0  # a changed pixel differs by this many standard deviations
_SHARE = 0.3  # … and by this share of the animals' contrast, which keeps blurred outlines and faint shadows out
_FAINTEST = 6.0  # grey levels: compression leaves artefacts below it whatever the noise
_LOOKS = 20  # samples in which animals are looked at: their typical size needs fewer than the background
_LARGEST = 20.0  # typical areas: what is larger is a hand or a shadow
_SPECK = 12  # px²: the smallest spot taken for an animal while nothing is known about their size
_STILL_SIZES = (0.2, 100.0)  # an animal that never moves has between these many typical areas


Spots = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Areas, px², and mean contrasts, grey levels, of the spots of one sample."""


@dataclass(frozen=True)
class Look:
    """How the animals of the samples look.

    Parameters
    ----------
    polarity
        ``dark``, ``light`` or ``both``.
    contrast
        Typical difference from the background, grey levels; 0 if none was found.
    area
        Typical area, px²; 0 if none was found.
    count
        How many are seen at once in a sample (75th percentile: animals that touch count as one).
    """

    polarity: str
    contrast: float
    area: float
    count: int


def learned(view: View, parameters: Segment) -> Model:
    """The model of one camera (see :func:`scene`)."""
    return scene(sampled(view, parameters.samples), view, parameters)


def scene(samples: list[Image], view: View, parameters: Segment) -> Model:
    """Background, thresholds and rules from sampled images.

    Returns
    -------
    ``background`` (H, W) grey levels; ``darker``, ``lighter`` (H, W) by how much a pixel must be darker or lighter to
    count (255 = never: the other polarity, outside the region of interest); ``contrast``, ``typical_area``,
    ``min_area``, ``max_area``, ``threshold`` numbers; ``still`` number of animals that never move.
    """
    background, samples = estimated(samples)
    roi = None if view.roi is None else inside(view.roi, view.size)
    look = _look(samples, background, parameters, roi)
    smallest = look.area
    wanted, still = _wanted_still(view, parameters, look), 0
    if wanted > 0:
        low, high = (
            (share * look.area for share in _STILL_SIZES) if look.area else (30.0, 0.05 * float(np.prod(view.size)))
        )
        limits = (max(low, parameters.min_area or _SPECK), min(high, parameters.max_area or np.inf))
        background, still = without_still_animals(background, wanted, look.polarity, look.contrast, limits, roi)
        if still:
            look = _look(samples, background, parameters, roi)
            smallest = min(smallest, look.area) or look.area  # sexes may differ tenfold
    threshold = parameters.threshold or max(
        _FAINTEST, _NOISE * float(np.median(background.noise)), _SHARE * look.contrast
    )
    darker, lighter = thresholds(background, look.polarity, threshold, parameters, roi)
    numbers = {
        "threshold": threshold,
        "contrast": look.contrast,
        "typical_area": look.area,
        "min_area": parameters.min_area or max(_SPECK, 0.1 * smallest),
        "max_area": parameters.max_area or _LARGEST * look.area or float(np.prod(view.size)),
        "still": still,
    }
    images = {"background": background.image, "darker": darker, "lighter": lighter}
    return images | {name: np.array(number) for name, number in numbers.items()}


def thresholds(
    background: Background, polarity: str, level: float, parameters: Segment, roi: Image | None
) -> tuple[Image, Image]:
    """(H, W) by how much a pixel must be darker, and lighter, to count; 255 where it never does."""
    noisy = np.full_like(background.noise, level)
    if parameters.threshold is None:
        noisy = np.maximum(noisy, _NOISE * background.noise)
    darker = np.maximum(noisy, parameters.shadow * background.image)

    def whole(limit: NDArray[np.float32], counts: bool) -> Image:
        levels = np.clip(limit, 1, 254) if counts else np.full_like(limit, 255)
        return (levels if roi is None else np.where(roi > 0, levels, 255)).astype(np.uint8)

    return whole(darker, polarity != "light"), whole(noisy, polarity != "dark")


def changed(image: Image, background: Image, darker: Image, lighter: Image) -> tuple[Image, Image]:
    """(H, W) 255 where the image differs from the background by more than the thresholds; (H, W) the difference."""
    if (lighter == 255).all():
        contrast = difference(image, background, "dark")
        return np.asarray(cv2.compare(contrast, darker, cv2.CMP_GT), np.uint8), contrast
    if (darker == 255).all():
        contrast = difference(image, background, "light")
        return np.asarray(cv2.compare(contrast, lighter, cv2.CMP_GT), np.uint8), contrast
    dark, light = (difference(image, background, polarity) for polarity in ("dark", "light"))
    mask = cv2.bitwise_or(cv2.compare(dark, darker, cv2.CMP_GT), cv2.compare(light, lighter, cv2.CMP_GT))
    return np.asarray(mask, np.uint8), np.asarray(cv2.max(dark, light), np.uint8)


def rules(model: Model, parameters: Segment) -> Rules:
    """What counts as an animal, from what was learned and what was asked."""
    return Rules(
        min_area=float(model["min_area"]),
        max_area=parameters.max_area or float(model["max_area"]),
        opening=parameters.opening,
        closing=parameters.closing,
        typical_area=float(model["typical_area"]),
        split=parameters.split_touching,
        threshold=float(model["threshold"]),
    )


def inside(polygon: NDArray[np.float64], size: tuple[int, int]) -> Image:
    """(H, W) 255 inside a polygon."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(mask, [np.round(polygon * 256).astype(np.int32)], (255,), shift=8)
    return mask


def _wanted_still(view: View, parameters: Segment, look: Look) -> int:
    """How many animals to look for in the background."""
    if parameters.still_animals == "no":
        return 0
    if view.animals is None:
        return 255 if parameters.still_animals == "yes" else 0
    return max(0, view.animals - look.count)


def _look(samples: list[Image], background: Background, parameters: Segment, roi: Image | None) -> Look:
    plain = Rules(
        min_area=parameters.min_area or _SPECK,
        max_area=parameters.max_area or np.inf,
        opening=max(1, parameters.opening),
        closing=parameters.closing,
        typical_area=0,
        split=False,
        threshold=_FAINTEST,
    )
    some = samples[:: max(1, len(samples) // _LOOKS)]
    level = parameters.threshold or max(_FAINTEST, _NOISE * float(np.median(background.noise)))

    def spots(polarity: str) -> list[Spots]:
        limits = thresholds(background, polarity, level, parameters, roi)
        return [_spots(sample, background.image, limits, plain) for sample in some]

    polarity: str = parameters.polarity
    if polarity == "auto":
        sides = {name: spots(name) for name in ("dark", "light")}
        masses = [np.array([(area * contrast).sum() for area, contrast in side]) for side in sides.values()]
        polarity = _polarity(*masses)
        chosen = sides[polarity] if polarity in sides else spots(polarity)
    else:
        chosen = spots(polarity)
    # Medians over the samples, so that one in which a lamp flashed or a hand appeared does not count; within a sample
    # weighted by area, so that specks do not.
    chosen = [(area, contrast) for area, contrast in chosen if len(area)]
    if not chosen:
        return Look(polarity, 0.0, 0.0, 0)
    typical = float(np.median([_weighted_median(area, area) for area, _ in chosen]))
    contrast = float(np.median([_weighted_median(contrast, area) for area, contrast in chosen]))
    areas = np.concatenate([area for area, _ in chosen])
    alike = areas[(areas >= 0.2 * typical) & (areas <= 5 * typical)]
    counts = [np.count_nonzero(area >= 0.2 * typical) for area, _ in chosen]
    return Look(polarity, contrast, float(np.median(alike)), int(np.percentile(counts, 75, method="lower")))


def _polarity(dark: NDArray[np.float64], light: NDArray[np.float64]) -> str:
    """Which way the samples differ from the background, most of the time."""
    seen = dark + light > 0
    if not seen.any():
        return "both"
    share = float(np.median(dark[seen] / (dark + light)[seen]))
    return "dark" if share >= 0.8 else "light" if share <= 0.2 else "both"


def _weighted_median(values: NDArray[np.float32], weights: NDArray[np.float32]) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)])


def _spots(image: Image, background: Image, limits: tuple[Image, Image], plain: Rules) -> Spots:
    """Areas and mean contrasts of the spots in one sample."""
    mask, contrast = changed(image, background, *limits)
    areas, contrasts = [], []
    for spot, left, top in connected(mask, plain):
        areas.append(np.count_nonzero(spot))
        contrasts.append(contrast[top : top + spot.shape[0], left : left + spot.shape[1]][spot].mean())
    return np.array(areas, np.float32), np.array(contrasts, np.float32)
