"""MATLAB `.mat` (level 5): for analysis in MATLAB or Octave. Written, not read.

A table with one row per individual and frame becomes a struct array with one element per individual: `trajectories(2)`
has the fields `individual`, `t` (s) and the columns `frame`, `x`, `y`, `z` …, each (n, 1). Of tracks it is one element
per track. Any other table is one struct with a field per column. `units.<table>.<column>` and
`definitions.<table>.<column>` are texts, `about.<table>` is JSON text with everything that shaped the numbers
(`jsondecode` reads it). What is not known is NaN; a column of texts is a padded char matrix (`cellstr` splits it).
"""

import json
import keyword
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.io import savemat

from pipeline.errors import SkeinError
from pipeline.files import replacing
from pipeline.formats.tables import Tables, about, by_identity, columns, floats, identity, whole

_LIMIT = 1 << 31
"""Bytes of one variable: the file format's limit."""
_MAX_NAME = 63


def write_tables(path: Path, tables: Tables) -> list[Path]:
    """Write all tables into one file; all of them are in memory.

    Raises
    ------
    SkeinError
        If a table is larger than the file format allows (2 GB), or two names become the same MATLAB name.
    """
    content: dict[str, Any] = {"units": {}, "definitions": {}, "about": {}}
    for name, source in tables.items():
        table = whole(source)
        if table.nbytes >= _LIMIT:
            raise SkeinError(
                f"{name} has {table.nbytes / 1e9:.1f} GB, a .mat file (level 5) holds 2 GB: export it as Parquet, "
                "which MATLAB reads with parquetread."
            )
        key = field_name(name)
        if key in content:
            raise SkeinError(f"The MATLAB name {key!r} of {name!r} is taken in this file: export as CSV or XLSX.")
        column = identity(table.schema)
        content[key] = _fields(table) if column is None else _by_individual(table, column)
        described = columns(table.schema)
        content["units"][key] = {field_name(entry["name"]): entry["unit"] for entry in described}
        content["definitions"][key] = {field_name(entry["name"]): entry["definition"] for entry in described}
        content["about"][key] = json.dumps(about(table.schema))
    with replacing(path) as temporary:
        savemat(str(temporary), content, do_compression=True, long_field_names=True, oned_as="column")
    return [path]


def field_name(name: str) -> str:
    """A valid MATLAB name: `time_s` is `t`; letters, digits and underscores only, a letter first."""
    if name == "time_s":
        return "t"
    clean = re.sub(r"[^A-Za-z0-9_]", "_", name)[:_MAX_NAME]
    return clean if clean[:1].isalpha() and not keyword.iskeyword(clean) else f"c_{clean}"[:_MAX_NAME]


def _by_individual(table: pa.Table, column: str) -> NDArray:
    rest = table.drop_columns([column])
    names = [field_name(name) for name in rest.column_names]
    animals = list(by_identity(table, column))
    result = np.empty((1, len(animals)), [(column, object), *((name, object) for name in names)])
    for index, (individual, rows) in enumerate(animals):
        result[0, index] = (individual, *_fields(rows.drop_columns([column])).values())
    return result


def _fields(table: pa.Table) -> dict[str, NDArray]:
    return {field_name(name): _values(table[name]) for name in table.column_names}


def _values(column: pa.ChunkedArray) -> NDArray:
    """(n, 1) numbers, or a char matrix of n rows."""
    kind = column.type
    if pa.types.is_string(kind):
        return np.array(column.fill_null("").to_pylist(), dtype=np.str_)
    if pa.types.is_floating(kind) or column.null_count:
        values = floats(column)
        return values.astype(np.float32)[:, None] if pa.types.is_float32(kind) else values[:, None]
    return column.to_numpy()[:, None]
