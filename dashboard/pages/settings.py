"""The page Settings: what this computer may use for jobs, and what this dashboard has open."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from dashboard.components.blocks import icon_button, page_header, panel, primary, toast
from dashboard.components.forms import FIELD, field_problems, form_values, parameter_form, to_correct
from dashboard.components.states import state_words
from dashboard.page import Page, Place, View
from dashboard.services import START, Services
from dashboard.settings import LOG
from dashboard.shell.jobs import pressed_id
from dashboard.shell.wires import NAVIGATE, TOASTS
from pipeline.api import SkeinError
from pipeline.files import home
from pipeline.jobs.settings import Settings, read_settings, settings_path, write_settings

_FORM = "settings"
_VALUES = {"type": FIELD, "form": _FORM, "name": ALL}


def layout(services: Services, view: View) -> Component:
    """The page."""
    try:
        current, problem = read_settings(), ""
    except SkeinError as error:
        current, problem = _default(), str(error)
    gpus = ", ".join(current.devices) or "none found"
    computer = panel(
        [
            html.P("For all experiments of this computer. Running jobs keep what they have.", className="dim"),
            html.P(problem, className="field-problem"),
            parameter_form(Settings, current.model_dump(mode="json"), _FORM),
            html.P(f"GPUs that jobs can use: {gpus}", className="dim"),
            html.P(id="settings-problem", className="field-problem", role="alert"),
            primary("Save", "settings-save"),
        ],
        "Jobs on this computer",
    )
    rows = [
        html.Tr(
            [
                html.Td(opened.title),
                html.Td(opened.folder.name, className="dim"),
                html.Td(None if opened.experiment else state_words("failed", "has problems")),
                html.Td(
                    icon_button("cancel", "Close (nothing is deleted)", {"type": "settings-close", "key": opened.key})
                ),
            ]
        )
        for opened in services.library.all()
    ]
    head = html.Thead(html.Tr([html.Th("Experiment"), html.Th("Folder"), html.Th(""), html.Th("")]))
    experiments = panel(
        html.Table([head, html.Tbody(rows)], className="plain") if rows else html.P("None is open.", className="dim"),
        "Open experiments",
    )
    places = panel(
        html.Table(
            [
                html.Tr([html.Th(what), html.Td(where)])
                for what, where in (
                    ("Ledger of jobs", services.ledger.path.name),
                    ("Settings", settings_path().name),
                    ("Log of the dashboard", LOG),
                    ("They lie in", home().name),
                    (
                        "Experiments may be opened below",
                        ", ".join(root.name or str(root) for root in services.settings.roots),
                    ),
                    ("Address", f"{services.settings.host}, port {services.settings.port}: this computer only"),
                )
            ],
            className="facts",
        ),
        "Where things lie",
    )
    return html.Div(
        [
            page_header("Settings", "What jobs may use, and what this dashboard shows."),
            html.Div([computer, html.Div([experiments, places])], className="two-columns"),
        ]
    )


def _default() -> Settings:
    return Settings.model_validate({})


def register(app: Dash, services: Services) -> None:
    """Add the callbacks."""

    @app.callback(
        Output({"type": FIELD, "form": _FORM, "name": ALL}, "error"),
        Output("settings-problem", "children"),
        TOASTS,
        Input("settings-save", "n_clicks"),
        State(_VALUES, "value"),
        State(_VALUES, "id"),
        prevent_initial_call=True,
    )
    def save(clicks: int | None, values: list[Any], ids: list[Any]) -> tuple[Any, Any, Any]:
        if not clicks:
            return [no_update] * len(ids), no_update, no_update
        given = form_values(Settings, ids, values)
        problems = field_problems(Settings, given)
        errors = [problems.get(id_["name"]) for id_ in ids]
        if problems:
            return errors, f"Nothing was saved. {to_correct(problems)}", no_update
        # What equals its default is left out of the file, so that a later default is not held back by an old one.
        default = _default()
        write_settings(
            {
                name: given.get(name) if given.get(name) != getattr(default, name) else None
                for name in Settings.model_fields
            }
        )
        return errors, "", [toast("The settings are saved; jobs that start from now on use them.")]

    @app.callback(NAVIGATE, Input({"type": "settings-close", "key": ALL}, "n_clicks"), prevent_initial_call=True)
    def close(_clicks: list[int | None]) -> Any:
        pressed = pressed_id()
        if pressed is None:
            return no_update
        services.library.close(pressed["key"])
        return Place(START).href


PAGE = Page("settings", "Settings", "settings", layout, register, order=1020, needs="nothing")
