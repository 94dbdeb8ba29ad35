"""The world from surveyed markers or from a board on the floor."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pipeline.calibration.boards import corner_points
from pipeline.calibration.extrinsics import build_rig, find_pairs
from pipeline.calibration.intrinsics import Limits, fit_lens
from pipeline.calibration.rig import Markers, Rig
from pipeline.calibration.solution import solve
from pipeline.calibration.views import View
from pipeline.calibration.world import align
from pipeline.errors import SkeinError
from pipeline.geometry import project
from pipeline.geometry.bundle import Poses
from pipeline.types import Camera

POINTS = {f"m{k}": (0.5 * (k % 3) - 0.5, 0.4 * (k // 3) - 0.4, 0.0) for k in range(9)}
ANYWHERE = np.eye(4)
ANYWHERE[:3, :3] = Rotation.from_rotvec([1.0, -2.0, 0.5]).as_matrix()
ANYWHERE[:3, 3] = [0.4, 2.0, -1.0]


def marked(cameras: tuple[Camera, ...], names: list[str], noise: float = 0.0) -> Markers:
    rng = np.random.default_rng(0)
    rows = [(camera, name) for camera in cameras for name in names]
    points = np.array([POINTS[name] for _, name in rows])
    pixels = np.array([project(camera, POINTS[name]) for camera, name in rows])
    return Markers(
        tuple(camera.name for camera, _ in rows), tuple(name for _, name in rows), points,
        pixels + rng.normal(0, noise, pixels.shape),
    )  # fmt: skip


def elsewhere(cameras: tuple[Camera, ...]) -> tuple[Camera, ...]:
    nothing = Poses(np.empty((0, 3, 3)), np.empty((0, 3)))
    return Rig(cameras, (), np.empty(0, np.intp), nothing).moved(ANYWHERE).cameras


@pytest.mark.parametrize(("cameras", "names"), [(4, list(POINTS)), (1, list(POINTS)), (1, ["m0", "m2", "m6", "m8"]),
                                                (3, ["m0", "m2", "m6"])])  # fmt: skip
def test_markers_give_the_world_back(make_studio, cameras: int, names: list[str]) -> None:
    rig = make_studio(cameras=cameras).cameras
    transform, agree = align(elsewhere(rig), marked(rig, names))
    assert agree.all()
    np.testing.assert_allclose(transform @ ANYWHERE, np.eye(4), atol=1e-6)


def test_a_marker_with_the_wrong_name_is_found(make_studio) -> None:
    rig = make_studio().cameras
    markers = marked(rig, list(POINTS), noise=0.1)
    markers.pixels[[3, 4]] = markers.pixels[[4, 3]]
    transform, agree = align(elsewhere(rig), markers)
    assert np.flatnonzero(~agree).tolist() == [3, 4]
    np.testing.assert_allclose(transform @ ANYWHERE, np.eye(4), atol=5e-3)


@pytest.mark.parametrize(
    ("cameras", "names", "message"),
    [(4, ["m0", "m1", "m2"], "not on one line"), (4, ["m0", "m8"], "at least 3"), (1, ["m0", "m2", "m6"], "a fourth")],
)
def test_what_does_not_fix_the_world_is_said(make_studio, cameras: int, names: list[str], message: str) -> None:
    rig = make_studio(cameras=cameras).cameras
    with pytest.raises(SkeinError, match=message):
        align(elsewhere(rig), marked(rig, names))


def film_lenses(studio, views):
    points = corner_points(studio.board)
    return {name: fit_lens(name, (900, 700), "fisheye", points, seen, Limits()) for name, seen in views.items()}


def check(cameras: tuple[Camera, ...], truth: tuple[Camera, ...], millimetres: float, degrees: float) -> None:
    for found, camera in zip(cameras, truth, strict=True):
        assert np.linalg.norm(found.centre - camera.centre) * 1000 < millimetres
        assert np.degrees(Rotation.from_matrix(found.rotation_matrix @ camera.rotation_matrix.T).magnitude()) < degrees


def test_a_whole_rig_on_markers(make_studio) -> None:
    studio = make_studio(cameras=2)
    lenses = film_lenses(studio, {name: seen[:30] for name, seen in studio.film(60).items()})
    solution = solve(lenses, {}, studio.board, marked(studio.cameras, list(POINTS), noise=0.1), Limits())
    assert solution.world == "markers"
    assert solution.problems == ()
    assert solution.rig is not None
    check(solution.rig.cameras, studio.cameras, millimetres=3, degrees=0.15)


def test_markers_join_cameras_that_share_no_view(make_studio) -> None:
    studio = make_studio(cameras=2)
    views = studio.film(90)
    views = {
        "cam_1": [view for view in views["cam_1"] if view.moment < 45],
        "cam_2": [view for view in views["cam_2"] if view.moment >= 45],
    }
    solution = solve(
        film_lenses(studio, views), {}, studio.board, marked(studio.cameras, list(POINTS), noise=0.1), Limits()
    )
    assert solution.rig is not None
    check(solution.rig.cameras, studio.cameras, millimetres=6, degrees=0.4)


def test_a_known_lens_and_markers_place_a_camera(make_studio) -> None:
    rig = make_studio(cameras=2).cameras
    known = {camera.name: camera for camera in elsewhere(rig)}
    solution = solve({}, known, None, marked(rig, list(POINTS), noise=0.1), Limits())
    assert solution.rig is not None
    check(solution.rig.cameras, rig, millimetres=3, degrees=0.2)
    np.testing.assert_array_equal(solution.rig.cameras[0].matrix, rig[0].matrix)


def test_a_board_on_the_floor_is_the_world(make_studio) -> None:
    studio = make_studio(cameras=2)
    views = {name: seen[:25] for name, seen in studio.film(50).items()}
    lying = (np.diag([1.0, -1.0, -1.0]), np.zeros(3))
    for camera in studio.cameras:
        view = studio.sight(camera, 999, lying)
        assert view is not None
        views[camera.name].append(View(camera.name, 999, view.pixels))
    lenses = film_lenses(studio, views)
    board = studio.board.model_copy(update={"floor_frame": 999})
    none = Markers((), (), np.empty((0, 3)), np.empty((0, 2)))
    solution = solve(lenses, {}, board, none, Limits())
    assert solution.world == "board"
    assert solution.rig is not None
    check(solution.rig.cameras, studio.cameras, millimetres=4, degrees=0.3)
    missing = studio.board.model_copy(update={"floor_frame": 5000})
    solution = solve(lenses, {}, missing, none, Limits())
    assert "floor_frame" in solution.problems[0]


def test_moving_a_rig_keeps_what_it_sees(make_studio) -> None:
    studio = make_studio(cameras=2)
    lenses = film_lenses(studio, {name: seen[:15] for name, seen in studio.film(40).items()})
    rig = build_rig(list(lenses), lenses, find_pairs(lenses, studio.board), studio.board, Limits())
    moved = rig.moved(ANYWHERE)
    points = corner_points(studio.board)
    for whole in (rig, moved):
        world = points @ whole.poses.rotation[0].T + whole.poses.translation[0]
        seen = project(whole.cameras[0], world)
        if whole is rig:
            expected = seen
    np.testing.assert_allclose(seen, expected, atol=1e-8)
