"""Tracks from stitched tracklets: a table in the order of frames, short gaps filled and flagged."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.types import TRACKS

_BETWEEN = ["x", "y", "left", "top", "width", "height", "area"]


def track_rows(parts: Iterable[dict[str, NDArray]], track: NDArray[np.int64], fill: int) -> Iterator[pa.Table]:
    """Tables of schema :data:`pipeline.types.TRACKS` that follow each other in time, sorted by frame and track.

    Parameters
    ----------
    parts
        Columns of the tracklets' rows, part after part (:meth:`pipeline.tracking.tracklets.TrackletStore.parts`).
    track
        (T,) track of each tracklet, -1 for rows to be left out.
    fill
        Longest gap to be filled, in missing frames. Filled rows lie on a straight line between their neighbours, have
        `detection` -1, no score and no orientation, and the state ``interpolated``. Inside a tracklet they belong to
        it; between two, they are a tracklet of their own, numbered after all others: the join is a guess, and a
        tracklet is not.
    """
    pending: pd.DataFrame | None = None
    bridges = len(track)
    for columns in parts:
        number = track[columns["tracklet"]]
        rows = pd.DataFrame(columns)[number >= 0].assign(track=number[number >= 0], state="observed")
        if rows.empty:
            continue
        last = int(rows["frame"].max())
        rows = rows if pending is None else pd.concat([pending, rows], ignore_index=True)
        rows, bridges = _filled(rows, fill, bridges)
        # A later row may still fill frames after the last one of its track, at most `fill` back.
        final = rows["frame"] < last - fill
        yield _table(rows[final])
        pending = rows[~final]
    if pending is not None:
        yield _table(pending)


def _filled(rows: pd.DataFrame, fill: int, bridges: int) -> tuple[pd.DataFrame, int]:
    """The rows with gaps filled, and the next number of a bridge."""
    rows = rows.sort_values(["track", "frame"], kind="stable", ignore_index=True)
    if fill:
        frame, track = rows["frame"].to_numpy(), rows["track"].to_numpy()
        missing = np.where(np.diff(track) == 0, np.diff(frame) - 1, 0)
        at = np.flatnonzero((missing > 0) & (missing <= fill))
        count = missing[at]
        before = np.repeat(at, count)
        step = 1 + np.arange(len(before)) - np.repeat(np.cumsum(count) - count, count)
        share = (step / (np.repeat(count, count) + 1))[:, None]
        a, b = rows[_BETWEEN].to_numpy()[before], rows[_BETWEEN].to_numpy()[before + 1]
        new = rows.iloc[before].assign(
            frame=frame[before] + step, detection=-1, score=np.nan, orientation=np.nan, state="interpolated"
        )
        tracklet = rows["tracklet"].to_numpy()
        joins = tracklet[at] != tracklet[at + 1]
        number = np.where(joins, bridges + np.cumsum(joins) - 1, tracklet[at])
        new["tracklet"] = np.repeat(number, count)
        bridges += int(joins.sum())
        new[_BETWEEN] = (a + share * (b - a)).astype(np.float32)
        rows = pd.concat([rows, new], ignore_index=True)
    return rows.sort_values(["frame", "track"], kind="stable", ignore_index=True), bridges


def _table(rows: pd.DataFrame) -> pa.Table:
    columns = [pa.array(rows[field.name].to_numpy(), type=field.type) for field in TRACKS]
    return pa.Table.from_arrays(columns, schema=TRACKS)
