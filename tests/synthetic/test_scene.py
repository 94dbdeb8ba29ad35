"""The rig, the markers and the written experiment."""

import numpy as np
import pytest

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.geometry import project, rays
from pipeline.synthetic import Render, build_scene, write_experiment
from pipeline.synthetic.scene import ARENA, IMAGE_SIZE

SMALL = Render(seed=3, animals=3, cameras=5, frames=60)


def test_every_lens_is_wide_and_different():
    scene = build_scene(SMALL)
    width, height = IMAGE_SIZE
    for camera in scene.cameras:
        ends = rays(camera, np.array([[0, (height - 1) / 2], [width - 1, (height - 1) / 2]]))
        local = ends @ camera.rotation_matrix.T
        angles = np.degrees(np.arctan2(np.abs(local[:, 0]), local[:, 2]))
        assert angles.sum() >= 150
    assert len({tuple(camera.distortion) for camera in scene.cameras}) == 5
    assert all(np.abs(camera.distortion).max() > 0.005 for camera in scene.cameras)


def test_cameras_are_above_the_water_and_see_the_middle_of_the_flume():
    middle = np.array(ARENA.bounds).mean(axis=1)
    scene = build_scene(SMALL)
    for camera in scene.cameras:
        assert camera.centre[2] > 0.7
        x, y = project(camera, middle)
        assert 100 < x < IMAGE_SIZE[0] - 100
        assert 100 < y < IMAGE_SIZE[1] - 100
    directions = np.array([middle - camera.centre for camera in scene.cameras])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    angles = np.degrees(np.arccos(np.clip(directions @ directions.T, -1, 1)))
    assert angles.max() > 60  # opposite views cross at a good angle
    assert angles[~np.eye(5, dtype=bool)].min() > 20


def test_clicks_lie_where_the_survey_projects():
    scene = build_scene(SMALL)
    errors = np.array(
        [
            np.subtract(pixel, project(scene.cameras[camera], np.array(scene.markers[marker])))
            for camera, clicks in scene.clicks.items()
            for marker, pixel in clicks.items()
        ]
    )
    assert len(errors) > 40
    assert np.abs(errors).max() < 1.5
    assert 0.2 < errors.std() < 0.4


def test_one_camera_more_changes_nothing_else():
    few, many = build_scene(SMALL.model_copy(update={"cameras": 2})), build_scene(SMALL)
    for name in few.cameras.names:
        np.testing.assert_array_equal(few.cameras[name].translation, many.cameras[name].translation)
    assert few.animals == many.animals
    assert few.markers == many.markers


def test_seeds_differ():
    other = build_scene(SMALL.model_copy(update={"seed": 4}))
    assert other.markers != build_scene(SMALL).markers


def test_the_written_experiment_is_valid_and_complete(tmp_path):
    experiment = write_experiment(tmp_path / "demo", SMALL)
    configuration = experiment.configuration
    assert experiment.camera_names == ("cam_1", "cam_2", "cam_3", "cam_4", "cam_5")
    assert experiment.animals("trial_1") == 3
    assert experiment.recording("trial_1").recorded_fps == 20
    assert set(experiment.recording("trial_1").videos) == set(experiment.camera_names)
    assert all(len(camera.markers) >= 6 for camera in configuration.camera)
    assert [zone.shape for zone in configuration.zone] == ["polygon", "polygon", "polygon", "box"]
    assert configuration.arena == ARENA
    assert configuration.board is not None
    assert configuration.board.square_mm == 45


def test_a_demo_is_opened_again_with_what_its_owner_changed(tmp_path):
    write_experiment(tmp_path, SMALL)
    path = tmp_path / "experiment.toml"
    path.write_text(path.read_text().replace("Demo flume", "My flume"))
    assert write_experiment(tmp_path, SMALL).name == "My flume"


def test_other_parameters_are_refused(tmp_path):
    write_experiment(tmp_path, SMALL)
    with pytest.raises(SkeinError, match="seed 3 → 4"):
        write_experiment(tmp_path, SMALL.model_copy(update={"seed": 4}))


def test_somebodys_experiment_is_left_alone(tmp_path):
    (tmp_path / "experiment.toml").write_text('name = "mine"\n')
    with pytest.raises(SkeinError, match="not a demo"):
        write_experiment(tmp_path, SMALL)
    assert Experiment.open(tmp_path).name == "mine"
