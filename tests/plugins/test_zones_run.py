"""`skein zones` on a small experiment."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline.api import Experiment, SkeinError
from pipeline.jobs import run_now
from pipeline.registry import job
from plugins.zones import positions
from plugins.zones.exports import tables
from plugins.zones.positions import natural
from plugins.zones.tables import NAMES, schema
from tests.plugins.zone_experiment import TOML, experiment


def computed(root: Path, tracks: dict[str, str], **options: object) -> tuple[list[str], dict[str, pd.DataFrame]]:
    opened = experiment(root, tracks, **options)
    notes = run_now(job("zones"), opened, "trial").notes
    return notes, {name: table.to_pandas() for name, table in tables(opened, "trial").items()}


def test_the_clock_and_the_end_are_the_recordings(tmp_path: Path) -> None:
    notes, found = computed(tmp_path, {"a": "AAA..BBBB?????", "b": "?????AA.A....."})
    zones = found["zones"].set_index(["individual", "zone"])
    assert notes == []
    assert zones.time_s.to_dict() == pytest.approx(
        {("a", "A"): 0.3, ("a", "B"): 0.4, ("a", "outside"): 0.2, ("a", "lost"): 0.5,
         ("b", "A"): 0.3, ("b", "B"): 0.0, ("b", "outside"): 0.6, ("b", "lost"): 0.5}
    )  # fmt: skip
    counts = found["counts"].set_index("zone")["mean"]
    assert counts["A"] == pytest.approx(0.6 / 1.4)
    assert counts.sum() == pytest.approx(2)
    assert found["visits"].duration_s.sum() == pytest.approx(2.8)
    assert found["transitions"].set_index(["individual", "from", "to"])["count"]["a", "A", "B"] == 1


def test_every_column_has_a_definition_and_every_file_the_choices(tmp_path: Path) -> None:
    opened = experiment(tmp_path, {"a": "AB..", "b": "...."})
    run_now(job("zones"), opened, "trial", {"hold_gap": 1})
    for name, table in tables(opened, "trial").items():
        assert table.schema.equals(schema(name, "m").with_metadata(table.schema.metadata), check_metadata=True)
        assert all(field.metadata[b"definition"] for field in table.schema)
        assert b'"hold_gap": 1' in table.schema.metadata[b"skein"]
    assert schema("zones", "px").field("mean_speed").metadata[b"unit"] == b"px/s"


def test_a_planar_recording_uses_outlines_and_says_so(tmp_path: Path) -> None:
    notes, found = computed(tmp_path, {"a": "AB..", "b": "BBBB"}, planar=True, unit="px")
    assert any("that have one (B) are judged by their outline" in note for note in notes)
    assert any("pixels" in note for note in notes)
    zones = found["zones"].set_index(["individual", "zone"])
    assert zones.time_s["b", "B"] == pytest.approx(0.4)


def test_a_missing_animal_is_said(tmp_path: Path) -> None:
    notes, _ = computed(tmp_path, {"a": "AB.."})
    assert notes == ["Animals with a trajectory: 1; expected: 2."]


def test_frames_beyond_the_recording_are_refused(tmp_path: Path) -> None:
    opened = experiment(tmp_path, {"a": "AB.....", "b": "......."})
    shorter = TOML.replace("recorded_fps = 10", "recorded_fps = 10\nduration_s = 0.4")
    (tmp_path / "experiment.toml").write_text(shorter)
    with pytest.raises(SkeinError, match="frames 0 to 6, but the recording has 0 to 3"):
        run_now(job("zones"), Experiment.open(opened.root), "trial")


def test_nobody_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SkeinError, match="holds no animal"):
        computed(tmp_path, {"a": "????"})


def test_without_zones_all_is_outside_and_the_job_is_not_needed(tmp_path: Path) -> None:
    opened = experiment(tmp_path, {"a": "AB..", "b": "...."})
    without = TOML[: TOML.index("[[zone]]")] + TOML[TOML.index("[[recording]]") :]
    (tmp_path / "experiment.toml").write_text(without)
    opened = Experiment.open(tmp_path)
    assert job("zones").not_needed(opened, "trial") == "experiment.toml defines no [[zone]]"
    run_now(job("zones"), opened, "trial")
    found = {name: pq.read_table(path) for name, path in _paths(opened).items()}
    assert set(found["zones"]["zone"].to_pylist()) == {"outside", "lost"}
    assert found["transitions"].num_rows == 0


def test_moving_a_zone_makes_the_result_stale(tmp_path: Path) -> None:
    opened = experiment(tmp_path, {"a": "AB..", "b": "...."})
    before = job("zones").inputs(opened, "trial")
    (tmp_path / "experiment.toml").write_text(TOML.replace("[1, 1]", "[2, 1]"))
    assert job("zones").inputs(Experiment.open(tmp_path), "trial") != before


def test_names_are_in_natural_order() -> None:
    assert sorted(["fish 10", "fish 2", "1", "a"], key=natural) == ["1", "a", "fish 2", "fish 10"]


def _paths(opened: Experiment) -> dict[str, Path]:
    return {name: opened.results_folder("trial", "zones") / f"{name}.parquet" for name in NAMES}


def test_animals_are_read_in_groups_that_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracks = dict(zip("abcde", ["AB..", "BBBB", "?A?A", "....", "A??B"], strict=True))
    at_once, whole = computed(tmp_path / "whole", tracks)
    monkeypatch.setattr(positions, "_MEMORY", 2 * 25 * 4)
    in_pairs, parts = computed(tmp_path / "parts", tracks)
    assert at_once == in_pairs
    for name in NAMES:
        pd.testing.assert_frame_equal(whole[name], parts[name])
