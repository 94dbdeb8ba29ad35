"""The world frame: from surveyed markers that cameras show, or from a board that lies on the floor."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from pipeline.calibration.rig import Markers, Rig
from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.geometry import project, rays
from pipeline.types import Camera

Floats = NDArray[np.float64]
_ROUNDS = 60
_REFINED = 4
_GATE = 8.0
"""A marker farther than this from where the others put it is taken for a mistake, px per 1000 px of image diagonal."""


def read_markers(experiment: Experiment, points: dict[str, tuple[float, float, float]]) -> Markers:
    """The markers of all cameras.

    Raises
    ------
    SkeinError
        If a camera marks a point that was not surveyed.
    """
    rows = [
        (camera.name, name, pixel)
        for camera in experiment.configuration.camera
        for name, pixel in camera.markers.items()
    ]
    for camera, name, _ in rows:
        if name not in points:
            raise SkeinError(
                f"Camera {camera} marks the point {name!r}, which is not among the {len(points)} surveyed."
            )
    return Markers(
        tuple(row[0] for row in rows),
        tuple(row[1] for row in rows),
        np.array([points[row[1]] for row in rows], float).reshape(-1, 3),
        np.array([row[2] for row in rows], float).reshape(-1, 2),
    )


def align(cameras: tuple[Camera, ...], markers: Markers) -> tuple[Floats, NDArray[np.bool_]]:
    """The rigid transform of the rig's frame into the world.

    The points must lie on their rays: from 60 rotations spread evenly, the closest points on the rays and the rigid fit
    to them alternate (orthogonal iteration, Lu, Hager & Mjolsness 2000, here for several cameras); the best are refined
    by a robust reprojection error.

    Parameters
    ----------
    cameras
        In the rig's frame.
    markers
        Those that these cameras show.

    Returns
    -------
    (4, 4), and which markers agree with it.

    Raises
    ------
    SkeinError
        If the points do not fix a rigid transform.
    """
    by_name = {camera.name: camera for camera in cameras}
    shown = np.array([by_name[name].centre for name in markers.camera]).reshape(-1, 3)
    lines = [rays(by_name[name], pixel) for name, pixel in zip(markers.camera, markers.pixels, strict=True)]
    directions = np.array(lines).reshape(-1, 3)
    usable = np.asarray(np.isfinite(directions).all(axis=1), np.bool_)
    distinct = {markers.name[k] for k in np.flatnonzero(usable)}
    spread = np.unique(markers.points[usable], axis=0)
    flat = np.linalg.svd(spread - spread.mean(axis=0), compute_uv=False) if len(spread) > 2 else np.zeros(3)
    if len(distinct) < 3 or flat[1] < 1e-3 * flat[0]:
        raise SkeinError(
            f"The world needs at least 3 surveyed points that are not on one line; the images mark {len(distinct)}."
        )
    if len(distinct) == 3 and usable.sum() < 5:
        raise SkeinError("3 surveyed points fix the world only if several cameras mark them: mark a fourth point.")
    diagonal = {camera.name: float(np.hypot(*camera.size)) for camera in cameras}
    gates = np.array([_GATE * diagonal[name] / 1000 for name in markers.camera])[usable]
    points, pixels = markers.points[usable], markers.pixels[usable]
    seen_by = [by_name[markers.camera[k]] for k in np.flatnonzero(usable)]

    def errors(six: Floats) -> Floats:  # 3 at the gate
        moved = Rotation.from_rotvec(six[:3]).apply(points) + six[3:]
        found = np.array([project(camera, point) for camera, point in zip(seen_by, moved, strict=True)])
        return np.nan_to_num((found - pixels) / gates[:, None] * 3, nan=300.0)

    def residuals(six: Floats) -> Floats:
        return errors(six).ravel()

    starts = _orthogonal_iteration(points, shown[usable], directions[usable])
    costs = [np.abs(errors(start)).mean() for start in starts]
    likely = [starts[k] for k in np.argsort(costs)[:_REFINED]]
    solutions = [least_squares(residuals, start, loss="cauchy", x_scale="jac") for start in likely]
    best = min(solutions, key=lambda solution: solution.cost).x
    agreeing = np.zeros(len(markers.camera), np.bool_)
    agreeing[usable] = np.linalg.norm(errors(best), axis=1) < 3
    if agreeing.sum() < max(3, usable.sum() / 2):
        raise SkeinError(
            f"Only {agreeing.sum()} of {usable.sum()} marked points agree with the survey: are their names, units and "
            "pixels right?"
        )
    rotation = Rotation.from_rotvec(best[:3]).as_matrix()  # world into rig; its inverse is asked for
    transform = np.eye(4)
    transform[:3, :3], transform[:3, 3] = rotation.T, -rotation.T @ best[3:]
    return transform, agreeing


def floor_transform(rig: Rig, moment: int) -> Floats | None:
    """Rig into the frame of the board that lies on the floor at `moment`; None where nobody saw it then.

    The origin is the board's first corner, x runs along its columns, and z points up, towards who sees it.
    """
    for number, view in enumerate(rig.views):
        if view.moment == moment:
            pose = rig.pose_of[number]
            up = np.diag([1.0, -1.0, -1.0])  # the board's own z points away from who sees it
            rotation = up @ rig.poses.rotation[pose].T
            transform = np.eye(4)
            transform[:3, :3], transform[:3, 3] = rotation, -rotation @ rig.poses.translation[pose]
            return transform
    return None


def _orthogonal_iteration(points: Floats, centres: Floats, directions: Floats) -> list[Floats]:
    """Rotation vector and translation, world into rig, from each of 60 starts."""
    rotation = Rotation.create_group("I").as_matrix()
    across = np.eye(3) - directions[:, :, None] * directions[:, None, :]
    translation = np.zeros((len(rotation), 3))
    inverse = np.linalg.pinv(across.sum(axis=0))
    for _ in range(_ROUNDS):
        turned = points @ np.swapaxes(rotation, 1, 2)
        translation = np.einsum("kij,skj->si", across, centres - turned) @ inverse.T
        moved = turned + translation[:, None]
        depth = np.maximum(((moved - centres) * directions).sum(axis=2), 0.0)
        nearest = centres + depth[:, :, None] * directions
        covariance = np.swapaxes(nearest - nearest.mean(1, keepdims=True), 1, 2) @ (points - points.mean(0))
        u, _, vt = np.linalg.svd(covariance)
        signs = np.ones((len(rotation), 3))
        signs[:, 2] = np.sign(np.linalg.det(u @ vt))
        rotation = (u * signs[:, None, :]) @ vt
    vectors = Rotation.from_matrix(rotation).as_rotvec()
    return [np.concatenate(pair) for pair in zip(vectors, translation, strict=True)]
