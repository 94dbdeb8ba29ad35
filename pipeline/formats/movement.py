"""The netCDF layout of the `movement` package (as of its release 0.15): a dense grid of frames and individuals.

Trajectories become *poses* with the one keypoint ``centroid``: `position(time, space, keypoints, individuals)`,
`confidence(time, keypoints, individuals)`. Tracks become *bboxes*: `position(time, space, individuals)` the boxes'
centres, `shape` their width and height, `confidence`. Attributes `ds_type, fps, time_unit, source_software,
source_file`; the variables have `units`; Skein adds the origin as JSON text under `skein`.
"""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import xarray as xr
from numpy.typing import NDArray

from pipeline.errors import SkeinError
from pipeline.files import replacing
from pipeline.formats.tables import Tables, about, by_identity, floats, identity, paths, read_failed, whole, with_about

_SINGULAR = {"keypoint": "keypoints", "individual": "individuals"}
_ENGINE: Any = "h5netcdf"


def sniff(path: Path) -> str | None:
    """Why a file is not of this format, or None."""
    if not h5py.is_hdf5(path):
        return "it is not a netCDF 4 (HDF5) file"
    try:
        with h5py.File(path, "r") as file:
            return None if "position" in file else "it is an HDF5 file without a variable `position`"
    except OSError as error:
        return f"it is a damaged HDF5 file ({error})"


def write_tables(path: Path, tables: Tables) -> list[Path]:
    """Write each table into a file of its own; returns the files. Holds one table at a time in memory.

    Raises
    ------
    SkeinError
        If a table does not have one row per individual (or track) and frame.
    """
    targets = paths(path, list(tables))
    for name, target in targets.items():
        dataset = _dataset(name, whole(tables[name]))
        with replacing(target) as temporary:
            dataset.to_netcdf(temporary, engine=_ENGINE)
    return list(targets.values())


def read(path: Path) -> pa.Table:
    """One row per frame, individual and keypoint that has a position.

    Returns
    -------
    Table with `frame, time_s` (empty where the file counts frames), `individual, keypoint` (poses), `x, y` (and `z`),
    `width, height` (boxes), `confidence`. The units are those that the file states.

    Raises
    ------
    SkeinError
        If the file is not such a dataset.
    """
    try:
        with xr.open_dataset(path, engine=_ENGINE) as opened:
            return _table(opened.load())
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise read_failed(path, "a netCDF file of the movement package", error) from error


def _dataset(name: str, table: pa.Table) -> xr.Dataset:
    column = identity(table.schema)
    if column is None or not {"x", "y"} <= set(table.column_names):
        raise SkeinError(
            f"movement netCDF holds trajectories and tracks (frame, individual or track, x, y); {name!r} has the "
            f"columns {', '.join(table.column_names)}: export it as CSV, XLSX, Parquet or MATLAB."
        )
    origin = about(table.schema)
    frames = table["frame"].to_numpy()
    n_frames = max(origin.get("n_frames", 0), int(frames.max(initial=-1)) + 1)
    animals = list(by_identity(table, column))
    names = [individual for individual, _ in animals]
    boxes = column == "track"
    values = ("left", "top", "width", "height") if boxes else ("x", "y", "z")
    grid = np.full((n_frames, len(values), len(animals)), np.nan)
    confidence = np.full((n_frames, len(animals)), np.nan)
    for index, (_, rows) in enumerate(animals):
        at = rows["frame"].to_numpy()
        grid[at, :, index] = np.column_stack([floats(rows[value]) for value in values])
        if "score" in rows.column_names:
            confidence[at, index] = floats(rows["score"])
    times, clock = _times(table, n_frames, origin.get("fps"))
    attributes = {"source_software": "Skein", "source_file": str(origin.get("recording", name)), **clock}
    attributes["skein"] = json.dumps(origin)
    unit = {"units": (table.schema.field("x").metadata or {}).get(b"unit", b"").decode()}
    if boxes:
        shape = grid[:, 2:]
        dims = ("time", "space", "individuals")
        return xr.Dataset(
            {
                # The centre of the pixels from `left` to `left + width - 1`, whose centres are whole numbers.
                "position": (dims, grid[:, :2] + (shape - 1) / 2, unit),
                "shape": (dims, shape, unit),
                "confidence": (("time", "individuals"), confidence),
            },
            {"time": times, "space": ["x", "y"], "individuals": [f"id_{name}" for name in names]},
            {**attributes, "ds_type": "bboxes"},
        )
    if np.isnan(grid[:, 2]).all():
        grid = grid[:, :2]
    return xr.Dataset(
        {
            "position": (("time", "space", "keypoints", "individuals"), grid[:, :, None], unit),
            "confidence": (("time", "keypoints", "individuals"), confidence[:, None]),
        },
        {
            "time": times,
            "space": list("xyz")[: grid.shape[1]],
            "keypoints": ["centroid"],
            "individuals": names,
        },
        {**attributes, "ds_type": "poses"},
    )


def _times(table: pa.Table, n_frames: int, fps: float | None) -> tuple[NDArray, dict[str, Any]]:
    """Times of all frames, those without a row included, and the attributes that say what they are."""
    if "time_s" not in table.column_names:
        return np.arange(n_frames), {"time_unit": "frames"}
    known, first = np.unique(table["frame"].to_numpy(), return_index=True)
    seconds = floats(table["time_s"])[first]
    if fps is None and len(known) > 1:
        fps = float((known[-1] - known[0]) / (seconds[-1] - seconds[0]))
    frames = np.arange(n_frames)
    times = frames / fps if fps else np.full(n_frames, np.nan)
    times[known] = seconds
    return times, {"time_unit": "seconds", **({"fps": float(fps)} if fps else {})}


def _table(dataset: xr.Dataset) -> pa.Table:
    dataset = dataset.rename({one: many for one, many in _SINGULAR.items() if one in dataset.dims})
    position = dataset["position"]
    poses = "keypoints" in position.dims
    if not poses:
        position = position.expand_dims(keypoints=["box"])
    grid = position.transpose("time", "individuals", "keypoints", "space").to_numpy()
    frame, animal, point = np.nonzero(~np.isnan(grid).all(axis=3))
    individuals = np.asarray(dataset["individuals"].to_numpy(), object).astype(str)
    columns: dict[str, Any] = {"frame": frame.astype(np.int32)}
    seconds = dataset.attrs.get("time_unit") == "seconds"
    columns["time_s"] = pa.array(dataset["time"].to_numpy()[frame] if seconds else [None] * len(frame), pa.float64())
    columns["individual"] = pa.array(individuals[animal].tolist(), pa.string())
    if poses:
        keypoints = np.asarray(dataset["keypoints"].to_numpy(), object).astype(str)
        columns["keypoint"] = pa.array(keypoints[point].tolist(), pa.string())
    for index, axis in enumerate(position["space"].to_numpy()):
        columns[str(axis)] = pa.array(grid[frame, animal, point, index], pa.float64(), from_pandas=True)
    if "shape" in dataset:
        shape = dataset["shape"].transpose("time", "individuals", "space").to_numpy()
        for index, side in enumerate(("width", "height")):
            columns[side] = pa.array(shape[frame, animal, index], pa.float64(), from_pandas=True)
    confidence = dataset["confidence"]
    if not poses:
        confidence = confidence.expand_dims(keypoints=["box"])
    found = confidence.transpose("time", "individuals", "keypoints").to_numpy()[frame, animal, point]
    columns["confidence"] = pa.array(found, pa.float64(), from_pandas=True)
    table = pa.table(columns)
    unit = str(position.attrs.get("units", ""))
    spatial = {"x", "y", "z", "width", "height"}
    schema = pa.schema(
        [
            field.with_metadata({"unit": unit if field.name in spatial else "s" if field.name == "time_s" else ""})
            for field in table.schema
        ]
    )
    return table.cast(with_about(schema, json.loads(dataset.attrs.get("skein", "{}"))))
