"""The bundle: its Jacobian against differences, and a rig that is recovered from disturbed starts."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pipeline.geometry import project
from pipeline.geometry.bundle import Free, Observations, Poses, adjust, linearise
from pipeline.types import Camera

FISHEYE = Camera(
    "a", (900, 700), "fisheye", [[310.0, 0, 452], [0, 309, 347], [0, 0, 1]], [0.01, -0.004, 0.002, -0.0004],
    [0.1, -0.2, 0.3], [0.05, 0.1, 0.2],
)  # fmt: skip
PINHOLE = Camera(
    "b", (900, 700), "pinhole", [[710.0, 0, 452], [0, 709, 347], [0, 0, 1]], [0.05, -0.04, 0.002, -0.003, 0.01],
    [-0.2, 0.1, 0.1], [-0.4, 0.1, 0.4],
)  # fmt: skip
BOARD = np.array([[x, y, 0.0] for y in range(5) for x in range(7)]) * 0.04


def poses(count: int, seed: int = 0) -> Poses:
    rng = np.random.default_rng(seed)
    rotation = Rotation.from_rotvec(rng.normal(0, 0.5, (count, 3))).as_matrix()
    return Poses(rotation, rng.uniform([-0.5, -0.4, 0.8], [0.3, 0.3, 1.5], (count, 3)))


def observed(cameras: tuple[Camera, ...], boards: Poses, noise: float = 0.0, seed: int = 1) -> Observations:
    rng = np.random.default_rng(seed)
    pairs = [(c, p) for c in range(len(cameras)) for p in range(len(boards))]
    pixels = [project(cameras[c], BOARD @ boards.rotation[p].T + boards.translation[p]) for c, p in pairs]
    index = np.array(pairs, np.intp)
    return Observations(
        index[:, 0], index[:, 1], np.ones(len(pairs)), np.full(len(pairs), len(BOARD)),
        np.tile(BOARD, (len(pairs), 1)), np.concatenate(pixels) + rng.normal(0, noise, (len(pairs) * len(BOARD), 2)),
    )  # fmt: skip


def disturbed(camera: Camera, column: int, by: float) -> Camera:
    if column < 4:
        matrix = camera.matrix.copy()
        matrix[[0, 1, 0, 1][column], [0, 1, 2, 2][column]] += by
        return replace(camera, matrix=matrix)
    if column < 9:
        return replace(camera, distortion=camera.distortion + by * (np.arange(len(camera.distortion)) == column - 4))
    vector = by * np.eye(3)[(column - 9) % 3]
    if column < 12:
        turned = Rotation.from_rotvec(vector) * Rotation.from_rotvec(camera.rotation.copy())
        return replace(camera, rotation=turned.as_rotvec())
    return replace(camera, translation=camera.translation + vector)


@pytest.mark.parametrize("camera", [FISHEYE, PINHOLE])
def test_jacobian_is_that_of_differences(camera: Camera) -> None:
    boards = poses(2)
    seen = observed((camera,), boards)
    _, jacobian = linearise((camera,), boards, seen)
    by = 1e-6
    for column in range(4 + len(camera.distortion)):
        plus, _ = linearise((disturbed(camera, column, by),), boards, seen)
        minus, _ = linearise((disturbed(camera, column, -by),), boards, seen)
        np.testing.assert_allclose(jacobian[:, :, column], (plus - minus) / (2 * by), rtol=1e-5, atol=1e-4)
    for column in range(9, 15):
        plus, _ = linearise((disturbed(camera, column, by),), boards, seen)
        minus, _ = linearise((disturbed(camera, column, -by),), boards, seen)
        np.testing.assert_allclose(jacobian[:, :, column], (plus - minus) / (2 * by), rtol=1e-5, atol=1e-4)
    for column in range(6):
        sides = []
        for sign in (by, -by):
            vector = sign * np.eye(3)[column % 3]
            turn = Rotation.from_rotvec(vector if column < 3 else np.zeros(3)).as_matrix()
            moved = Poses(turn @ boards.rotation, boards.translation + (vector if column >= 3 else 0))
            sides.append(linearise((camera,), moved, seen)[0])
        difference = (sides[0] - sides[1]) / (2 * by)
        np.testing.assert_allclose(jacobian[:, :, 15 + column], difference, rtol=1e-5, atol=1e-4)


def test_a_disturbed_rig_returns() -> None:
    cameras, boards = (FISHEYE, PINHOLE), poses(12)
    seen = observed(cameras, boards)
    start = tuple(
        replace(
            camera,
            matrix=camera.matrix + np.diag([12.0, 9, 0]),
            distortion=0 * camera.distortion,
            rotation=camera.rotation + (0.02 if camera is PINHOLE else 0),
        )
        for camera in cameras
    )
    wrong = Poses(boards.rotation, boards.translation + 0.03)
    free = Free(np.ones((2, 9), bool), np.array([False, True]), np.ones(12, bool))
    found = adjust(start, wrong, seen, free)
    assert found.converged
    assert np.abs(found.residuals).max() < 1e-5
    np.testing.assert_allclose(found.cameras[1].centre, PINHOLE.centre, atol=1e-5)
    np.testing.assert_allclose(found.cameras[0].distortion, FISHEYE.distortion, atol=1e-5)


def test_gross_errors_hardly_count() -> None:
    boards = poses(12)
    clean = replace(observed((FISHEYE,), boards, noise=0.2), sigma=np.full(12, 0.2))
    wrong = replace(clean, pixels=clean.pixels.copy())
    wrong.pixels[::40] += 30 * np.random.default_rng(2).choice([-1, 1], wrong.pixels[::40].shape)
    free = Free(np.ones((1, 9), bool), np.zeros(1, bool), np.ones(12, bool))

    def focal(seen: Observations, huber: float) -> float:
        return adjust((FISHEYE,), boards, seen, free, huber=huber).cameras[0].matrix[0, 0]

    expected = focal(clean, 1e9)
    assert abs(focal(wrong, 3.0) - expected) < 0.2 * abs(focal(wrong, 1e9) - expected)


def test_standard_deviations_are_those_of_repeated_trials() -> None:
    boards = poses(10)
    free = Free(np.ones((1, 9), bool), np.zeros(1, bool), np.ones(10, bool))
    trials = [adjust((FISHEYE,), boards, observed((FISHEYE,), boards, 0.3, seed), free) for seed in range(30)]
    focal = np.array([trial.cameras[0].matrix[0, 0] for trial in trials])
    expected = np.mean([trial.intrinsics_sd[0, 0] for trial in trials])
    assert 0.6 < focal.std(ddof=1) / expected < 1.6  # 99.9 % of a chi distribution with 29 degrees of freedom


def test_fixed_stays_and_world_points_hold_the_frame() -> None:
    world = BOARD + np.array([-0.1, -0.1, 0.9])
    seen = Observations(
        np.zeros(1, np.intp),
        np.full(1, -1, np.intp),
        np.ones(1),
        np.array([len(world)]),
        world,
        project(FISHEYE, world),
    )
    start = disturbed(disturbed(FISHEYE, 9, 0.05), 13, 0.04)
    nothing = Poses(np.empty((0, 3, 3)), np.empty((0, 3)))
    found = adjust((start,), nothing, seen, Free(np.zeros((1, 9), bool), np.ones(1, bool), np.zeros(0, bool)))
    np.testing.assert_allclose(found.cameras[0].centre, FISHEYE.centre, atol=1e-7)
    np.testing.assert_array_equal(found.cameras[0].matrix, FISHEYE.matrix)
