import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from pipeline.tracking.filling import track_rows
from pipeline.tracking.part import NUMBERS


def rows(*items: tuple[int, int, float]) -> dict[str, NDArray]:
    """Frame, tracklet, x."""
    frame, tracklet, x = np.array(items, float).T
    columns = {name: np.zeros(len(items), np.float32) for name in NUMBERS}
    return columns | {
        "frame": frame.astype(np.int32), "tracklet": tracklet.astype(np.int32), "x": x.astype(np.float32),
        "detection": np.arange(len(items), dtype=np.int32), "class_id": np.zeros(len(items), np.int16),
        "score": np.ones(len(items), np.float32),
    }  # fmt: skip


def listed(parts: list[dict[str, NDArray]], track: list[int], fill: int) -> list[tuple]:
    tables = [table.to_pylist() for table in track_rows(parts, np.array(track), fill)]
    return [
        (row["frame"], row["track"], row["tracklet"], row["x"], row["state"][0]) for table in tables for row in table
    ]


def test_a_gap_inside_a_tracklet_belongs_to_it_and_one_between_two_is_its_own() -> None:
    found = listed([rows((0, 0, 0), (2, 0, 10), (4, 1, 30))], [5, 5], fill=1)
    assert found == [
        (0, 5, 0, 0, "o"), (1, 5, 0, 5, "i"), (2, 5, 0, 10, "o"), (3, 5, 2, 20, "i"), (4, 5, 1, 30, "o")
    ]  # fmt: skip


def test_long_gaps_stay_open_and_dropped_tracklets_stay_out() -> None:
    found = listed([rows((0, 0, 0), (0, 1, 7), (3, 0, 10))], [0, -1], fill=1)
    assert [row[0] for row in found] == [0, 3]


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5])
def test_parts_make_no_difference(cut: int) -> None:
    items = [(0, 0, 0.0), (0, 1, 100.0), (1, 1, 101.0), (3, 0, 6.0), (4, 2, 104.0), (6, 0, 12.0)]
    whole = listed([rows(*items)], [0, 1, 1], fill=2)
    assert listed([rows(*items[:cut]), rows(*items[cut:])], [0, 1, 1], fill=2) == whole
    assert [row[:2] for row in whole] == sorted(row[:2] for row in whole)
    assert len(whole) == 2 * 7 - 2  # track 1 lacks frames 5 and 6


def test_an_interpolated_row_has_no_detection() -> None:
    tables = track_rows([rows((0, 0, 0), (2, 0, 2))], np.array([0]), 1)
    row = pa.concat_tables(tables).to_pylist()[1]
    assert (row["detection"], row["state"]) == (-1, "interpolated")
    assert np.isnan(row["score"])
    assert np.isnan(row["orientation"])
