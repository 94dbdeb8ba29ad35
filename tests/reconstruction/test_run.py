"""The whole job on animals whose paths are known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import SkeinError
from pipeline.formats import anipose
from pipeline.reconstruction.run import windows
from pipeline.types import TRAJECTORIES, CameraGroup
from tests.reconstruction.laboratory import FPS, Laboratory


def test_every_animal_is_found_where_it_was(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path)
    lab.track()
    table, notes = lab.reconstruct()
    assert table.schema.remove_metadata() == TRAJECTORIES.remove_metadata()
    assert table.schema.metadata[b"unit"] == b"m"
    who, error = lab.errors(table)
    assert len(table) == lab.animals * lab.frames
    assert np.median(error) < 0.0015
    assert error.max() < 0.008
    assert lab.identities(table) == {"1": {who[0]}, "2": {who[1]}, "3": {who[2]}, "4": {who[3]}}
    assert set(table["n_views"].to_pylist()) == {4}
    np.testing.assert_allclose(table["time_s"].to_numpy(), table["frame"].to_numpy() / FPS)
    assert any("100.0% of their 800 frames are observed" in note for note in notes)
    # The standard deviations tell the truth: errors in their unit have a spread of one.
    scaled = [
        (table[axis].to_numpy() - lab.true[who, table["frame"].to_numpy(), k]) / table[f"s{axis}"].to_numpy()
        for k, axis in enumerate("xyz")
    ]
    np.testing.assert_allclose(np.std(scaled, axis=1), 1, atol=0.25)


def test_identity_is_carried_by_the_cameras_that_do_not_break(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path)
    for camera in range(4):
        for animal in range(4):
            lab.break_at(camera, animal, 30 + 37 * camera + 5 * animal)
    lab.track()
    table, _ = lab.reconstruct()
    assert sorted(map(len, lab.identities(table).values())) == [1, 1, 1, 1]
    assert len(table) == lab.animals * lab.frames


@pytest.mark.parametrize("known", [True, False])
def test_a_swap_in_one_camera_is_cut_out(tmp_path: Path, known: bool) -> None:
    lab = Laboratory(tmp_path, known=known)
    lab.swap_at(1, 0, 2, 80)
    lab.swap_at(3, 1, 2, 120)
    lab.track()
    table, notes = lab.reconstruct()
    assert sorted(map(len, lab.identities(table).values())) == [1, 1, 1, 1]
    _, error = lab.errors(table)
    assert error.max() < 0.01
    assert np.mean(table["n_views"].to_numpy() == 4) > 0.97
    assert not any(" 0 cuts" in note for note in notes)


def test_short_gaps_are_filled_and_flagged_and_long_ones_stay_lost(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path)
    lab.seen[:, 0, 50:58] = False  # 0.4 s
    lab.seen[:, 1, 90:105] = False  # 0.75 s
    lab.seen[1:, 2, 120:126] = False  # one camera alone sees it
    lab.track()
    table, _ = lab.reconstruct(interpolate_s=0.5)
    who, error = lab.errors(table)
    frame, state = table["frame"].to_numpy(), np.array(table["state"].to_pylist())
    filled = state == "interpolated"
    assert set(frame[filled & (who == 0)]) == set(range(50, 58))
    assert set(frame[filled & (who == 2)]) == set(range(120, 126))
    assert not set(frame[who == 1]) & set(range(90, 105))
    assert filled.sum() == 14
    assert error[filled].max() < 0.01
    assert set(table["n_views"].to_numpy()[filled]) == {0}
    for name in ("sx", "sy", "sz", "reprojection_px"):
        assert table[name].is_null().to_numpy()[filled].all()
        assert table[name].null_count == filled.sum()
    assert sorted(map(len, lab.identities(table).values())) == [1, 1, 1, 1]
    assert not (np.array(lab.reconstruct(interpolate_s=0)[0]["state"].to_pylist()) == "interpolated").any()


def test_windows_do_not_show(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, frames=420, animals=3)
    lab.true[1, :, 2] += 0.02
    lab.break_at(0, 1, 200)
    lab.track()
    whole, _ = lab.reconstruct()
    parts, _ = lab.reconstruct(window_frames=100)
    assert whole.num_rows == parts.num_rows
    assert lab.identities(parts) == lab.identities(whole)
    for name in "xyz":
        np.testing.assert_allclose(parts[name].to_numpy(), whole[name].to_numpy(), atol=0.004)
    assert parts["individual"].to_pylist() == whole["individual"].to_pylist()


@pytest.mark.parametrize(("frames", "size"), [(100, 100), (99, 100), (1000, 105), (2001, 100), (0, 100)])
def test_the_cores_of_windows_cover_each_frame_once(frames: int, size: int) -> None:
    cores = [core for _, _, core in windows(frames, size)]
    np.testing.assert_array_equal(np.concatenate([np.asarray(core, int) for core in cores]), np.arange(frames))
    assert all(stop - first <= size for first, stop, _ in windows(frames, size))


def test_a_late_animal_is_named_last(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path)
    lab.seen[:, 0, :70] = False
    lab.track()
    table, _ = lab.reconstruct()
    assert lab.identities(table)["4"] == {0}
    late = np.array(table["individual"].to_pylist()) == "4"
    assert table["frame"].to_numpy()[late].min() == 70


def test_smoothing_lowers_the_noise_and_is_said(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, noise_px=1.0)
    lab.track()
    raw, notes = lab.reconstruct()
    smooth, said = lab.reconstruct(smoothing_s=0.35)
    assert np.mean(lab.errors(smooth)[1]) < 0.8 * np.mean(lab.errors(raw)[1])
    assert "Positions are not smoothed." in notes
    assert any("smoothed over 0.35 s" in note for note in said)


def test_a_camera_without_tracks_is_said_and_the_others_are_used(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path)
    lab.track()
    lab.experiment.tracks_path("trial", "cam_2").unlink()
    table, notes = lab.reconstruct()
    assert notes[0] == "No tracks of cam_2: only cam_1, cam_3, cam_4 could be used."
    assert set(table["n_views"].to_pylist()) == {3}
    assert sorted(map(len, lab.identities(table).values())) == [1, 1, 1, 1]


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, frames=20)
    with pytest.raises(SkeinError, match="trial has no tracks: run `track` first"):
        lab.reconstruct()
    lab.track()
    path = tmp_path / "calibration.toml"
    anipose.write(path, CameraGroup(tuple(replace(camera, size=(100, 80)) for camera in lab.group)))
    detections = lab.experiment.detections_folder("trial", "cam_1")
    detections.mkdir(parents=True)
    pq.write_table(pa.table({}).replace_schema_metadata({"image_size": "900,700"}), detections / "part-0-20.parquet")
    with pytest.raises(SkeinError, match="100 × 80 px, the recording has 900 × 700 px"):
        lab.reconstruct(point="centroid")
    anipose.write(path, CameraGroup(tuple(replace(camera, name=f"x{camera.name}") for camera in lab.group)))
    with pytest.raises(SkeinError, match="at least two in common"):
        lab.reconstruct()
    path.unlink()
    with pytest.raises(SkeinError, match="4 cameras, but no calibration: run `calibrate`"):
        lab.reconstruct()


def test_no_detections_at_all_give_an_empty_table(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, frames=30)
    lab.seen[:] = False
    lab.track()
    table, notes = lab.reconstruct()
    assert len(table) == 0
    assert "No animal was reconstructed." in notes
