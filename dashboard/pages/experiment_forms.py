"""Forms of the overview: open or make an experiment, add a recording, import start times."""

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard import entering
from dashboard.components.blocks import primary, secondary, toast
from dashboard.components.forms import FIELD, form_values, parameter_form
from dashboard.components.icons import icon
from dashboard.page import Place, View
from dashboard.services import START, Services
from dashboard.shell.layout import LIGHT
from dashboard.shell.wires import NAVIGATE, TOASTS, VIEW
from pipeline.api import Recording, SkeinError

_RECORDING = "recording"
_ENTRY_FIELDS = ("name", "recorded_fps", "start", "start_at_s", "duration_s", "stride", "animals")


def menu() -> Component:
    """Open an experiment, or make a new one."""
    return dmc.Menu(
        [
            dmc.MenuTarget(dmc.Button("Experiment", leftSection=icon("open", 16), variant="default")),
            dmc.MenuDropdown(
                [
                    dmc.MenuItem("Open …", id="experiments-open", leftSection=icon("open", 16)),
                    dmc.MenuItem("New …", id="experiments-new", leftSection=icon("add", 16)),
                ]
            ),
        ],
        keepMounted=True,
    )


def buttons() -> Component:
    """The same where nothing is open yet, at full size."""
    return html.Div(
        [primary("Open …", "experiments-open", "open"), secondary("New …", "experiments-new", "add")],
        className="page-actions",
    )


def recording_button(id: str = "experiments-add-recording") -> Component:
    """Opens the form for a recording, with the import of start times."""
    return dmc.Button(
        "Add recording …",
        id={"type": "experiments-recording", "at": id},
        leftSection=icon("video", 16),
        variant="default",
    )


def drawers(services: Services, view: View) -> Component:
    """The forms themselves, filled when they are opened."""
    return html.Div(
        [
            dmc.Drawer(
                id=f"experiments-{name}-drawer",
                title=title,
                position="right",
                size=540,
                children=html.Div(id=f"experiments-{name}-body"),
                overlayProps=LIGHT,
                closeButtonProps={"aria-label": "Close"},
            )
            for name, title in (
                ("open", "Open an experiment"),
                ("new", "New experiment"),
                (_RECORDING, "Recordings"),
            )
        ]
    )


def open_form(services: Services) -> Component:
    """Choose one of the experiments below the roots."""
    labels = list(services.library.candidates())
    roots = [str(root) for root in services.settings.roots]
    return html.Div(
        [
            html.P("Experiments below " + ", ".join(roots) + ":"),
            dmc.Select(
                id="experiments-candidate",
                data=labels,
                searchable=True,
                limit=200,
                placeholder="Choose a folder" if labels else "There is none that is not open already",
                **_labelled("Experiment folder"),
            ),
            html.P("To offer other folders, start the dashboard with `skein dashboard --root DIR`.", className="dim"),
            _problem("open"),
            primary("Open", "experiments-open-submit", "open"),
        ],
        className="form",
    )


def new_form(services: Services) -> Component:
    """What `skein init` asks for."""
    roots = [str(root) for root in services.settings.roots]
    return dmc.Stack(
        [
            dmc.Select(id="experiments-root", label="In the folder", data=roots, value=roots[0], allowDeselect=False),
            dmc.TextInput(
                id="experiments-folder",
                label="New folder",
                description="Letters, digits, - _ .",
                placeholder="flume_2026",
            ),
            dmc.TextInput(id="experiments-title", label="Name", placeholder="as the folder"),
            dmc.TagsInput(
                id="experiments-cameras",
                label="Cameras",
                description="One name per camera; Enter adds one",
                value=["cam_1", "cam_2", "cam_3", "cam_4"],
            ),
            dmc.Select(
                id="experiments-lens",
                label="Lenses",
                data=[
                    {"value": "fisheye", "label": "Fisheye (wide angle, strong distortion)"},
                    {"value": "pinhole", "label": "Ordinary (pinhole with some distortion)"},
                ],
                value="fisheye",
                allowDeselect=False,
            ),
            dmc.NumberInput(id="experiments-animals", label="Number of animals, if known", min=1, allowDecimal=False),
            dmc.Fieldset(
                [
                    _number("experiments-columns", "Inner corners, columns", "8", False),
                    _number("experiments-rows", "Inner corners, rows", "6", False),
                    _number("experiments-square", "Edge of a square, mm", "30", True),
                ],
                legend="Calibration board, if there is one",
                className="three",
            ),
            dmc.Fieldset(
                [
                    _number(f"experiments-{end}-{axis}", f"{axis} {word}, m", "", True)
                    for end, word in (("low", "from"), ("high", "to"))
                    for axis in "xyz"
                ],
                legend="Arena, if known (z up, 0 on the floor)",
                className="three",
            ),
            _problem("new"),
            primary("Create", "experiments-new-submit", "add"),
        ],
        gap="sm",
        className="form",
    )


def recording_form(services: Services, view: View) -> Component:
    """What `skein add-recording` asks for, and the import of start times."""
    assert view.experiment is not None
    assert view.key is not None
    videos = list(services.library.files(view.key, entering.VIDEOS))
    tables = list(services.library.files(view.key, entering.TABLES))
    cameras = view.experiment.camera_names
    return html.Div(
        [
            html.H3("New recording"),
            dmc.Stack(
                [
                    dmc.Select(
                        id={"type": "experiments-video", "camera": camera},
                        label=f"Video of {camera}",
                        data=videos,
                        searchable=True,
                        clearable=True,
                        limit=200,
                        placeholder="no video"
                        if videos
                        else "no video found below the experiment's folder and the dashboard's --root",
                        size="sm",
                    )
                    for camera in cameras
                ],
                gap="xs",
            ),
            parameter_form(Recording, {}, _RECORDING, _ENTRY_FIELDS),
            html.Details(
                [
                    html.Summary("Offsets, timestamps, factors"),
                    dmc.Stack([*_offsets(cameras), *_more(tables)], gap="xs"),
                ],
                className="folded",
            ),
            _problem(_RECORDING),
            primary("Add recording", "experiments-recording-submit", "add"),
            html.Hr(),
            html.H3("Import start times"),
            html.P("A text list, one recording per line: its name … mm:ss, in recorded time.", className="dim"),
            dcc.Upload(
                html.Button([icon("import", 16), "Choose the list …"], className="link-button"),
                id="experiments-starts",
                multiple=False,
                max_size=5_000_000,
            ),
            _problem("starts"),
        ],
        className="form",
    )


def _offsets(cameras: tuple[str, ...]) -> list[Component]:
    return [
        dmc.NumberInput(
            id={"type": "experiments-offset", "camera": camera},
            label=f"Offset of {camera}, frames",
            description="its video frame that shows the moment of the others' frame 0",
            allowDecimal=False,
            size="sm",
        )
        for camera in cameras
    ]


def _more(tables: list[str]) -> list[Component]:
    return [
        dmc.Select(
            id="experiments-timestamps",
            label="Timestamps table",
            description="CSV with columns camera, frame, time_s; replaces frame rate and offsets",
            data=tables,
            searchable=True,
            clearable=True,
            size="sm",
        ),
        dmc.TagsInput(
            id="experiments-factors",
            label="Factors",
            description="for example treatment = warm; Enter adds one",
            size="sm",
        ),
    ]


def register(app: Dash, services: Services) -> None:
    """Add the callbacks of the forms."""

    @app.callback(
        Output("experiments-open-drawer", "opened"),
        Output("experiments-open-body", "children"),
        Input("experiments-open", "n_clicks"),
        prevent_initial_call=True,
    )
    def show_open(clicks: int | None) -> tuple[Any, Any]:
        return (True, open_form(services)) if clicks else (no_update, no_update)

    @app.callback(
        Output("experiments-new-drawer", "opened"),
        Output("experiments-new-body", "children"),
        Input("experiments-new", "n_clicks"),
        prevent_initial_call=True,
    )
    def show_new(clicks: int | None) -> tuple[Any, Any]:
        return (True, new_form(services)) if clicks else (no_update, no_update)

    @app.callback(
        Output("experiments-recording-drawer", "opened"),
        Output("experiments-recording-body", "children"),
        Input({"type": "experiments-recording", "at": ALL}, "n_clicks"),
        VIEW,
        prevent_initial_call=True,
    )
    def show_recording(clicks: list[int | None], shown: Any) -> tuple[Any, Any]:
        view = services.view(shown)
        if not any(clicks) or view.experiment is None:
            return no_update, no_update
        return True, recording_form(services, view)

    @app.callback(
        NAVIGATE,
        Output("experiments-open-problem", "children"),
        Input("experiments-open-submit", "n_clicks"),
        State("experiments-candidate", "value"),
        prevent_initial_call=True,
    )
    def open_submit(clicks: int | None, label: str | None) -> tuple[Any, Any]:
        if not clicks:
            return no_update, no_update
        if not label:
            return no_update, "Choose a folder first."
        return Place(START, services.library.open(label).key).href, ""

    @app.callback(
        output=[NAVIGATE, Output("experiments-new-problem", "children")],
        inputs={"clicks": Input("experiments-new-submit", "n_clicks")},
        state={
            "given": [State(f"experiments-{name}", "value") for name in entering.NEW],
            "bounds": [State(f"experiments-{end}-{axis}", "value") for end in ("low", "high") for axis in "xyz"],
        },
        prevent_initial_call=True,
    )
    def new_submit(clicks: int | None, given: list[Any], bounds: list[Any]) -> tuple[Any, Any]:
        if not clicks:
            return no_update, no_update
        try:
            return Place(START, entering.create(services, given, bounds)).href, ""
        except SkeinError as error:
            return no_update, str(error)

    @app.callback(
        NAVIGATE,
        Output("experiments-recording-problem", "children"),
        TOASTS,
        Input("experiments-recording-submit", "n_clicks"),
        State({"type": "experiments-video", "camera": ALL}, "value"),
        State({"type": "experiments-video", "camera": ALL}, "id"),
        State({"type": FIELD, "form": _RECORDING, "name": ALL}, "value"),
        State({"type": FIELD, "form": _RECORDING, "name": ALL}, "id"),
        State({"type": "experiments-offset", "camera": ALL}, "value"),
        State("experiments-timestamps", "value"),
        State("experiments-factors", "value"),
        VIEW,
        prevent_initial_call=True,
    )
    def recording_submit(
        clicks: int | None, videos: list[Any], cameras: list[Any], values: list[Any], ids: list[Any],
        offsets: list[Any], timestamps: str | None, factors: list[str] | None, shown: Any,
    ) -> tuple[Any, ...]:  # fmt: skip
        if not clicks:
            return no_update, no_update, no_update
        view = services.view(shown)
        names = [id_["camera"] for id_ in cameras]
        try:
            name = entering.add_recording(
                services,
                view,
                {camera: label for camera, label in zip(names, videos, strict=True) if label},
                form_values(Recording, ids, values),
                {camera: offset for camera, offset in zip(names, offsets, strict=True) if offset not in (None, "", 0)},
                timestamps,
                factors or [],
            )
        except SkeinError as error:
            return no_update, str(error), no_update
        return view.link(START, name), "", [toast(f"Added {name}.")]

    @app.callback(
        TOASTS,
        Output("experiments-starts-problem", "children"),
        Input("experiments-starts", "contents"),
        VIEW,
        prevent_initial_call=True,
    )
    def starts_submit(contents: str | None, shown: Any) -> tuple[Any, Any]:
        if not contents or ctx.triggered_id != "experiments-starts":
            return no_update, no_update
        try:
            count, notes = entering.upload_starts(services, services.view(shown), contents)
        except SkeinError as error:
            return no_update, str(error)
        return [toast(f"Start times of {count} recordings were set; their results are now out of date.")], "\n".join(
            notes
        )


def _number(id: str, label: str, placeholder: str, decimals: bool) -> Component:
    return dmc.NumberInput(
        id=id, label=label, placeholder=placeholder, allowDecimal=decimals, hideControls=True, size="sm"
    )


def _problem(form: str) -> Component:
    return html.P(id=f"experiments-{form}-problem", className="field-problem", role="alert")


def _labelled(label: str) -> dict[str, Any]:
    return {"aria-label": label}
