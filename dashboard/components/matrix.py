"""The recordings × stages matrix."""

from collections.abc import Mapping, Sequence

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components.icons import icon
from dashboard.components.media import frame_url
from dashboard.components.states import Status, duration
from dashboard.media import Described
from dashboard.page import View
from pipeline.api import Job, Recording

THUMBNAIL = 128


def cell_id(job: str, recording: str | None) -> dict[str, str]:
    """Id of a cell's button."""
    return {"type": "overview-cell", "job": job, "recording": recording or ""}


def cell_content(status: Status) -> list[Component]:
    """Icon, word and, while it runs, how long it will take."""
    left = f"{duration(status.eta_s)} left" if status.state == "running" and status.eta_s is not None else ""
    word = html.Span([html.Span(status.word), html.Span(left, className="cell-left") if left else None])
    return [icon(f"state-{status.state}", 16), word]


def cell_hover(status: Status) -> str:
    """The reasons, one per line."""
    return "\n".join(status.reasons)


def cell(job: str, recording: str | None, status: Status) -> Component:
    """The state of one stage at one place; pressing it opens the details."""
    return html.Button(
        cell_content(status),
        id=cell_id(job, recording),
        title=cell_hover(status),
        className=cell_class(status),
    )


def cell_class(status: Status) -> str:
    """Style class of a cell."""
    return f"cell state-{status.state}"


def matrix(
    view: View,
    stages: Sequence[Job],
    recordings: Sequence[Recording],
    states: Mapping[tuple[str, str | None], Status],
    described: Mapping[str, Described | None],
    picked: Sequence[str],
) -> Component:
    """The table.

    Parameters
    ----------
    stages
        Stages of recordings, in order.
    described
        Timeline of each recording, None where its videos are still being looked through.
    picked
        Names of the chosen recordings.
    """
    head = html.Tr(
        [
            html.Th(
                dmc.Checkbox(
                    id="overview-pick-all", checked=False, size="xs", **{"aria-label": "Choose all that are listed"}
                ),
                className="narrow",
            ),
            html.Th("Recording"),
            *(html.Th(job.title, title=job.help) for job in stages),
        ]
    )
    rows = [_row(view, stages, entry, states, described.get(entry.name), entry.name in picked) for entry in recordings]
    return html.Table([html.Thead(head), html.Tbody(rows)], className="plain matrix")


def _row(
    view: View,
    stages: Sequence[Job],
    entry: Recording,
    states: Mapping[tuple[str, str | None], Status],
    described: Described | None,
    picked: bool,
) -> Component:
    chosen = entry.name == view.recording
    return html.Tr(
        [
            html.Td(
                dmc.Checkbox(
                    id={"type": "overview-pick", "recording": entry.name},
                    checked=picked,
                    size="xs",
                    **{"aria-label": f"Choose {entry.name}"},
                ),
                className="narrow",
            ),
            html.Td(
                html.Div(
                    [
                        _thumbnail(view, entry),
                        html.Div(
                            [
                                dcc.Link(entry.name, href=view.link(recording=entry.name), className="recording-name"),
                                html.Div(
                                    recording_line(entry, described),
                                    id={"type": "overview-line", "recording": entry.name},
                                    className="recording-line",
                                ),
                            ]
                        ),
                    ],
                    className="recording-cell",
                )
            ),
            *(html.Td(cell(job.name, entry.name, states.get((job.name, entry.name), Status()))) for job in stages),
        ],
        className="here" if chosen else None,
        key=entry.name,
    )


def _thumbnail(view: View, entry: Recording) -> Component:
    camera = next(iter(entry.videos))
    address = frame_url(View(view.experiment, entry.name, {}, key=view.key), camera, 0, THUMBNAIL)
    return html.Div(html.Img(src=address, alt=""), className="thumbnail")


def recording_line(entry: Recording, described: Described | None) -> list[Component]:
    """How long, how many cameras, and the warnings, in one line each."""
    cameras = f"{len(entry.videos)} camera" + ("s" if len(entry.videos) > 1 else "")
    if described is None:
        return [html.Span(f"{cameras} · videos are being looked through …", className="dim")]
    parts = [cameras]
    if described.timeline is not None:
        timeline = described.timeline
        parts += [
            duration(timeline.n_frames / timeline.fps),
            f"{timeline.n_frames:,} frames",
            f"{timeline.fps:g} frames/s",
        ]
    if entry.start:
        parts.append(f"{entry.start:%Y-%m-%d %H:%M}")
    line: list[Component] = [html.Span(" · ".join(parts), className="dim")]
    if described.warnings:
        more = f" (+{len(described.warnings) - 1} more)" if len(described.warnings) > 1 else ""
        line.append(
            html.Button(
                [icon("warning", 14), html.Span(described.warnings[0]), html.Span(more, className="dim")],
                id={"type": "overview-about", "recording": entry.name},
                className="line-warning",
                title="\n".join((*described.warnings, *described.notes)),
            )
        )
    return line
