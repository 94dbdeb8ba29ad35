"""What a segmenter finds in one image."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.errors import SkeinError
from pipeline.types.tables import DETECTIONS


@dataclass(frozen=True, eq=False)
class Detections:
    """N instances in one camera's image, as parallel arrays.

    Parameters
    ----------
    xy
        (N, 2) centroids, px of the recorded image.
    boxes
        (N, 4) left, top, width, height, px.
    area
        (N,) number of mask pixels.
    orientation
        (N,) major axis, rad in (-π/2, π/2]; NaN for a round mask.
    score
        (N,) confidence, 0 to 1.
    class_id
        (N,) index into the experiment's classes.
    masks
        N compressed COCO run-length counts over the whole image.
    """

    xy: NDArray[np.float32]
    boxes: NDArray[np.float32]
    area: NDArray[np.float32]
    orientation: NDArray[np.float32]
    score: NDArray[np.float32]
    class_id: NDArray[np.int16]
    masks: tuple[bytes, ...]

    def __post_init__(self) -> None:
        n = len(self.masks)
        expected = {
            "xy": (n, 2), "boxes": (n, 4), "area": (n,), "orientation": (n,), "score": (n,), "class_id": (n,)
        }  # fmt: skip
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise SkeinError(
                    f"Detections: expected {name} of shape {shape} for {n} masks, got {getattr(self, name).shape}."
                )

    def __len__(self) -> int:
        return len(self.masks)

    @classmethod
    def empty(cls) -> "Detections":
        """No instance."""
        none = np.empty(0, np.float32)
        return cls(none.reshape(0, 2), none.reshape(0, 4), none, none, none, np.empty(0, np.int16), ())


def detections_table(frames: list[int], found: list[Detections]) -> pa.Table:
    """One row per detection, in the order of the frames.

    Parameters
    ----------
    frames
        Recording frame of each element of `found`.
    """
    counts = [len(detections) for detections in found]

    def joined(name: str, width: int = 0) -> NDArray:
        shape = (0, width) if width else (0,)
        parts = [getattr(detections, name) for detections in found]
        return np.concatenate(parts) if parts else np.empty(shape, np.float32)

    xy, boxes = joined("xy", 2), joined("boxes", 4)
    columns = {
        "frame": np.repeat(np.asarray(frames, np.int32), counts),
        "detection": np.concatenate([np.arange(count, dtype=np.int32) for count in [0, *counts]]),
        "x": xy[:, 0], "y": xy[:, 1],
        "left": boxes[:, 0], "top": boxes[:, 1], "width": boxes[:, 2], "height": boxes[:, 3],
        "area": joined("area"), "orientation": joined("orientation"), "score": joined("score"),
        "class_id": joined("class_id").astype(np.int16),
        "mask": pa.array([mask for detections in found for mask in detections.masks], pa.binary()),
    }  # fmt: skip
    return pa.table(columns, schema=DETECTIONS)
