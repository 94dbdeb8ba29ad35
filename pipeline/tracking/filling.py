"""Tracks from stitched tracklets: a table in the order of frames, short gaps filled and flagged."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.types import TRACKS

_BETWEEN = ("x", "y", "left", "top", "width", "height", "area")
_STATES = pa.array(["observed", "interpolated"], TRACKS.field("state").type)

Columns = dict[str, NDArray]


def track_rows(parts: Iterable[Columns], track: NDArray[np.int64], fill: int) -> Iterator[pa.Table]:
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
    pending: Columns | None = None
    bridges = len(track)
    for columns in parts:
        number = track[columns["tracklet"]]
        rows = _where({**columns, "track": number, "filled": np.zeros(len(number), np.int8)}, number >= 0)
        if not len(rows["frame"]):
            continue
        last = int(rows["frame"].max())
        rows, bridges = _filled(rows if pending is None else _joined(pending, rows), fill, bridges)
        # A later row may still fill frames after the last one of its track, at most `fill` back.
        final = rows["frame"] < last - fill
        yield _table(_where(rows, final))
        pending = _where(rows, ~final)
    if pending is not None:
        yield _table(pending)


def _filled(rows: Columns, fill: int, bridges: int) -> tuple[Columns, int]:
    """The rows with gaps filled, and the next number of a bridge."""
    if fill:
        rows = _where(rows, np.lexsort((rows["frame"], rows["track"])))
        frame, track, tracklet = rows["frame"], rows["track"], rows["tracklet"]
        missing = np.where(np.diff(track) == 0, np.diff(frame) - 1, 0)
        at = np.flatnonzero((missing > 0) & (missing <= fill))
        count = missing[at]
        before = np.repeat(at, count)
        step = 1 + np.arange(len(before)) - np.repeat(np.cumsum(count) - count, count)
        share = step / (np.repeat(count, count) + 1)
        joins = tracklet[at] != tracklet[at + 1]
        number = np.where(joins, bridges + np.cumsum(joins) - 1, tracklet[at])
        bridges += int(joins.sum())
        new = _where(rows, before)
        new["frame"], new["tracklet"] = frame[before] + step, np.repeat(number, count)
        for name, value in (("detection", -1), ("score", np.nan), ("orientation", np.nan), ("filled", 1)):
            new[name] = np.full_like(new[name], value)
        for name in _BETWEEN:
            a, b = rows[name][before], rows[name][before + 1]
            new[name] = (a + share * (b - a)).astype(np.float32)
        rows = _joined(rows, new)
    return _where(rows, np.lexsort((rows["track"], rows["frame"]))), bridges


def _where(rows: Columns, chosen: NDArray) -> Columns:
    return {name: column[chosen] for name, column in rows.items()}


def _joined(first: Columns, second: Columns) -> Columns:
    return {name: np.concatenate([first[name], second[name]]) for name in first}


def _table(rows: Columns) -> pa.Table:
    state = _STATES.take(pa.array(rows["filled"]))
    columns = [state if field.name == "state" else pa.array(rows[field.name], type=field.type) for field in TRACKS]
    return pa.Table.from_arrays(columns, schema=TRACKS)
