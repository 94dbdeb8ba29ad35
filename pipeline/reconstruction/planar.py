"""Planar mode: the tracks of one camera, mapped to the plane, through the same table as trajectories."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import SkeinError
from pipeline.formats import anipose
from pipeline.formats.survey import Survey, surveyed_points
from pipeline.jobs.declaration import Context
from pipeline.reconstruction.finish import Finisher
from pipeline.reconstruction.job import Reconstruct
from pipeline.reconstruction.observations import Integers
from pipeline.reconstruction.paths import Rows
from pipeline.reconstruction.plane import Plane, plane_of
from pipeline.types import Camera
from pipeline.video import Timeline

_NOISE_PX = 1.0


def tables(
    context: Context, parameters: Reconstruct, timeline: Timeline, tracks: dict[str, Path], finisher: Finisher
) -> Iterator[pa.Table]:
    """Rows of the trajectories table, window after window.

    Only observed rows of the tracks are mapped; gaps are treated as in 3D.

    Raises
    ------
    SkeinError
        If several cameras have tracks and none is chosen, or the camera's markers do not give a plane.
    """
    assert context.recording is not None
    name = _chosen(parameters.camera, tracks)
    plane = _plane(context, name, parameters.plane_z_m)
    context.note(plane.note)
    finisher.unit = plane.unit
    names, left_out = _individuals(tracks[name], max(1, round(parameters.minimum_s * timeline.fps)))
    if left_out:
        context.note(f"{left_out} tracks seen for less than {parameters.minimum_s:g} s in all were left out.")
    sigma = parameters.noise_px or _NOISE_PX
    lost = 0
    for first in range(0, max(timeline.n_frames, 1), parameters.window_frames):
        stop = min(first + parameters.window_frames, timeline.n_frames)
        rows, beyond = _rows(tracks[name], plane, sigma, names, first, stop)
        lost += beyond
        yield finisher.push(rows, None if stop >= timeline.n_frames else stop)
        context.progress(stop, timeline.n_frames, f"{stop:,} of {timeline.n_frames:,} frames")
    if lost:
        context.note(f"{lost:,} detections lie where the image does not show the plane, and were left out.")


def _chosen(wanted: str, tracks: dict[str, Path]) -> str:
    if wanted and wanted not in tracks:
        raise SkeinError(f"Planar mode: {wanted!r} has no tracks; there are tracks of {', '.join(tracks)}.")
    if not wanted and len(tracks) > 1:
        raise SkeinError(f"Planar mode uses one camera: choose it with `camera`, one of {', '.join(tracks)}.")
    return wanted or next(iter(tracks))


def _plane(context: Context, name: str, height: float) -> Plane:
    experiment = context.experiment
    entry = next(camera for camera in experiment.configuration.camera if camera.name == name)
    camera: Camera | None = None
    if experiment.calibration_path.is_file():
        cameras = anipose.read(experiment.calibration_path)
        camera = next((camera for camera in cameras if camera.name == name), None)
    posed = camera is not None and anipose.read_world(experiment.calibration_path) != "camera"
    survey = surveyed_points(experiment) if entry.markers else Survey({})
    for sentence in survey.notes:
        context.note(sentence)
    return plane_of(name, camera, posed, entry.markers, survey.points, height)


def _individuals(path: Path, shortest: int) -> tuple[Integers, int]:
    """(T,) number of each track by first appearance, -1 for those seen in fewer frames; how many these are."""
    table = pq.read_table(path, columns=["frame", "track", "state"])
    table = table.filter(pc.equal(table["state"], "observed"))
    frame, track = table["frame"].to_numpy(), table["track"].to_numpy()
    if not len(track):
        return np.empty(0, np.int64), 0
    first = np.full(track.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, track, frame)
    count = np.bincount(track, minlength=len(first))
    chosen = np.flatnonzero(count >= shortest)
    numbers = np.full(len(first), -1)
    numbers[chosen[np.argsort(first[chosen], kind="stable")]] = np.arange(len(chosen))
    return numbers, int(((count > 0) & (count < shortest)).sum())


def _rows(path: Path, plane: Plane, sigma_px: float, names: Integers, first: int, stop: int) -> tuple[Rows, int]:
    """The points of some frames, and how many detections do not lie in the plane."""
    table = pq.read_table(
        path, columns=["frame", "track", "x", "y", "state"], filters=[("frame", ">=", first), ("frame", "<", stop)]
    )
    table = table.filter(pc.equal(table["state"], "observed"))
    pixels = np.stack([table["x"].to_numpy(), table["y"].to_numpy()], axis=1).astype(float)
    point, sd = plane.points(pixels, sigma_px)
    number = names[table["track"].to_numpy()] if len(table) else np.empty(0, np.int64)
    beyond = (number >= 0) & ~np.isfinite(point[:, 0])
    kept = (number >= 0) & np.isfinite(point).all(axis=1)
    frame = table["frame"].to_numpy().astype(np.int64)
    count = int(kept.sum())
    rows = Rows(number[kept], frame[kept], point[kept], sd[kept], np.full(count, np.nan), np.ones(count, np.int64))
    return Rows.joined([rows]), int(beyond.sum())
