"""The columns of the zone tables, with units and definitions; the same in results, exports and pages."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

OUTSIDE, LOST = "outside", "lost"
_TEXT, _INT, _FLOAT, _BOOL = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_LENGTH, _SPEED = "{unit}", "{unit}/s"

_BIN = [
    ("bin", _INT, "", "number of the time bin, from 0"),
    ("start_s", _FLOAT, "s", "first sample of the bin, from the recording's start"),
    ("stop_s", _FLOAT, "s", "end of the bin's last sample; the bin is [start, stop)"),
]
_COLUMNS: dict[str, list[tuple[str, pa.DataType, str, str]]] = {
    "zones": [
        ("individual", _TEXT, "", "the animal"),
        ("zone", _TEXT, "", "the zone; outside = in none of them; lost = not seen for longer than the held gap"),
        *_BIN,
        ("samples", _INT, "samples", "samples in this zone; zones + outside + lost = all samples of the bin, unless "
         "zones overlap"),
        ("time_s", _FLOAT, "s", "time in this zone"),
        ("overlap_s", _FLOAT, "s", "part of time_s in which a zone listed earlier held the animal too; the sum over "
         "the zones of time_s - overlap_s, plus outside, plus lost, is the length of the bin"),
        ("tracked_percent", _FLOAT, "%", "time_s of observed_s"),
        ("recording_percent", _FLOAT, "%", "time_s of the bin's length"),
        ("dwell_lower_s", _FLOAT, "s", "time in this zone if all lost time was spent elsewhere"),
        ("dwell_upper_s", _FLOAT, "s", "time in this zone if all lost time was spent here"),
        ("visits", _INT, "", "uninterrupted stays, that at the bin's start included"),
        ("entries", _INT, "", "times the animal was seen to come in; the first sample inside lies in the bin"),
        ("latency_visit_s", _FLOAT, "s", "from the bin's start to the first sample in this zone; empty if never"),
        ("latency_entry_s", _FLOAT, "s", "from the bin's start to the first entry that was seen; empty if none"),
        ("censored", _INT, "", "1 = not in this zone while observed: the latency exceeds observed_s, or is unknown"),
        ("truncated", _BOOL, "", "the last visit was still open when the bin ended"),
        ("mean_visit_s", _FLOAT, "s", "mean length of the visits, cut at the bin's ends; open ones included"),
        ("median_visit_s", _FLOAT, "s", "median length of the visits, likewise"),
        ("max_visit_s", _FLOAT, "s", "longest visit, likewise"),
        ("distance", _FLOAT, _LENGTH, "path of the steps with both ends in this zone and both positions known"),
        ("mean_speed", _FLOAT, _SPEED, "distance over the time of the steps that count for it"),
        ("observed_s", _FLOAT, "s", "time in the bin in which the animal was not lost: how long it could have been "
         "seen in a zone"),
        ("interpolated_s", _FLOAT, "s", "part of observed_s with interpolated positions"),
        ("held_s", _FLOAT, "s", "part of observed_s without a position, over which the last zone was held"),
        ("lost_s", _FLOAT, "s", "time in the bin in which the animal was lost; observed_s + lost_s = the bin's length"),
    ],
    "visits": [
        ("individual", _TEXT, "", "the animal"),
        ("zone", _TEXT, "", "the zone, or outside, or lost"),
        ("start_s", _FLOAT, "s", "first sample there, from the recording's start"),
        ("stop_s", _FLOAT, "s", "end of the last sample there; the visit is [start, stop)"),
        ("duration_s", _FLOAT, "s", "stop - start"),
        ("begins", _TEXT, "", "entry = seen to come in; start = there at the recording's first sample; found = found "
         "there after a loss"),
        ("ends", _TEXT, "", "exit = seen to leave; end = there at the last sample; lost = lost while there"),
        ("truncated", _BOOL, "", "still open at the recording's end"),
        ("distance", _FLOAT, _LENGTH, "path of the steps with both ends in the visit and both positions known"),
    ],
    "counts": [
        ("zone", _TEXT, "", "the zone, or outside, or lost"),
        *_BIN,
        ("mean", _FLOAT, "animals", "mean number of animals over the time of the bin; lost animals count as lost only"),
        ("sd", _FLOAT, "animals", "standard deviation of that number over the time of the bin"),
        ("max", _INT, "animals", "largest number at the same time"),
        ("individuals", _INT, "animals", "animals in the recording"),
    ],
    "transitions": [
        ("individual", _TEXT, "", "the animal"),
        ("from", _TEXT, "", "the zone it was in before"),
        ("to", _TEXT, "", "the zone it was seen to enter"),
        ("count", _INT, "", "times it entered `to` after `from`, in no other zone and never lost in between"),
    ],
}  # fmt: skip
NAMES = tuple(_COLUMNS)


def schema(name: str, unit: str) -> pa.Schema:
    """Schema of one of the four tables, for trajectories in `unit` (m or px)."""
    return pa.schema(
        [
            pa.field(column, kind, metadata={"unit": column_unit.format(unit=unit), "definition": definition})
            for column, kind, column_unit, definition in _COLUMNS[name]
        ]
    )


def table(name: str, rows: "pd.DataFrame", unit: str, about: Mapping[str, Any]) -> pa.Table:
    """Rows as one of the four tables; NaN becomes null, and `about` is kept as JSON in the table's metadata."""
    fields = schema(name, unit)
    result = pa.Table.from_pandas(rows[fields.names], schema=fields, preserve_index=False)
    return result.replace_schema_metadata({"skein": json.dumps(dict(about), allow_nan=False)})
