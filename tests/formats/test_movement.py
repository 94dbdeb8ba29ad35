"""The movement package's netCDF layout."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xarray as xr

from pipeline.errors import SkeinError
from pipeline.formats import movement
from tests.formats.some_tables import tracks, trajectories


def written(tmp_path: Path, table: pa.Table) -> xr.Dataset:
    (path,) = movement.write_tables(tmp_path / "t.nc", {"t": table})
    assert movement.sniff(path) is None
    return xr.load_dataset(path, engine="h5netcdf")


def test_trajectories_are_poses_on_the_whole_recording(tmp_path: Path) -> None:
    dataset = written(tmp_path, trajectories())
    assert dataset["position"].dims == ("time", "space", "keypoints", "individuals")
    assert dataset["confidence"].dims == ("time", "keypoints", "individuals")
    assert dataset["position"].shape == (6, 3, 1, 2)
    np.testing.assert_allclose(dataset["time"], np.arange(6) / 12.5)
    rows = trajectories().to_pandas().query("individual == 'b'")
    found = dataset["position"].sel(individuals="b", keypoints="centroid").to_numpy()
    np.testing.assert_array_equal(found[2:5], rows[["x", "y", "z"]])
    assert np.isnan(found[[0, 1, 5]]).all()
    assert dataset.attrs["ds_type"] == "poses"
    assert dataset.attrs["fps"] == 12.5
    assert dataset.attrs["time_unit"] == "seconds"
    assert dataset.attrs["source_software"] == "Skein"
    assert dataset["position"].attrs["units"] == "m"
    assert json.loads(dataset.attrs["skein"])["jobs"][0]["parameters"]["gap"] == 3


def test_planar_trajectories_have_two_axes(tmp_path: Path) -> None:
    table = trajectories()
    flat = table.set_column(table.column_names.index("z"), table.schema.field("z"), pa.nulls(7, pa.float64()))
    assert written(tmp_path, flat)["space"].values.tolist() == ["x", "y"]


def test_tracks_are_boxes(tmp_path: Path) -> None:
    dataset = written(tmp_path, tracks())
    assert dataset.attrs["ds_type"] == "bboxes"
    assert dataset.attrs["time_unit"] == "frames"
    assert "fps" not in dataset.attrs
    assert dataset["shape"].sel(individuals="id_0").values[0].tolist() == [3, 1]
    assert dataset["position"].sel(individuals="id_0").values[0].tolist() == [11, 1]  # pixels 10, 11, 12
    np.testing.assert_array_equal(dataset["confidence"].values[:, 0], [0.5, 0.25, np.nan, 1])


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written(tmp_path, trajectories())
    read = movement.read(tmp_path / "t.nc").to_pandas().sort_values(["individual", "frame"])
    expected = trajectories().to_pandas()
    for name in ("frame", "individual", "x", "y", "z", "time_s"):
        assert read[name].tolist() == expected[name].tolist()
    written(tmp_path, tracks())
    boxes = movement.read(tmp_path / "t.nc")
    assert boxes["frame"].to_pylist() == [0, 1, 3]
    assert boxes["width"].to_pylist() == [3, 3, 5]
    assert boxes["confidence"].to_pylist() == [0.5, 0.25, 1]


def test_singular_names_of_dimensions_are_read_too(tmp_path: Path) -> None:
    dataset = written(tmp_path, trajectories()).rename(keypoints="keypoint", individuals="individual")
    dataset.to_netcdf(tmp_path / "u.nc", engine="h5netcdf")
    assert movement.read(tmp_path / "u.nc").equals(movement.read(tmp_path / "t.nc"))


def test_other_tables_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SkeinError, match="trajectories and tracks"):
        movement.write_tables(tmp_path / "t.nc", {"t": pa.table({"zone": ["a"]})})
    (tmp_path / "text.nc").write_text("no")
    assert "HDF5" in str(movement.sniff(tmp_path / "text.nc"))
    with pytest.raises(SkeinError, match=r"text\.nc"):
        movement.read(tmp_path / "text.nc")
