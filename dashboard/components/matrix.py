"""The recordings × stages matrix, as columns and rows of a grid.

It is a grid that asks for the rows in view, and its cells are drawn by `assets/grid.js`: 200 recordings × 5 stages as
Dash components take the browser several seconds, and 2,000 recordings would not fit at all.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.icons import icon
from dashboard.components.media import frame_url
from dashboard.components.states import WORDS, Status, duration
from dashboard.media import Described
from dashboard.page import View
from pipeline.api import Job, Recording

THUMBNAIL = 128
ROW_HEIGHT = 66
_MIDDLE = {"display": "flex", "alignItems": "center"}
NAME = "recording"
"""Field of the column with the recording itself; those of the stages are the jobs' names."""


def cell_id(job: str) -> dict[str, str]:
    """Id of the button with the state of a stage of the whole experiment."""
    return {"type": "overview-cell", "job": job}


def cell_content(status: Status) -> list[Component]:
    """Icon, word and, while it runs, how long it will take."""
    left = [html.Span(left_words(status), className="cell-left")] if left_words(status) else []
    return [icon(f"state-{status.state}", 16), html.Span([html.Span(status.word), *left])]


def cell(job: str, status: Status) -> Component:
    """The state of a stage of the whole experiment; pressing it opens the details."""
    return html.Button(
        cell_content(status), id=cell_id(job), title="\n".join(status.reasons), className=cell_class(status)
    )


def cell_class(status: Status) -> str:
    """Style class of a cell."""
    return f"cell state-{status.state}"


def left_words(status: Status) -> str:
    """How long a running job will take."""
    return f"{duration(status.eta_s)} left" if status.state == "running" and status.eta_s is not None else ""


def columns(stages: Sequence[Job]) -> list[dict[str, Any]]:
    """Column definitions: the recording, then each stage."""
    first = {
        "field": NAME,
        "headerName": "Recording",
        "cellRenderer": "SkeinRecording",
        "minWidth": 360,
        "flex": 3,
        "tooltipValueGetter": {"function": "params.value ? params.value.why : ''"},
    }
    others = [
        {
            "field": job.name,
            "headerName": job.title,
            "headerTooltip": job.help,
            "cellRenderer": "SkeinStage",
            "minWidth": 132,
            "flex": 1,
            "wrapHeaderText": True,
            "cellStyle": _MIDDLE,
            "tooltipValueGetter": {"function": "params.value ? params.value.why : ''"},
        }
        for job in stages
    ]
    return [first, *others]


def row(
    view: View,
    stages: Sequence[Job],
    entry: Recording,
    states: Mapping[tuple[str, str | None], Status],
    described: Described | None,
) -> dict[str, Any]:
    """One recording as a row of the grid.

    Parameters
    ----------
    stages
        Stages of recordings, in order.
    described
        Its timeline; None while its videos are being looked through.
    """
    at = View(view.experiment, entry.name, {}, key=view.key)
    notes = (*described.warnings, *described.notes) if described else ()
    warnings = described.warnings if described else ()
    readable = described is None or described.timeline is not None
    about = {
        "name": entry.name,
        # A picture that could not be made is asked for again once the videos are there.
        "picture": frame_url(at, next(iter(entry.videos)), 0, THUMBNAIL) + ("" if readable else "&tried=1"),
        "line": line(entry, described),
        "warning": warnings[0] if warnings else "",
        "more": f"+{len(warnings) - 1} more" if len(warnings) > 1 else "",
        "why": "\n".join(notes),
    }
    cells = {job.name: stage_cell(states.get((job.name, entry.name), Status())) for job in stages}
    return {"id": entry.name, "chosen": entry.name == view.recording, NAME: about, **cells}


def stage_cell(status: Status) -> dict[str, Any]:
    """One state for the cell renderer."""
    return {
        "state": status.state,
        "word": status.word,
        "left": left_words(status),
        "why": "\n".join(status.reasons),
    }


def line(entry: Recording, described: Described | None) -> str:
    """How long, how many cameras, at which rate, when."""
    parts = [f"{len(entry.videos)} camera" + ("s" if len(entry.videos) > 1 else "")]
    if described is None:
        return f"{parts[0]} · videos are being looked through …"
    if described.timeline is not None:
        frames, fps = described.timeline.n_frames, described.timeline.fps
        parts += [duration(frames / fps), f"{frames:,} frames", f"{fps:g} frames/s"]
    if entry.start:
        parts.append(f"{entry.start:%Y-%m-%d %H:%M}")
    return " · ".join(parts)


def ordered(
    names: Sequence[str], states: Mapping[tuple[str, str | None], Status], model: Sequence[Mapping[str, str]]
) -> list[str]:
    """Names of recordings, sorted by AG Grid's sort model: by name, or by the state of a stage."""
    rank = {state: position for position, state in enumerate(WORDS)}
    result = list(names)
    for step in reversed(model):
        job, down = step["colId"], step["sort"] == "desc"
        if job == NAME:
            result.sort(key=str.lower, reverse=down)
        else:
            result.sort(key=lambda name: rank[states.get((job, name), Status()).state], reverse=down)
    return result
