"""The tables' columns: every one has a unit and a definition; what does not fit is refused with its name."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import SkeinError
from pipeline.types import DETECTIONS, TRACKS, TRAJECTORIES, Detections, checked, detections_table


@pytest.mark.parametrize("schema", [DETECTIONS, TRACKS, TRAJECTORIES])
def test_every_column_says_what_it_is(schema: pa.Schema) -> None:
    for field in schema:
        assert field.metadata[b"definition"], field.name
        assert b"unit" in field.metadata


def test_columns_are_put_in_order_and_cast_and_the_files_own_words_kept() -> None:
    columns = {name: pa.nulls(2) for name in reversed(TRACKS.names)}
    columns |= {"frame": pa.array([0, 1], pa.int64()), "state": pa.array(["observed", "interpolated"])}
    table = checked(pa.table(columns).replace_schema_metadata({"unit": "px"}), TRACKS, "tracks")
    assert table.schema.equals(TRACKS)
    assert table.schema.metadata == {b"unit": b"px"}
    assert table["frame"].to_pylist() == [0, 1]


def test_missing_unknown_and_wrong_columns_are_named() -> None:
    good = pa.table({name: pa.nulls(1) for name in TRACKS.names})
    with pytest.raises(SkeinError, match=r"a\.parquet: .*missing \['state'\], unknown \['extra'\]"):
        checked(good.drop_columns("state").append_column("extra", pa.nulls(1)), TRACKS, "a.parquet")
    broken = good.set_column(good.column_names.index("frame"), "frame", pa.array([0.5]))
    with pytest.raises(SkeinError, match="wrong type"):
        checked(broken, TRACKS, "a.parquet")


def found(count: int) -> Detections:
    numbers = np.arange(count, dtype=np.float32)
    return Detections(
        xy=np.stack([numbers, -numbers], axis=1),
        boxes=np.tile(numbers[:, None], (1, 4)),
        area=numbers,
        orientation=numbers / 10,
        score=numbers / 10,
        class_id=np.arange(count, dtype=np.int16),
        masks=tuple(f"mask {k}".encode() for k in range(count)),
    )


def test_detections_are_numbered_within_their_frame() -> None:
    table = detections_table([4, 5, 9], [found(2), Detections.empty(), found(3)])
    assert table.schema.equals(DETECTIONS)
    assert table["frame"].to_pylist() == [4, 4, 9, 9, 9]
    assert table["detection"].to_pylist() == [0, 1, 0, 1, 2]
    assert table["y"].to_pylist() == [0, -1, 0, -1, -2]
    assert table["mask"].to_pylist()[4] == b"mask 2"
    assert len(detections_table([], [])) == 0


def test_arrays_of_different_length_are_no_detections() -> None:
    whole = found(2)
    with pytest.raises(SkeinError, match=r"expected area of shape \(2,\) for 2 masks, got \(1,\)"):
        Detections(
            whole.xy, whole.boxes, whole.area[:1], whole.orientation, whole.score, whole.class_id, whole.masks
        )  # fmt: skip
