"""Start-time lists: text files in which a lab notes when the first animal enters each recording.

One line per recording, its name first and a time last: ``trial_7 … 03:25``. The time is minutes and seconds *as
recorded*; a recording that was filmed at 20 frames per second and saved as 25 plays faster, but its list does not
know that.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from pipeline.errors import InvalidExperiment, SkeinError
from pipeline.experiment.editing import set_starts
from pipeline.experiment.folder import Experiment

_TIME = re.compile(r"^(?:(\d+):)?(\d+):([0-5]?\d(?:[.,]\d+)?)$")
_NUMBER = re.compile(r"^\d+(?:\.\d+)?$")
_SEPARATORS = re.compile(r"[\s;|]+|,(?!\d)")


@dataclass(frozen=True)
class ImportedStarts:
    """What came of a list.

    Parameters
    ----------
    starts
        Recording → recorded seconds to skip.
    notes
        Sentences on lines that name no recording of the experiment, and on recordings that no line names.
    """

    starts: dict[str, float]
    notes: tuple[str, ...]


def seconds(text: str) -> float | None:
    """Seconds of ``mm:ss``, ``h:mm:ss`` (with decimals or not) or a plain number; None for anything else."""
    match = _TIME.match(text)
    if match:
        hours, minutes, rest = match.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(rest.replace(",", "."))
    return float(text) if _NUMBER.match(text) else None


def read_starts(path: str | Path) -> dict[str, float]:
    """Names and seconds of a start-time list.

    Words may be separated by blanks, tabs, commas, semicolons or bars; the time is ``mm:ss``, ``h:mm:ss`` or with
    decimals. Empty lines, lines after ``#`` and a heading without any digit are passed over; words between name and
    time too.

    Raises
    ------
    InvalidExperiment
        Every line without a readable time, and every name with two different times.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise SkeinError(f"{file} cannot be read: {error.strerror or error}.") from error
    if "\0" in text:
        raise SkeinError(f"{file.name} is not a UTF-8 text: expected lines like `name … mm:ss`.")
    starts: dict[str, float] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        words = [word for word in _SEPARATORS.split(line.split("#")[0]) if word]
        if not words or not any(character.isdigit() for character in line):
            continue
        times = [word for word in words[1:] if _TIME.match(word)]
        if not times:
            problems.append(f"{file.name}: line {number}: expected `name … mm:ss`, got {line.strip()[:60]!r}")
            continue
        start = seconds(times[-1])
        if start is not None and starts.setdefault(words[0], start) != start:
            problems.append(f"{file.name}: line {number}: {words[0]} has two different times")
    if problems:
        raise InvalidExperiment(problems)
    return starts


def import_starts(root: str | Path, path: str | Path) -> ImportedStarts:
    """Set `start_at_s` of the recordings that a list names.

    A line names a recording by its name, by the name of one of its video files (with or without ending), or by the
    folder that holds them; upper and lower case do not matter.

    Raises
    ------
    SkeinError
        If no line names a recording of the experiment.
    InvalidExperiment
        See :func:`read_starts`; also a name that fits several recordings.
    """
    experiment = Experiment.open(root)
    listed = read_starts(path)
    found: dict[str, float] = {}
    notes, problems = [], []
    for name, start in listed.items():
        matches = _matches(experiment, name)
        if len(matches) > 1:
            problems.append(f"{Path(path).name}: {name} fits several recordings: {', '.join(matches)}")
        elif matches:
            found[matches[0]] = start
        else:
            notes.append(f"{name} is not a recording of this experiment.")
    if problems:
        raise InvalidExperiment(problems)
    if not found:
        known = ", ".join(experiment.recording_names) or "none yet"
        raise SkeinError(f"{Path(path).name} names no recording of {experiment.name}; there are {known}.")
    notes.extend(f"{name} is not in the list." for name in experiment.recording_names if name not in found)
    set_starts(root, found)
    return ImportedStarts(found, tuple(notes))


def _matches(experiment: Experiment, name: str) -> list[str]:
    wanted = name.casefold()
    exact = [known for known in experiment.recording_names if known.casefold() == wanted]
    return exact or [
        recording.name
        for recording in experiment.configuration.recording
        if wanted in {alias.casefold() for alias in _aliases(recording.videos.values())}
    ]


def _aliases(videos: Iterable[str]) -> Iterable[str]:
    for video in videos:
        path = PurePath(video)
        yield from (path.name, path.stem, path.parent.name)
