"""Cameras and board poses in one frame, and their joint adjustment."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pipeline.calibration.intrinsics import Limits, observations, reason_to_drop
from pipeline.calibration.views import View
from pipeline.geometry.bundle import INTRINSICS, Free, Observations, Poses, adjust
from pipeline.types import Camera

Floats = NDArray[np.float64]
MARKER_SIGMA = 1.0
"""Standard deviation of a clicked, surveyed marker, px: the click, and the survey's millimetres."""
_ROUNDS = 6
_COARSE = 100.0
"""Huber limit of the first adjustment, in sigmas: chained poses are off by many pixels."""


@dataclass(frozen=True, eq=False)
class Markers:
    """Surveyed points as marked in the images.

    Parameters
    ----------
    camera, name
        (K,) which camera shows which point.
    points
        (K, 3) world, m.
    pixels
        (K, 2) px.
    """

    camera: tuple[str, ...]
    name: tuple[str, ...]
    points: Floats
    pixels: Floats

    def of(self, cameras: tuple[Camera, ...]) -> "Markers":
        """Those that one of the cameras shows, camera by camera."""
        chosen = [k for camera in cameras for k, name in enumerate(self.camera) if name == camera.name]
        return Markers(
            tuple(self.camera[k] for k in chosen),
            tuple(self.name[k] for k in chosen),
            self.points[chosen],
            self.pixels[chosen],
        )


@dataclass(frozen=True, eq=False)
class Rig:
    """Cameras that share a frame, and the board poses they saw.

    Parameters
    ----------
    cameras
        Posed in the rig's frame.
    views
        Views of the board, corners named alike in all cameras.
    pose_of
        (V,) number of each view's board pose.
    poses
        Board into the rig's frame.
    residuals
        Per view, (n, 2) projected minus found corners, px.
    marker_residuals
        (K, 2) projected minus marked, px, in the order of ``markers.of(cameras)``; empty without markers.
    dropped
        Views left out, with the reason.
    sd
        (C, 9) standard deviations of the intrinsics.
    """

    cameras: tuple[Camera, ...]
    views: tuple[View, ...]
    pose_of: NDArray[np.intp]
    poses: Poses
    residuals: tuple[Floats, ...] = ()
    marker_residuals: Floats | None = None
    dropped: tuple[tuple[View, str], ...] = ()
    sd: Floats | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(camera.name for camera in self.cameras)

    def moved(self, transform: Floats) -> "Rig":
        """The same rig in another frame: x_new = transform @ x_old."""
        rotation, shift = transform[:3, :3], transform[:3, 3]
        cameras = tuple(
            posed(
                camera,
                camera.rotation_matrix @ rotation.T,
                camera.translation - camera.rotation_matrix @ rotation.T @ shift,
            )
            for camera in self.cameras
        )
        poses = Poses(rotation @ self.poses.rotation, self.poses.translation @ rotation.T + shift)
        return replace(self, cameras=cameras, poses=poses)


def posed(camera: Camera, rotation: Floats, translation: Floats) -> Camera:
    """The camera with another pose, world to camera."""
    return replace(camera, rotation=Rotation.from_matrix(rotation).as_rotvec(), translation=translation)


def joined(rigs: list[Rig]) -> Rig:
    """Rigs that share a frame as one."""
    starts = np.cumsum([0, *[len(rig.poses) for rig in rigs]])
    return Rig(
        tuple(camera for rig in rigs for camera in rig.cameras),
        tuple(view for rig in rigs for view in rig.views),
        np.concatenate([rig.pose_of + start for rig, start in zip(rigs, starts, strict=False)]),
        Poses(
            np.concatenate([rig.poses.rotation for rig in rigs]), np.concatenate([r.poses.translation for r in rigs])
        ),
        tuple(residuals for rig in rigs for residuals in rig.residuals),
        None,
        tuple(item for rig in rigs for item in rig.dropped),
        np.concatenate([np.zeros((len(r.cameras), INTRINSICS)) if r.sd is None else r.sd for r in rigs]),
    )


def adjusted(rig: Rig, points: Floats, limits: Limits, markers: Markers | None = None, *, coarse: bool = False) -> Rig:
    """Adjust everything at once; views beyond the limits are dropped, worst first, and it is adjusted again.

    The lens of a camera without views stays. Without markers the first camera holds the frame.

    Parameters
    ----------
    points
        (N, 3) the board's corners, m.
    markers
        Surveyed points that the cameras show: they hold the world in place.
    coarse
        Begin with an adjustment of the poses alone, for starts that are off by many pixels.
    """
    shown = markers.of(rig.cameras) if markers is not None else None
    if coarse and len(rig.views):
        rig = _once(rig, points, shown, lenses=False, huber=_COARSE)
    for _ in range(_ROUNDS):
        rig = _once(rig, points, shown, lenses=True)
        judged = [reason_to_drop(np.linalg.norm(residuals, axis=1), limits) for residuals in rig.residuals]
        bad = [number for number, (excess, _) in enumerate(judged) if excess > 1]
        if not bad or len(bad) == len(rig.views):
            break
        worst = set(sorted(bad, key=lambda number: -judged[number][0])[: max(1, len(rig.views) // 5)])
        rig = _without(rig, {number: judged[number][1] for number in worst})
    return rig


def _once(rig: Rig, points: Floats, markers: Markers | None, *, lenses: bool, huber: float = 3.0) -> Rig:
    number = {name: k for k, name in enumerate(rig.names)}
    cameras = [number[view.camera] for view in rig.views]
    parts = []
    if rig.views:
        parts.append(observations(points, list(rig.views), cameras, rig.pose_of.tolist()))
    if markers is not None and len(markers.camera):
        shown, count = np.unique([number[name] for name in markers.camera], return_counts=True)
        parts.append(
            Observations(
                shown, np.full(len(shown), -1), np.full(len(shown), MARKER_SIGMA), count, markers.points, markers.pixels
            )
        )
    else:
        markers = None
    intrinsics = np.zeros((len(rig.cameras), INTRINSICS), bool)
    intrinsics[cameras] = lenses
    free_cameras = np.ones(len(rig.cameras), bool)
    free_cameras[0] = markers is not None
    free = Free(intrinsics, free_cameras, np.ones(len(rig.poses), bool))
    found = adjust(rig.cameras, rig.poses, _stacked(parts), free, huber=huber)
    counts = np.concatenate([part.count for part in parts])[: len(rig.views)]
    *residuals, rest = np.split(found.residuals, np.cumsum(counts))
    return replace(
        rig,
        cameras=found.cameras,
        poses=found.poses,
        residuals=tuple(residuals),
        marker_residuals=rest if markers is not None else None,
        sd=found.intrinsics_sd,
    )


def _stacked(parts: list[Observations]) -> Observations:
    return Observations(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("camera", "pose", "sigma", "count", "points", "pixels")
        )
    )


def _without(rig: Rig, reasons: dict[int, str]) -> Rig:
    """The rig without some views, and without board poses that nobody sees then."""
    keep = [number for number in range(len(rig.views)) if number not in reasons]
    used, pose_of = np.unique(rig.pose_of[keep], return_inverse=True)
    return replace(
        rig,
        views=tuple(rig.views[number] for number in keep),
        pose_of=pose_of.astype(np.intp),
        poses=Poses(rig.poses.rotation[used], rig.poses.translation[used]),
        residuals=tuple(rig.residuals[number] for number in keep),
        dropped=(*rig.dropped, *((rig.views[number], reason) for number, reason in reasons.items())),
    )
