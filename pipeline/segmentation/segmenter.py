"""What every segmentation backend offers, from a background model to a trained network.

A backend has two halves. `prepare` looks at a camera's video once and returns a *model*: arrays that are kept beside
the detections and given to every worker (for a network: where its weights lie). `open` makes a :class:`Segmenter` from
a model, once per chunk of frames. A segmenter may keep state, but only within its chunk: a chunk's result depends on
the model, the chunk's frames and the `warm_up` frames before it, on nothing else, so that a retried chunk is the same
chunk.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SkeinError
from pipeline.jobs.declaration import resolve
from pipeline.types import Detections
from pipeline.video.images import Format, Image

Model = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class View:
    """One camera of a recording, as a backend sees it.

    Parameters
    ----------
    camera
        Name of the camera.
    video
        Its video.
    frames
        (n,) video frames from which a model may be made (those of the recording, or of a part of it), in order.
    size
        Width and height of the image, px.
    roi
        (R, 2) polygon to which the search is confined, px; None for the whole image.
    animals
        Number of animals that this camera must see, or None where that is not known.
    """

    camera: str
    video: Path
    frames: NDArray[np.int64]
    size: tuple[int, int]
    roi: NDArray[np.float64] | None = None
    animals: int | None = None


class Segmenter(Protocol):
    """Finds the animals in the consecutive frames of one chunk of one camera."""

    warm_up: int
    """Number of frames before the chunk that `warm` is given; near the video's beginning the chunk's own first ones."""
    batch: int
    """Number of frames that `segment` is given at a time; the last batch of a chunk may be shorter."""

    def warm(self, image: Image) -> None:
        """See one of the frames before the chunk; nothing is detected in it."""
        ...

    def segment(self, images: Sequence[Image]) -> list[Detections]:
        """What is in each of the next images."""
        ...


@dataclass(frozen=True)
class Backend:
    """A way to segment.

    Parameters
    ----------
    format
        The images it wants: grey ones cost no colour conversion.
    prepare
        ``prepare(view, parameters)`` → model.
    open
        ``open(model, parameters, view)`` → :class:`Segmenter`.
    """

    format: Format
    prepare: Callable[[View, Any], Model]
    open: Callable[[Model, Any, View], Segmenter]


# Named, not imported: a backend may need a library that takes seconds to load.
BACKENDS = {
    "median": "pipeline.segmentation.backends:MEDIAN",
    "mog2": "pipeline.segmentation.backends:MOG2",
}


def backend(name: str) -> Backend:
    """The backend of that name, or an error that lists the names there are."""
    if name not in BACKENDS:
        raise SkeinError(f"No segmentation backend named {name!r}; there are {', '.join(BACKENDS)}.")
    return resolve(BACKENDS[name])
