"""Reading the two sides of a comparison."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.api import Experiment, SkeinError, Timeline

_COLUMNS = ("frame", "individual", "x", "y")


def true_trajectories(experiment: Experiment, recording: str, given: str) -> pd.DataFrame:
    """Columns frame, individual, x, y, z (NaN where the table has none) of the truth.

    Parameters
    ----------
    given
        A CSV or Parquet file, absolute or relative to the experiment; empty: the truth folder's.

    Raises
    ------
    SkeinError
        If there is no such file, or it lacks columns.
    """
    path = experiment.file(given) if given else experiment.root / "truth" / recording / "trajectories.parquet"
    if not path.is_file():
        raise SkeinError(
            f"No truth to compare with: expected {given or path.relative_to(experiment.root)}. Only a synthetic "
            "experiment has a truth folder; name a table with `--truth` for others."
        )
    table = _read(path)
    if "frame" not in table.columns and "time_s" in table.columns:
        table["frame"] = _frames(table["time_s"].to_numpy(float), Timeline.of(experiment, recording), path.name)
    missing = [name for name in _COLUMNS if name not in table.columns]
    if missing:
        raise SkeinError(
            f"{path.name}: expected the columns frame (or time_s), individual, x, y and perhaps z; "
            f"{', '.join(missing)} is missing, there are {', '.join(table.columns)}."
        )
    if "z" not in table.columns:
        table["z"] = np.nan
    table["individual"] = table["individual"].astype(str)
    for name in ("x", "y", "z"):
        table[name] = pd.to_numeric(table[name], errors="coerce")
    return table[[*_COLUMNS, "z"]]


def trajectories(experiment: Experiment, recording: str) -> tuple[pd.DataFrame, str]:
    """The reconstructed trajectories, and their unit (``m`` or ``px``).

    Raises
    ------
    SkeinError
        If there are none.
    """
    path = experiment.trajectories_path(recording)
    if not path.is_file():
        raise SkeinError(f"{recording} has no trajectories: run `reconstruct` first.")
    table = pq.read_table(path)
    unit = (table.schema.metadata or {}).get(b"unit", b"m").decode()
    return _pandas(table), unit


def camera_tracks(experiment: Experiment, recording: str, camera: str) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Truth and tracks of one camera, or None where one of them is missing."""
    truth = experiment.root / "truth" / recording / f"{camera}.parquet"
    tracks = experiment.tracks_path(recording, camera)
    if not truth.is_file() or not tracks.is_file():
        return None
    columns = ["frame", "individual", "x", "y", "left", "top", "width", "height", "visible"]
    return (
        _pandas(pq.read_table(truth, columns=columns)),
        _pandas(pq.read_table(tracks, columns=["frame", "track", "x", "y", "left", "top", "width", "height"])),
    )


def _read(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return _pandas(pq.read_table(path))
        return pd.read_csv(path, sep=None, engine="python", comment="#")
    except (pa.ArrowInvalid, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise SkeinError(f"{path.name}: expected a CSV or Parquet table: {error}") from error


def _pandas(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas()


def _frames(time_s: np.ndarray, timeline: Timeline, file: str) -> np.ndarray:
    """The frame nearest to each time, of a table that gives times only."""
    if not np.isfinite(time_s).all():
        raise SkeinError(f"{file}: time_s must be a number in every row.")
    middle = (timeline.times[1:] + timeline.times[:-1]) / 2
    return np.searchsorted(middle, time_s)
