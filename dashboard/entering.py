"""What the forms of the overview do with what a person has entered."""

import base64
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from dashboard.page import View
from dashboard.services import Services
from pipeline.api import InvalidExperiment, Recording, SkeinError
from pipeline.experiment.editing import add_recording as append_recording
from pipeline.experiment.editing import create as create_experiment
from pipeline.experiment.starts import import_starts

VIDEOS = frozenset({".mp4", ".avi", ".mov", ".mkv", ".m4v", ".mpg", ".mpeg", ".wmv", ".ts", ".webm"})
NEW = ("root", "folder", "title", "cameras", "lens", "animals", "columns", "rows", "square")
"""Fields of the form for a new experiment, in the order in which :func:`create` takes them."""
TABLES = frozenset({".csv"})


def create(services: Services, given: list[Any], bounds: list[Any]) -> str:
    """Make the experiment of the form and open it; its key.

    Parameters
    ----------
    given
        Root, folder, title, cameras, lens, animals, columns and rows of inner corners, square in mm; empty text or None
        where nothing was entered.
    bounds
        Lower x, y, z, then upper x, y, z of the arena, m.

    Raises
    ------
    SkeinError
        All problems of what was entered.
    """
    entered: list[Any] = [None if value == "" else value for value in given]
    root, folder, title, cameras, lens, animals, columns, rows, square = entered
    ends: list[Any] = [None if value == "" else value for value in bounds]
    if any(value is not None for value in ends) and any(value is None for value in ends):
        raise SkeinError("The arena needs all six numbers, or none of them.")
    if (columns is None) != (rows is None):
        raise SkeinError("The board needs both: columns and rows of inner corners.")
    place = services.library.place(root or "", (folder or "").strip())
    create_experiment(
        place,
        title,
        cameras=cameras or (),
        model=lens or "fisheye",
        inner_corners=None if columns is None or rows is None else (int(columns), int(rows)),
        square_mm=square,
        bounds=[[ends[axis], ends[axis + 3]] for axis in range(3)] if ends[0] is not None else None,
        animals=animals,
    )
    return services.library.opened(place).key


def add_recording(
    services: Services, view: View, videos: dict[str, str], values: dict[str, Any], offsets: dict[str, int],
    timestamps: str | None, factors: list[str],
) -> str:  # fmt: skip
    """Add the recording of the form; its name.

    Raises
    ------
    SkeinError
        All problems of what was entered.
    """
    experiment = services.experiment(view.key)
    assert view.key is not None
    known = services.library.files(view.key, VIDEOS | TABLES)
    if unknown := [label for label in [*videos.values(), *([timestamps] if timestamps else [])] if label not in known]:
        raise SkeinError(f"There is no file {unknown[0]} any more: open the form again.")
    problems = [
        *(["Choose the video of at least one camera."] if not videos else []),
        *(["Give the recording a name."] if not values.get("name") else []),
    ]
    if problems:
        raise InvalidExperiment(problems)
    start = values.pop("start", None)
    try:
        parsed = datetime.fromisoformat(start) if start else None
    except ValueError:
        raise SkeinError(f"Start: expected a date and time like 2026-05-17 09:30, got {start!r}.") from None
    pairs = [factor.partition("=") for factor in factors]
    if bad := [name for name, sign, value in pairs if not (name.strip() and sign and value.strip())]:
        raise SkeinError(f"Factors: expected name = value, got {bad[0]!r}.")
    name = values.pop("name")
    append_recording(
        experiment.root,
        name,
        {camera: known[label] for camera, label in videos.items()},
        start=parsed,
        offsets=offsets or None,
        timestamps=known[timestamps] if timestamps else None,
        factors={name.strip(): value.strip() for name, _, value in pairs} or None,
        **{key: value for key, value in values.items() if value != Recording.model_fields[key].default},
    )
    return str(name)


def upload_starts(services: Services, view: View, contents: str) -> tuple[int, tuple[str, ...]]:
    """Set the start times of an uploaded list; how many, and notes on what did not fit.

    Parameters
    ----------
    contents
        A data URL, as `dcc.Upload` gives it.
    """
    experiment = services.experiment(view.key)
    with tempfile.TemporaryDirectory(prefix="skein-") as folder:
        path = Path(folder) / "list"
        path.write_bytes(base64.b64decode(contents.partition(",")[2]))
        imported = import_starts(experiment.root, path)
    return len(imported.starts), imported.notes
