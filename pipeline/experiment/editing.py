"""Changing an `experiment.toml` for a person without losing what the person wrote in it.

Comments, order and spelling are kept (tomlkit). The new text is validated as a whole before it replaces the old one, so
that a form or a command can never leave a file that does not open.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import ParseError
from tomlkit.items import AoT, Array, InlineTable

from pipeline.errors import InvalidExperiment, SkeinError
from pipeline.experiment.folder import CONFIGURATION, Experiment, parse, written
from pipeline.experiment.template import experiment_text
from pipeline.files import write_text
from pipeline.types import Zone


def create(
    root: str | Path,
    name: str | None = None,
    *,
    cameras: Sequence[str] = ("cam_1",),
    model: str = "fisheye",
    inner_corners: tuple[int, int] | None = None,
    square_mm: float | None = None,
    bounds: Sequence[Sequence[float]] | None = None,
    animals: int | None = None,
) -> Experiment:
    """Make an experiment folder whose `experiment.toml` explains every key in comments.

    Parameters
    ----------
    name
        By default the folder's.
    model
        Lens of all cameras: ``fisheye`` or ``pinhole``.
    inner_corners, square_mm
        The chessboard: columns and rows of inner corners, edge of a square in mm.
    bounds
        Arena, ``[[x0, x1], [y0, y1], [z0, z1]]``, m.

    Raises
    ------
    SkeinError
        If there is an experiment already.
    InvalidExperiment
        All problems of the given values at once.
    """
    folder = Path(root).resolve()
    path = folder / CONFIGURATION
    if folder.is_file():
        raise SkeinError(f"{root} is a file: expected the name of a new folder.")
    if path.exists():
        raise SkeinError(f"{root} holds an experiment already: edit its {CONFIGURATION}.")
    if (inner_corners is None) != (square_mm is None):
        raise SkeinError("A board needs both: its inner corners and the edge of a square in mm.")
    text = experiment_text(name or folder.name, cameras, model, inner_corners, square_mm, bounds, animals)
    parse(text, CONFIGURATION)
    write_text(path, text)
    return Experiment.open(folder)


@contextmanager
def editing(root: str | Path) -> Iterator[tomlkit.TOMLDocument]:
    """Give the document of an `experiment.toml`; validate and write it when the block succeeds.

    Raises
    ------
    InvalidExperiment
        All problems of the new text at once; the file stays as it was.
    SkeinError
        If somebody else changed the file meanwhile.
    """
    before = written(root)
    try:
        document = tomlkit.parse(before)
    except ParseError as error:
        raise InvalidExperiment([f"{CONFIGURATION}: this is not valid TOML: {error}"]) from error
    yield document
    text = tomlkit.dumps(document)
    parse(text, CONFIGURATION)
    if written(root) != before:
        raise SkeinError(f"{CONFIGURATION} was changed by someone else just now: nothing was saved, try again.")
    write_text(Path(root) / CONFIGURATION, text)


def add_recording(
    root: str | Path,
    name: str,
    videos: Mapping[str, str | Path],
    *,
    recorded_fps: float | None = None,
    start: datetime | None = None,
    start_at_s: float | None = None,
    duration_s: float | None = None,
    stride: int | None = None,
    offsets: Mapping[str, int] | None = None,
    timestamps: str | Path | None = None,
    animals: int | None = None,
    factors: Mapping[str, str] | None = None,
) -> Experiment:
    """Append a recording; the fields are those of :class:`pipeline.types.Recording`.

    Parameters
    ----------
    videos
        Camera → video file, absolute or relative to the experiment folder. Within the folder it is noted relatively,
        so that the folder can be moved.

    Raises
    ------
    InvalidExperiment
        All problems at once: unknown cameras, missing files, a name that is taken, numbers out of range.
    """
    folder = Path(root).resolve()
    stored = {camera: _stored(folder, video) for camera, video in videos.items()}
    table_file = None if timestamps is None else _stored(folder, timestamps)
    files = {f"videos {camera}": file for camera, file in stored.items()}
    if table_file is not None:
        files["timestamps"] = table_file
    problems = [
        f"{CONFIGURATION}: recording {name!r} {key}: there is no file {file}"
        for key, file in files.items()
        if not (folder / file).is_file()
    ]
    table = tomlkit.table()
    table["name"] = name
    table["videos"] = _inline(stored)
    values: dict[str, Any] = {
        "recorded_fps": recorded_fps, "start": start, "start_at_s": start_at_s, "duration_s": duration_s,
        "stride": stride, "offsets": _inline(offsets) if offsets else None, "timestamps": table_file,
        "animals": animals, "factors": _inline(factors) if factors else None,
    }  # fmt: skip
    for key, value in values.items():
        if value is not None:
            table[key] = value
    table.add(tomlkit.nl())
    try:
        with editing(folder) as document:
            _append(document, "recording", table)
            if problems:
                parse(tomlkit.dumps(document), CONFIGURATION)
                raise InvalidExperiment(problems)
    except InvalidExperiment as error:
        missing = [problem for problem in problems if problem not in error.problems]
        raise InvalidExperiment([*error.problems, *missing]) from error
    return Experiment.open(folder)


def set_starts(root: str | Path, starts: Mapping[str, float]) -> Experiment:
    """Set `start_at_s` (recorded seconds to skip) of recordings by name."""
    with editing(root) as document:
        for name, seconds in starts.items():
            _entry(document, "recording", name)["start_at_s"] = seconds
    return Experiment.open(root)


def set_parameters(root: str | Path, job: str, values: Mapping[str, Any]) -> Experiment:
    """Set values of `[parameters.<job>]`; None takes one away, so that the default holds again.

    That the values fit the job is for the caller to check (:func:`pipeline.jobs.parameters.configure` does).
    """
    with editing(root) as document:
        every = document.setdefault("parameters", tomlkit.table(is_super_table=True))
        table = every.setdefault(job, tomlkit.table())
        for key, value in values.items():
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value
        if not table:
            every.pop(job)
    return Experiment.open(root)


def set_zones(root: str | Path, zones: Sequence[Zone]) -> Experiment:
    """Replace all zones; those that are unchanged keep their comments."""
    with editing(root) as document:
        old = {entry["name"]: entry for entry in document.get("zone", [])}
        tables = tomlkit.aot()
        for zone in zones:
            values = zone.model_dump(mode="json", exclude_defaults=True)
            kept = old.get(zone.name)
            if kept is not None and Zone.model_validate(kept.unwrap()) == zone:
                tables.append(kept)
                continue
            table = tomlkit.table()
            table.update(values)
            tables.append(table)
        if tables:
            document["zone"] = tables
        else:
            document.pop("zone", None)
    return Experiment.open(root)


def set_markers(root: str | Path, camera: str, markers: Mapping[str, tuple[float, float]]) -> Experiment:
    """Replace the pixel coordinates of the surveyed points in one camera's image; unchanged ones stay as written."""
    with editing(root) as document:
        entry = _entry(document, "camera", camera)
        points = {name: [float(x), float(y)] for name, (x, y) in markers.items()}
        written = entry.get("markers")
        if not points:
            entry.pop("markers", None)
        elif written is None:
            entry["markers"] = _inline(points)
        else:
            for name in [name for name in written if name not in points]:
                del written[name]
            for name, point in points.items():
                if written.get(name) != point:
                    written[name] = point
    return Experiment.open(root)


def _stored(folder: Path, file: str | Path) -> str:
    """How a file is written down: relative where it lies in the experiment, with forward slashes on every system."""
    path = (folder / file).resolve()
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


def _inline(values: Mapping[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    table.update(values)
    return table


def _append(document: tomlkit.TOMLDocument, key: str, table: Any) -> None:
    entries = document.get(key)
    if isinstance(entries, AoT):
        entries.append(table)
    elif isinstance(entries, Array):  # written as `recording = [{…}]`
        entries.append(_inline(table.unwrap()))
    else:
        document.add(tomlkit.nl())
        document[key] = tomlkit.aot()
        document[key].append(table)


def _entry(document: tomlkit.TOMLDocument, key: str, name: str) -> Any:
    for entry in document.get(key, []):
        if entry.get("name") == name:
            return entry
    known = ", ".join(entry.get("name", "?") for entry in document.get(key, [])) or "none yet"
    raise SkeinError(f"No {key} named {name!r}; there are {known}.")
