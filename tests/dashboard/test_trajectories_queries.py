"""Slices of trajectories: what is thinned, what is kept, what is computed."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from dashboard.pages.trajectories_queries import AT_ONCE, Summary, density, first_window, paths, summary
from pipeline.api import TRAJECTORIES
from tests.dashboard.movements import FPS, uniform, write


def test_summary_counts_and_orders_naturally(tmp_path: Path) -> None:
    still = np.zeros((10, 3))
    path = write(tmp_path / "t.parquet", {"10": still, "2": still[:4]}, interpolated=frozenset({3}))
    found = summary(path)
    assert found.individuals == ["2", "10"]
    assert found.animals.loc["2", ["observed", "interpolated"]].tolist() == [3, 1]
    assert found.animals.loc["10", "last_s"] == pytest.approx(9 / FPS)
    assert (found.rows, found.last_frame, found.planar, found.unit) == (14, 9, False, "m")
    assert found.reprojection_px == pytest.approx(0.5)
    assert found.sd == pytest.approx(0.005)  # a 3-4-5 triangle


def test_summary_follows_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet", {"1": np.zeros((5, 3))})
    assert summary(path).rows == 5
    write(path, {"1": np.zeros((7, 3))})
    assert summary(path).rows == 7


def test_a_planar_table_in_pixels(tmp_path: Path) -> None:
    flat = np.column_stack([np.arange(5.0), np.zeros(5), np.full(5, np.nan)])
    found = summary(write(tmp_path / "t.parquet", {"1": flat}, unit="px"))
    assert (found.planar, found.unit) == (True, "px")


def test_an_empty_table(tmp_path: Path) -> None:
    pq.write_table(TRAJECTORIES.empty_table(), tmp_path / "t.parquet")
    found = summary(tmp_path / "t.parquet")
    assert (found.rows, found.individuals, found.last_frame) == (0, [], -1)


def test_speed_of_uniform_motion_and_none_at_gaps(tmp_path: Path) -> None:
    frames = np.r_[0:10, 20:30]
    xyz = uniform(30, (0.3, 0.0, 0.4))[frames]
    path = write(tmp_path / "t.parquet", {"1": xyz}, {"1": frames})
    rows = paths(path, ["1"], (0, 10)).rows
    inner = rows[~rows["frame"].isin([0, 9, 20, 29])]
    assert inner["speed"].to_numpy() == pytest.approx(0.5)
    assert rows["speed"].isna().sum() == 4
    assert rows.groupby("piece")["frame"].agg(["min", "max"]).to_numpy().tolist() == [[0, 9], [20, 29]]


def test_speed_in_a_plane(tmp_path: Path) -> None:
    xyz = uniform(10, (3.0, 4.0, 0.0))
    xyz[:, 2] = np.nan
    rows = paths(write(tmp_path / "t.parquet", {"1": xyz}, unit="px"), ["1"], (0, 10)).rows
    assert rows["speed"].dropna().to_numpy() == pytest.approx(5.0)


def test_only_the_window_and_the_chosen_animals(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet", {name: uniform(100, (1, 0, 0)) for name in "123"})
    found = paths(path, ["1", "3"], (1.0, 2.0))
    assert set(found.rows["individual"]) == {"1", "3"}
    assert (found.rows["frame"].min(), found.rows["frame"].max()) == (20, 40)
    assert (found.total, found.note) == (42, "")
    assert len(paths(path, [], (0, 10)).rows) == 0


@pytest.mark.parametrize("seed", range(3))
def test_thinning_keeps_every_extreme(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    positions = {name: np.cumsum(random.normal(size=(3000, 3)), axis=0) for name in "12"}
    path = write(tmp_path / "t.parquet", positions)
    window, points = (0.0, 3000 / FPS), 400
    whole, thin = paths(path, ["1", "2"], window), paths(path, ["1", "2"], window, points)
    assert len(thin.rows) <= points < whole.total
    assert thin.note.startswith(f"Showing {len(thin.rows):,} of 6,000 positions")
    for name in "12":
        for axis in ("x", "y", "z", "speed"):
            all_, kept = (found.rows.loc[found.rows["individual"] == name, axis] for found in (whole, thin))
            assert (kept.min(), kept.max()) == (all_.min(), all_.max())
    kept = thin.rows[["individual", "frame", "x", "speed"]]
    assert len(kept.merge(whole.rows[list(kept.columns)])) == len(kept)  # thinned rows are rows, nothing is averaged


def test_thinning_keeps_the_extremes_of_every_bin(tmp_path: Path) -> None:
    height = np.zeros(2000)
    peaks = np.arange(100, 2000, 200)
    height[peaks] = 1.0
    path = write(tmp_path / "t.parquet", {"1": np.column_stack([np.arange(2000.0), np.zeros(2000), height])})
    rows = paths(path, ["1"], (0, 100), 500).rows
    assert set(peaks) <= set(rows["frame"])


def test_density_counts_animals(tmp_path: Path) -> None:
    positions = {"1": np.zeros((100, 3)), "2": np.zeros((50, 3))}
    found = density(write(tmp_path / "t.parquet", positions, interpolated=frozenset({10})))
    assert len(found.time_s) == 100
    assert found.observed[[0, 10, 60]].tolist() == [2, 0, 1]
    assert found.interpolated[[0, 10]].tolist() == [0, 2]
    assert found.time_s[[0, 99]] == pytest.approx([0, 99 / FPS])


def test_density_where_nobody_is(tmp_path: Path) -> None:
    frames = np.r_[0:10, 5000:5010]
    found = density(write(tmp_path / "t.parquet", {"1": np.zeros((20, 3))}, {"1": frames}))
    assert found.observed[1:-2].max() > 0
    assert found.observed[len(found.observed) // 2] == 0
    assert (np.diff(found.time_s) > 0).all()


def test_a_very_long_recording_starts_with_its_beginning(tmp_path: Path) -> None:
    found = summary(write(tmp_path / "t.parquet", {"1": np.zeros((21, 3))}))
    assert first_window(found) == (0.0, 1.0)
    long = Summary(**{**found.__dict__, "rows": 4 * AT_ONCE, "end_s": 1000.0})
    assert first_window(long) == (0.0, 250.0)
