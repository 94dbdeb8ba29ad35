"""The job `track`: detections of each camera → `tracks/<camera>.parquet`."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import SkeinError
from pipeline.files import data_fingerprint, file_fingerprint, replacing
from pipeline.formats import anipose
from pipeline.jobs.declaration import Context
from pipeline.tracking.filling import track_rows
from pipeline.tracking.job import Track
from pipeline.tracking.overlap import OverlapLinker, stitch_in_passes
from pipeline.tracking.part import DetectionFiles
from pipeline.tracking.reach import SpeedLimit
from pipeline.tracking.scale import Scale, measure, sample
from pipeline.tracking.stitching import Stitched, stitch
from pipeline.tracking.tracker import Limits, Tracker
from pipeline.tracking.tracklets import TrackletStore
from pipeline.types import TRACKS, Arena, Camera
from pipeline.video import Timeline

_VERSION = 1  # raise it when the same parameters and detections give other tracks
_KEY, _REPORT = b"key", b"report"


@dataclass(frozen=True)
class CameraItem:
    """What tracking one camera needs; travels to a worker.

    Parameters
    ----------
    detections, output
        Folder of the detections' parts, and the file to write.
    fps
        Frames of the recording per second.
    animals
        Number of animals, if known.
    camera, arena
        Where the camera is calibrated and the arena known.
    """

    name: str
    detections: Path
    output: Path
    parameters: Track
    fps: float
    animals: int | None = None
    camera: Camera | None = None
    arena: Arena | None = None

    def key(self) -> str:
        """Fingerprint of all that determines the tracks."""
        lens = None
        if self.camera is not None and self.parameters.max_speed is not None:
            lens = [value.tolist() if isinstance(value, np.ndarray) else value for value in vars(self.camera).values()]
        return data_fingerprint(
            [
                _VERSION, self.parameters.model_dump(mode="json"), self.fps, self.animals, lens,
                self.arena.model_dump(mode="json") if self.arena is not None else None,
                [[path.name, file_fingerprint(path)] for path in DetectionFiles.of(self.detections).paths],
            ]
        )  # fmt: skip


@dataclass(frozen=True)
class CameraReport:
    """What came out of one camera, for the notes."""

    name: str
    tracklets: int
    tracks: int
    short: int = 0
    surplus: int = 0

    def sentence(self) -> str:
        """In words."""
        dropped = [
            f"{count} {kind}"
            for count, kind in ((self.short, "too short"), (self.surplus, "beyond the number of animals"))
            if count
        ]
        text = f"{self.name}: {_counted(self.tracks, 'track')} from {_counted(self.tracklets, 'tracklet')}"
        return f"{text}; dropped {', '.join(dropped)}" if dropped else text


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"


def run(context: Context, parameters: Track) -> None:
    """Track every camera of the recording, one per item of the fan-out.

    Cameras whose file was made from the same detections with the same parameters are kept: a job that was killed goes
    on with the others.
    """
    assert context.recording is not None
    items = _items(context, context.recording, parameters)
    folder = items[0].output.parent
    left = []
    for item in items:
        report = finished(item)
        if report is None:
            left.append(item)
        else:
            context.note(report.sentence())
    kept = len(items) - len(left)
    context.progress(kept, len(items), "tracking")
    for done, (_, report) in enumerate(context.fanout.map(track_camera, left), start=kept + 1):
        context.note(report.sentence())
        context.progress(done, len(items), f"{report.name} tracked")
    current = {item.output for item in items}
    for path in folder.glob("*.parquet"):
        if path not in current and not path.name.startswith("."):
            path.unlink()


def _items(context: Context, recording: str, parameters: Track) -> list[CameraItem]:
    experiment = context.experiment
    entry, arena = experiment.recording(recording), experiment.configuration.arena
    if entry.recorded_fps is not None and entry.timestamps is None:
        fps = entry.recorded_fps / entry.stride
    else:
        fps = Timeline.of(experiment, recording).fps
    group = anipose.read(experiment.calibration_path) if experiment.calibration_path.is_file() else None
    physical = parameters.max_speed is not None and parameters.mode == "motion"
    items = []
    for name in experiment.camera_names:
        folder = experiment.detections_folder(recording, name)
        if name not in entry.videos:
            continue
        if not folder.is_dir():
            context.note(f"{name}: no detections, left out")
            continue
        camera = group[name] if group is not None and name in group else None
        if physical and (camera is None or arena is None):
            context.note(f"{name}: the top speed is not used, for lack of a calibration or of the arena's bounds")
        items.append(
            CameraItem(
                name,
                folder,
                experiment.tracks_path(recording, name),
                parameters,
                fps,
                experiment.animals(recording),
                camera,
                arena,
            )
        )
    if not items:
        raise SkeinError(f"{recording}: no camera has detections. Run `skein segment` first.")
    return items


def finished(item: CameraItem) -> CameraReport | None:
    """What came out of a camera whose file is what tracking it would give; None where it must be tracked."""
    try:
        metadata = pq.read_schema(item.output).metadata or {}
    except (OSError, pa.ArrowInvalid):  # missing or damaged: it is written anew
        return None
    if metadata.get(_KEY, b"").decode() != item.key():
        return None
    return CameraReport(**json.loads(metadata[_REPORT]))


def track_camera(item: CameraItem) -> CameraReport:
    """Track one camera: one pass over its detections, one over its tracklets' rows, memory for one part at a time."""
    files, wanted = DetectionFiles.of(item.detections), item.parameters
    item.output.parent.mkdir(parents=True, exist_ok=True)
    size = _image_size(files)
    classic = wanted.mode == "overlap"
    masks = classic and size is not None
    # A single part is small enough to be kept from the measuring to the tracking.
    only = files.read(0, masks) if len(files) == 1 else None
    scale = measure([only] if only is not None else (files.read(index) for index in sample(len(files))))
    linker = OverlapLinker(size, wanted.min_overlap, wanted.max_merge_dist) if classic else _tracker(item, scale)
    with _scratch(item.output) as rows_path:
        with TrackletStore(rows_path) as store:
            for index in range(len(files)):
                part = only if only is not None else files.read(index, masks)
                store.add(part, *linker.track(part))
        tracklets = store.ends()
        if classic:
            stitched = Stitched(stitch_in_passes(tracklets, tuple(wanted.passes)), 0, 0)
        else:
            stitched = stitch(
                tracklets,
                scale,
                max_gap=round(wanted.max_gap_s * item.fps),
                min_frames=wanted.min_detections,
                animals=item.animals,
                area=float(np.prod(size)) if size else 0,
            )
        tracks = int(stitched.track.max(initial=-1)) + 1
        report = CameraReport(item.name, len(tracklets), tracks, stitched.short, stitched.surplus)
        metadata: dict[bytes | str, bytes | str] = {_KEY: item.key(), _REPORT: json.dumps(asdict(report))}
        if size:
            metadata["image_size"] = f"{size[0]},{size[1]}"
        schema = TRACKS.with_metadata(metadata)
        fill = 0 if classic else round(wanted.fill_gap_s * item.fps)
        with replacing(item.output) as path, _writer(path, schema) as writer:
            for table in track_rows(store.parts(), stitched.track, fill):
                writer.write_table(table.replace_schema_metadata(schema.metadata))
    return report


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    # A dictionary of measured numbers is nearly as long as they are: it costs time and space.
    repeating = [field.name for field in schema if not pa.types.is_floating(field.type) and field.name != "detection"]
    return pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=repeating)


@contextmanager
def _scratch(output: Path) -> Iterator[Path]:
    """A temporary file beside the result (it can be as large), named so that the next run deletes what a kill left."""
    path = output.with_name(f".{uuid.uuid4().hex[:8]}.part{output.suffix}")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _tracker(item: CameraItem, scale: Scale) -> Tracker:
    wanted = item.parameters
    limits = Limits(
        patience=max(round(wanted.patience_s * item.fps), 1),
        high_score=wanted.high_score,
        margin=float(np.log(wanted.certainty / (1 - wanted.certainty))),
    )
    if wanted.max_speed is None or item.camera is None or item.arena is None:
        return Tracker(scale, limits)
    return Tracker(scale, limits, SpeedLimit(item.camera, item.arena, wanted.max_speed / item.fps))


def _image_size(files: DetectionFiles) -> tuple[int, int] | None:
    text = files.image_size().decode()
    if not text:
        return None
    width, height = text.split(",")
    return int(width), int(height)
