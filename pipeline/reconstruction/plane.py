"""Paths in the plane from one camera: by surveyed markers, by a calibrated camera and the floor, or in pixels."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.errors import SkeinError
from pipeline.geometry import rays
from pipeline.geometry.homography import fit_homography
from pipeline.reconstruction.observations import Floats
from pipeline.types import Camera

_STEP_PX = 0.5
_MINIMUM_MARKERS = 4


@dataclass(frozen=True, eq=False)
class Plane:
    """A map from pixels to the plane in which animals move.

    Parameters
    ----------
    apply
        (N, 2) px → (N, 2) in `unit`; NaN where a pixel does not meet the plane.
    unit
        ``m`` or ``px``.
    note
        One sentence on where it comes from.
    """

    apply: Callable[[Floats], Floats]
    unit: str
    note: str

    def points(self, pixels: Floats, sigma_px: float) -> tuple[Floats, Floats]:
        """(N, 3) points (z = 0) and their standard deviations, for a given noise of the pixels."""
        plane, across = self.apply(pixels), np.array([_STEP_PX, 0])
        right = self.apply(pixels + across) - self.apply(pixels - across)
        down = self.apply(pixels + across[::-1]) - self.apply(pixels - across[::-1])
        sd = np.hypot(right, down) * sigma_px / (2 * _STEP_PX)
        zero = np.zeros((len(pixels), 1))
        return np.hstack([plane, zero]), np.hstack([sd, zero])


def plane_of(
    name: str, camera: Camera | None, posed: bool, markers: dict[str, tuple[float, float]],
    world: dict[str, tuple[float, float, float]], height: float,
) -> Plane:  # fmt: skip
    """The best map there is for a camera.

    Surveyed markers come first: they are measured on this very floor. Then a calibrated camera whose place in the
    world is known. Then pixels.

    Parameters
    ----------
    camera
        Its lens, or None where it is not calibrated.
    posed
        Whether the camera's place in the world is calibrated too.
    markers, world
        Pixels of points in the image, px, and their places, m.
    height
        z of the plane, m.

    Raises
    ------
    SkeinError
        If there are some markers, but too few, or they lie on a line.
    """
    common = [point for point in markers if point in world and abs(world[point][2] - height) < 0.05]
    if camera is not None and posed and len(common) < _MINIMUM_MARKERS:
        return Plane(
            lambda pixels: floor_points(camera, pixels, height), "m",
            f"{name}: places are where its viewing rays meet the plane z = {height:g} m.",
        )  # fmt: skip
    if not markers:
        return Plane(
            lambda pixels: np.asarray(pixels, float), "px",
            f"{name} has neither markers nor a calibration: places are in pixels of its image.",
        )  # fmt: skip
    if len(common) < _MINIMUM_MARKERS:
        raise SkeinError(
            f"Planar mode: {name} has {len(common)} markers with a surveyed place at z = {height:g} m, expected "
            f"at least {_MINIMUM_MARKERS}: add some under [camera.markers] and [world_points], or remove all of them."
        )
    pixels = np.array([markers[point] for point in common], float)
    floor = np.array([world[point][:2] for point in common], float)
    flat = _straightened(camera)
    fitted = fit_homography(flat(pixels), floor)
    wrong = [point for point, good in zip(common, fitted.inliers, strict=True) if not good]
    said = f", without {', '.join(wrong)}, which contradict the others" if wrong else ""
    lens = "" if camera is not None else " without correction of the lens (the camera is not calibrated)"
    return Plane(
        lambda seen: fitted.to_floor(flat(seen)), "m",
        f"{name}: places come from {int(fitted.inliers.sum())} markers{said}{lens}.",
    )  # fmt: skip


def _straightened(camera: Camera | None) -> Callable[[Floats], Floats]:
    """Pixels of a pinhole camera without distortion that stands where this one does."""
    if camera is None:
        return lambda pixels: np.asarray(pixels, float)
    focal, centre = camera.matrix[[0, 1], [0, 1]], camera.matrix[:2, 2]

    def straight(pixels: Floats) -> Floats:
        local = rays(camera, pixels) @ camera.rotation_matrix.T
        with np.errstate(invalid="ignore", divide="ignore"):
            flat = local[..., :2] / local[..., 2:]
        flat[~(local[..., 2] > 0.05)] = np.nan  # beyond 87° the plane of the image has no place for a ray
        return flat * focal + centre

    return straight


def floor_points(camera: Camera, pixels: Floats, height: float) -> Floats:
    """(N, 2) where viewing rays meet the plane z = height, m; NaN where they do not."""
    direction, centre = rays(camera, pixels), camera.centre
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = (height - centre[2]) / direction[..., 2]
        point = centre[:2] + distance[..., None] * direction[..., :2]
    point[~(distance > 0)] = np.nan
    return point
