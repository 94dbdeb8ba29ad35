"""The rendered files: videos, board films, truth."""

import av
import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pycocotools import mask as coco
from scipy.spatial.distance import cdist

from pipeline.errors import SkeinError
from pipeline.formats import anipose
from pipeline.geometry import project
from pipeline.jobs import Context
from pipeline.synthetic import Render, build_scene, write_experiment
from pipeline.synthetic.boards import board_poses
from pipeline.synthetic.motion import swim
from pipeline.synthetic.run import Film, render_film, run
from pipeline.synthetic.scene import BOARD_CORNERS, EXTRA_FRAMES, IMAGE_SIZE
from pipeline.synthetic.truth import SILHOUETTES
from pipeline.types import TRAJECTORIES, checked

SMALL = Render(seed=3, animals=3, cameras=2, frames=60)


class Serial:
    """A fan-out in this process."""

    def map(self, function, items):
        yield from ((index, function(item)) for index, item in enumerate(items))


def context_of(experiment):
    messages: list[str] = []
    return Context(
        experiment, None, lambda done, total, message="": messages.append(message), Serial(), print
    ), messages


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The small experiment, rendered once for all tests here."""
    experiment = write_experiment(tmp_path_factory.mktemp("synthetic") / "demo", SMALL)
    context, _ = context_of(experiment)
    run(context, SMALL)
    return experiment


def decoded(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def test_videos_claim_25_frames_per_second_and_one_is_longer(demo):
    lengths = {}
    for camera, name in demo.recording("trial_1").videos.items():
        with av.open(str(demo.file(name))) as container:
            stream = container.streams.video[0]
            assert stream.average_rate == 25
            assert (stream.width, stream.height) == IMAGE_SIZE
            assert stream.codec_context.name == "h264"
            lengths[camera] = stream.frames
    assert lengths == {"cam_1": 60, "cam_2": 60 + EXTRA_FRAMES}


def test_a_second_run_renders_nothing(demo):
    videos = sorted(demo.root.glob("videos/*/*.mp4"))
    before = [path.stat().st_mtime_ns for path in videos]
    assert len(videos) == 4
    context, messages = context_of(demo)
    run(context, SMALL)
    assert [path.stat().st_mtime_ns for path in videos] == before
    assert len(messages) == 5
    assert all("was there" in message for message in messages[1:])


def test_a_broken_video_is_rendered_again_bit_for_bit(demo):
    film = Film(demo.root, SMALL, "cam_1", "animals")
    files = (film.path, demo.root / "truth" / "trial_1" / "cam_1.parquet")
    before = [path.read_bytes() for path in files]
    film.path.write_bytes(before[0][:5000])
    assert render_film(film)
    assert [path.read_bytes() for path in files] == before


def test_other_parameters_are_refused(demo):
    context, _ = context_of(demo)
    with pytest.raises(SkeinError, match="frames 60 → 90"):
        run(context, SMALL.model_copy(update={"frames": 90}))


def test_the_true_cameras_are_written(demo):
    written = anipose.read(demo.root / "truth" / "calibration.toml")
    scene = build_scene(SMALL)
    for camera in scene.cameras:
        np.testing.assert_allclose(written[camera.name].matrix, camera.matrix)
        np.testing.assert_allclose(written[camera.name].distortion, camera.distortion)
        np.testing.assert_allclose(written[camera.name].centre, camera.centre)


def test_the_true_trajectories_are_the_motion(demo):
    table = pq.read_table(demo.root / "truth" / "trial_1" / "trajectories.parquet")
    checked(table, TRAJECTORIES, "truth")
    assert table.schema.metadata[b"unit"] == b"m"
    frame = table.to_pandas()
    motion = swim(build_scene(SMALL))
    late = frame[frame.individual == "fish_03"]
    assert len(late) == 60 - motion.entered[2]
    assert late.frame.min() == motion.entered[2] > 0
    np.testing.assert_array_equal(late[["x", "y", "z"]], motion.position[motion.entered[2] : 60, 2])
    np.testing.assert_allclose(frame.time_s, frame.frame / 20)
    assert frame.groupby("individual").size().to_dict()["fish_01"] == 60


@pytest.mark.parametrize("camera", ["cam_1", "cam_2"])
def test_the_truth_of_a_camera_fits_the_cameras_and_itself(demo, camera):
    table = pq.read_table(demo.root / "truth" / "trial_1" / f"{camera}.parquet")
    assert table.schema.equals(SILHOUETTES)
    truth = table.to_pandas()
    world = pq.read_table(demo.root / "truth" / "trial_1" / "trajectories.parquet").to_pandas()
    both = truth.merge(world, on=["frame", "individual"], suffixes=("", "_world"))
    calibrated = anipose.read(demo.root / "truth" / "calibration.toml")[camera]
    expected = project(calibrated, both[["x_world", "y_world", "z"]].to_numpy())
    np.testing.assert_allclose(both[["x", "y"]], expected, atol=1e-3)

    inside = []
    for row in truth.itertuples():
        mask = coco.decode({"size": IMAGE_SIZE[::-1], "counts": row.mask})
        lines, columns = np.nonzero(mask)
        assert len(lines) == row.area
        assert (columns.min(), lines.min()) == (row.left, row.top)
        assert (np.ptp(columns) + 1, np.ptp(lines) + 1) == (row.width, row.height)
        x, y = round(row.x), round(row.y)
        if row.visible == 1 and 0 <= x < IMAGE_SIZE[0] and 0 <= y < IMAGE_SIZE[1]:
            inside.append(mask[y, x])
    assert truth.frame.max() == 59
    assert truth.visible.between(0, 1).all()
    assert len(inside) > 60
    assert np.mean(inside) > 0.95


def test_animals_are_where_the_truth_says(demo):
    """In the encoded video, the masked pixels are darker than in the frame's neighbours in time without the animal."""
    path = demo.file(demo.recording("trial_1").videos["cam_1"])
    frames = np.array(decoded(path), np.float32)
    empty = np.median(frames, axis=0)
    truth = pd.read_parquet(demo.root / "truth" / "trial_1" / "cam_1.parquet")
    contrasts = []
    for frame in range(0, 60, 6):
        difference = empty - frames[frame]
        for counts in truth[truth.frame == frame]["mask"]:
            mask = coco.decode({"size": IMAGE_SIZE[::-1], "counts": counts}).astype(bool)
            if (empty[mask] > 90).all():
                contrasts.append(difference[mask].mean())
        away = np.ones_like(empty, bool)
        for counts in truth[truth.frame == frame]["mask"]:
            away &= coco.decode({"size": IMAGE_SIZE[::-1], "counts": counts}) == 0
        assert abs(difference[away]).mean() < 6
    assert len(contrasts) > 5
    assert np.median(contrasts) > 15


def test_board_corners_are_found_where_they_are_projected(demo):
    scene = build_scene(SMALL)
    camera = scene.cameras["cam_1"]
    video = demo.configuration.camera[0].calibration_video
    frames, poses = decoded(demo.file(video)), board_poses(scene)
    assert len(frames) == len(poses)
    errors, whole = [], 0
    for image, pose in zip(frames[:24], poses, strict=False):  # the views shown to this camera from near
        found, corners = cv2.findChessboardCorners(image, BOARD_CORNERS)
        if not found:
            continue
        whole += 1
        corners = cv2.cornerSubPix(image, corners, (3, 3), (-1, -1), (3, 40, 0.001)).reshape(-1, 2)
        expected = project(camera, pose.corners())
        nearest = cdist(expected, corners).argmin(axis=1)
        assert len(set(nearest)) == len(expected)
        errors.append(corners[nearest] - expected)
    assert whole >= 12
    errors = np.concatenate(errors)
    assert np.abs(errors.mean(axis=0)).max() < 0.02  # no systematic offset
    assert np.hypot(*errors.T).mean() < 0.15


def test_both_cameras_share_board_views():
    scene = build_scene(SMALL)
    shared = 0
    for pose in board_poses(scene):
        pixels = [project(camera, pose.corners()) for camera in scene.cameras]
        shared += all(((p > 5) & (p < np.array(IMAGE_SIZE) - 6)).all() for p in pixels)
    assert shared >= 30
