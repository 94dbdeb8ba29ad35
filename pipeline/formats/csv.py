"""Comma-separated values with a sidecar: `table.csv` is plain columns, `table.json` says what they mean.

UTF-8, one header row with the columns' names, a point as decimal mark, numbers in the shortest form that reads back
exactly, an empty cell for what is not known (an empty text is quoted).
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc

from pipeline.files import replacing, write_json
from pipeline.formats.tables import Tables, about, batches, columns, paths, read_failed, schema_of


def sniff(path: Path) -> str | None:
    """Why a file is not of this format, or None."""
    if path.suffix.lower() != ".csv":
        return "its name does not end in .csv"
    if not sidecar(path).is_file():
        return f"there is no {sidecar(path).name} beside it that describes the columns"
    return None


def sidecar(path: Path) -> Path:
    """The file that describes a table."""
    return path.with_suffix(".json")


def write_tables(path: Path, tables: Tables) -> list[Path]:
    """Write each table and its sidecar, in pieces; returns all files."""
    written = []
    for name, target in paths(path, list(tables)).items():
        table = tables[name]
        with replacing(target) as temporary, pc.CSVWriter(temporary, table.schema.remove_metadata()) as writer:
            for batch in batches(table):
                writer.write_batch(batch.replace_schema_metadata(None))
        write_json(sidecar(target), {"table": name, "columns": columns(table.schema), "about": about(table.schema)})
        written += [target, sidecar(target)]
    return written


def read(path: Path) -> pa.Table:
    """A table with the types, units and origin that its sidecar states.

    Raises
    ------
    SkeinError
        If the sidecar is absent, or the columns are not those that it describes.
    """
    try:
        described = json.loads(sidecar(path).read_text(encoding="utf-8"))
        schema = schema_of(described["columns"], described["about"])
        convert = pc.ConvertOptions(
            column_types={field.name: field.type for field in schema},
            include_columns=schema.names,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        table = pc.read_csv(path, parse_options=pc.ParseOptions(newlines_in_values=True), convert_options=convert)
        return table.cast(schema)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise read_failed(path, "a table with its sidecar .json", error) from error
