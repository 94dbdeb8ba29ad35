"""Detections of one camera, read part by part as plain columns."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.errors import SkeinError
from pipeline.types import DETECTIONS, checked

NUMBERS = ("x", "y", "left", "top", "width", "height", "area", "orientation", "score")


@dataclass(eq=False)
class Part:
    """Consecutive frames of one camera's detections, as columns that a tracker may change (joined pieces of an animal).

    Parameters
    ----------
    frame, detection, class_id
        (N,) sorted by frame.
    xy
        (N, 2) centroids, px.
    numbers
        The columns :data:`NUMBERS` by name, (N,) float64, px, and `length`, the diagonal of the box; `x`, `y`, `area`
        and `length` are views of the following.
    size
        (N, 2) area and length.
    masks
        (N,) compressed COCO run-length counts, or None where they were not asked for.
    """

    frame: NDArray[np.int64]
    detection: NDArray[np.int64]
    class_id: NDArray[np.int64]
    xy: NDArray[np.float64]
    size: NDArray[np.float64]
    numbers: dict[str, NDArray[np.float64]]
    masks: list[bytes] | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.numbers[name]

    def frames(self) -> Iterator[tuple[int, slice]]:
        """Each frame that has detections, and its rows."""
        starts = np.flatnonzero(np.diff(self.frame, prepend=-1)).tolist()
        frames = self.frame[starts].tolist()
        for frame, start, stop in zip(frames, starts, [*starts[1:], len(self)], strict=False):
            yield frame, slice(start, stop)


def part_of(table: pa.Table, masks: bool = False) -> Part:
    """The columns of a table of detections (:data:`pipeline.types.DETECTIONS`, `mask` optional), sorted by frame."""
    columns = {name: table[name].to_numpy() for name in table.column_names if name != "mask"}
    order = np.argsort(columns["frame"], kind="stable")
    listed = table["mask"].to_pylist() if masks else None
    xy = np.column_stack([columns["x"], columns["y"]]).astype(np.float64)[order]
    numbers = {name: columns[name][order].astype(np.float64) for name in NUMBERS}
    size = np.column_stack([np.maximum(numbers["area"], 1), np.hypot(numbers["width"], numbers["height"])])
    return Part(
        frame=columns["frame"][order].astype(np.int64),
        detection=columns["detection"][order].astype(np.int64),
        class_id=columns["class_id"][order].astype(np.int64),
        xy=xy,
        size=size,
        numbers={**numbers, "x": xy[:, 0], "y": xy[:, 1], "area": size[:, 0], "length": size[:, 1]},
        masks=[listed[row] for row in order] if listed is not None else None,
    )


@dataclass(frozen=True)
class DetectionFiles:
    """The parts of one camera's detections, in the order of their frames."""

    paths: tuple[Path, ...]

    @classmethod
    def of(cls, folder: Path) -> "DetectionFiles":
        """The files of a camera's folder.

        Raises
        ------
        SkeinError
            If there is none.
        """
        paths = sorted(folder.glob("part-*.parquet"), key=lambda path: int(path.stem.split("-")[1]))
        if not paths:
            raise SkeinError(f"No detections of camera {folder.name}: run `skein segment` first.")
        return cls(tuple(paths))

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int, masks: bool = False) -> Part:
        """One part, with masks if they are needed (they are most of a file)."""
        path = self.paths[index]
        names = [name for name in DETECTIONS.names if masks or name != "mask"]
        with _readable(path):
            table = pq.read_table(path, columns=names)
        schema = pa.schema([DETECTIONS.field(name) for name in names])
        return part_of(checked(table, schema, path.name), masks)

    def image_size(self) -> bytes:
        """The first part's ``image_size``, empty where it is not said."""
        with _readable(self.paths[0]):
            return (pq.read_schema(self.paths[0]).metadata or {}).get(b"image_size", b"")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise SkeinError(f"{path.name} cannot be read ({error}): run `skein segment` again.") from error
