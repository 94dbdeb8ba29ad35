"""Results as files for other programs, with units, definitions and everything that shaped the numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import __version__
from pipeline.errors import SkeinError
from pipeline.experiment import Experiment, Provenance
from pipeline.formats.job import ExportParameters
from pipeline.formats.registry import Format, exportable, format_named
from pipeline.formats.tables import about, with_about
from pipeline.jobs import Context
from pipeline.jobs.execution import upstream_results
from pipeline.jobs.state import result_state
from pipeline.registry import Export, exports, jobs
from pipeline.types import TRACKS
from pipeline.video import Timeline

_TIME = pa.field(
    "time_s", pa.float64(), metadata={"unit": "s", "definition": "time from the recording's start, as recorded"}
)


def export(
    experiment: Experiment, what: str, format: str, folder: str | Path, recordings: Sequence[str] | None = None
) -> list[Path]:
    """Write the tables of one or more recordings.

    Parameters
    ----------
    what
        Name of an export: trajectories, tracks, or one of a plugin's (zones).
    format
        Name of a format: csv, xlsx, parquet, mat, movement, mot.
    folder
        Where the files go; made if it does not exist. Their names begin with ``<recording>_<what>``; files of that name
        are replaced.
    recordings
        Names; default: every recording that has the result.

    Returns
    -------
    The files that were written.

    Raises
    ------
    SkeinError
        If a name is not known, the format cannot hold these tables, the result is missing, or a file cannot be written.
    """
    declared = export_named(what)
    target = format_named(format)
    if target not in exportable(what):
        fitting = ", ".join(entry.name for entry in exportable(what))
        raise SkeinError(f"{target.title} cannot hold {declared.title.lower()}; choose one of {fitting}.")
    destination = Path(folder)
    if destination.is_file():
        raise SkeinError(f"{destination} is a file: expected a folder to write to.")
    try:
        destination.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SkeinError(f"Could not make the folder {destination}: {error.strerror or error}.") from error
    names = list(recordings) if recordings is not None else _with_result(experiment, declared)
    written: list[Path] = []
    for name in names:
        written += _export_recording(experiment, declared, target, destination, experiment.recording(name).name)
    return written


def run(context: Context, parameters: ExportParameters) -> None:
    """What the job `export` does."""
    recording = context.recording
    assert recording is not None
    folder = context.experiment.root / parameters.folder
    for path in export(context.experiment, parameters.what, parameters.format, folder, [recording]):
        context.note(f"wrote {path}")


def export_named(what: str) -> Export:
    """The export of that name, or an error that lists the names there are."""
    try:
        return exports()[what]
    except KeyError:
        raise SkeinError(f"Nothing named {what!r} to export; there are {', '.join(exports())}.") from None


def trajectories(experiment: Experiment, recording: str) -> dict[str, pa.RecordBatchReader]:
    """The trajectories of a recording, read in pieces; lengths have the unit that the file states.

    Raises
    ------
    SkeinError
        If there are none.
    """
    path = experiment.trajectories_path(recording)
    file = _opened(path, recording, "reconstruct")
    schema = file.schema_arrow
    unit = (schema.metadata or {}).get(b"unit", b"m")
    fields = [
        field.with_metadata({**(field.metadata or {}), b"unit": unit})
        if (field.metadata or {}).get(b"unit") == b"m"
        else field
        for field in schema
    ]
    renamed = with_about(pa.schema(fields), {"unit": unit.decode()})
    pieces = (pa.RecordBatch.from_arrays(batch.columns, schema=renamed) for batch in file.iter_batches())
    return {"trajectories": pa.RecordBatchReader.from_batches(renamed, pieces)}


def tracks(experiment: Experiment, recording: str) -> dict[str, pa.RecordBatchReader]:
    """The tracks of each camera of a recording, read in pieces, with times where the videos tell them.

    Raises
    ------
    SkeinError
        If there are none.
    """
    paths = {camera: experiment.tracks_path(recording, camera) for camera in experiment.camera_names}
    found = {camera: path for camera, path in paths.items() if path.is_file()}
    if not found:
        _opened(next(iter(paths.values()), experiment.folder(recording) / "tracks"), recording, "track")
    timeline = _timeline(experiment, recording)
    return {camera: _tracks(_opened(path, recording, "track"), timeline) for camera, path in found.items()}


def _tracks(file: pq.ParquetFile, timeline: Timeline | None) -> pa.RecordBatchReader:
    fields = [file.schema_arrow.field(name) for name in TRACKS.names]
    if timeline is not None:
        fields.insert(1, _TIME)
    schema = with_about(pa.schema(fields), {"unit": "px"})

    def pieces() -> Iterator[pa.RecordBatch]:
        for batch in file.iter_batches(columns=TRACKS.names):
            columns = [batch[name] for name in TRACKS.names]
            if timeline is not None:
                columns.insert(1, pa.array(timeline.time_s(batch["frame"].to_numpy())))
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, pieces())


def _opened(path: Path, recording: str, job: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except FileNotFoundError:
        raise SkeinError(f"Recording {recording} has no {path.stem} yet: run `skein {job}` first.") from None
    except (OSError, pa.ArrowException) as error:
        raise SkeinError(f"{path.name} of {recording} cannot be read ({error}): run `skein {job}` again.") from error


def _export_recording(
    experiment: Experiment, declared: Export, target: Format, folder: Path, recording: str
) -> list[Path]:
    origin = origin_of(experiment, declared, recording)
    tables = {
        name: _with_origin(table, {**origin, "table": name, **about(table.schema)})
        for name, table in declared.function(experiment, recording).items()
    }
    return target.write_tables(folder / f"{recording}_{declared.name}{target.suffix}", tables)


def _with_origin(table: pa.Table | pa.RecordBatchReader, origin: Mapping[str, Any]) -> pa.Table | pa.RecordBatchReader:
    schema = with_about(table.schema, origin)
    if isinstance(table, pa.Table):
        return table.replace_schema_metadata(schema.metadata)
    pieces = (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in table)
    return pa.RecordBatchReader.from_batches(schema, pieces)


def origin_of(experiment: Experiment, declared: Export, recording: str) -> dict[str, Any]:
    """Everything that shaped the numbers of an export: experiment, clock, and each job on the way.

    Returns
    -------
    `jobs` lists every job from the first to the last with its parameters, notes, versions and inputs' fingerprints;
    `state` is `done`, or `stale` with the `reasons`.
    """
    entry = experiment.recording(recording)
    state = result_state(experiment, jobs()[declared.job], recording, jobs())
    timeline = _timeline(experiment, recording)
    clock: dict[str, Any] = {}
    if timeline is not None:
        clock = {"fps": timeline.fps, "n_frames": timeline.n_frames, "clock": [*timeline.notes, *timeline.warnings]}
    return {
        "software": f"Skein {__version__}",
        "experiment": experiment.name,
        "recording": recording,
        "start": entry.start.isoformat() if entry.start else None,
        "factors": dict(entry.factors),
        "classes": list(experiment.configuration.classes),
        **clock,
        "state": state.state,
        "reasons": list(state.reasons),
        "jobs": [
            {**asdict(result), "title": jobs()[name].title} for name, result in chain(experiment, declared, recording)
        ],
    }


def chain(experiment: Experiment, declared: Export, recording: str) -> list[tuple[str, Provenance]]:
    """The provenance of an export's job and of all jobs before it, in the order of the data's way."""
    wanted, open_names = set(), [declared.job]
    while open_names:
        name = open_names.pop()
        if name not in wanted:
            wanted.add(name)
            open_names += [*jobs()[name].requires, *jobs()[name].uses]
    return [
        (name, result)
        for name in jobs()
        if name in wanted
        for result in upstream_results(experiment, name, recording).values()
    ]


def _with_result(experiment: Experiment, declared: Export) -> list[str]:
    names = [name for name in experiment.recording_names if upstream_results(experiment, declared.job, name)]
    if not names:
        raise SkeinError(f"No recording of {experiment.name} has this result yet: run `skein {declared.job}` first.")
    return names


def _timeline(experiment: Experiment, recording: str) -> Timeline | None:
    """The clock, or None where the videos are not at hand: an archived experiment can still be exported."""
    try:
        return Timeline.of(experiment, recording)
    except SkeinError:
        return None
