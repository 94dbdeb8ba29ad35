"""The page Tracks: what was found and followed in each camera, frame by frame."""

from typing import TYPE_CHECKING, Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import ALL, ClientsideFunction, Dash, Input, Output, Patch, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.api import (
    QUERY,
    VIEW,
    Page,
    Status,
    View,
    download_button,
    follow,
    followed,
    frame_url,
    graph,
    icon_button,
    individual_colours,
    missing_result,
    number,
    numbers,
    page_header,
    panel,
    run_button,
    state_badge,
    styled,
    warning_list,
)
from dashboard.figures import tracks as figures
from dashboard.pages import tracks_queries as queries
from dashboard.pages.trajectories_panels import percent
from pipeline.api import read_provenance

if TYPE_CHECKING:
    from dashboard.services import Services

_SHOWS = "Shows each camera's frames with masks, boxes and tracks over them, and how long every track lasts."
_TAIL_S = 1.0
_THUMBNAIL = 240
_PLAY_MS = 120
_TRACKLET = "An unbroken piece of a track: from one detection to the next without a gap."
_COVERED = (
    "Share of all animals' frames in which this camera has a position. "
    "A camera that sees only a part of the arena has less."
)
_PICKS: dict[str, Any] = {"data-picks": "tracks-picked"}
_DEFAULT = ("masks", "tails", "labels")


def layout(services: "Services", view: View) -> Component:
    """The page, in a frame that follows the state of the job."""
    return html.Div(followed(services, view, "tracks", token, content))


def cameras_of(view: View) -> list[str]:
    """Cameras of the recording that have tracks."""
    assert view.experiment is not None
    assert view.recording is not None
    used = view.experiment.recording(view.recording).videos
    names = [name for name in view.experiment.camera_names if name in used]
    return [name for name in names if view.experiment.tracks_path(view.recording, name).is_file()]


def camera_of(view: View, cameras: list[str]) -> str:
    """The camera of the URL where it has tracks, else the first."""
    given = view.query.get("camera")
    return given if given in cameras else cameras[0]


def content(services: "Services", view: View) -> list[Component]:
    """Everything that depends on the result."""
    assert view.experiment is not None
    assert view.recording is not None
    cameras = cameras_of(view)
    if not cameras:
        return [page_header("Tracks"), missing_result(services, view, "track", _SHOWS)]
    status = services.state(view, "track")
    frames, fps, problem = length_of(services, view, cameras)
    camera = camera_of(view, cameras)
    frame = min(max(view.integer("frame", 0) or 0, 0), frames - 1)
    action = run_button(
        "track", view, "Update" if status.state == "stale" else "Change parameters", primary=status.state == "stale"
    )
    return [
        page_header(
            "Tracks",
            html.Span([state_badge(status), " · ", html.Span(id="tracks-sentence")]),
            action,
            [download_button(view, "tracks", formats=("csv", "xlsx", "parquet", "mat", "mot"))],
        ),
        warning_list([*_warnings(status), *([problem] if problem else [])]),
        panel([_tools(view, cameras, camera), _stage(view, frame, frames, fps)]),
        panel(html.Div(id="tracks-numbers")),
        panel(
            [
                html.Div(
                    graph("tracks-lanes", _blank(view), f"{view.recording}-tracks", style={"height": "300px"}),
                    **_PICKS,
                ),
                html.P(id="tracks-lanes-note", className="dim note"),
            ],
            "Tracks over time",
            [html.Span("Click to jump to a frame, drag to zoom, double-click to see everything.", className="dim")],
        ),
    ]


def length_of(services: "Services", view: View, cameras: list[str]) -> tuple[int, float | None, str]:
    """Number of frames, frames per second, and what is wrong with the videos, if anything.

    Without videos the recording lasts as long as its tracks.
    """
    assert view.experiment is not None
    assert view.recording is not None
    known = services.media.peek(view.experiment, view.recording)
    if known and known.timeline:
        return known.timeline.n_frames, known.timeline.fps, ""
    last = max(queries.summary(view.experiment.tracks_path(view.recording, name)).last_frame for name in cameras)
    return max(1, last + 1), None, (known.problem or "") if known else ""


def _warnings(status: Status) -> list[str]:
    words = {"stale": "Out of date", "failed": "The last attempt failed, these are older tracks"}
    return [f"{words[status.state]}: {reason}" for reason in status.reasons if status.state in words]


def _blank(view: View) -> go.Figure:
    hidden = {"visible": False}
    return styled(go.Figure(layout={"xaxis": hidden, "yaxis": hidden}), view.theme)


def _tools(view: View, cameras: list[str], camera: str) -> Component:
    shown = view.query.get("overlay", ",".join(_DEFAULT)).split(",")
    return html.Div(
        [
            dmc.SegmentedControl(id="tracks-camera", data=cameras, value=camera, size="xs"),
            html.Div(
                dmc.ChipGroup(
                    [
                        dmc.Chip(label, value=key, size="xs", variant="light", color="gray")
                        for key, label in figures.LAYERS.items()
                    ],
                    id="tracks-layers",
                    multiple=True,
                    value=[name for name in shown if name in figures.LAYERS],
                ),
                className="chips",
            ),
        ],
        className="tracks-tools",
    )


def _stage(view: View, frame: int, frames: int, fps: float | None) -> Component:
    def key(icon: str, label: str, id: str, name: str) -> Component:
        return icon_button(icon, label, id, **{"data-key": name})

    return html.Div(
        [
            html.Div(
                [
                    graph(
                        "tracks-picture", _blank(view), f"{view.recording}-frame", className="tracks-picture",
                        style={"height": "min(66vh, 620px)"},
                        config={"scrollZoom": True},
                    ),
                    html.Div(id="tracks-thumbnails", className="tracks-thumbnails"),
                ],
                className="tracks-pictures",
            ),
            html.Div(
                [
                    key("back", "10 frames back (↓)", "tracks-back", "ArrowDown"),
                    key("previous", "Previous frame (←)", "tracks-previous", "ArrowLeft"),
                    key("run", "Play or stop (Space)", "tracks-play", "Space"),
                    key("next", "Next frame (→)", "tracks-next", "ArrowRight"),
                    key("on", "10 frames on (↑)", "tracks-on", "ArrowUp"),
                    html.Div(
                        dcc.Slider(
                            id="tracks-frame", min=0, max=max(1, frames - 1), step=1, value=frame, marks=None,
                            updatemode="mouseup", allow_direct_input=False,
                        ),
                        className="tracks-slider",
                    ),
                    html.Span(id="tracks-time", className="tracks-time"),
                ],
                className="tracks-scrub",
            ),
            dcc.Interval(id="tracks-tick", interval=_PLAY_MS, disabled=True),
            dcc.Store(id="tracks-drawn"),
            dcc.Store(id="tracks-picked"),
            dcc.Store(id="tracks-fps", data=fps),
            dcc.Store(id="tracks-usual", data=_DEFAULT),
        ]
    )  # fmt: skip


def register(app: Dash, services: "Services") -> None:
    """Add the page's callbacks."""
    app.clientside_callback(
        ClientsideFunction("tracks", "step"),
        Output("tracks-frame", "value"),
        *(Input(f"tracks-{name}", "n_clicks") for name in ("previous", "next", "back", "on")),
        Input("tracks-picked", "data"),
        Input("tracks-tick", "n_intervals"),
        State("tracks-frame", "value"),
        State("tracks-frame", "max"),
        State("tracks-drawn", "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("tracks", "play"),
        Output("tracks-tick", "disabled"),
        Input("tracks-play", "n_clicks"),
        Input("tracks-frame", "value"),
        State("tracks-tick", "disabled"),
        State("tracks-frame", "max"),
        prevent_initial_call=True,
    )

    follow(app, services, "tracks", "tracks", token, content)

    @app.callback(
        Output("tracks-picture", "figure"),
        Output("tracks-thumbnails", "children"),
        Output("tracks-time", "children"),
        Output("tracks-drawn", "data"),
        Input("tracks-frame", "value"),
        Input("tracks-camera", "value"),
        Input("tracks-layers", "value"),
        State("tracks-frame", "max"),
        State("tracks-fps", "data"),
        VIEW,
    )
    def draw(frame: int, camera: str, layers: Any, last: int, fps: float | None, shown: Any) -> tuple[Any, ...]:
        view = services.view(shown)
        picture = picture_of(view, camera, frame, layers or [], fps)
        where = f"frame {frame:,} of {last:,}" + (f" · {frame / fps:.2f} s" if fps else "")
        return picture, thumbnails(view, camera, frame), where, frame

    app.clientside_callback(
        ClientsideFunction("tracks", "query"),
        QUERY,
        Input("tracks-frame", "value"),
        Input("tracks-camera", "value"),
        Input("tracks-layers", "value"),
        State("tracks-usual", "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("tracks-lanes", "figure"),
        Output("tracks-lanes-note", "children"),
        Output("tracks-sentence", "children"),
        Output("tracks-numbers", "children"),
        Input("tracks-camera", "value"),
        State("tracks-frame", "value"),
        State("tracks-frame", "max"),
        VIEW,
    )
    def draw_lanes(camera: str, frame: int, last: int, shown: Any) -> tuple[Any, ...]:
        view = services.view(shown)
        assert view.experiment is not None
        assert view.recording is not None
        path = view.experiment.tracks_path(view.recording, camera)
        lanes, found = queries.lanes(path), queries.summary(path)
        expected = view.experiment.animals(view.recording)
        figure = styled(figures.lane_figure(lanes, frame, last), view.theme)
        return figure, lanes.note, sentence(camera, found, last + 1, expected), measures(found, last + 1, expected)

    @app.callback(
        Output("tracks-lanes", "figure", allow_duplicate=True),
        Input("tracks-drawn", "data"),
        State("tracks-lanes-note", "children"),
        prevent_initial_call=True,
    )
    def mark(frame: int, drawn: str | None) -> Any:
        if drawn is None or frame is None:
            return no_update  # the lanes come with their mark
        patch = Patch()
        patch["layout"]["shapes"] = [figures.now_line(frame)]
        return patch

    @app.callback(
        Output("tracks-camera", "value"),
        Input({"type": "tracks-thumbnail", "camera": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def choose(clicks: list[int | None]) -> Any:
        return ctx.triggered_id["camera"] if any(clicks) and ctx.triggered_id else no_update


def picture_of(view: View, camera: str, frame: int, layers: list[str], fps: float | None) -> go.Figure:
    """The frame with the layers that are asked for."""
    assert view.experiment is not None
    assert view.recording is not None
    experiment, recording = view.experiment, view.recording
    path = experiment.tracks_path(recording, camera)
    rows = queries.rows_until(path, frame, round(_TAIL_S * fps) if fps else 25)
    size = queries.image_size(experiment, recording, camera)
    if size is None:
        size = (int((rows["left"] + rows["width"]).max()) + 1, int((rows["top"] + rows["height"]).max()) + 1)
    masks = queries.outlines(experiment, recording, camera, frame, size) if "masks" in layers else {}
    animals = queries.projected(experiment, recording, camera, frame if "3d" in layers else -1)
    colours = individual_colours(queries.individuals(experiment, recording)) if "3d" in layers else {}
    source = frame_url(view, camera, frame)
    figure = figures.frame_picture(source, size, rows, frame, masks, animals, colours, layers)
    return styled(figure, view.theme)


def thumbnails(view: View, chosen: str, frame: int) -> list[Component]:
    """All cameras at this moment; pressing one chooses it."""
    names = cameras_of(view)
    if len(names) < 2:
        return []
    pressed: dict[str, dict[str, Any]] = {name: {"aria-pressed": str(name == chosen).lower()} for name in names}
    return [
        html.Button(
            [html.Img(src=frame_url(view, name, frame, _THUMBNAIL), alt=""), html.Span(name)],
            id={"type": "tracks-thumbnail", "camera": name},
            className="tracks-thumbnail here" if name == chosen else "tracks-thumbnail",
            **pressed[name],
        )
        for name in names
    ]


def sentence(camera: str, found: queries.Summary, frames: int, animals: int | None) -> str:
    """The state of one camera's tracks in plain words."""
    tracks = f"{found.tracks:,} {'track' if found.tracks == 1 else 'tracks'}"
    known = f" for {animals} {'animal' if animals == 1 else 'animals'}" if animals else ""
    covered = found.covered(frames, animals)
    share = f"; {percent(covered)} % of the animals' frames are covered" if covered is not None else ""
    return f"{camera}: {tracks}{known}{share}."


def measures(found: queries.Summary, frames: int, animals: int | None) -> Component:
    """The row of numbers."""
    rows = found.observed + found.interpolated
    covered = found.covered(frames, animals)
    return numbers(
        [
            number(
                "Tracks", f"{found.tracks:,}", threshold=f"{animals} animals" if animals else "number not given",
                verdict=None if not animals else "done" if found.tracks <= animals else "stale",
            ),
            number("Tracklets", f"{found.tracklets:,}", explanation=_TRACKLET),
            number(
                "Covered", None if covered is None else percent(covered), "%", explanation=_COVERED,
                missing="number of animals not given",
            ),
            number("Frames with a track", percent(found.frames / frames), "%"),
            number("Interpolated", percent(found.interpolated / rows) if rows else None, "%", missing="no tracks"),
        ]
    )  # fmt: skip


def token(services: "Services", view: View) -> str:
    """Changes when the page has to be drawn anew: the job's state, what made the result, the recording's length."""
    if view.experiment is None or view.recording is None:
        return ""
    status = services.state(view, "track")
    provenance = read_provenance(view.experiment, "track", view.recording)
    known = services.media.peek(view.experiment, view.recording) is not None
    return f"{status.state} {status.fraction} {provenance.key + provenance.finished if provenance else ''} {known}"


_KEYS = (
    ("← →", "Previous, next frame."),
    ("↓ ↑", "10 frames back, on."),
    ("Space", "Play or stop."),
)
PAGE = Page("tracks", "Tracks", "tracks", layout, register, stage="track", order=40, keys=_KEYS)
