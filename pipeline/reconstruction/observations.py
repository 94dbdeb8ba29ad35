"""The tracked detections of all cameras in a window of frames, as parallel arrays with their viewing rays."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from pipeline.geometry import rays
from pipeline.geometry.view import view
from pipeline.reconstruction.silhouettes import centred, read_shifts
from pipeline.types import CameraGroup

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_COLUMNS = ["frame", "track", "tracklet", "detection", "x", "y", "area", "state"]
_UNEVEN = 0.35
"""Change of the logarithm of a mask's area against its median around that makes a centroid doubtful: about 40 %."""


@dataclass(frozen=True, eq=False)
class Observations:
    """N detections that belong to tracklets, sorted by camera, then frame.

    Parameters
    ----------
    camera
        (N,) index into the camera group.
    frame
        (N,) frame of the recording.
    tracklet, track
        (N,) numbers as in the cameras' files.
    piece
        (N,) number of the tracklet or of a part of it, unique over all cameras, from 0.
    pixel
        (N, 2) centroid, px.
    doubt
        (N,) factor ≥ 1 on the standard deviation of the centroid: a mask whose area jumps is half hidden, or two
        animals at once.
    direction
        (N, 3) viewing ray, world.
    angle_px
        (N,) angle that one pixel subtends there, rad.
    """

    camera: Integers
    frame: Integers
    tracklet: Integers
    track: Integers
    piece: Integers
    pixel: Floats
    doubt: Floats
    direction: Floats
    angle_px: Floats

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def n_pieces(self) -> int:
        return int(self.piece.max()) + 1 if len(self) else 0


def read_window(
    paths: Mapping[str, Path],
    cameras: CameraGroup,
    first: int,
    stop: int,
    steady_frames: int,
    detections: Mapping[str, Path] | None = None,
) -> Observations:
    """Read the observed rows of the frames ``[first, stop)``; what a tracker interpolated is not evidence.

    Parameters
    ----------
    paths
        Track file of each camera of the group.
    steady_frames
        Number of frames over which the area of a mask is compared with its median.
    detections
        Folder of each camera's detections, to take the centre of volume instead of the centroid where a mask is there.
    """
    tables = []
    for number, camera in enumerate(cameras):
        table = pq.read_table(
            paths[camera.name], columns=_COLUMNS, filters=[("frame", ">=", first), ("frame", "<", stop)]
        )
        table = table.filter(pc.equal(table["state"], "observed")).drop_columns(["state"])
        shifts = read_shifts(detections[camera.name], first, stop) if detections else None
        if shifts is not None and len(table):
            table = _moved(table, shifts)
        table = table.drop_columns(["detection"])
        tables.append(table.append_column("camera", pa.array(np.full(len(table), number))))
    table = pa.concat_tables(tables)
    column = {name: table[name].to_numpy() for name in table.column_names}
    good = np.isfinite(column["x"]) & np.isfinite(column["y"])
    order = np.lexsort((column["tracklet"], column["frame"], column["camera"]))
    order = order[good[order]]
    column = {
        name: values[order].astype(np.float64 if name in "xyarea" else np.int64) for name, values in column.items()
    }
    return observed(cameras, column, steady_frames)


def _moved(table: pa.Table, shifts: pa.Table) -> pa.Table:
    frame, detection = (table[name].to_numpy().astype(np.int64) for name in ("frame", "detection"))
    pixel = np.stack([table["x"].to_numpy(), table["y"].to_numpy()], axis=1).astype(float)
    moved = centred(frame, detection, pixel, shifts).astype(np.float32)
    for axis, name in enumerate("xy"):
        table = table.set_column(table.column_names.index(name), name, pa.array(moved[:, axis]))
    return table


def observed(cameras: CameraGroup, column: Mapping[str, NDArray], steady_frames: int) -> Observations:
    """Observations from the columns `camera, frame, tracklet, track, x, y, area`, sorted by camera, then frame."""
    pixel = np.stack([column["x"], column["y"]], axis=1)
    direction, angle = np.full((len(pixel), 3), np.nan), np.full(len(pixel), np.nan)
    for number, camera in enumerate(cameras):
        rows = column["camera"] == number
        direction[rows] = rays(camera, pixel[rows])
        _, _, du, dv = view(camera, camera.centre[:, None] + direction[rows].T)  # at a distance of 1 m: px per rad
        angle[rows] = 1 / np.sqrt(sum(np.square(part) for part in (*du, *dv)) / 2)
    _, piece = np.unique(np.stack([column["camera"], column["tracklet"]]), axis=1, return_inverse=True)
    seen = np.isfinite(direction).all(axis=1) & np.isfinite(angle)
    _, piece = np.unique(piece[seen], return_inverse=True)
    return Observations(
        column["camera"][seen], column["frame"][seen], column["tracklet"][seen], column["track"][seen], piece,
        pixel[seen], _doubt(piece, column["area"][seen], steady_frames), direction[seen], angle[seen],
    )  # fmt: skip


def _doubt(piece: Integers, area: Floats, steady_frames: int) -> Floats:
    """(N,) 1 where a mask's area is near its running median, growing to 5 with the logarithm of the ratio."""
    doubt = np.ones(len(area))
    order = np.argsort(piece, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(piece[order])) + 1):
        if len(rows) > 2:
            usual = median_filter(area[rows], size=min(2 * steady_frames + 1, len(rows)), mode="nearest")
            change = np.abs(np.log(np.maximum(area[rows], 1) / np.maximum(usual, 1)))
            doubt[rows] = np.clip(1 + 3 * (change - _UNEVEN) / _UNEVEN, 1, 5)
    return doubt
