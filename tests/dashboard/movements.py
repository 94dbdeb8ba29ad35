"""Tables of trajectories with known content, for the tests of the pages."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.api import TRACKS, TRAJECTORIES, write_table

FPS = 20.0


def write(
    path: Path,
    positions: dict[str, NDArray[np.float64]],
    frames: dict[str, NDArray[np.int64]] | None = None,
    unit: str = "m",
    interpolated: frozenset[int] = frozenset(),
) -> Path:
    """A table of trajectories from (N, 3) positions per animal, ordered by frame; NaN z is planar."""
    rows = []
    for name, xyz in positions.items():
        for frame, (x, y, z) in zip((frames or {}).get(name, np.arange(len(xyz))), xyz, strict=True):
            bridged = int(frame) in interpolated
            rows.append(
                {
                    "frame": int(frame), "time_s": frame / FPS, "individual": name, "x": x, "y": y,
                    "z": None if np.isnan(z) else z, "sx": 0.003, "sy": 0.004, "sz": None if np.isnan(z) else 0.0,
                    "reprojection_px": None if bridged else 0.5, "n_views": 0 if bridged else 2,
                    "state": "interpolated" if bridged else "observed",
                }
            )  # fmt: skip
    rows.sort(key=lambda row: (row["frame"], row["individual"]))
    table = pa.Table.from_pylist(rows, schema=TRAJECTORIES).replace_schema_metadata({"unit": unit})
    write_table(path, table)
    return path


def uniform(frames: int, velocity: tuple[float, float, float]) -> NDArray[np.float64]:
    """Uniform motion, m/s."""
    return np.outer(np.arange(frames) / FPS, velocity)


def tracks_table(
    pieces: list[tuple[int, int, range]], interpolated: frozenset[int] = frozenset(), size: str = "64,48"
) -> pa.Table:
    """Tracks of one camera from (track, tracklet, frames); each animal moves 1 px per frame in x."""
    rows = [
        {
            "frame": frame, "track": track, "tracklet": tracklet, "detection": -1 if frame in interpolated else 0,
            "x": 5.0 + frame, "y": 10.0 + track, "left": 3.0 + frame, "top": 8.0 + track, "width": 4.0, "height": 4.0,
            "area": 12.0, "orientation": 0.0, "score": 1.0, "class_id": 0,
            "state": "interpolated" if frame in interpolated else "observed",
        }
        for track, tracklet, frames in pieces
        for frame in frames
    ]  # fmt: skip
    rows.sort(key=lambda row: (row["frame"], row["track"]))
    return pa.Table.from_pylist(rows, schema=TRACKS).replace_schema_metadata({"image_size": size})
