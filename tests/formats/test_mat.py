"""MATLAB files, as scipy reads them."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from scipy.io import loadmat

from pipeline.errors import SkeinError
from pipeline.formats import mat
from tests.formats.some_tables import tables, tracks, trajectories


def load(path: Path) -> dict:
    return loadmat(path, squeeze_me=True, struct_as_record=False, chars_as_strings=True)


def test_one_struct_per_individual(tmp_path: Path) -> None:
    mat.write_tables(tmp_path / "t.mat", {"trajectories": trajectories()})
    content = load(tmp_path / "t.mat")
    a, b = content["trajectories"]
    assert (a.individual, b.individual) == ("a", "b")
    rows = trajectories().to_pandas().query("individual == 'a'")
    for name in ("frame", "x", "y", "z", "sx", "n_views"):
        np.testing.assert_array_equal(getattr(a, name), rows[name])
    np.testing.assert_array_equal(a.t, rows["time_s"])
    assert np.isnan(a.sz[2])
    assert [text.strip() for text in a.state] == rows["state"].tolist()
    assert content["units"].trajectories.t == "s"
    assert content["units"].trajectories.x == "m"
    assert json.loads(content["about"].trajectories)["recording"] == "trial"


def test_columns_stand_upright(tmp_path: Path) -> None:
    mat.write_tables(tmp_path / "t.mat", {"trajectories": trajectories()})
    assert loadmat(tmp_path / "t.mat")["trajectories"][0, 0]["x"].shape == (4, 1)


def test_tracks_are_a_struct_per_track_under_a_valid_name(tmp_path: Path) -> None:
    mat.write_tables(tmp_path / "t.mat", {"1-cam": tracks()})
    assert load(tmp_path / "t.mat")["c_1_cam"].track == "0"
    assert mat.field_name("a b") == "a_b"
    assert mat.field_name("für") == "f_r"
    assert mat.field_name("_x") == "c__x"
    assert len(mat.field_name("x" * 99)) == 63


@settings(deadline=None, max_examples=40)
@given(table=tables())
def test_numbers_are_exact(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("mat") / "t.mat"
    mat.write_tables(path, {"t": table})
    read = loadmat(path)["t"][0, 0]
    frame = table.to_pandas(types_mapper=None)
    np.testing.assert_array_equal(read["x"].ravel(), frame["x"].to_numpy(float))
    np.testing.assert_array_equal(read["r"].ravel(), frame["r"].to_numpy(np.float32))
    if table["n"].null_count == 0:
        np.testing.assert_array_equal(read["n"].ravel(), frame["n"].to_numpy())


def test_a_table_beyond_the_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mat, "_LIMIT", 100)
    with pytest.raises(SkeinError, match="Parquet"):
        mat.write_tables(tmp_path / "t.mat", {"t": trajectories()})


def test_two_tables_never_share_a_name(tmp_path: Path) -> None:
    with pytest.raises(SkeinError, match="'a_b' of 'a_b' is taken"):
        mat.write_tables(tmp_path / "t.mat", {"a-b": tracks(), "a_b": tracks()})
    with pytest.raises(SkeinError, match="taken"):
        mat.write_tables(tmp_path / "t.mat", {"units": tracks()})
