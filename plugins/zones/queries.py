"""What the Zones page reads: results, thinned paths, and rows of long tables. Plain functions, no browser."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.api import Experiment, SkeinError, Zone
from plugins.zones.exports import tables
from plugins.zones.positions import natural

Floats = NDArray[np.float64]
_COMPARISONS = {
    "equals": "= ?", "notEqual": "<> ?", "lessThan": "< ?", "lessThanOrEqual": "<= ?", "greaterThan": "> ?",
    "greaterThanOrEqual": ">= ?", "inRange": "BETWEEN ? AND ?", "blank": "IS NULL", "notBlank": "IS NOT NULL",
    "contains": "ILIKE '%' || ? || '%'", "startsWith": "ILIKE ? || '%'",
}  # fmt: skip


@dataclass(frozen=True)
class Results:
    """The zone tables of a recording.

    Parameters
    ----------
    zones, visits, counts
        The tables of those names.
    parameters
        The choices that they were computed with.
    shapes
        The zones as they were then.
    unit
        Of lengths: ``m`` or ``px``.
    recording_s, samples
        Length of the recording, in seconds and in samples.
    """

    zones: pd.DataFrame
    visits: pd.DataFrame
    counts: pd.DataFrame
    parameters: dict[str, Any]
    shapes: tuple[Zone, ...]
    unit: str
    recording_s: float
    samples: int

    @property
    def individuals(self) -> list[str]:
        """The animals, numbers in numeric order."""
        return sorted(self.zones["individual"].unique(), key=natural)

    @property
    def places(self) -> list[str]:
        """The zones as listed, then outside and lost."""
        return list(self.counts["zone"].unique())

    @property
    def totals(self) -> pd.DataFrame:
        """Per individual and zone, over all bins: `time_s, overlap_s, observed_s, lost_s`, and number of `visits`."""
        summed = self.zones.groupby(["individual", "zone"])[["time_s", "overlap_s", "observed_s", "lost_s"]].sum()
        visits = self.visits.groupby(["individual", "zone"]).size().rename("visits")
        return summed.join(visits).fillna({"visits": 0}).astype({"visits": int})


def results(experiment: Experiment, recording: str) -> Results | None:
    """The results of a recording, or None where there are none."""
    try:
        found = tables(experiment, recording)
    except SkeinError:
        return None
    about = json.loads((found["zones"].schema.metadata or {})[b"skein"])
    return Results(
        found["zones"].to_pandas(),
        found["visits"].to_pandas(),
        found["counts"].to_pandas(),
        about["parameters"],
        tuple(Zone.model_validate(zone) for zone in about["zones"]),
        about["unit"],
        about["recording_s"],
        about["samples"],
    )


def table_path(experiment: Experiment, recording: str, name: str) -> Path:
    """The file of one of the tables."""
    return experiment.results_folder(recording, "zones") / f"{name}.parquet"


def paths(
    path: Path, individuals: list[str], window: tuple[float, float] | None, points: int = 20_000
) -> tuple[pd.DataFrame, str]:
    """Positions of some animals, every n-th frame where there are too many to draw.

    Parameters
    ----------
    individuals
        Their names; empty for all.
    window
        From and to, s; None for the whole recording.

    Returns
    -------
    Columns `individual, frame, time_s, x, y`, ordered; and a sentence on what was left out, or nothing.
    """
    where, values = _chosen(path, individuals, window)
    with duckdb.connect() as connection:
        total = _row(connection, f"SELECT count(*) FROM read_parquet(?) {where}", values)[0]
        step = max(1, -(-total // points))
        query = f"SELECT individual, frame, time_s, x, y FROM read_parquet(?) {where} AND frame % ? = 0 ORDER BY 1, 2"
        rows = connection.execute(query, [*values, step]).df()
    return rows, f"Showing {len(rows):,} of {total:,} positions: one frame in {step}." if step > 1 else ""


@dataclass(frozen=True, eq=False)
class Occupancy:
    """Time per square of the floor.

    Parameters
    ----------
    x, y
        Centres of the columns and rows.
    seconds
        (rows, columns) time that all chosen animals together spent there; NaN where none was.
    """

    x: Floats
    y: Floats
    seconds: Floats


def occupancy(
    path: Path,
    individuals: list[str],
    window: tuple[float, float] | None,
    sample_s: float,
    bounds: tuple[tuple[float, float], tuple[float, float]] | None,
    cells: int = 80,
) -> Occupancy:
    """How long animals were in each square of the floor.

    Parameters
    ----------
    sample_s
        What one position stands for.
    bounds
        x and y from and to; None: as far as the animals went.
    cells
        Number of squares along the longer side.
    """
    where, values = _chosen(path, individuals, window)
    with duckdb.connect() as connection:
        if bounds is None:
            x0, x1, y0, y1 = _row(
                connection, f"SELECT min(x), max(x), min(y), max(y) FROM read_parquet(?) {where}", values
            )
            bounds = ((x0 or 0.0, x1 or 1.0), (y0 or 0.0, y1 or 1.0))
        (x0, x1), (y0, y1) = bounds
        side = max(x1 - x0, y1 - y0) / cells or 1.0
        columns, rows = (max(1, int(np.ceil((high - low) / side - 1e-9))) for low, high in bounds)
        counted = connection.execute(
            "SELECT least(greatest(floor((x - ?) / ?), 0), ?)::INT AS i, least(greatest(floor((y - ?) / ?), 0), ?)::INT"
            f" AS j, count(*) AS n FROM read_parquet(?) {where} AND x IS NOT NULL AND NOT isnan(x) GROUP BY 1, 2",
            [x0, side, columns - 1, y0, side, rows - 1, *values],
        ).df()
    grid = np.full((rows, columns), np.nan)
    grid[counted["j"], counted["i"]] = counted["n"] * sample_s
    x, y = (low + (np.arange(n, dtype=np.float64) + 0.5) * side for low, n in ((x0, columns), (y0, rows)))
    return Occupancy(x, y, grid)


def rows_of(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """A block of rows of a table, sorted and filtered as AG Grid's infinite model asks.

    Names that are not columns of the table are ignored; values are never part of the query's text.

    Returns
    -------
    `rowData` (NaN as None) and `rowCount`.
    """
    names = set(pq.read_schema(path).names)
    conditions: list[str] = ["TRUE"]
    values: list[Any] = [str(path)]
    for column, chosen in (request.get("filterModel") or {}).items():
        comparison = _COMPARISONS.get(str(chosen.get("type")))
        if column not in names or comparison is None:
            continue
        given = [chosen.get("filter"), chosen.get("filterTo")][: comparison.count("?")]
        conditions.append(f'"{column}" {comparison}')
        values += given
    order = [
        f'"{entry["colId"]}" {"DESC" if entry.get("sort") == "desc" else "ASC"} NULLS LAST'
        for entry in request.get("sortModel") or []
        if entry.get("colId") in names
    ]
    where = f"WHERE {' AND '.join(conditions)}"
    first, last = int(request.get("startRow", 0)), int(request.get("endRow", 100))
    with duckdb.connect() as connection:
        count = _row(connection, f"SELECT count(*) FROM read_parquet(?) {where}", values)[0]
        block = connection.execute(
            f"SELECT * FROM read_parquet(?) {where} {'ORDER BY ' + ', '.join(order) if order else ''} LIMIT ? OFFSET ?",
            [*values, max(0, last - first), first],
        )
        columns = [entry[0] for entry in connection.description or []]
        found = [dict(zip(columns, row, strict=True)) for row in block.fetchall()]
    return {"rowData": found, "rowCount": count}


def columns_of(path: Path) -> pa.Schema:
    """The columns of a table, with units and definitions."""
    return pq.read_schema(path)


def _chosen(path: Path, individuals: list[str], window: tuple[float, float] | None) -> tuple[str, list[Any]]:
    conditions: list[str] = ["TRUE"]
    values: list[Any] = [str(path)]
    if individuals:
        conditions.append("list_contains(?, individual)")
        values.append(individuals)
    if window is not None:
        conditions.append("time_s BETWEEN ? AND ?")
        values += list(window)
    return f"WHERE {' AND '.join(conditions)}", values


def _row(connection: duckdb.DuckDBPyConnection, query: str, values: list[Any]) -> tuple[Any, ...]:
    found = connection.execute(query, values).fetchone()
    assert found is not None
    return found
