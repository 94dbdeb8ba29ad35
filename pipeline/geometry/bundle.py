"""Bundle adjustment of cameras, lenses and board poses (Triggs et al. 2000, "Bundle adjustment: a modern synthesis").

Levenberg-Marquardt with Huber weights on the distance in pixels. Each observation touches one camera and one pose, so
its row of the Jacobian has 21 numbers that are not zero: only these are kept, the normal equations are summed view by
view, and the poses are eliminated (`normal`). A rotation is updated on the left by a small rotation vector, so that no
angle is special.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pipeline.errors import SkeinError
from pipeline.geometry.normal import NormalEquations, Unknowns
from pipeline.types import Camera

Floats = NDArray[np.float64]
INTRINSICS = 9
"""fx, fy, cx, cy and up to five distortion coefficients."""
_CAMERA = INTRINSICS + 6
_BEHIND = 1e3
"""Residual of a point that a pinhole cannot see, px."""


@dataclass(frozen=True, eq=False)
class Poses:
    """Rigid transforms of M boards into the world: x_world = rotation @ x_board + translation.

    Parameters
    ----------
    rotation
        (M, 3, 3).
    translation
        (M, 3), m.
    """

    rotation: Floats
    translation: Floats

    def __len__(self) -> int:
        return len(self.translation)


@dataclass(frozen=True, eq=False)
class Observations:
    """N points seen in V views, the points of a view one after another.

    Parameters
    ----------
    camera
        (V,) number of the camera.
    pose
        (V,) number of the board pose; -1 where `points` are world coordinates.
    sigma
        (V,) standard deviation of a pixel coordinate in that view, px.
    count
        (V,) number of points of the view, at least 1.
    points
        (N, 3) in the board's frame, or the world's, m.
    pixels
        (N, 2) px; no NaN.
    """

    camera: NDArray[np.intp]
    pose: NDArray[np.intp]
    sigma: Floats
    count: NDArray[np.intp]
    points: Floats
    pixels: Floats

    def __post_init__(self) -> None:
        n = int(self.count.sum())
        if self.points.shape != (n, 3) or self.pixels.shape != (n, 2) or not np.isfinite(self.pixels).all():
            raise SkeinError(f"Expected {n} finite points and pixels, got {self.points.shape} and {self.pixels.shape}.")

    @property
    def view(self) -> NDArray[np.intp]:
        """(N,) view of each point."""
        return np.repeat(np.arange(len(self.count)), self.count)


@dataclass(frozen=True, eq=False)
class Free:
    """What may move.

    Parameters
    ----------
    intrinsics
        (C, 9) bool: fx, fy, cx, cy, distortion. A fisheye has no ninth.
    cameras
        (C,) bool: the camera's pose.
    poses
        (M,) bool: the board's pose.
    """

    intrinsics: NDArray[np.bool_]
    cameras: NDArray[np.bool_]
    poses: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Adjusted:
    """The result of :func:`adjust`.

    Parameters
    ----------
    residuals
        (N, 2) projected minus observed, px.
    cost
        Sum of Huber losses, in units of sigma squared.
    converged
        False if the iterations ran out or the equations could not be solved.
    intrinsics_sd
        (C, 9) standard deviations from the inverse normal matrix, scaled by the observed scatter; 0 where fixed.
    """

    cameras: tuple[Camera, ...]
    poses: Poses
    residuals: Floats
    cost: float
    converged: bool
    intrinsics_sd: Floats


def adjust(
    cameras: tuple[Camera, ...],
    poses: Poses,
    seen: Observations,
    free: Free,
    *,
    huber: float = 3.0,
    iterations: int = 60,
) -> Adjusted:
    """Move what is free until the Huber loss of the reprojection errors is least.

    Parameters
    ----------
    huber
        Errors beyond this many sigmas count linearly.

    Notes
    -----
    At least one camera or marker must hold the world in place; else the damping does, and the frame is arbitrary.
    """
    unknowns = _unknowns(cameras, free, seen)
    residuals, jacobian = linearise(cameras, poses, seen)
    cost, weights = _loss(residuals, seen, huber)
    damping, growth, converged = 1e-3, 2.0, False
    normal = _normal_equations(jacobian, residuals, weights, unknowns, seen)
    for _ in range(iterations):
        try:
            camera_step, pose_step, expected = normal.step(damping)
        except np.linalg.LinAlgError:
            damping, growth = damping * growth, growth * 2
            continue
        moved = _moved(cameras, poses, camera_step, pose_step, unknowns, seen)
        if moved is None:
            damping, growth = damping * growth, growth * 2
            continue
        next_residuals, next_jacobian = linearise(*moved, seen)
        next_cost, next_weights = _loss(next_residuals, seen, huber)
        if not next_cost < cost:
            converged = cost - next_cost > -1e-12 * cost or damping > 1e12
            if converged:
                break
            damping, growth = damping * growth, growth * 2
            continue
        gain = (cost - next_cost) / max(expected, 1e-300)
        done = cost - next_cost < 1e-7 * cost
        (cameras, poses), residuals, cost, weights = moved, next_residuals, next_cost, next_weights
        normal = _normal_equations(next_jacobian, residuals, weights, unknowns, seen)
        damping, growth = max(damping * max(1 / 3, 1 - (2 * gain - 1) ** 3), 1e-15), 2.0
        if done:
            converged = True
            break
    deviations = _deviations(normal, weights, residuals, unknowns, len(cameras), seen)
    return Adjusted(cameras, poses, residuals, cost, converged, deviations)


def linearise(cameras: tuple[Camera, ...], poses: Poses, seen: Observations) -> tuple[Floats, Floats]:
    """Residuals (N, 2) in px, and their Jacobian (N, 2, 21).

    The columns are fx, fy, cx, cy, five coefficients, the camera's rotation and translation, the board's rotation and
    translation. Rotations are small vectors on the left: R ← exp([w]×) R. A view of world points has no board columns.
    """
    residuals = np.empty((len(seen.points), 2))
    jacobian = np.zeros((len(seen.points), 2, _CAMERA + 6))
    # The last pose is the identity, for world points (-1).
    rotation = np.concatenate([poses.rotation, np.eye(3)[None]])[seen.pose]
    translation = np.concatenate([poses.translation, np.zeros((1, 3))])[seen.pose]
    of_camera = seen.camera[seen.view]
    turned = np.einsum("nij,nj->ni", np.repeat(rotation, seen.count, axis=0), seen.points)
    world = turned + np.repeat(translation, seen.count, axis=0)
    for number in np.unique(seen.camera):
        camera, part = cameras[number], np.flatnonzero(of_camera == number)
        rotated = world[part] @ camera.rotation_matrix.T
        pixels, by_local, by_lens = _projection(camera, rotated + camera.translation)
        residuals[part] = pixels - seen.pixels[part]
        by_world = by_local @ camera.rotation_matrix
        jacobian[part] = np.concatenate(
            [by_lens, _turn(by_local, rotated), by_local, _turn(by_world, turned[part]), by_world], axis=2
        )
    jacobian[np.repeat(seen.pose < 0, seen.count), :, _CAMERA:] = 0.0
    return residuals, jacobian


def _turn(by_point: Floats, point: Floats) -> Floats:
    """d/dw of a point that turns by exp([w]×): by_point @ -[point]×, as a cross product of the rows."""
    return np.cross(point[:, None, :], by_point)


def _projection(camera: Camera, local: Floats) -> tuple[Floats, Floats, Floats]:
    """Pixels (n, 2), their derivatives by the local point (n, 2, 3) and by the intrinsics (n, 2, 9).

    Beyond the lens's largest angle the polynomial is continued, so that the optimiser sees no cliff.
    """
    lens = _fisheye if camera.model == "fisheye" else _pinhole
    flat, by_local, by_distortion = lens(camera, local)
    focal = np.array([[camera.matrix[0, 0], camera.matrix[0, 1]], [0.0, camera.matrix[1, 1]]])
    pixels = flat @ focal.T + camera.matrix[:2, 2]
    by_lens = np.zeros((len(local), 2, INTRINSICS))
    by_lens[:, 0, 0], by_lens[:, 1, 1] = flat[:, 0], flat[:, 1]
    by_lens[:, 0, 2] = by_lens[:, 1, 3] = 1.0
    by_lens[:, :, 4 : 4 + by_distortion.shape[2]] = focal @ by_distortion
    by_local = focal @ by_local
    if camera.model == "pinhole":
        behind = local[:, 2] <= 1e-6
        pixels[behind], by_local[behind], by_lens[behind] = _BEHIND, 0.0, 0.0
    return pixels, by_local, by_lens


def _fisheye(camera: Camera, local: Floats) -> tuple[Floats, Floats, Floats]:
    x, y, z = local.T
    r = np.maximum(np.hypot(x, y), 1e-12)
    theta = np.arctan2(r, z)
    powers = theta[:, None] ** np.array([3, 5, 7, 9])
    rho = theta + powers @ camera.distortion
    slope = 1 + (powers / theta[:, None] * [3, 5, 7, 9]) @ camera.distortion
    squared = r * r + z * z
    ratio = rho / r
    along = (slope * z / squared - ratio) / (r * r)
    across = -slope / squared
    by_local = np.empty((len(local), 2, 3))
    by_local[:, 0, 0], by_local[:, 0, 1] = ratio + x * x * along, x * y * along
    by_local[:, 1, 0], by_local[:, 1, 1] = x * y * along, ratio + y * y * along
    by_local[:, 0, 2], by_local[:, 1, 2] = x * across, y * across
    flat = local[:, :2] * ratio[:, None]
    return flat, by_local, (local[:, :2] / r[:, None])[:, :, None] * powers[:, None, :]


def _pinhole(camera: Camera, local: Floats) -> tuple[Floats, Floats, Floats]:
    k1, k2, p1, p2, k3 = camera.distortion
    depth = np.maximum(local[:, 2], 1e-6)
    x, y = local[:, 0] / depth, local[:, 1] / depth
    r2 = x * x + y * y
    radial, slope = 1 + r2 * (k1 + r2 * (k2 + r2 * k3)), 2 * (k1 + r2 * (2 * k2 + r2 * 3 * k3))
    flat = np.column_stack(
        [x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y]
    )
    by_flat = np.empty((len(local), 2, 2))
    by_flat[:, 0, 0] = radial + x * x * slope + 2 * p1 * y + 6 * p2 * x
    by_flat[:, 0, 1] = by_flat[:, 1, 0] = x * y * slope + 2 * p1 * x + 2 * p2 * y
    by_flat[:, 1, 1] = radial + y * y * slope + 6 * p1 * y + 2 * p2 * x
    by_depth = np.zeros((len(local), 2, 3))
    by_depth[:, 0, 0] = by_depth[:, 1, 1] = 1 / depth
    by_depth[:, 0, 2], by_depth[:, 1, 2] = -x / depth, -y / depth
    first = np.column_stack([x * r2, x * r2**2, 2 * x * y, r2 + 2 * x * x, x * r2**3])
    second = np.column_stack([y * r2, y * r2**2, r2 + 2 * y * y, 2 * x * y, y * r2**3])
    return flat, by_flat @ by_depth, np.stack([first, second], axis=1)


def _unknowns(cameras: tuple[Camera, ...], free: Free, seen: Observations) -> Unknowns:
    lenses = free.intrinsics.copy()
    lenses[[camera.model == "fisheye" for camera in cameras], INTRINSICS - 1] = False
    of_camera = np.hstack([lenses, np.repeat(free.cameras[:, None], 6, 1)])
    n_camera, n_pose = int(of_camera.sum()), int(free.poses.sum())
    camera_numbers = np.full(of_camera.shape, n_camera)
    camera_numbers[of_camera] = np.arange(n_camera)
    pose_numbers = np.full(len(free.poses) + 1, n_pose)  # the last is for world points (-1)
    pose_numbers[:-1][free.poses] = np.arange(n_pose)
    return Unknowns(camera_numbers[seen.camera], pose_numbers[seen.pose], n_camera, n_pose)


def _loss(residuals: Floats, seen: Observations, huber: float) -> tuple[float, Floats]:
    """Huber loss, and the weight of each point (1 / sigma² for an inlier)."""
    sigma = seen.sigma[seen.view]
    distance = np.linalg.norm(residuals, axis=1) / sigma
    cost = np.where(distance <= huber, distance**2 / 2, huber * (distance - huber / 2)).sum()
    return float(cost), np.minimum(1.0, huber / np.maximum(distance, 1e-12)) / sigma**2


def _normal_equations(
    jacobian: Floats, residuals: Floats, weights: Floats, unknowns: Unknowns, seen: Observations
) -> NormalEquations:
    weighted = (jacobian * weights[:, None, None]).reshape(-1, _CAMERA + 6)
    rows, flat = jacobian.reshape(-1, _CAMERA + 6), residuals.ravel()
    stops = 2 * np.cumsum(seen.count)
    parts = [slice(stop - 2 * count, stop) for stop, count in zip(stops, seen.count, strict=True)]
    blocks = np.array([weighted[part].T @ rows[part] for part in parts])
    slopes = np.array([weighted[part].T @ flat[part] for part in parts])
    return NormalEquations.summed(unknowns, blocks, slopes)


def _moved(
    cameras: tuple[Camera, ...],
    poses: Poses,
    camera_step: Floats,
    pose_step: Floats,
    unknowns: Unknowns,
    seen: Observations,
) -> tuple[tuple[Camera, ...], Poses] | None:
    """Cameras and poses after a step; None where a focal length would not stay positive."""
    by_camera, by_pose = np.append(camera_step, 0.0), np.vstack([pose_step, np.zeros((1, 6))])
    moved, rotation, translation = list(cameras), poses.rotation.copy(), poses.translation.copy()
    for number, view in zip(*np.unique(seen.camera, return_index=True), strict=True):
        change, camera = by_camera[unknowns.camera[view]], cameras[number]
        matrix, distortion = camera.matrix.copy(), camera.distortion + change[4 : 4 + len(camera.distortion)]
        matrix[[0, 1, 0, 1], [0, 1, 2, 2]] += change[:4]
        if min(matrix[0, 0], matrix[1, 1]) <= 0 or not np.isfinite(change).all():
            return None
        turned = Rotation.from_rotvec(change[INTRINSICS : INTRINSICS + 3]) * Rotation.from_rotvec(
            camera.rotation.copy()
        )
        moved[number] = replace(
            camera,
            matrix=matrix,
            distortion=distortion,
            rotation=turned.as_rotvec(),
            translation=camera.translation + change[INTRINSICS + 3 : _CAMERA],
        )
    numbers, views = np.unique(seen.pose, return_index=True)
    numbers, views = numbers[numbers >= 0], views[numbers >= 0]
    change = by_pose[unknowns.pose[views]]
    rotation[numbers] = Rotation.from_rotvec(change[:, :3]).as_matrix() @ rotation[numbers]
    translation[numbers] += change[:, 3:]
    return tuple(moved), Poses(rotation, translation)


def _deviations(
    normal: NormalEquations, weights: Floats, residuals: Floats, unknowns: Unknowns, cameras: int, seen: Observations
) -> Floats:
    freedom = max(2 * len(residuals) - unknowns.n_camera - 6 * unknowns.n_pose, 1)
    scatter = float((weights[:, None] * residuals**2).sum()) / freedom
    variances = np.append(normal.camera_variances(), 0.0) * scatter
    deviations = np.zeros((cameras, INTRINSICS))
    deviations[seen.camera] = np.sqrt(variances[unknowns.camera[:, :INTRINSICS]])
    return deviations
