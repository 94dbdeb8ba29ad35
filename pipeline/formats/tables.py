"""What the table formats have in common: named tables, the columns' units, and what shaped the numbers.

A column's field metadata holds `unit` and `definition`; the schema's metadata holds, under ``skein``, a JSON object
with everything else: experiment, recording, parameters and versions of every job on the way.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.errors import SkeinError

Tables = Mapping[str, pa.Table | pa.RecordBatchReader]
"""Tables by name. A reader is consumed by the first who writes it."""
IDENTITIES = ("individual", "track")
"""Columns that say whose row it is."""


def batches(table: pa.Table | pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """The rows of a table in pieces, NaN made null: what is not known is an empty cell in every format."""
    source = table.to_reader(max_chunksize=1 << 16) if isinstance(table, pa.Table) else table
    for batch in source:
        columns = [
            pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
            if pa.types.is_floating(column.type)
            else column
            for column in batch.columns
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def whole(table: pa.Table | pa.RecordBatchReader) -> pa.Table:
    """All rows, for formats that cannot be written in pieces."""
    return table if isinstance(table, pa.Table) else table.read_all()


def about(schema: pa.Schema) -> dict[str, Any]:
    """What the schema's metadata says of the table's origin; empty where nothing is said."""
    return json.loads((schema.metadata or {}).get(b"skein", b"{}"))


def with_about(schema: pa.Schema, origin: Mapping[str, Any]) -> pa.Schema:
    """The same columns, with another origin."""
    return schema.with_metadata({"skein": json.dumps(dict(origin), allow_nan=False)})


def columns(schema: pa.Schema) -> list[dict[str, str]]:
    """Name, type, unit and definition of each column, as text."""
    return [
        {
            "name": field.name,
            "type": str(field.type),
            "unit": (field.metadata or {}).get(b"unit", b"").decode(),
            "definition": (field.metadata or {}).get(b"definition", b"").decode(),
        }
        for field in schema
    ]


def schema_of(described: list[dict[str, str]], origin: Mapping[str, Any]) -> pa.Schema:
    """The schema that :func:`columns` described.

    Raises
    ------
    KeyError, ValueError
        If something is missing, or a type is not known.
    """
    fields = [
        pa.field(
            column["name"],
            pa.type_for_alias(column["type"]),
            metadata={"unit": column["unit"], "definition": column["definition"]},
        )
        for column in described
    ]
    return with_about(pa.schema(fields), origin)


def paths(path: Path, names: list[str]) -> dict[str, Path]:
    """One file per table: the path itself for a single table, else the table's name is added to the file's."""
    if len(names) == 1:
        return {names[0]: path}
    return {name: path.with_name(f"{path.stem}_{name}{path.suffix}") for name in names}


def identity(schema: pa.Schema) -> str | None:
    """The column that says whose row it is, in a table with one row per individual (or track) and frame; else None."""
    found = [name for name in IDENTITIES if name in schema.names]
    return found[0] if found and "frame" in schema.names else None


def by_identity(table: pa.Table, column: str) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each individual, by frame."""
    ordered = table.sort_by([(column, "ascending"), ("frame", "ascending")])
    values = ordered[column].combine_chunks()
    encoded = values.dictionary_encode()
    codes = np.asarray(encoded.indices)
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(codes)], strict=True):
        yield str(encoded.dictionary[int(codes[start])].as_py()), ordered.slice(start, stop - start)


def floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A numeric column as float64, null as NaN; whole numbers beyond 2⁵³ lose their last digits."""
    return column.cast(pa.float64(), safe=False).to_numpy()


def read_failed(path: Path, expected: str, error: Exception) -> SkeinError:
    """The error that every format raises for a file that is not what it should be."""
    return SkeinError(f"{path.name}: expected {expected}: {error}")
