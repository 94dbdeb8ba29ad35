"""The lens of one camera from views of the board, without a first guess.

A start is found by trying focal lengths: for each, the board's pose follows in closed form from the rays of the ideal
lens (equidistant or pinhole), and the one whose poses explain the corners best is taken. OpenCV's fisheye start assumes
a field of view of 180° over the longer side and diverges where that is far from true.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.calibration.pose import pose_from_rays
from pipeline.calibration.views import View
from pipeline.errors import SkeinError
from pipeline.geometry import project, rays
from pipeline.geometry.bundle import INTRINSICS, Adjusted, Free, Observations, Poses, adjust
from pipeline.geometry.projection import maximum_angle
from pipeline.types import Camera

Floats = NDArray[np.float64]
CORNER_SIGMA = 0.3
"""Standard deviation of a found corner, px; only its ratio to a marker's matters."""
MINIMUM_VIEWS = 4
_FOCAL_LENGTHS = {"fisheye": np.geomspace(0.12, 1.6, 24), "pinhole": np.geomspace(0.35, 8.0, 24)}
"""Focal lengths to try, in units of the image's longer side."""
_STARTS = 3
_SEARCHED_VIEWS = 12
_ROUNDS = 6


@dataclass(frozen=True)
class Limits:
    """A view beyond either is dropped.

    Parameters
    ----------
    mean_px, maximum_px
        Mean and largest reprojection error of its corners, px.
    """

    mean_px: float = 1.0
    maximum_px: float = 2.0


@dataclass(frozen=True, eq=False)
class Lens:
    """A camera whose lens is known.

    Parameters
    ----------
    camera
        In its own frame.
    views
        The views that determined it.
    poses
        Board into camera, one per view.
    dropped
        Views left out, with the reason.
    sd
        (9,) standard deviations of fx, fy, cx, cy, px, and of the distortion coefficients.
    rms
        Root mean square distance between found and projected corners, px.
    """

    camera: Camera
    views: tuple[View, ...]
    poses: Poses
    dropped: tuple[tuple[View, str], ...]
    sd: Floats
    rms: float


def fit_lens(
    name: str,
    size: tuple[int, int],
    model: Literal["fisheye", "pinhole"],
    points: Floats,
    views: list[View],
    limits: Limits,
) -> Lens:
    """Find a camera's lens; views beyond the limits are dropped, worst first, and the lens is fitted again.

    Parameters
    ----------
    points
        (N, 3) the board's corners, m.

    Raises
    ------
    SkeinError
        If there are too few views, or no lens explains them.
    """
    if len(views) < MINIMUM_VIEWS:
        raise SkeinError(
            f"{name} sees the board in {len(views)} usable views; its lens needs at least {MINIMUM_VIEWS}, better 15: "
            "film the board longer, in the middle, at the edges and tilted."
        )
    found, views = _first_fit(name, size, model, points, views)
    dropped: list[tuple[View, str]] = []
    for _ in range(_ROUNDS):
        judged = [reason_to_drop(errors, limits) for errors in errors_by_view(found.residuals, views)]
        bad = [number for number, (excess, _) in enumerate(judged) if excess > 1]
        if not bad:
            break
        worst = sorted(bad, key=lambda number: -judged[number][0])[: max(1, len(views) // 5)]
        dropped += [(views[number], judged[number][1]) for number in worst]
        keep = [number for number in range(len(views)) if number not in worst]
        if len(keep) < MINIMUM_VIEWS:
            raise SkeinError(
                f"{name}: no lens explains the board ({len(worst) + len(bad)} of {len(views)} views are off by more "
                f"than {limits.mean_px:g} px on average). Is the board flat, its size right, and the lens {model}?"
            )
        views = [views[number] for number in keep]
        start = Poses(found.poses.rotation[keep], found.poses.translation[keep])
        found = _adjusted(found.cameras[0], start, points, views, lens=True)
    camera = found.cameras[0]
    _check(camera, views)
    rms = float(np.sqrt((found.residuals**2).sum(axis=1).mean()))
    return Lens(camera, tuple(views), found.poses, tuple(dropped), found.intrinsics_sd[0], rms)


def board_poses(camera: Camera, points: Floats, views: list[View]) -> tuple[Lens | None, list[tuple[View, str]]]:
    """Board poses for a lens that is known already; None where the board is nowhere.

    Returns
    -------
    The lens with its views, and the views whose pose cannot be found, with the reason.
    """
    starts = [pose_from_rays(points, rays(camera, view.pixels)) for view in views]
    failed = [
        (view, "the board's position cannot be found") for view, s in zip(views, starts, strict=True) if s is None
    ]
    views = [view for view, start in zip(views, starts, strict=True) if start is not None]
    if not views:
        return None, failed
    found = _adjusted(camera, _poses([start for start in starts if start is not None]), points, views, lens=False)
    rms = float(np.sqrt((found.residuals**2).sum(axis=1).mean()))
    return Lens(camera, tuple(views), found.poses, (), np.zeros(INTRINSICS), rms), failed


def observations(
    points: Floats, views: list[View], cameras: list[int], poses: list[int], sigma: float = CORNER_SIGMA
) -> Observations:
    """The corners of views as observations for the bundle; `cameras` and `poses` are each view's numbers."""
    seen = [np.isfinite(view.pixels).all(axis=1) for view in views]
    return Observations(
        np.asarray(cameras, np.intp),
        np.asarray(poses, np.intp),
        np.full(len(views), sigma),
        np.array([int(mask.sum()) for mask in seen], np.intp),
        np.concatenate([points[mask] for mask in seen]),
        np.concatenate([view.pixels[mask] for view, mask in zip(views, seen, strict=True)]),
    )


def errors_by_view(residuals: Floats, views: list[View]) -> list[Floats]:
    """Distances between found and projected corners of each view, px, from the bundle's residuals."""
    counts = [int(np.isfinite(view.pixels).all(axis=1).sum()) for view in views]
    return np.split(np.linalg.norm(residuals, axis=1), np.cumsum(counts)[:-1])


def reason_to_drop(errors: Floats, limits: Limits) -> tuple[float, str]:
    """How far a view is beyond the limits (1 = at the limit), and in words."""
    mean, worst = float(errors.mean()), float(errors.max())
    by_mean, by_worst = mean / limits.mean_px, worst / limits.maximum_px
    if by_mean >= by_worst:
        return by_mean, f"mean error {mean:.2f} px (limit {limits.mean_px:g})"
    return by_worst, f"a corner is off by {worst:.2f} px (limit {limits.maximum_px:g})"


def _first_fit(
    name: str, size: tuple[int, int], model: Literal["fisheye", "pinhole"], points: Floats, views: list[View]
) -> tuple[Adjusted, list[View]]:
    """The best of several starts, fitted to all views, and the views that took part."""
    searched = views[:: max(1, len(views) // _SEARCHED_VIEWS)][:_SEARCHED_VIEWS]
    ideal = [_ideal(name, size, model, factor * max(size)) for factor in _FOCAL_LENGTHS[model]]
    costs = [float(np.mean([_misfit(camera, points, view) for view in searched])) for camera in ideal]
    best: tuple[float, Adjusted, list[View]] | None = None
    for number in np.argsort(costs)[:_STARTS]:
        starts = [pose_from_rays(points, rays(ideal[number], view.pixels)) for view in views]
        posed = [view for view, start in zip(views, starts, strict=True) if start is not None]
        if len(posed) < MINIMUM_VIEWS:
            continue
        poses = _poses([start for start in starts if start is not None])
        rough = _adjusted(ideal[number], poses, points, posed, lens=True, distortion=False)
        found = _adjusted(rough.cameras[0], rough.poses, points, posed, lens=True)
        cost = found.cost / len(found.residuals)
        if best is None or (len(posed), -cost) > (len(best[2]), -best[0]):
            best = (cost, found, posed)
    if best is None:
        raise SkeinError(f"{name}: the board's position cannot be found in its views: is it a {model} lens?")
    return best[1], best[2]


def _ideal(name: str, size: tuple[int, int], model: Literal["fisheye", "pinhole"], focal: float) -> Camera:
    matrix = np.array([[focal, 0, (size[0] - 1) / 2], [0, focal, (size[1] - 1) / 2], [0, 0, 1]])
    return Camera(name, size, model, matrix, np.zeros(4 if model == "fisheye" else 5))


def _misfit(camera: Camera, points: Floats, view: View) -> float:
    """Median error of a view in its closed-form pose, as a share of the board's extent in the image."""
    pose = pose_from_rays(points, rays(camera, view.pixels))
    if pose is None:
        return 1.0
    error = np.linalg.norm(project(camera, points @ pose[:3, :3].T + pose[:3, 3]) - view.pixels, axis=1)
    known = np.isfinite(view.pixels).all(axis=1)
    extent = np.linalg.norm(np.ptp(view.pixels[known], axis=0))
    return min(1.0, float(np.median(np.nan_to_num(error[known], nan=np.inf)) / extent))


def _poses(transforms: list[Floats]) -> Poses:
    stacked = np.array(transforms)
    return Poses(stacked[:, :3, :3], stacked[:, :3, 3])


def _adjusted(
    camera: Camera, poses: Poses, points: Floats, views: list[View], *, lens: bool, distortion: bool = True
) -> Adjusted:
    intrinsics = np.full((1, INTRINSICS), lens)
    if not distortion:
        intrinsics[:, 2:] = False
    seen = observations(points, views, [0] * len(views), list(range(len(views))))
    return adjust((camera,), poses, seen, Free(intrinsics, np.zeros(1, bool), np.ones(len(views), bool)))


def _check(camera: Camera, views: list[View]) -> None:
    """Refuse a lens that no camera has: the fit diverged."""
    width, height = camera.size
    focal, (x, y) = np.diag(camera.matrix)[:2], camera.matrix[:2, 2]
    pixels = np.concatenate([view.pixels[np.isfinite(view.pixels).all(axis=1)] for view in views])
    problem = None
    if not (0.05 * max(camera.size) < focal.min() and focal.max() < 20 * max(camera.size)):
        problem = f"focal lengths of {focal[0]:.0f} and {focal[1]:.0f} px"
    elif focal.max() / focal.min() > 1.2:
        problem = f"focal lengths as unequal as {focal[0]:.0f} and {focal[1]:.0f} px"
    elif not (0 < x < width and 0 < y < height):
        problem = f"an image centre at ({x:.0f}, {y:.0f}), outside the image"
    elif camera.model == "fisheye" and np.isnan(rays(camera, pixels)).any():
        problem = f"a lens curve that folds back at {np.degrees(maximum_angle(camera)):.0f}° off-axis, within the image"
    if problem:
        raise SkeinError(
            f"{camera.name}: the fit found {problem}. That is not a lens: film the board nearer, tilted, and in all "
            "parts of the image."
        )
