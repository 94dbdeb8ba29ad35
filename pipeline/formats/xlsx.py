"""Excel workbooks: a sheet per table with one header row, and a sheet `about` with units, definitions and origin.

Sheet `about`: rows `(sheet, column, type, unit, definition)`, an empty row, then rows `(table, key, value)` with the
origin of each table, a nested value by its dotted key and as JSON text.
"""

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import pyarrow as pa
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.exceptions import InvalidFileException

from pipeline.errors import SkeinError
from pipeline.files import replacing
from pipeline.formats.tables import Tables, about, batches, columns, read_failed, schema_of

MAX_ROWS = 1_048_576
"""Of one sheet, header included: the file format's limit."""
ABOUT = "about"
_HEADER = ("sheet", "column", "type", "unit", "definition")
_ORIGIN = ("table", "key", "value")
_MAX_TEXT = 32_767


def sniff(path: Path) -> str | None:
    """Why a file is not of this format, or None."""
    if not is_zipfile(path):
        return "it is not an Excel workbook (.xlsx)"
    try:
        with path.open("rb") as handle:  # openpyxl refuses a path that ends otherwise
            there = ABOUT in load_workbook(handle, read_only=True).sheetnames
    except (KeyError, InvalidFileException, BadZipFile):
        return "it is an archive, but not an Excel workbook (.xlsx)"
    return None if there else f"the workbook has no sheet {ABOUT!r} that describes the columns"


def write_tables(path: Path, tables: Tables) -> list[Path]:
    """Write all tables into one workbook; a table too long for a sheet goes on in the next (`name (2)`).

    Raises
    ------
    SkeinError
        If a text holds a control character, which the file format does not allow, or two tables share a name.
    """
    workbook = Workbook(write_only=True)
    try:
        _fill(workbook, tables)
        with replacing(path) as temporary:
            workbook.save(temporary)
    finally:
        for sheet in workbook:
            if not sheet.closed:
                sheet.close()
    return [path]


def _fill(workbook: Workbook, tables: Tables) -> None:
    for name, table in tables.items():
        _write_rows(workbook, name, table)
    description = workbook.create_sheet(ABOUT)  # last: who opens the file, or its first sheet, sees the numbers
    description.append(_HEADER)
    for name, table in tables.items():
        for column in columns(table.schema):
            description.append([_text(description, text) for text in (name, *column.values())])
    description.append([])
    description.append(_ORIGIN)
    for name, table in tables.items():
        for key, value in _flat(about(table.schema)):
            description.append([_text(description, text) for text in (name, key, value)])


def read(path: Path) -> dict[str, pa.Table]:
    """The tables of a workbook that :func:`write_tables` wrote.

    Raises
    ------
    SkeinError
        If it is not such a workbook.
    """
    try:
        with path.open("rb") as handle:
            workbook = load_workbook(handle, read_only=True)
            return {name: _read_table(workbook, name, schema) for name, schema in _schemas(workbook[ABOUT]).items()}
    except (OSError, KeyError, ValueError, TypeError, BadZipFile, InvalidFileException, pa.ArrowException) as error:
        raise read_failed(path, f"a workbook with a sheet {ABOUT!r}", error) from error


def _write_rows(workbook: Workbook, name: str, table: pa.Table | pa.RecordBatchReader) -> None:
    number, used = 1, 1
    sheet = _new_sheet(workbook, name, number, table.schema)
    for batch in batches(table):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if used == MAX_ROWS:
                number, used = number + 1, 1
                sheet = _new_sheet(workbook, name, number, table.schema)
            sheet.append([_cell(sheet, value) for value in row])
            used += 1


def _new_sheet(workbook: Workbook, name: str, number: int, schema: pa.Schema) -> Any:
    title = _sheet_name(name, number)
    if title in (*workbook.sheetnames, ABOUT):
        raise SkeinError(f"The sheet name {title!r} of {name!r} is taken in this workbook: export as CSV.")
    sheet = workbook.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.append(schema.names)
    return sheet


def _sheet_name(name: str, number: int) -> str:
    """Excel allows 31 characters."""
    suffix = "" if number == 1 else f" ({number})"
    return f"{name[: 31 - len(suffix)]}{suffix}"


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, str):
        return _text(sheet, value)
    if isinstance(value, float) and math.isinf(value):
        return repr(value)
    if isinstance(value, float):
        exact = float(f"{value:.16g}") == value  # openpyxl writes 16 digits; some numbers need 17 to read back
    else:
        exact = not isinstance(value, int) or abs(value) < 10**15
    return value if exact else _typed(sheet, repr(value), "n")


def _text(sheet: Any, text: str) -> Any:
    """Text stays text, also where it looks like a formula or an error value."""
    if len(text) > _MAX_TEXT or ILLEGAL_CHARACTERS_RE.search(text):
        raise SkeinError(
            f"Excel files cannot hold control characters or texts beyond {_MAX_TEXT} characters, got {text[:60]!r}: "
            "export as CSV or Parquet."
        )
    return _typed(sheet, text, "s") if text.startswith(("=", "#")) else text


def _typed(sheet: Any, text: str, kind: str) -> Any:
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = kind
    return cell


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """`{"a": {"b": 1}}` → `("a.b", "1")`: short enough for a cell, and readable."""
    if isinstance(value, dict) and value:
        for name, child in value.items():
            yield from _flat(child, f"{key}.{name}" if key else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, child in enumerate(value):
            yield from _flat(child, f"{key}.{index}")
    elif key:
        yield key, json.dumps(value)


def _schemas(sheet: Any) -> dict[str, pa.Schema]:
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    if not rows or tuple(rows[0][: len(_HEADER)]) != _HEADER:
        raise ValueError(f"the first row is {rows[:1]}")
    end = next((index for index, row in enumerate(rows) if not any(row)), len(rows))
    described: dict[str, list[dict[str, str]]] = {}
    for name, *values in rows[1:end]:
        column = dict(zip(_HEADER[1:], (value or "" for value in values), strict=False))
        described.setdefault(name, []).append({"name": column.pop("column"), **column})
    origins: dict[str, dict[str, Any]] = {name: {} for name in described}
    for name, key, value, *_ in rows[end + 2 :]:
        origins[name][key] = json.loads(value)
    return {name: schema_of(fields, origins[name]) for name, fields in described.items()}


def _read_table(workbook: Any, name: str, schema: pa.Schema) -> pa.Table:
    parts, number = [], 1
    while (title := _sheet_name(name, number)) in workbook.sheetnames:
        rows: Iterable[tuple] = workbook[title].iter_rows(values_only=True, max_col=len(schema))
        header, *values = rows
        if list(header) != schema.names:
            raise ValueError(f"sheet {title!r} has the columns {list(header)}")
        parts.append(_columns(values, schema))
        number += 1
    return pa.concat_tables(parts)


def _columns(rows: list[tuple], schema: pa.Schema) -> pa.Table:
    listed = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = []
    for values, field in zip(listed, schema, strict=True):
        if pa.types.is_floating(field.type):
            values = tuple(None if value is None else float(value) for value in values)
        arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)
