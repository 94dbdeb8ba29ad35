"""What the page 3D reads from `trajectories.parquet`. Plain functions; a long table is streamed, never held whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Window = tuple[float, float]
PER_BIN = 10
"""Rows kept of each animal and time bin: first, last, and those with the extremes of x, y, z and speed."""
AT_ONCE = 2_000_000
"""Rows of a window that is drawn without being asked for; a longer recording starts with its beginning."""
_BINS = 600
_COLUMNS = ("individual", "frame", "time_s", "x", "y", "z", "speed", "state", "piece")
_SOURCE = "read_parquet(?) WHERE time_s BETWEEN ? AND ?"


@dataclass(frozen=True)
class Summary:
    """What a table of trajectories holds.

    Parameters
    ----------
    unit
        Of positions: ``m``, or ``px`` in pixel-only planar mode.
    planar
        Whether z is missing.
    animals
        One row per animal in natural order, indexed by `individual`: `observed, interpolated` (frames), `first_s,
        last_s, reprojection_px` (median), `sd` (median standard deviation of the position, in `unit`).
    last_frame
        Last frame that has a position, -1 where there is none.
    end_s
        Its time.
    reprojection_px, sd
        Medians over all observed positions; NaN where not known.
    rows
        Length of the table.
    """

    unit: str
    planar: bool
    animals: pd.DataFrame
    last_frame: int
    end_s: float
    reprojection_px: float
    sd: float
    rows: int

    @property
    def individuals(self) -> list[str]:
        return list(self.animals.index)


def summary(path: Path) -> Summary:
    """Read the summary of a table; kept until the file changes."""
    status = path.stat()
    return _summary(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _summary(path: Path, _modified: int, _size: int) -> Summary:
    unit = (pq.read_schema(path).metadata or {}).get(b"unit", b"m").decode()
    sd = "sqrt(sx * sx + sy * sy + coalesce(nullif(sz, 'nan'::DOUBLE), 0) ^ 2)"
    numbers = f"""
        count(*) FILTER (state = 'observed') AS observed, count(*) FILTER (state = 'interpolated') AS interpolated,
        min(time_s) AS first_s, max(time_s) AS last_s, max(frame) AS last_frame,
        approx_quantile(reprojection_px, 0.5) FILTER (state = 'observed' AND isfinite(reprojection_px))
            AS reprojection_px,
        approx_quantile({sd}, 0.5) FILTER (state = 'observed' AND isfinite({sd})) AS sd,
        count(*) FILTER (isfinite(z)) AS with_z"""
    with duckdb.connect() as connection:
        query = f"SELECT individual, {numbers} FROM read_parquet(?) GROUP BY GROUPING SETS ((individual), ())"
        found = connection.execute(query, [str(path)]).df()
    whole = found[found["individual"].isna()].iloc[0]
    animals = found.dropna(subset=["individual"]).set_index("individual")
    animals = animals.loc[sorted(animals.index, key=lambda name: (len(name), name))]
    columns = ["observed", "interpolated", "first_s", "last_s", "reprojection_px", "sd"]
    rows = int(whole["observed"] + whole["interpolated"])
    return Summary(
        unit, not whole["with_z"], animals[columns], int(whole["last_frame"]) if rows else -1,
        float(whole["last_s"]) if rows else 0.0, _number(whole["reprojection_px"]), _number(whole["sd"]), rows,
    )  # fmt: skip


def _number(value: Any) -> float:
    return float("nan") if pd.isna(value) else float(value)


def first_window(found: Summary) -> Window:
    """The window to begin with: the whole recording, or the beginning of a very long one."""
    share = min(1.0, AT_ONCE / max(1, found.rows))
    return (0.0, found.end_s) if share == 1 else (0.0, round(found.end_s * share, 1))


@dataclass(frozen=True, eq=False)
class Density:
    """How many animals have a position, along the recording.

    Parameters
    ----------
    time_s
        (B,) middles of the bins.
    observed, interpolated
        (B,) mean number of animals.
    """

    time_s: Floats
    observed: Floats
    interpolated: Floats


def density(path: Path) -> Density:
    """Animals over the whole recording; kept until the file changes."""
    status = path.stat()
    return _density(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _density(path: Path, _modified: int, _size: int) -> Density:
    with duckdb.connect() as connection:
        source = "read_parquet(?)"
        end = connection.execute(f"SELECT coalesce(max(frame), 0) + 1 FROM {source}", [str(path)]).fetchone()
        frames = int(end[0]) if end else 1
        per_bin = -(-frames // _BINS)
        query = f"""
            SELECT frame // ? AS bin, min(time_s) AS start, max(time_s) AS stop,
                count(*) FILTER (state = 'observed') AS observed, count(*) FILTER (state <> 'observed') AS interpolated
            FROM {source} GROUP BY bin ORDER BY bin"""
        rows = connection.execute(query, [per_bin, str(path)]).fetchnumpy()
    count = -(-frames // per_bin)
    observed, interpolated = np.zeros(count), np.zeros(count)
    bins = np.asarray(rows["bin"], np.int64)
    length = np.minimum(per_bin, frames - bins * per_bin)
    observed[bins], interpolated[bins] = rows["observed"] / length, rows["interpolated"] / length
    middle = np.full(count, np.nan)
    middle[bins] = (np.asarray(rows["start"]) + np.asarray(rows["stop"])) / 2
    known = np.isfinite(middle)
    where = np.arange(count)
    time = np.interp(where, where[known], middle[known]) if known.any() else where.astype(float)
    return Density(time, observed, interpolated)


@dataclass(frozen=True, eq=False)
class Paths:
    """Positions to draw.

    Parameters
    ----------
    rows
        Columns `individual, frame, time_s, x, y, z, speed, state, piece`, ordered by animal and frame. `speed` (per s)
        is that between the frames before and after, null where one is missing; `piece` counts the unbroken stretches.
    total
        Number of positions in the window.
    """

    rows: pd.DataFrame
    total: int

    @property
    def note(self) -> str:
        """What was left out, or nothing."""
        if len(self.rows) >= self.total:
            return ""
        return f"Showing {len(self.rows):,} of {self.total:,} positions, every extreme of x, y, z and speed kept."


def paths(path: Path, individuals: Sequence[str], window: Window, points: int = 50_000) -> Paths:
    """Positions of some animals in a window, thinned to at most `points`.

    Each animal's window is cut into equal bins of time, and of each bin the first and last position and those with the
    extremes of x, y, z and speed are kept, so that no peak is lost in any of the plots.

    Parameters
    ----------
    individuals
        Their names; none gives none.
    window
        From and to, s.
    """
    if not individuals:
        return Paths(pd.DataFrame(columns=list(_COLUMNS)), 0)
    status = path.stat()
    return _paths(path, status.st_mtime_ns, status.st_size, tuple(individuals), window, points)


@lru_cache(maxsize=8)  # another colour or another view does not read the table again
def _paths(path: Path, _modified: int, _size: int, individuals: tuple[str, ...], window: Window, points: int) -> Paths:
    names = list(individuals)
    columns = ", ".join(_COLUMNS)
    start, stop = window
    given = [str(path), start, stop, names]
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '2GB'")
        chosen = f"{_SOURCE} AND list_contains(?, individual)"
        counted = connection.execute(f"SELECT count(*) FROM {chosen}", given).fetchone()
        total = int(counted[0]) if counted else 0
        bins = max(1, points // (PER_BIN * len(names)))
        moving = f"""
            SELECT individual, frame, time_s, x, y, z, state,
                CASE WHEN lead(frame) OVER one - lag(frame) OVER one = 2 * least(
                        frame - lag(frame) OVER one, lead(frame) OVER one - frame)
                     THEN sqrt((lead(x) OVER one - lag(x) OVER one) ^ 2 + (lead(y) OVER one - lag(y) OVER one) ^ 2
                          + coalesce(lead(z) OVER one - lag(z) OVER one, 0) ^ 2)
                          / (lead(time_s) OVER one - lag(time_s) OVER one) END AS speed,
                CASE WHEN frame - lag(frame) OVER one > 1 THEN 1 ELSE 0 END AS broken,
                least(? - 1, floor((time_s - ?) / (? - ?) * ?))::INT AS bin
            FROM {chosen} WINDOW one AS (PARTITION BY individual ORDER BY frame)"""
        pieces = f"SELECT *, sum(broken) OVER (PARTITION BY individual ORDER BY frame)::INT AS piece FROM ({moving})"
        values = [bins, start, stop, start, bins, *given]
        if total <= points:
            query = f"SELECT {columns} FROM ({pieces}) ORDER BY individual, frame"
            return Paths(connection.execute(query, values).df(), total)
        extremes = ", ".join(
            f"{pick}(frame, {axis})" for axis in ("x", "y", "z", "speed") for pick in ("arg_min", "arg_max")
        )
        query = f"""
            WITH whole AS MATERIALIZED ({pieces}),
            kept AS (
                SELECT DISTINCT individual, unnest([min(frame), max(frame), {extremes}]) AS frame
                FROM whole GROUP BY individual, bin)
            SELECT {columns} FROM whole SEMI JOIN kept USING (individual, frame)
            ORDER BY individual, frame"""
        return Paths(connection.execute(query, values).df(), total)
