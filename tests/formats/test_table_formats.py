"""What is written is read, number for number, with units, definitions and origin."""

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings

from pipeline.errors import SkeinError
from pipeline.formats import csv, parquet, xlsx
from pipeline.formats.tables import about, columns
from tests.formats.some_tables import ORIGIN, SCHEMA, tables, trajectories


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@settings(deadline=None, max_examples=40)
@given(table=tables())
def test_csv_reads_back(table: pa.Table, folder: Path) -> None:
    written = csv.write_tables(folder / "t.csv", {"t": table})
    assert [path.name for path in written] == ["t.csv", "t.json"]
    assert csv.sniff(folder / "t.csv") is None
    read = csv.read(folder / "t.csv")
    assert read.equals(table)
    assert read.schema.equals(SCHEMA, check_metadata=True)


@settings(deadline=None, max_examples=40)
@given(table=tables())
def test_parquet_reads_back(table: pa.Table, folder: Path) -> None:
    parquet.write_tables(folder / "t.parquet", {"t": table})
    assert parquet.sniff(folder / "t.parquet") is None
    read = parquet.read(folder / "t.parquet")
    assert read.equals(table)
    assert read.schema.equals(SCHEMA, check_metadata=True)


@settings(deadline=None, max_examples=40)
@given(table=tables())
def test_xlsx_reads_back(table: pa.Table, folder: Path) -> None:
    xlsx.write_tables(folder / "t.xlsx", {"first": table, "second": table.slice(0, 1)})
    assert xlsx.sniff(folder / "t.xlsx") is None
    read = xlsx.read(folder / "t.xlsx")
    unknown = pa.array([value or None for value in table["individual"].to_pylist()], pa.string())
    expected = table.set_column(0, SCHEMA.field(0), unknown)  # an empty text and no text are the same empty cell
    assert read["first"].equals(expected)
    assert read["second"].equals(expected.slice(0, 1))
    assert columns(read["first"].schema) == columns(SCHEMA)
    assert about(read["first"].schema)["jobs.0.parameters.name"] == "ä = 1"


def test_nan_is_an_empty_cell_and_pieces_are_one_file(tmp_path: Path) -> None:
    table = trajectories()
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=2))
    csv.write_tables(tmp_path / "t.csv", {"trajectories": reader})
    read = csv.read(tmp_path / "t.csv")
    assert read["sz"].null_count == 1
    assert read.num_rows == 7
    assert pd.read_csv(tmp_path / "t.csv")["x"].tolist() == table["x"].to_pylist()  # also for those without Skein


def test_a_sidecar_holds_units_definitions_and_origin(tmp_path: Path) -> None:
    csv.write_tables(tmp_path / "t.csv", {"trajectories": trajectories()})
    sidecar = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert sidecar["columns"][1] == {
        "name": "time_s", "type": "double", "unit": "s",
        "definition": "time from the recording's start, by the recorded frame rate or timestamps",
    }  # fmt: skip
    assert sidecar["about"]["jobs"] == ORIGIN["jobs"]


def test_several_tables_are_several_files_or_sheets(tmp_path: Path) -> None:
    two = {"a": trajectories(), "b": trajectories()}
    assert [path.name for path in parquet.write_tables(tmp_path / "t.parquet", two)] == ["t_a.parquet", "t_b.parquet"]
    assert len(csv.write_tables(tmp_path / "t.csv", two)) == 4
    xlsx.write_tables(tmp_path / "t.xlsx", two)
    assert openpyxl.load_workbook(tmp_path / "t.xlsx").sheetnames == ["a", "b", "about"]


def test_a_long_table_goes_on_in_the_next_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_ROWS", 4)  # a header and three rows
    xlsx.write_tables(tmp_path / "t.xlsx", {"trajectories": trajectories()})
    workbook = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert [sheet.max_row for sheet in workbook][:3] == [4, 4, 2]
    assert workbook.sheetnames == ["trajectories", "trajectories (2)", "trajectories (3)", "about"]
    assert xlsx.read(tmp_path / "t.xlsx")["trajectories"]["x"].equals(trajectories()["x"])


def test_excel_takes_no_text_for_a_formula(tmp_path: Path) -> None:
    table = pa.table({"individual": ["=1+1", "#N/A", "plain"]})
    xlsx.write_tables(tmp_path / "t.xlsx", {"t": table})
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["t"]
    assert [(cell.value, cell.data_type) for cell in sheet["A"][1:]] == [("=1+1", "s"), ("#N/A", "s"), ("plain", "s")]


def test_what_excel_cannot_hold_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(SkeinError, match="control characters"):
        xlsx.write_tables(tmp_path / "t.xlsx", {"t": pa.table({"individual": ["a\x07"]})})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("module", "name"), [(csv, "t.csv"), (parquet, "t.parquet"), (xlsx, "t.xlsx")])
def test_a_damaged_file_is_named(tmp_path: Path, module: object, name: str) -> None:
    module.write_tables(tmp_path / name, {"t": trajectories()})
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SkeinError, match=name.replace(".", r"\.")):
        module.read(tmp_path / name)


def test_two_tables_never_share_a_sheet(tmp_path: Path) -> None:
    with pytest.raises(SkeinError, match="taken"):
        xlsx.write_tables(tmp_path / "t.xlsx", {"about": trajectories()})
    with pytest.raises(SkeinError, match="taken"):
        xlsx.write_tables(tmp_path / "t.xlsx", {"a" * 31: trajectories(), "a" * 40: trajectories()})
