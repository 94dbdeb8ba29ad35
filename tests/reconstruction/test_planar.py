"""One camera: pixels, surveyed markers, or a calibrated camera over the floor."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import SkeinError
from pipeline.formats import anipose
from pipeline.geometry import project
from pipeline.reconstruction.plane import floor_points, plane_of
from pipeline.types import CameraGroup
from tests.reconstruction.laboratory import Laboratory, rig, write_tracks

FLOOR = {
    "a": (0.2, 0.2, 0.0), "b": (1.4, 0.2, 0.0), "c": (1.4, 0.8, 0.0), "d": (0.2, 0.8, 0.0), "e": (0.8, 0.5, 0.0),
    "post": (0.5, 0.5, 0.3),
}  # fmt: skip


def on_the_floor(lab: Laboratory) -> None:
    lab.true[..., 2] = 0
    lab.track()


def write_markers(lab: Laboratory, count: int = 5) -> None:
    camera = lab.group["cam_1"]
    pixels = {name: project(camera, np.array(place)) for name, place in list(FLOOR.items())[:count]}
    text = (lab.root / "experiment.toml").read_text()
    markers = ", ".join(f"{name} = [{u}, {v}]" for name, (u, v) in pixels.items())
    text = text.replace('name = "cam_1"\n', f'name = "cam_1"\nmarkers = {{ {markers} }}\n')
    text += "[world_points]\n" + "".join(f"{name} = {list(place)}\n" for name, place in FLOOR.items())
    (lab.root / "experiment.toml").write_text(text)


def test_one_camera_without_anything_gives_pixels(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, cameras=1)
    lab.seen[0, 0, 50:56] = False
    lab.track()
    (tmp_path / "calibration.toml").unlink()
    table, notes = lab.reconstruct()
    assert table.schema.metadata[b"unit"] == b"px"
    assert len(table) == lab.animals * lab.frames
    assert table["z"].null_count == len(table)
    expected = project(lab.group["cam_1"], lab.true[1])
    rows = table.filter(np.array(table["individual"].to_pylist()) == "2")
    found = np.stack([rows["x"].to_numpy(), rows["y"].to_numpy()], axis=1)
    assert np.abs(found - expected).max() < 3
    assert table["state"].to_pylist().count("interpolated") == 6
    assert any("in pixels of its image" in note for note in notes)


def test_a_calibrated_camera_over_the_floor_gives_metres(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, cameras=1)
    on_the_floor(lab)
    table, _ = lab.reconstruct(noise_px=lab.noise_px)
    assert table.schema.metadata[b"unit"] == b"m"
    who = np.array(table["individual"].to_pylist()).astype(int) - 1
    true = lab.true[who, table["frame"].to_numpy()]
    for axis, name in enumerate("xy"):
        scaled = (table[name].to_numpy() - true[:, axis]) / table[f"s{name}"].to_numpy()
        assert np.abs(table[name].to_numpy() - true[:, axis]).max() < 0.015
        assert np.std(scaled) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("calibrated", [True, False])
def test_markers_give_metres(tmp_path: Path, calibrated: bool) -> None:
    lab = Laboratory(tmp_path, cameras=1, noise_px=0.05)
    write_markers(lab)
    on_the_floor(lab)
    if not calibrated:
        (tmp_path / "calibration.toml").unlink()
    table, notes = lab.reconstruct()
    true = lab.true[np.array(table["individual"].to_pylist()).astype(int) - 1, table["frame"].to_numpy()]
    error = np.hypot(table["x"].to_numpy() - true[:, 0], table["y"].to_numpy() - true[:, 1])
    assert error.max() < (0.003 if calibrated else 0.2)  # a homography cannot straighten a fisheye's lines
    assert any("places come from" in note for note in notes)
    assert any("5 markers" in note for note in notes) or not calibrated
    assert any("without correction of the lens" in note for note in notes) != calibrated


def test_too_few_markers_are_refused(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, cameras=1)
    write_markers(lab, count=3)
    lab.track()
    (tmp_path / "calibration.toml").unlink()
    with pytest.raises(SkeinError, match="cam_1 has 3 markers with a surveyed place at z = 0 m, expected at least 4"):
        lab.reconstruct()


def test_a_calibration_that_is_not_tied_to_the_world_is_not_a_floor(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, cameras=1)
    lab.track()
    anipose.write(tmp_path / "calibration.toml", lab.group, {"world": "camera"})
    table, _ = lab.reconstruct()
    assert table.schema.metadata[b"unit"] == b"px"


def test_several_cameras_need_a_choice(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, cameras=2)
    on_the_floor(lab)
    with pytest.raises(SkeinError, match="choose it with `camera`, one of cam_1, cam_2"):
        lab.reconstruct(mode="planar")
    with pytest.raises(SkeinError, match="'cam_9' has no tracks"):
        lab.reconstruct(mode="planar", camera="cam_9")
    table, _ = lab.reconstruct(mode="planar", camera="cam_2", window_frames=100)
    assert len(table) == lab.animals * lab.frames


def test_tracks_are_named_by_appearance_and_brief_ones_left_out(tmp_path: Path) -> None:
    lab = Laboratory(tmp_path, cameras=1, animals=1)
    frame = np.concatenate([np.arange(50, 200), np.arange(0, 100), np.arange(10, 14)])
    track = np.repeat([3, 7, 5], [150, 100, 4])
    write_tracks(lab.experiment, "cam_1", frame, track, np.full((254, 2), 400.0) + track[:, None])
    (tmp_path / "calibration.toml").unlink()
    table, notes = lab.reconstruct()
    first = {row["individual"]: row["x"] for row in reversed(table.to_pylist())}
    assert first == {"1": pytest.approx(407), "2": pytest.approx(403)}
    assert any("1 tracks seen for less than 0.5 s" in note for note in notes)


def test_rays_that_miss_the_floor_have_no_place() -> None:
    camera = rig(1)["cam_1"]
    inside = np.array([[0.8, 0.5, 0.0], [1.2, 0.7, 0.0]])
    np.testing.assert_allclose(floor_points(camera, project(camera, inside), 0.0), inside[:, :2], atol=1e-9)
    above = project(camera, camera.centre + np.array([[1.0, 0.5, 0.5]]))
    assert np.isnan(floor_points(camera, above, 0.0)).all()


def test_markers_come_before_the_calibrated_pose() -> None:
    camera = CameraGroup(rig(1).cameras)["cam_1"]
    markers = {name: tuple(project(camera, np.array(place))) for name, place in FLOOR.items()}
    plane = plane_of("cam_1", camera, True, markers, FLOOR, 0.0)
    assert "5 markers" in plane.note  # the post's top is not on the floor
    place = np.array([[0.6, 0.4, 0.0]])
    np.testing.assert_allclose(plane.apply(project(camera, place)), place[:, :2], atol=1e-6)
