"""Rigs from shared views: numbered differently, badly seen, hardly connected."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pipeline.calibration.boards import corner_points, symmetries
from pipeline.calibration.extrinsics import build_rig, connected, find_pairs
from pipeline.calibration.intrinsics import Lens, Limits, fit_lens
from pipeline.calibration.rig import Rig
from pipeline.calibration.solution import solve
from pipeline.calibration.views import View
from pipeline.calibration.world import read_markers
from pipeline.types import Camera

LIMITS = Limits()


def lenses_of(studio, views: dict[str, list[View]]) -> dict[str, Lens]:
    points = corner_points(studio.board)
    sizes = {camera.name: camera.size for camera in studio.cameras}
    return {name: fit_lens(name, sizes[name], "fisheye", points, seen, LIMITS) for name, seen in views.items()}


def check_relative(rig: Rig, truth: tuple[Camera, ...], millimetres: float, degrees: float) -> None:
    """Distances between cameras and the relative rotations do not depend on the frame."""
    first = truth[0]
    for found, camera in zip(rig.cameras, truth, strict=True):
        expected = camera.rotation_matrix @ first.rotation_matrix.T
        off = Rotation.from_matrix(found.rotation_matrix @ rig.cameras[0].rotation_matrix.T @ expected.T)
        assert np.degrees(off.magnitude()) < degrees
        distance = np.linalg.norm(camera.centre - first.centre)
        assert abs(np.linalg.norm(found.centre - rig.cameras[0].centre) - distance) * 1000 < millimetres


@pytest.mark.parametrize("size", [(9, 6), (8, 6)])
def test_a_rig_is_found_however_its_boards_are_numbered(make_studio, size: tuple[int, int]) -> None:
    studio = make_studio(size)
    orders = [order for order, _ in symmetries(studio.board)]
    views = {
        name: [View(name, v.moment, v.pixels[orders[studio.rng.integers(len(orders))]]) for v in seen[:30]]
        for name, seen in studio.film(70).items()
    }
    lenses = lenses_of(studio, views)
    pairs = find_pairs(lenses, studio.board)
    assert all(pair.agreeing == pair.shared for pair in pairs)
    rig = build_rig(list(lenses), lenses, pairs, studio.board, LIMITS)
    assert not rig.dropped
    rms = np.sqrt((np.concatenate(rig.residuals) ** 2).sum(axis=1).mean())
    assert rms == pytest.approx(0.15 * np.sqrt(2), rel=0.05)
    check_relative(rig, studio.cameras, millimetres=3, degrees=0.15)


def test_a_view_of_another_moment_is_dropped(make_studio) -> None:
    studio = make_studio(cameras=3)
    views = {name: seen[:25] for name, seen in studio.film(60).items()}
    wrong = views["cam_2"][5]
    other = next(view for view in views["cam_2"][6:] if view.moment != wrong.moment)
    views["cam_2"][5] = View("cam_2", wrong.moment, other.pixels)
    lenses = lenses_of(studio, views)
    rig = build_rig(list(lenses), lenses, find_pairs(lenses, studio.board), studio.board, LIMITS)
    assert [(view.camera, view.moment) for view, _ in rig.dropped] == [("cam_2", wrong.moment)]
    assert "where the other cameras see it" in rig.dropped[0][1]


def test_cameras_that_share_nothing_are_named(make_studio) -> None:
    studio = make_studio()
    views = studio.film(70)
    views["cam_4"] = [view for view in views["cam_4"] if view.moment >= 40]
    for name in ("cam_1", "cam_2", "cam_3"):
        views[name] = [view for view in views[name] if view.moment < 40]
    lenses = lenses_of(studio, views)
    pairs = find_pairs(lenses, studio.board)
    assert connected(list(lenses), pairs) == [["cam_1", "cam_2", "cam_3"], ["cam_4"]]

    class Unmarked:
        class configuration:
            camera = ()

    solution = solve(lenses, {}, studio.board, read_markers(Unmarked(), {}), LIMITS)
    assert solution.rig is None
    assert len(solution.problems) == 1
    assert "cam_4 cannot be placed" in solution.problems[0]
    assert "share no views: film the board where both see it." in solution.problems[0]


def test_one_shared_view_of_a_board_alike_from_two_sides_joins_nothing(make_studio) -> None:
    studio = make_studio((8, 6), cameras=2)
    views = studio.film(80)
    both = sorted({v.moment for v in views["cam_1"]} & {v.moment for v in views["cam_2"]})
    views["cam_2"] = [view for view in views["cam_2"] if view.moment not in both[1:]] + studio.film(40)["cam_2"]
    views["cam_2"] = [
        View("cam_2", v.moment if v.moment == both[0] else 1000 + k, v.pixels) for k, v in enumerate(views["cam_2"])
    ]
    pair = find_pairs(lenses_of(studio, views), studio.board)[0]
    assert (pair.shared, pair.agreeing, pair.transform) == (1, 0, None)
