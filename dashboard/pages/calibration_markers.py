"""Marking surveyed points in a camera's picture: what ties a calibration to the arena."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import cv2
import dash_mantine_components as dmc
import numpy as np
import plotly.graph_objects as go
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.api import TOASTS, VIEW, View, frame_url, graph, panel, primary, secondary, state_words, styled, toast
from dashboard.figures import calibration as figures
from dashboard.pages.calibration_panels import level
from pipeline.api import Experiment, SkeinError, project, read_calibration
from pipeline.calibration.verdict import GOOD, USABLE
from pipeline.experiment.editing import set_markers
from pipeline.formats.survey import surveyed_points

if TYPE_CHECKING:
    from dashboard.services import Services

Point = tuple[float, float]
Marks = dict[str, Any]
"""What the browser keeps of a camera until it is saved: ``marked`` (name → [x, y]), ``chosen``, ``history`` (undo)."""
_PICKS: dict[str, Any] = {"data-picks": "calibration-picked"}
_UNDO: dict[str, Any] = {"data-key": "Ctrl+z"}
_HISTORY = 100


def section(services: "Services", view: View) -> Component:
    """The panel; says what it needs where points or pictures are missing."""
    assert view.experiment is not None
    title = "Surveyed points"
    try:
        points = surveyed_points(view.experiment).points
    except SkeinError as error:
        return panel(html.P(str(error)), title)
    if not points:
        text = (
            "Points whose position in the arena is known, marked in the pictures, put the floor at z = 0 and fix the "
            "axes. List them under [world_points] in experiment.toml (name = [x, y, z], m), or name a CSV or Excel "
            "sheet in world_points_file."
        )
        return panel(html.P(text, className="dim"), title)
    cameras = _cameras(view)
    if view.recording is None or not cameras:
        return panel(html.P("Add a recording: points are marked in its pictures.", className="dim"), title)
    given = view.query.get("camera", "")
    camera = given if given in cameras else cameras[0]
    return panel(
        [
            html.Div(
                [
                    dmc.SegmentedControl(id="calibration-marks-camera", data=cameras, value=camera, size="xs"),
                    dmc.NumberInput(
                        id="calibration-marks-frame", value=view.integer("frame", 0) or 0, min=0, w=110, size="xs",
                        debounce=400, prefix="frame ", allowDecimal=False, **_labelled("Frame of the recording"),
                    ),
                    html.Span(id="calibration-marks-note", className="dim"),
                ],
                className="tracks-tools",
            ),
            html.Div(
                [
                    html.Div(
                        graph(
                            "calibration-marks-picture", _blank(view), f"{camera}-points",
                            style={"height": "min(66vh, 560px)"}, config={"scrollZoom": True},
                        ),
                        className="calibration-marks-picture",
                        **_PICKS,
                    ),
                    html.Div(
                        [
                            html.Div(id="calibration-marks-list", className="calibration-points"),
                            html.Div(
                                [
                                    primary("Save", "calibration-marks-save", disabled=True),
                                    secondary("Undo", "calibration-marks-undo", "undo", disabled=True, **_UNDO),
                                    secondary("Remove", "calibration-marks-remove", "delete"),
                                ],
                                className="page-actions",
                            ),
                        ],
                        className="calibration-marks-side",
                    ),
                ],
                className="calibration-marks",
            ),
            dcc.Store(id="calibration-picked"),
            dcc.Store(id="calibration-marks"),
        ],
        title,
        [html.Span("Choose a point, scroll to zoom, click where it lies; then save.", className="dim")],
    )  # fmt: skip


def _labelled(label: str) -> dict[str, Any]:
    return {"aria-label": label}


def _blank(view: View) -> go.Figure:
    hidden = {"visible": False}
    return styled(go.Figure(layout={"xaxis": hidden, "yaxis": hidden}), view.theme)


def _cameras(view: View) -> list[str]:
    if view.experiment is None or view.recording is None:
        return []
    videos = view.experiment.recording(view.recording).videos
    return [name for name in view.experiment.camera_names if name in videos]


def saved_marks(experiment: Experiment, camera: str) -> dict[str, list[float]]:
    """The marks of a camera as `experiment.toml` has them."""
    entry = next((entry for entry in experiment.configuration.camera if entry.name == camera), None)
    return {name: list(point) for name, point in entry.markers.items()} if entry else {}


def opened(marked: Mapping[str, list[float]], names: list[str]) -> Marks:
    """The state in which a camera's points are opened; the first one that is not marked is chosen."""
    return {"marked": dict(marked), "chosen": _next_free(marked, names, None), "history": []}


def edited(
    state: Marks, action: str, names: list[str], point: tuple[float, float] | None = None, name: str = ""
) -> Marks:
    """The state after something was done.

    Parameters
    ----------
    action
        ``mark`` (the chosen point, at `point` px), ``choose`` (`name`), ``remove`` (the chosen one) or ``undo``.
    names
        All surveyed points, in order.
    """
    marked, chosen, history = dict(state["marked"]), state["chosen"], list(state["history"])
    if action == "choose":
        return {**state, "chosen": name}
    if action == "undo":
        return {**history[-1], "history": history[:-1]} if history else state
    history = [*history, {"marked": state["marked"], "chosen": chosen}][-_HISTORY:]
    if action == "mark" and chosen is not None and point is not None:
        marked[chosen] = [round(point[0], 2), round(point[1], 2)]
        chosen = _next_free(marked, names, chosen)
    elif action == "remove" and chosen in marked:
        del marked[chosen]
    else:
        return state
    return {"marked": marked, "chosen": chosen, "history": history}


def saved(experiment: Experiment, kept: Mapping[str, Marks]) -> list[str]:
    """Write the marks of all cameras that were changed into `experiment.toml`; the cameras.

    Raises
    ------
    SkeinError
        If the file has problems, or somebody else changed it meanwhile.
    """
    changed = [name for name, state in kept.items() if state["marked"] != saved_marks(experiment, name)]
    for name in changed:
        marks = {point: (float(x), float(y)) for point, (x, y) in kept[name]["marked"].items()}
        set_markers(experiment.root, name, marks)
    return changed


def _next_free(marked: Mapping[str, Any], names: list[str], after: str | None) -> str | None:
    """The next point that is not marked, from `after` on; `after` itself where all are."""
    start = names.index(after) + 1 if after in names else 0
    free = [name for name in names[start:] + names[:start] if name not in marked]
    return free[0] if free else after


def expected_at(
    experiment: Experiment, camera: str, points: Mapping[str, tuple[float, float, float]]
) -> dict[str, Point]:
    """Where the calibration in use sees the points, px; none where the camera is not calibrated or cannot see them."""
    if not experiment.calibration_path.is_file():
        return {}
    cameras = read_calibration(experiment.calibration_path)
    if camera not in cameras:
        return {}
    width, height = cameras[camera].size
    pixels = project(cameras[camera], np.array(list(points.values()), float).reshape(-1, 3))
    return {
        name: (float(x), float(y))
        for name, (x, y) in zip(points, pixels, strict=True)
        if 0 <= x <= width - 1 and 0 <= y <= height - 1
    }


def point_list(names: list[str], state: Marks, expected: Mapping[str, Point]) -> list[Component]:
    """The points as buttons: marked or not, and how far from where the calibration puts them."""
    rows: list[Component] = []
    for name in names:
        mark = state["marked"].get(name)
        about: Component = html.Span("not marked", className="dim")
        if mark is not None:
            about = html.Span(f"{mark[0]:.1f}, {mark[1]:.1f} px", className="dim")
            if name in expected:
                off = float(np.hypot(mark[0] - expected[name][0], mark[1] - expected[name][1]))
                about = state_words(
                    level(off, GOOD.marker_px, USABLE.marker_px) or "missing", f"off by {off:.1f} px", 14
                )
        chosen = name == state["chosen"]
        pressed: dict[str, Any] = {"aria-pressed": str(chosen).lower()}
        rows.append(
            html.Button(
                [html.Strong(name), about],
                id={"type": "calibration-point", "name": name},
                className="calibration-point here" if chosen else "calibration-point",
                **pressed,
            )
        )
    return rows


def image_size(services: "Services", view: View, camera: str, frame: int) -> tuple[int, int]:
    """Width and height of a camera's picture, px."""
    assert view.experiment is not None
    assert view.recording is not None
    data, _ = services.media.picture(view.experiment, view.recording, camera, frame)
    height, width = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)).shape
    return width, height


def register(app: Dash, services: "Services") -> None:
    """Add the callbacks."""

    @app.callback(
        Output("calibration-marks", "data"),
        Input("calibration-marks-camera", "value"),
        Input("calibration-picked", "data"),
        Input({"type": "calibration-point", "name": ALL}, "n_clicks"),
        Input("calibration-marks-undo", "n_clicks"),
        Input("calibration-marks-remove", "n_clicks"),
        State("calibration-marks", "data"),
        VIEW,
    )
    def edit(camera: str, picked: Any, _points: Any, _undo: Any, _remove: Any, kept: Any, shown: Any) -> Any:
        view = services.view(shown)
        if view.experiment is None:
            return no_update
        names = list(surveyed_points(view.experiment).points)
        kept, done = kept or {}, ctx.triggered_id
        state = kept.get(camera) or opened(saved_marks(view.experiment, camera), names)
        if isinstance(done, dict):
            if not ctx.triggered[0]["value"]:
                return no_update  # the buttons merely appeared
            state = edited(state, "choose", names, name=done["name"])
        elif done == "calibration-picked" and picked:
            state = edited(state, "mark", names, (picked["x"], picked["y"]))
        elif done in ("calibration-marks-undo", "calibration-marks-remove"):
            state = edited(state, done.rpartition("-")[2], names)
        return {**kept, camera: state}

    @app.callback(
        Output("calibration-marks-picture", "figure"),
        Output("calibration-marks-list", "children"),
        Output("calibration-marks-save", "disabled"),
        Output("calibration-marks-undo", "disabled"),
        Output("calibration-marks-note", "children"),
        Input("calibration-marks", "data"),
        Input("calibration-marks-frame", "value"),
        State("calibration-marks-camera", "value"),
        VIEW,
        prevent_initial_call=True,
    )
    def draw(kept: dict[str, Marks] | None, frame: Any, camera: str, shown: Any) -> tuple[Any, ...]:
        view = services.view(shown)
        if not kept or camera not in kept or view.experiment is None or view.recording is None:
            return (no_update,) * 5
        state = kept[camera]
        points = surveyed_points(view.experiment).points
        expected = expected_at(view.experiment, camera, points)
        number = frame if isinstance(frame, int) else 0
        marked = {name: (point[0], point[1]) for name, point in state["marked"].items()}
        changed = [name for name in kept if kept[name]["marked"] != saved_marks(view.experiment, name)]
        note = f"{len(marked)} of {len(points)} marked"
        note += f"; {', '.join(changed)} not saved yet" if changed else ""
        try:
            size = image_size(services, view, camera, number)
        except SkeinError as error:
            figure, note = _blank(view), str(error)
        else:
            source = frame_url(view, camera, number)
            figure = styled(figures.marked_picture(source, size, marked, expected, state["chosen"]), view.theme)
        return figure, point_list(list(points), state, expected), not changed, not state["history"], note

    @app.callback(
        TOASTS,
        Output("calibration-marks-save", "disabled", allow_duplicate=True),
        Input("calibration-marks-save", "n_clicks"),
        State("calibration-marks", "data"),
        VIEW,
        prevent_initial_call=True,
    )
    def save(clicks: int | None, kept: dict[str, Marks] | None, shown: Any) -> tuple[Any, Any]:
        view = services.view(shown)
        if not clicks or not kept or view.experiment is None:
            return no_update, no_update
        cameras = saved(view.experiment, kept)
        return [toast(f"Points of {', '.join(cameras)} saved in experiment.toml: calibrate again to use them.")], True
