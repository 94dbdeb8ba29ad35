"""Sheets of surveyed points: units said or guessed, blocks side by side, contradictions."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from pipeline.errors import SkeinError
from pipeline.formats.survey import read_survey


@pytest.mark.real_data
@pytest.mark.parametrize("sheet", [None, "Tabelle1", "Tabelle2"])
@pytest.mark.parametrize("file", ["20181017_KAL00.xlsx", "20221014_KAL01.xlsx"])
def test_real_flume_sheets_in_m_and_mm(real_data: Path, file: str, sheet: str | None) -> None:
    survey = read_survey(real_data / "flume_markers" / file, sheet)
    assert len(survey.points) == 58
    assert [survey.points[name][0] for name in ("104", "113", "121", "130", "139")] == [1.0, 2.5, 4.0, 5.5, 7.0]
    assert {position[2] for position in survey.points.values()} == {0.0}
    assert f"in {'mm' if sheet == 'Tabelle2' else 'm'}, as its header says" in survey.notes[0]


@pytest.mark.real_data
def test_a_sheet_that_says_otherwise_is_named(real_data: Path) -> None:
    path = real_data / "flume_markers" / "20221014_KAL01.xlsx"
    assert "write 20221014_KAL01.xlsx#Sheet1 to use it" in read_survey(path).notes[1]
    assert read_survey(path, "Sheet1").points["501"] == (-2.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("text", "expected", "note"),
    [
        ("id,x,y,z\na,0.5,1.25,0\n", (0.5, 1.25, 0.0), "no unit is given, taken as m"),
        ("id,x,y,z\na,500,1250,0\n", (0.5, 1.25, 0.0), "no unit is given, taken as mm"),
        ("name;x;y;z\na;0,5;1,25;0\n", (0.5, 1.25, 0.0), "taken as m"),
        ("id,x_mm,y_mm,z_mm\na,5,12.5,0\n", (0.005, 0.0125, 0.0), "in mm, as its header says"),
        ("id,x [cm],y [cm]\na,50,125\n", (0.5, 1.25, 0.0), "in cm, as its header says"),
        ("x\ty\tz\tpoint\n0.5\t1.25\t0\ta\n", (0.5, 1.25, 0.0), "taken as m"),
    ],
)
def test_tables_as_people_write_them(tmp_path: Path, text: str, expected: tuple[float, ...], note: str) -> None:
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    survey = read_survey(path)
    assert survey.points["a"] == pytest.approx(expected)
    assert note in survey.notes[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,c\n1,2,3\n", "expected columns id, x, y, z"),
        ("id,x,y,z\na,0,0,0\na,1,0,0\n", "point a comes twice"),
        ("id,x,y,z\na,left,0,0\n", "no row has an id and numbers"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SkeinError, match=message):
        read_survey(path)


def test_an_unknown_sheet_is_said(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["id", "x", "y", "z"])
    book.active.append([7, 1, 2, 0])
    book.save(tmp_path / "points.xlsx")
    assert read_survey(tmp_path / "points.xlsx").points == {"7": (1.0, 2.0, 0.0)}
    with pytest.raises(SkeinError, match="there are Sheet"):
        read_survey(tmp_path / "points.xlsx", "other")
    with pytest.raises(SkeinError, match="no file"):
        read_survey(tmp_path / "none.xlsx")
