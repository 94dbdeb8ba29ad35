"""Tracks of all cameras to trajectories."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment
from pipeline.files import replacing
from pipeline.formats import anipose
from pipeline.jobs.declaration import Context
from pipeline.reconstruction import planar
from pipeline.reconstruction.finish import Finisher
from pipeline.reconstruction.job import Reconstruct
from pipeline.reconstruction.observations import read_window
from pipeline.reconstruction.window import Solution, Succession, Task, solve
from pipeline.types import TRAJECTORIES, CameraGroup, checked
from pipeline.video import Timeline

_STEADY_S = 1.0
_LARGE_NOISE_PX = 8.0


def run(context: Context, parameters: Reconstruct) -> None:
    """Write ``trajectories.parquet`` of a recording.

    Raises
    ------
    SkeinError
        If there are no tracks, several cameras without a calibration, or a calibration that does not fit them.
    """
    experiment, recording = context.experiment, context.recording
    assert recording is not None
    timeline = Timeline.of(experiment, recording)
    tracks = tracked(experiment, recording)
    missing = [name for name in experiment.recording(recording).videos if name not in tracks]
    if missing:
        context.note(f"No tracks of {', '.join(missing)}: only {', '.join(tracks)} could be used.")
    flat = parameters.mode == "planar" or (parameters.mode == "auto" and len(tracks) == 1)
    finisher = Finisher(
        timeline.time_s,
        gap_frames=int(parameters.interpolate_s * timeline.fps),
        smoothing_frames=round(parameters.smoothing_s * timeline.fps),
        planar=flat,
    )
    if flat:
        tables = planar.tables(context, parameters, timeline, tracks, finisher)
    else:
        tables = _tables(context, parameters, timeline, tracks, finisher)
    _write(experiment.trajectories_path(recording), tables)
    _summarise(context, parameters, timeline, finisher)


def tracked(experiment: Experiment, recording: str) -> dict[str, Path]:
    """The track files there are, in the order of the cameras.

    Raises
    ------
    SkeinError
        If there are none.
    """
    names = [name for name in experiment.camera_names if name in experiment.recording(recording).videos]
    found = {name: experiment.tracks_path(recording, name) for name in names}
    found = {name: path for name, path in found.items() if path.is_file()}
    if not found:
        raise SkeinError(f"{recording} has no tracks: run `track` first.")
    return found


def calibrated(experiment: Experiment, tracks: dict[str, Path], context: Context | None = None) -> CameraGroup:
    """The calibrated cameras among those that have tracks.

    Raises
    ------
    SkeinError
        If there is no calibration, it has fewer than two of these cameras, or was made for another image size.
    """
    path = experiment.calibration_path
    if not path.is_file():
        raise SkeinError(
            f"{len(tracks)} camera{'s' if len(tracks) != 1 else ''}, but no calibration: run `calibrate`, or choose "
            "mode planar and one camera."
        )
    cameras = anipose.read(path)
    common = [name for name in tracks if name in cameras]
    if len(common) < 2:
        raise SkeinError(
            f"{path.name} has the cameras {', '.join(cameras.names)}; tracks are of {', '.join(tracks)}. Expected at "
            "least two in common: calibrate these cameras, or choose mode planar and one camera."
        )
    for name in common:
        size = image_size(experiment, tracks[name])
        if size is not None and size != cameras[name].size:
            raise SkeinError(
                f"{name}: the calibration is for images of {cameras[name].size[0]} × {cameras[name].size[1]} px, the "
                f"recording has {size[0]} × {size[1]} px. Calibrate with videos of this size."
            )
    left_out = [name for name in tracks if name not in common]
    if left_out and context is not None:
        context.note(f"{', '.join(left_out)} is not in {path.name} and was not used.")
    return cameras.subset(common)


def image_size(experiment: Experiment, track_file: Path) -> tuple[int, int] | None:
    """Width and height of the images that were tracked, px, or None where neither tracks nor detections say it."""
    folder = track_file.parents[1] / "detections" / track_file.stem
    for path in (track_file, *sorted(folder.glob("part-*.parquet"))[:1]):
        said = (pq.read_schema(path).metadata or {}).get(b"image_size")
        if said:
            width, height = said.decode().split(",")
            return int(width), int(height)
    return None


def _tables(
    context: Context, parameters: Reconstruct, timeline: Timeline, tracks: dict[str, Path], finisher: Finisher
) -> Iterator[pa.Table]:
    """Solve window after window; the middle of an overlap belongs to the window in which it lies deeper."""
    assert context.recording is not None
    experiment, fps = context.experiment, timeline.fps
    cameras, arena = calibrated(experiment, tracks, context), experiment.configuration.arena
    if arena is not None and anipose.read_world(experiment.calibration_path) == "camera":
        arena = None
        context.note(
            "The calibration is not tied to the arena (no markers, no board on the floor): positions are relative to a "
            "camera, and the arena's bounds could not be used."
        )
    task = Task(
        cameras=cameras,
        arena=arena,
        animals=experiment.animals(context.recording),
        fps=fps,
        noise_px=parameters.noise_px,
        gate=parameters.gate,
        link_s=parameters.link_s,
        minimum_s=parameters.minimum_s,
        short_gap=int(parameters.interpolate_s * fps),
    )
    volume = parameters.point == "volume"
    folders = {name: experiment.detections_folder(context.recording, name) for name in tracks} if volume else None
    succession, summary, steady = Succession(task), _Summary(), max(1, round(_STEADY_S * fps))
    for first, stop, core in windows(timeline.n_frames, parameters.window_frames):
        seen = read_window(tracks, task.cameras, first, stop, steady, folders)
        solution = solve(task, seen, summary.noise_px)
        numbers = succession.named(solution)
        rows = solution.rows.renamed(numbers)
        succession.remember(solution, numbers, rows, overlap_from=core.stop - (stop - core.stop))
        summary.add(solution)
        final = core.stop >= timeline.n_frames
        inside = (rows.frame >= core.start) & (rows.frame < core.stop)
        yield finisher.push(rows.take(inside), None if final else core.stop)
        context.progress(core.stop, timeline.n_frames, f"{core.stop:,} of {timeline.n_frames:,} frames")
    context.note(
        "Positions are centres of volume (outlines weighted by their width)." if volume else "Positions are centroids."
    )
    for sentence in summary.sentences(task):
        context.note(sentence)


def windows(n_frames: int, size: int) -> Iterator[tuple[int, int, range]]:
    """(first, stop, core) of overlapping windows: the cores follow one another, the overlap is a fifth."""
    half, first = size // 10, 0
    while True:
        stop = min(first + size, n_frames)
        last = stop >= n_frames
        yield first, stop, range(first + half if first else 0, n_frames if last else stop - half)
        if last:
            return
        first = stop - 2 * half


@dataclass
class _Summary:
    """What is told about the matching, over all windows."""

    pieces: int = 0
    matched: int = 0
    cuts: int = 0
    dropped: int = 0
    noise: tuple[float, ...] = ()

    @property
    def noise_px(self) -> float | None:
        return float(np.median(self.noise)) if self.noise else None

    def add(self, solution: Solution) -> None:
        self.pieces += solution.pieces
        self.matched += solution.matched
        self.cuts += solution.cuts
        self.dropped += solution.dropped
        self.noise = (*self.noise, solution.sigma_px)

    def sentences(self, task: Task) -> Iterator[str]:
        noise = self.noise_px or 0.0
        yield (
            f"{self.matched:,} of {self.pieces:,} pieces of tracks were matched between {len(task.cameras)} cameras "
            f"({', '.join(task.cameras.names)}); {self.cuts:,} cuts were made where tracks contradicted another camera."
        )
        origin = "as given" if task.noise_px else "as measured from the agreement of the cameras"
        yield f"Standard deviation of a centroid: {noise:.2f} px, {origin}."
        if not task.noise_px and noise > _LARGE_NOISE_PX:
            yield "The cameras agree badly: check the calibration and whether the videos are synchronous."
        if self.dropped:
            yield f"{self.dropped:,} paths were left out because there are {task.animals} animals."


def _write(path: Path, tables: Iterator[pa.Table]) -> None:
    """Write row groups as they come; the file appears when all are there."""
    with replacing(path) as temporary:
        writer = None
        try:
            for table in tables:
                whole = checked(table, TRAJECTORIES, path.name)
                writer = writer or pq.ParquetWriter(temporary, whole.schema, compression="zstd")
                if len(whole):
                    writer.write_table(whole)
        finally:
            if writer is not None:
                writer.close()


def _summarise(context: Context, parameters: Reconstruct, timeline: Timeline, finisher: Finisher) -> None:
    count, total = len(finisher.spans), len(finisher.spans) * timeline.n_frames
    if not count:
        context.note("No animal was reconstructed.")
        return
    lost = total - finisher.observed - finisher.interpolated
    context.note(
        f"{count} animal{'s' if count != 1 else ''}; "
        f"{finisher.observed / total:.1%} of their {total:,} frames are observed, "
        f"{finisher.interpolated / total:.1%} interpolated over gaps of up to {parameters.interpolate_s:g} s, "
        f"{lost / total:.1%} lost (longer gaps, and before the first and after the last sight)."
    )
    if context.recording is not None:
        expected = context.experiment.animals(context.recording)
        if expected is not None and expected != count:
            context.note(f"{expected} animals were expected, {count} were found.")
    if finisher.smoothing_frames >= 3:
        context.note(f"Positions were smoothed over {parameters.smoothing_s:g} s (Savitzky-Golay, quadratic).")
    else:
        context.note("Positions are not smoothed.")
