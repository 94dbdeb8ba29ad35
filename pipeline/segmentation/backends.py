"""The two backends that need no training: one fixed background, and one that adapts (MOG2)."""

from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.segmentation.background import gain, in_light_of
from pipeline.segmentation.job import Segment
from pipeline.segmentation.learning import changed, learned, rules
from pipeline.segmentation.segmenter import Backend, Model, Segmenter, View
from pipeline.segmentation.spots import found
from pipeline.types import Detections
from pipeline.video.images import Image

_BATCH = 8
_DISTANCE = 25.0  # MOG2: squared distance to the background, in variances (five standard deviations)


class MedianSegmenter:
    """Compares each frame with the median of the sampled frames, at the frame's own light.

    It has no memory: a frame's detections depend on the model and the frame only, so results do not depend on chunks.
    """

    warm_up = 0
    batch = _BATCH

    def __init__(self, model: Model, parameters: Segment) -> None:
        self._background: Image = model["background"]
        self._darker, self._lighter = model["darker"], model["lighter"]
        self._rules = rules(model, parameters)

    def warm(self, image: Image) -> None:
        pass

    def segment(self, images: Sequence[Image]) -> list[Detections]:
        return [self._segment(image) for image in images]

    def _segment(self, image: Image) -> Detections:
        image = in_light_of(image, 1 / gain(image, self._background))
        mask, contrast = changed(image, self._background, self._darker, self._lighter)
        return found(mask, contrast, self._rules)


class AdaptiveSegmenter:
    """Mixture of Gaussians per pixel (Zivkovic 2004; OpenCV's MOG2), which follows slow changes of the scene.

    It remembers `memory` frames, and is shown as many before each chunk. Results are repeatable; those of two chunk
    sizes agree as far as the mixture has forgotten what lies before its warm-up, and need not be identical.
    """

    batch = _BATCH

    def __init__(self, model: Model, parameters: Segment) -> None:
        self.warm_up = parameters.memory
        self._mixture = cv2.createBackgroundSubtractorMOG2(parameters.memory, _DISTANCE, parameters.shadow > 0)
        self._mixture.setShadowThreshold(1 - parameters.shadow)
        # OpenCV's 0.9 takes in what has rested for a tenth of the memory: an animal that needs longer to pass.
        self._mixture.setBackgroundRatio(0.5)
        self._reference: Image = model["background"]
        self._darker, self._lighter = model["darker"], model["lighter"]
        self._rules = rules(model, parameters)

    def warm(self, image: Image) -> None:
        self._mixture.apply(in_light_of(image, 1 / gain(image, self._reference)))

    def segment(self, images: Sequence[Image]) -> list[Detections]:
        return [self._segment(image) for image in images]

    def _segment(self, image: Image) -> Detections:
        image = in_light_of(image, 1 / gain(image, self._reference))
        mask = self._mixture.apply(image)
        background = self._mixture.getBackgroundImage()
        above, contrast = changed(image, np.asarray(background, np.uint8), self._darker, self._lighter)
        return found(np.where(mask == 255, above, np.uint8(0)), contrast, self._rules)


def _median(model: Model, parameters: Segment, view: View) -> Segmenter:
    return MedianSegmenter(model, parameters)


def _adaptive(model: Model, parameters: Segment, view: View) -> Segmenter:
    return AdaptiveSegmenter(model, parameters)


MEDIAN = Backend("gray", learned, _median)
MOG2 = Backend("gray", learned, _adaptive)
