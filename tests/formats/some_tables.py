"""Tables for the tests of formats."""

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from pipeline.formats.tables import with_about
from pipeline.types import TRACKS, TRAJECTORIES

ORIGIN = {"recording": "trial", "jobs": [{"job": "track", "parameters": {"gap": 3, "name": "ä = 1"}}], "fps": 12.5}
_text = st.text(
    st.characters(min_codepoint=32, max_codepoint=0xFFFD, blacklist_categories=("Cc", "Cs", "Cn", "Co")), max_size=12
)
_float = st.none() | st.floats(allow_nan=False, allow_infinity=False)
_float32 = st.none() | st.floats(allow_nan=False, allow_infinity=False, width=32)
SCHEMA = with_about(
    pa.schema(
        [
            pa.field("individual", pa.string(), metadata={"unit": "", "definition": "the animal"}),
            pa.field("x", pa.float64(), metadata={"unit": "m", "definition": "place, °C & <µ>"}),
            pa.field("r", pa.float32(), metadata={"unit": "px", "definition": "error"}),
            pa.field("n", pa.int64(), metadata={"unit": "", "definition": "number"}),
            pa.field("ok", pa.bool_(), metadata={"unit": "", "definition": "flag"}),
        ]
    ),
    ORIGIN,
)


@st.composite
def tables(draw: st.DrawFn, text: st.SearchStrategy[str] = _text) -> pa.Table:
    """Any table of `SCHEMA`."""
    row = st.tuples(
        st.none() | text, _float, _float32, st.none() | st.integers(-(2**63), 2**63 - 1), st.none() | st.booleans()
    )
    rows = draw(st.lists(row, max_size=12))
    values = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(values, SCHEMA, strict=True)], schema=SCHEMA
    )


def trajectories() -> pa.Table:
    """Two animals over five frames of 12.5 per second; `a` is lost at frame 1, `b` enters at frame 2."""
    frame = np.array([0, 2, 3, 4, 2, 3, 4], np.int32)
    generator = np.random.default_rng(5)
    values = {
        "frame": frame,
        "time_s": frame / 12.5,
        "individual": list("aaaabbb"),
        **{name: generator.uniform(0, 3, 7) for name in ("x", "y", "z", "sx", "sy", "sz", "reprojection_px")},
        "n_views": np.full(7, 3, np.int16),
        "state": ["observed", "interpolated", *["observed"] * 5],
    }
    values["sz"][2] = np.nan
    return pa.table(values, schema=with_about(TRAJECTORIES, {**ORIGIN, "n_frames": 6}))


def tracks() -> pa.Table:
    """One track of three frames."""
    values = {name: np.array([1, 2, 3]) for name in TRACKS.names}
    values |= {"frame": [0, 1, 3], "track": [0, 0, 0], "left": [10, 11, 12], "width": [3, 3, 5]}
    values |= {"score": [0.5, 0.25, 1.0], "state": ["observed"] * 3}
    arrays = {name: pa.array(column).cast(TRACKS.field(name).type) for name, column in values.items()}
    return pa.table(arrays, schema=with_about(TRACKS, {}))
