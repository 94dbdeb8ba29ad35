"""Surveyed world points: written in `experiment.toml`, or on a sheet with columns id, x, y, z."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from openpyxl import load_workbook

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment

Cells = list[list[str]]
_UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001}
_LARGEST_ARENA = 60.0
"""A sheet without a unit whose numbers go beyond this many metres is taken to be in mm."""


@dataclass(frozen=True)
class Survey:
    """Surveyed points.

    Parameters
    ----------
    points
        Name → x, y, z in the world, m.
    notes
        Sentences: which sheet was read, which unit was assumed and why.
    """

    points: dict[str, tuple[float, float, float]]
    notes: tuple[str, ...] = ()


def surveyed_points(experiment: Experiment) -> Survey:
    """The points of `world_points`, joined with those of `world_points_file`.

    Raises
    ------
    SkeinError
        If the file cannot be read, or both give a point different coordinates.
    """
    configuration = experiment.configuration
    if configuration.world_points_file is None:
        return Survey(configuration.world_points)
    name, _, sheet = configuration.world_points_file.partition("#")
    read = read_survey(experiment.file(name), sheet or None)
    for point, position in configuration.world_points.items():
        if max(abs(a - b) for a, b in zip(position, read.points.get(point, position), strict=True)) > 1e-6:
            raise SkeinError(
                f"World point {point}: experiment.toml says {list(position)}, {name} says "
                f"{list(read.points[point])} m: remove one of them."
            )
    return Survey({**read.points, **configuration.world_points}, read.notes)


def read_survey(path: Path, sheet: str | None = None) -> Survey:
    """Read a CSV or XLSX sheet. Several blocks of columns may stand side by side; 2D sheets get z = 0.

    The unit comes from the header (``x [mm]``, ``x_mm``, or a row of units below it), else from the magnitudes.

    Parameters
    ----------
    sheet
        Name of the sheet of a workbook; default: its first. Write ``file.xlsx#Sheet2`` in `experiment.toml`.

    Raises
    ------
    SkeinError
        If the file is missing or holds no such columns, or a point comes twice with different coordinates.
    """
    if not path.is_file():
        raise SkeinError(f"world_points_file: there is no file {path.name}.")
    if path.suffix.lower() not in {".xlsx", ".xlsm"}:
        return _parse(_csv(path), path.name)
    try:
        workbook = load_workbook(path, data_only=True, read_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise SkeinError(f"{path.name} cannot be read as a workbook: {error}") from error
    try:
        sheets = {page.title: [["" if c is None else str(c) for c in r] for r in page.values] for page in workbook}
    finally:
        workbook.close()
    chosen = sheet or next(iter(sheets))
    if chosen not in sheets:
        raise SkeinError(f"{path.name} has no sheet {chosen!r}; there are {', '.join(sheets)}.")
    survey = _parse(sheets[chosen], f"{path.name}, sheet {chosen}")
    if sheet is None:
        survey = Survey(survey.points, (*survey.notes, *_compared(survey, sheets, chosen, path.name)))
    return survey


def _compared(survey: Survey, sheets: dict[str, Cells], chosen: str, file: str) -> list[str]:
    notes = []
    for name, cells in sheets.items():
        if name == chosen:
            continue
        try:
            other = _parse(cells, name).points
        except SkeinError:
            continue
        common = survey.points.keys() & other.keys()
        apart = max((abs(a - b) for p in common for a, b in zip(survey.points[p], other[p], strict=True)), default=0.0)
        if apart > 1e-4 or other.keys() != survey.points.keys():
            notes.append(
                f"{file}: sheet {name} gives other positions (up to {apart:.3g} m apart) and was not used; write "
                f"{file}#{name} to use it."
            )
    return notes


def _csv(path: Path) -> Cells:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text(encoding="latin-1")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    delimiter = max(";\t,", key=lambda sign: lines[0].count(sign)) if lines else ","
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]


def _parse(cells: Cells, where: str) -> Survey:
    header, blocks = _blocks(cells, where)
    below = cells[header + 1] if header + 1 < len(cells) else []
    points: dict[str, tuple[float, float, float]] = {}
    stated: set[str] = set()
    for identifier, x, y, z in blocks:
        unit = _unit(cells[header][x]) or (_unit(f"[{below[x].strip('[]() ')}]") if x < len(below) else None)
        stated |= {unit} if unit else set()
        for row in cells[header + 1 :]:
            numbers = [_number(row[column]) if column < len(row) else None for column in (x, y, z) if column >= 0]
            name = row[identifier].strip() if identifier < len(row) else ""
            if not name or len(numbers) < 2 or None in numbers:
                continue
            name = name.removesuffix(".0")
            scale = _UNITS[unit or "m"]
            position = [float(number) * scale for number in numbers if number is not None] + [0.0] * (z < 0)
            new = (position[0], position[1], position[2])
            if max(abs(a - b) for a, b in zip(new, points.get(name, new), strict=True)) > 1e-6:
                raise SkeinError(f"{where}: point {name} comes twice, with different coordinates.")
            points[name] = new
    if not points:
        raise SkeinError(f"{where}: no row has an id and numbers for x, y, z.")
    if stated:
        return Survey(
            points, (f"{where}: {len(points)} points in {' and '.join(sorted(stated))}, as its header says.",)
        )
    largest = max(abs(value) for position in points.values() for value in position)
    if largest <= _LARGEST_ARENA:
        return Survey(points, (f"{where}: {len(points)} points; no unit is given, taken as m (up to {largest:g}).",))
    scaled = {name: (x / 1000, y / 1000, z / 1000) for name, (x, y, z) in points.items()}
    return Survey(scaled, (f"{where}: {len(points)} points; no unit is given, taken as mm (up to {largest:g}).",))


def _blocks(cells: Cells, where: str) -> tuple[int, list[tuple[int, int, int, int]]]:
    """Row of the header, and per block the columns of id, x, y and z (-1 where there is none)."""
    for number, row in enumerate(cells):
        axes = [_axis(cell) for cell in row]
        starts = [k for k in range(len(axes) - 1) if axes[k : k + 2] == ["x", "y"]]
        if starts:
            names = [k for k, cell in enumerate(row) if cell.lower().startswith(("id", "name", "point", "marker"))]
            blocks = []
            for x in starts:
                identifier = (
                    x - 1 if x > 0 and axes[x - 1] is None else min(names, key=lambda k: abs(k - x), default=-1)
                )
                if identifier < 0:
                    raise SkeinError(f"{where}: expected a column id beside x, y, z, found {row}.")
                blocks.append((identifier, x, x + 1, x + 2 if axes[x + 2 : x + 3] == ["z"] else -1))
            return number, blocks
    raise SkeinError(f"{where}: expected columns id, x, y, z; no row has x and y side by side.")


def _axis(cell: str) -> str | None:
    found = re.fullmatch(r"([xyz])\s*(?:[\[(_ ].*)?", cell.strip().lower())
    return found[1] if found else None


def _unit(cell: str) -> str | None:
    found = re.search(r"(?:\[|\(|_|\s)\s*(mm|cm|m)\s*[\])]?$", cell.strip().lower())
    return found[1] if found else None


def _number(cell: str) -> float | None:
    try:
        return float(cell.strip().replace(",", "."))
    except ValueError:
        return None
