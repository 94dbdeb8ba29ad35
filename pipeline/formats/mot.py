"""MOT Challenge text: one line per box, `frame,id,left,top,width,height,confidence,x,y,z`, frames from 1.

Milan et al. 2016, "MOT16: A benchmark for multi-object tracking" (arXiv:1603.00831). Ground truth since MOT16 has nine
columns, `…,not ignored,class,visibility`; older ground truth (MOT15) has the ten of a result. −1 means unknown.
"""

import csv
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import SkeinError
from pipeline.files import write_json, write_text
from pipeline.formats.tables import Tables, about, columns, paths, whole

_OF_TRACKS = ("frame", "track", "left", "top", "width", "height", "score")

MOT = pa.schema(
    [
        pa.field("frame", pa.int32(), metadata={"unit": "frame", "definition": "from 0 (the file counts from 1)"}),
        pa.field("id", pa.int32(), metadata={"unit": "", "definition": "identity as in the file; null if unknown"}),
        pa.field("left", pa.float64(), metadata={"unit": "px", "definition": "box, as in the file"}),
        pa.field("top", pa.float64(), metadata={"unit": "px", "definition": "box, as in the file"}),
        pa.field("width", pa.float64(), metadata={"unit": "px", "definition": "box"}),
        pa.field("height", pa.float64(), metadata={"unit": "px", "definition": "box"}),
        pa.field("confidence", pa.float64(), metadata={"unit": "", "definition": "truth: 1 counts, 0 is ignored"}),
        pa.field("class_id", pa.int32(), metadata={"unit": "", "definition": "nine-column truth only"}),
        pa.field("visibility", pa.float64(), metadata={"unit": "", "definition": "nine-column truth only, 0 to 1"}),
        pa.field("x", pa.float64(), metadata={"unit": "as in the file", "definition": "world position"}),
        pa.field("y", pa.float64(), metadata={"unit": "as in the file", "definition": "world position"}),
        pa.field("z", pa.float64(), metadata={"unit": "as in the file", "definition": "world position"}),
    ]
)


def sniff(path: Path) -> str | None:
    """Why a file is not of this format, or None: the first line has 6 to 10 numbers, the first a whole one from 1."""
    try:
        with path.open(encoding="utf-8") as handle:
            row = next(csv.reader(handle), [])
        values = [float(value) for value in row]
    except (OSError, ValueError, csv.Error):
        return "its first line is not a list of numbers"
    if not 6 <= len(values) <= 10:
        return f"its first line has {len(values)} numbers, not 6 to 10"
    whole = values[0] >= 1 and values[0].is_integer() and values[1].is_integer()
    return None if whole else "its first line does not begin with a frame from 1 and an id"


def read(path: Path) -> pa.Table:
    """Boxes of a MOT text file.

    Returns
    -------
    Table of schema :data:`MOT`, in the order of the file. Frames are counted from 0; boxes stay as they are written
    (the standard counts pixels from 1, most programs from 0: the file does not say). −1 becomes null in identity,
    confidence, class and visibility, and in x, y, z where all that are given are −1 (a single −1 m is a place).

    Raises
    ------
    SkeinError
        If a line has another number of columns, or something that is not a number.
    """
    rows = []
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            for number, row in enumerate(csv.reader(handle), start=1):
                if row:
                    rows.append(_values(path.name, number, row))
    except (OSError, UnicodeDecodeError) as error:
        raise SkeinError(f"{path.name}: expected MOT text (comma-separated numbers): {error}") from error
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), len(MOT)).T
    arrays = [pa.array(column, from_pandas=True).cast(field.type) for column, field in zip(columns, MOT, strict=True)]
    return pa.Table.from_arrays(arrays, schema=MOT)


def _values(file: str, number: int, row: list[str]) -> list[float]:
    try:
        values = [float(value) for value in row]
    except ValueError:
        raise SkeinError(f"{file}, line {number}: expected numbers, got {','.join(row)[:60]!r}.") from None
    if not 6 <= len(values) <= 10 or not math.isfinite(sum(values)):
        raise SkeinError(f"{file}, line {number}: expected 6 to 10 finite numbers, got {','.join(row)[:60]!r}.")
    if values[0] < 1 or not values[0].is_integer() or not values[1].is_integer():
        raise SkeinError(f"{file}, line {number}: expected a frame from 1 and an id, got {row[0]}, {row[1]}.")
    box, rest = values[2:6], [*values[6:], -1.0, -1.0, -1.0, -1.0]
    confidence, class_id, visibility = rest[0], math.nan, math.nan
    position = [math.nan] * 3
    if len(values) == 9:
        class_id, visibility = rest[1:3]
    elif any(value != -1 for value in rest[1 : len(values) - 6]):
        position = [value if index < len(values) - 7 else math.nan for index, value in enumerate(rest[1:4])]
    known = [math.nan if value == -1 else value for value in (values[1], confidence, class_id, visibility)]
    return [values[0] - 1, known[0], *box, *known[1:], *position]


def write(path: Path, boxes: pa.Table) -> None:
    """Write boxes as a result file of ten columns, sorted by frame and identity, atomically.

    Parameters
    ----------
    boxes
        At least `frame` (from 0), `id`, `left, top, width, height`; where `confidence, x, y, z` are absent or null, −1
        is written. Class and visibility have no column in a result.
    """
    needed = ["frame", "id", "left", "top", "width", "height"]
    missing = [name for name in needed if name not in boxes.column_names]
    if missing:
        raise SkeinError(f"MOT text: expected the columns {needed}; missing {missing}.")
    ordered = boxes.sort_by([("frame", "ascending"), ("id", "ascending")])
    unknown = pa.nulls(len(ordered), pa.float64())
    columns = [
        (ordered[name] if name in ordered.column_names else unknown).to_pylist()
        for name in (*needed, "confidence", "x", "y", "z")
    ]
    lines = []
    for frame, *values in zip(*columns, strict=True):
        lines.append(",".join([str(frame + 1), *(_text(value) for value in values)]))
    write_text(path, "".join(f"{line}\n" for line in lines))


def _text(value: float | None) -> str:
    return "-1" if value is None or math.isnan(value) else repr(value)


def write_tables(path: Path, tables: Tables) -> list[Path]:
    """Write each table of tracks into a file of its own, with a sidecar `.json` for units and origin.

    Raises
    ------
    SkeinError
        If a table does not hold tracks.
    """
    written = []
    for name, target in paths(path, list(tables)).items():
        tracks = whole(tables[name])
        missing = [column for column in _OF_TRACKS if column not in tracks.column_names]
        if missing:
            raise SkeinError(f"MOT text holds tracks; {name!r} has no column {', '.join(missing)}: choose CSV or XLSX.")
        write(target, from_tracks(tracks))
        described = [column for column in columns(tracks.schema) if column["name"] in _OF_TRACKS]
        sidecar = target.with_name(f"{target.name}.json")  # a CSV of the same tracks has `.json` already
        write_json(sidecar, {"table": name, "columns": described, "about": about(tracks.schema)})
        written += [target, sidecar]
    return written


def from_tracks(tracks: pa.Table) -> pa.Table:
    """A table of tracks (:data:`pipeline.types.TRACKS`) as MOT boxes; identities count from 1, as in MOT files."""
    return pa.table(
        {
            "frame": tracks["frame"],
            "id": pc.add(tracks["track"], 1).cast(pa.int32()),
            **{name: tracks[name].cast(pa.float64()) for name in ("left", "top", "width", "height")},
            "confidence": tracks["score"].cast(pa.float64()),
        }
    )
