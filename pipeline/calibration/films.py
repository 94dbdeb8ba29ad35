"""The calibration films: a video of the board per camera, or a folder of pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.calibration.sources import PICTURES, calibration_files
from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.types import CameraEntry
from pipeline.video import VideoReader

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class Film:
    """Where a camera saw the board.

    A *moment* is a point in time common to all cameras: frame ``moment + offset`` of this film shows it. Of pictures,
    the n-th of each camera (names sorted, numbers in them by value) is taken for the same moment.

    Parameters
    ----------
    files
        One video, or pictures in their order.
    size
        Width and height, px.
    count
        Number of frames or pictures.
    """

    camera: str
    files: tuple[Path, ...]
    size: tuple[int, int]
    count: int
    offset: int

    @property
    def is_video(self) -> bool:
        return self.files[0].suffix.lower() not in PICTURES

    def label(self, moment: int) -> str:
        """What people call it: ``frame 12``, or the picture's name."""
        index = moment + self.offset
        return f"frame {index}" if self.is_video else self.files[index].name

    def moments(self, step: int = 1) -> range:
        """Moments that this film shows, every `step`-th of those common to all cameras."""
        first = -(-max(0, -self.offset) // step) * step  # moments before 0 are seen by no other camera
        return range(first, max(first, self.count - self.offset), step)

    def images(self, moments: Sequence[int]) -> Iterator[tuple[int, Grey]]:
        """Yield ``(moment, grey image)``; what cannot be read, or has another size, is left out."""
        if self.is_video:
            with VideoReader(self.files[0]) as reader:
                for moment in moments:
                    # One frame at a time: a decoder that is at the right place goes on, else it seeks.
                    for _, image in reader.frames(moment + self.offset, moment + self.offset + 1, fmt="gray"):
                        yield moment, image
            return
        for moment in moments:
            picture = read_picture(self.files[moment + self.offset])
            if picture is not None and picture.shape == (self.size[1], self.size[0]):
                yield moment, picture


def open_film(experiment: Experiment, camera: CameraEntry) -> Film | None:
    """The film of a camera, or None where it has none.

    Raises
    ------
    SkeinError
        If it is missing or cannot be read.
    """
    files = calibration_files(experiment, camera)
    if not files:
        return None
    if files[0].suffix.lower() not in PICTURES:
        with VideoReader(files[0]) as reader:
            return Film(camera.name, files, reader.size, len(reader), camera.calibration_offset)
    for file in files:
        image = read_picture(file)
        if image is not None:
            size = (image.shape[1], image.shape[0])
            return Film(camera.name, files, size, len(files), camera.calibration_offset)
    raise SkeinError(f"camera {camera.name}: none of the {len(files)} pictures of {files[0].parent.name} can be read.")


def read_picture(path: Path) -> Grey | None:
    """A picture in grey, or None where it cannot be read (OpenCV's own reader fails on some Windows paths)."""
    data = np.fromfile(path, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if len(data) else None
    return None if image is None else np.asarray(image, np.uint8)
