from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SkeinError
from pipeline.formats import mot
from pipeline.types import TRACKS

finite = st.floats(-1e6, 1e6)


def test_a_result_line(tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    path.write_text("1,3,113.84,274.5,57.307,130.05,-1,-1,-1,-1\n2,-1,1,2,3,4,0.5,-1,2.5,0\n")
    assert mot.sniff(path) is None
    first, second = mot.read(path).to_pylist()
    assert (first["frame"], first["id"], first["left"]) == (0, 3, 113.84)
    assert first["confidence"] is first["x"] is first["z"] is None
    assert (second["id"], second["confidence"], second["x"], second["y"]) == (None, 0.5, -1, 2.5)


def test_nine_columns_are_truth_with_class_and_visibility(tmp_path: Path) -> None:
    path = tmp_path / "gt.txt"
    path.write_text("1,1,10,20,30,40,0,7,0.25\n")
    row = mot.read(path).to_pylist()[0]
    assert (row["confidence"], row["class_id"], row["visibility"], row["x"]) == (0, 7, 0.25, None)


@pytest.mark.parametrize("line", ["1,2,3", "1,2,3,4,5,six", "0,1,1,1,1,1", "1,1,1,1,1,nan", "1,1.5,1,1,1,1"])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(f"1,1,10,20,30,40,-1,-1,-1,-1\n{line}\n")
    with pytest.raises(SkeinError, match=r"bad\.txt, line 2"):
        mot.read(path)


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(1, 99), finite, finite, st.floats(0, 1e4), st.floats(0, 1e4)),
        max_size=20,
        unique_by=lambda row: row[:2],
    )
)
def test_what_is_written_is_read(rows: list[tuple], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("mot") / "boxes.txt"
    names = ["frame", "id", "left", "top", "width", "height"]
    table = pa.table({name: pa.array(column, mot.MOT.field(name).type) for name, column in
                      zip(names, zip(*rows, strict=True) if rows else [[]] * 6, strict=True)})  # fmt: skip
    mot.write(path, table)
    read = mot.read(path).select(names)
    assert read.equals(table.sort_by([("frame", "ascending"), ("id", "ascending")]))


def test_tracks_become_boxes_that_count_from_one() -> None:
    values = {field.name: [0] if field.name != "state" else ["observed"] for field in TRACKS}
    values["score"] = [np.float32(0.5)]
    boxes = mot.from_tracks(pa.table(values, schema=TRACKS)).to_pylist()[0]
    assert (boxes["frame"], boxes["id"], boxes["confidence"]) == (0, 1, 0.5)
