"""Numbers for the report: errors, coverage, and the board re-measured."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pipeline.calibration.films import Film
from pipeline.calibration.intrinsics import errors_by_view
from pipeline.calibration.report import CameraReport, DroppedView, MarkerReport, Residuals, Squares, ViewReport
from pipeline.calibration.rig import Markers, Rig
from pipeline.calibration.views import View
from pipeline.geometry import project
from pipeline.geometry.triangulation import triangulate
from pipeline.types import Board, Camera, CameraEntry, CameraGroup

Floats = NDArray[np.float64]
GRID = (12, 9)
"""Columns and rows of the grid of corner counts."""
_REACH = 0.1
"""A part of the image counts as covered within this share of the diagonal of a corner: so far a lens model carries."""
_FINE = 40


def coverage(pixels: Floats, size: tuple[int, int]) -> float:
    """Share of an image within a tenth of its diagonal of one of the pixels (N, 2)."""
    if not len(pixels):
        return 0.0
    x, y = (np.linspace(0, length - 1, _FINE) for length in size)
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    distance, _ = cKDTree(pixels).query(places)
    return float((distance <= _REACH * np.hypot(*size)).mean())


def corner_grid(pixels: Floats, size: tuple[int, int]) -> list[list[int]]:
    """Number of pixels (N, 2) in each cell of a grid over the image, row by row from the top."""
    counts, _, _ = np.histogram2d(
        pixels[:, 1], pixels[:, 0], bins=GRID[::-1], range=[[-0.5, size[1] - 0.5], [-0.5, size[0] - 0.5]]
    )
    return counts.astype(int).tolist()


def remeasured(rig: Rig, board: Board) -> Squares | None:
    """The distances of neighbouring corners, triangulated; None where no two cameras share a view."""
    columns, rows = board.inner_corners
    number = {name: k for k, name in enumerate(rig.names)}
    pixels = np.full((len(rig.cameras), len(rig.poses), columns * rows, 2), np.nan)
    for view, pose in zip(rig.views, rig.pose_of, strict=True):
        pixels[number[view.camera], pose] = view.pixels
    shared = np.isfinite(pixels[..., 0]).any(axis=2).sum(axis=0) >= 2
    if not shared.any():
        return None
    flat = pixels[:, shared].reshape(len(rig.cameras), -1, 2)
    points = triangulate(CameraGroup(rig.cameras), flat, gate=None).points.reshape(-1, rows, columns, 3) * 1000
    edges = np.concatenate([np.linalg.norm(np.diff(points, axis=axis), axis=3).ravel() for axis in (1, 2)])
    edges = edges[np.isfinite(edges)]
    if not len(edges):
        return None
    return Squares(
        stated_mm=board.square_mm,
        mean_mm=round(float(edges.mean()), 4),
        sd_mm=round(float(edges.std()), 4),
        count=len(edges),
    )


def root_mean_square(residuals: list[Floats] | tuple[Floats, ...]) -> float | None:
    """Root mean square length of (n, 2) residuals, px; None without any."""
    stacked = np.concatenate(residuals) if residuals else np.empty((0, 2))
    return round(float(np.sqrt((stacked**2).sum(axis=1).mean())), 4) if len(stacked) else None


def camera_report(
    entry: CameraEntry,
    film: Film | None,
    found: list[View],
    duplicates: int,
    dropped: list[tuple[View, str]],
    rig: Rig | None,
    *,
    looked_at: int,
    problem: str | None,
) -> CameraReport:
    """What is known of one camera, whether or not it could be calibrated."""
    size = film.size if film else (0, 0)

    def label(view: View) -> str:
        return film.label(view.moment) if film else f"frame {view.moment}"

    base = CameraReport(
        name=entry.name,
        model=entry.model,
        size=size,
        looked_at=looked_at,
        found=len(found),
        duplicates=duplicates,
        problem=problem,
        dropped=[DroppedView(moment=view.moment, label=label(view), reason=reason) for view, reason in dropped],
    )
    if rig is None or entry.name not in rig.names:
        pixels = np.concatenate([known(view) for view in found]) if found else np.empty((0, 2))
        return base.model_copy(
            update={"coverage": round(coverage(pixels, size), 4), "corner_grid": corner_grid(pixels, size)}
            if found
            else {}
        )
    number = rig.names.index(entry.name)
    camera = rig.cameras[number]
    mine = [(v, r) for v, r in zip(rig.views, rig.residuals, strict=True) if v.camera == entry.name]
    pixels = np.concatenate([known(view) for view, _ in mine]) if mine else np.empty((0, 2))
    residuals = np.concatenate([residual for _, residual in mine]) if mine else np.empty((0, 2))
    errors = errors_by_view(residuals, [view for view, _ in mine]) if mine else []
    return base.model_copy(
        update={
            "size": camera.size,
            "rms_px": root_mean_square([residuals]),
            "coverage": round(coverage(pixels, camera.size), 4),
            "corner_grid": corner_grid(pixels, camera.size),
            "views": [_view(view, label(view), error) for (view, _), error in zip(mine, errors, strict=True)],
            "residuals": _residuals(pixels, residuals),
            **_lens(camera, None if rig.sd is None else rig.sd[number]),
        }
    )


def marker_reports(rig: Rig, markers: Markers, used: NDArray[np.bool_]) -> list[MarkerReport]:
    """Every marker that a calibrated camera shows.

    Parameters
    ----------
    markers
        ``markers.of(rig.cameras)``.
    used
        (K,) which of them took part; `rig.marker_residuals` holds those.
    """
    by_name = {camera.name: camera for camera in rig.cameras}
    reports = []
    for k, (camera, name) in enumerate(zip(markers.camera, markers.name, strict=True)):
        off = project(by_name[camera], markers.points[k]) - markers.pixels[k]
        if np.isfinite(off).all():
            x, y, dx, dy = (round(float(value), 3) for value in (*markers.pixels[k], *off))
            reports.append(MarkerReport(camera=camera, name=name, x=x, y=y, dx=dx, dy=dy, used=bool(used[k])))
    return reports


def known(view: View) -> Floats:
    """(n, 2) the corners that a view shows, px."""
    return view.pixels[np.isfinite(view.pixels).all(axis=1)]


def _view(view: View, label: str, errors: Floats) -> ViewReport:
    return ViewReport(
        moment=view.moment,
        label=label,
        corners=len(errors),
        rms_px=round(float(np.sqrt((errors**2).mean())), 4),
        mean_px=round(float(errors.mean()), 4),
        max_px=round(float(errors.max()), 4),
    )


def _residuals(pixels: Floats, residuals: Floats) -> Residuals:
    x, y, dx, dy = (np.round(column, 3).tolist() for column in (*pixels.T, *residuals.T))
    return Residuals(x=x, y=y, dx=dx, dy=dy)


def _lens(camera: Camera, sd: Floats | None) -> dict[str, object]:
    focal, centre = np.diag(camera.matrix)[:2], camera.matrix[:2, 2]
    fitted = sd is not None and sd[0] > 0
    return {
        "focal_px": tuple(round(float(value), 3) for value in focal),
        "centre_px": tuple(round(float(value), 3) for value in centre),
        "distortion": camera.distortion.tolist(),
        "focal_sd_percent": round(float(100 * (sd[:2] / focal).max()), 4) if fitted and sd is not None else None,
        "position": tuple(round(float(value), 5) for value in camera.centre),
    }
