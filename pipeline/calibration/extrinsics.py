"""Where the cameras are to each other, from moments at which several see the board.

Two cameras: every shared view proposes their relative pose, and the proposal with which most shared views agree is
taken, so that neither a badly posed board nor one whose corners two cameras number differently does harm. Many cameras:
the pairs with most agreeing views are chained along a spanning tree, each board is placed where its views agree best,
and everything is adjusted together.

OpenCV 5.0's `cv2.calibrateMultiview` was compared on simulated rigs of four fisheye cameras of 150° (30 views each,
corners of 0.15 px noise, lenses as fitted here; two seeds). It takes a third of the time and keeps the lenses as given:
camera positions are off by up to 5.8 mm and rotations by 0.39°; adjusting lenses and poses together has 2.1 mm and
0.11°. Without lenses it fails on fisheye cameras, and it knows neither outlying views nor boards that look alike from
two sides. So it is not used.
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline.calibration.boards import corner_points, symmetries
from pipeline.calibration.intrinsics import Lens, Limits
from pipeline.calibration.rig import Rig, adjusted, posed
from pipeline.calibration.views import View
from pipeline.geometry import project
from pipeline.geometry.bundle import Poses
from pipeline.types import Board, Camera

Floats = NDArray[np.float64]
_AGREE = 0.01
"""Two views of a board agree within this share of the image's diagonal: poses from one view are no better."""
_PROPOSALS = 30


@dataclass(frozen=True, eq=False)
class Pair:
    """Two cameras.

    Parameters
    ----------
    shared
        Moments at which both see the board.
    agreeing
        Those that agree with `transform`.
    transform
        (4, 4) first camera's frame → second's; None without a proposal that can be trusted.
    """

    first: str
    second: str
    shared: int
    agreeing: int
    transform: Floats | None


def find_pairs(lenses: dict[str, Lens], board: Board) -> list[Pair]:
    """Every two cameras, in the order of the names."""
    return [_pair(lenses[a], lenses[b], board) for a, b in combinations(lenses, 2)]


def connected(names: list[str], pairs: list[Pair]) -> list[list[str]]:
    """Cameras joined by pairs, as groups in the order of the names, the largest first."""
    group = {name: {name} for name in names}
    for pair in pairs:
        if pair.transform is not None and group[pair.first] is not group[pair.second]:
            merged = group[pair.first] | group[pair.second]
            group.update(dict.fromkeys(merged, merged))
    unique = {id(members): members for members in group.values()}
    groups = [[name for name in names if name in members] for members in unique.values()]
    return sorted(groups, key=lambda members: -len(members))


def build_rig(names: list[str], lenses: dict[str, Lens], pairs: list[Pair], board: Board, limits: Limits) -> Rig:
    """Join connected cameras into one rig, in the frame of the first camera."""
    chained = _chain(names, pairs)
    cameras = tuple(posed(lenses[name].camera, chained[name][:3, :3], chained[name][:3, 3]) for name in names)
    rig = _place_boards(cameras, lenses, board)
    return adjusted(rig, corner_points(board), limits, coarse=len(names) > 1)


def _transforms(poses: Poses) -> Floats:
    found = np.tile(np.eye(4), (len(poses), 1, 1))
    found[:, :3, :3], found[:, :3, 3] = poses.rotation, poses.translation
    return found


def _gate(camera: Camera) -> float:
    return _AGREE * float(np.hypot(*camera.size))


def _errors(camera: Camera, local: Floats, pixels: Floats, turns: list[NDArray[np.intp]]) -> tuple[Floats, Floats]:
    """Median distance per view (M,) px at the best of the board's turns, and the number of that turn.

    Parameters
    ----------
    local
        (M, N, 3) corners in the camera's frame.
    pixels
        (M, N, 2) as found.
    """
    seen = project(posed(camera, np.eye(3), np.zeros(3)), local)
    per_turn = []
    for order in turns:
        distance = np.linalg.norm(seen - pixels[:, order], axis=2)
        distance[np.isnan(seen[..., 0]) & np.isfinite(pixels[:, order, 0])] = np.inf
        masked = np.ma.masked_invalid(np.where(np.isinf(distance), 1e9, distance))
        per_turn.append(np.ma.median(masked, axis=1).filled(1e9))
    stacked = np.array(per_turn)
    return stacked.min(axis=0), stacked.argmin(axis=0)


def _pair(a: Lens, b: Lens, board: Board) -> Pair:
    points, turns = corner_points(board), symmetries(board)
    at = {view.moment: number for number, view in enumerate(b.views)}
    both = [(number, at[view.moment]) for number, view in enumerate(a.views) if view.moment in at]
    empty = Pair(a.camera.name, b.camera.name, len(both), 0, None)
    # One shared view of a board that looks the same from two sides leaves the cameras' relation open.
    if len(both) < (2 if len(turns) > 1 else 1):
        return empty
    in_a, in_b = (np.array(numbers) for numbers in zip(*both, strict=True))
    poses_a, poses_b = _transforms(a.poses)[in_a], _transforms(b.poses)[in_b]
    local = points @ np.swapaxes(poses_a[:, :3, :3], 1, 2) + poses_a[:, None, :3, 3]
    pixels = np.array([b.views[number].pixels for number in in_b])
    orders, gate = [order for order, _ in turns], _gate(b.camera)
    best: tuple[float, int, Floats] | None = None
    for number in range(0, len(both), max(1, len(both) // _PROPOSALS)):
        for _, turn in turns:
            proposal = poses_b[number] @ turn @ np.linalg.inv(poses_a[number])
            errors, _ = _errors(b.camera, local @ proposal[:3, :3].T + proposal[:3, 3], pixels, orders)
            cost = float(np.minimum(errors, gate).sum())
            if best is None or cost < best[0]:
                best = (cost, int((errors < gate).sum()), proposal)
    if best is None or best[1] < min(2, len(both)):
        return empty
    return replace(empty, agreeing=best[1], transform=best[2])


def _chain(names: list[str], pairs: list[Pair]) -> dict[str, Floats]:
    """Transform from the first camera's frame to each camera's, along the pairs with most agreeing views (Prim)."""
    chained = {names[0]: np.eye(4)}
    while len(chained) < len(names):
        candidates = [
            pair
            for pair in pairs
            if pair.transform is not None and (pair.first in chained) != (pair.second in chained)
            and pair.first in names and pair.second in names
        ]  # fmt: skip
        pair = max(candidates, key=lambda pair: pair.agreeing)
        assert pair.transform is not None
        if pair.first in chained:
            chained[pair.second] = pair.transform @ chained[pair.first]
        else:
            chained[pair.first] = np.linalg.inv(pair.transform) @ chained[pair.second]
    return chained


def _place_boards(cameras: tuple[Camera, ...], lenses: dict[str, Lens], board: Board) -> Rig:
    """Place each board where the views of its moment agree best, and name their corners alike."""
    points, turns = corner_points(board), symmetries(board)
    orders = [order for order, _ in turns]
    by_moment: dict[int, list[tuple[Camera, View, Floats]]] = {}
    for camera in cameras:
        lens = lenses[camera.name]
        to_rig = np.eye(4)
        to_rig[:3, :3], to_rig[:3, 3] = camera.rotation_matrix.T, camera.centre
        for view, pose in zip(lens.views, _transforms(lens.poses), strict=True):
            by_moment.setdefault(view.moment, []).append((camera, view, to_rig @ pose))
    views: list[View] = []
    pose_of: list[int] = []
    placed: list[Floats] = []
    dropped: list[tuple[View, str]] = []
    for moment in sorted(by_moment):
        sights = by_moment[moment]
        best: tuple[float, Floats, list[float], list[int]] | None = None
        for _, _, proposal in sights:
            world = points @ proposal[:3, :3].T + proposal[:3, 3]
            errors: list[float] = []
            turned: list[int] = []
            for camera, view, _ in sights:
                local = world @ camera.rotation_matrix.T + camera.translation
                distance, order = _errors(camera, local[None], view.pixels[None], orders)
                errors.append(float(distance[0]) / _gate(camera))
                turned.append(int(order[0]))
            cost = float(np.minimum(errors, 5.0).sum())
            if best is None or cost < best[0]:
                best = (cost, proposal, errors, turned)
        assert best is not None
        for (_, view, _), error, turn in zip(sights, best[2], best[3], strict=True):
            if error > 5:
                dropped.append((view, "it does not show the board where the other cameras see it at that moment"))
                continue
            views.append(View(view.camera, view.moment, view.pixels[orders[turn]]))
            pose_of.append(len(placed))
        placed.append(best[1])
    stacked = np.array(placed)
    lost = [(view, reason) for name in (camera.name for camera in cameras) for view, reason in lenses[name].dropped]
    return Rig(
        cameras,
        tuple(views),
        np.array(pose_of, np.intp),
        Poses(stacked[:, :3, :3], stacked[:, :3, 3]),
        dropped=(*lost, *dropped),
    )
