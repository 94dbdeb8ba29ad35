"""Routing: the URL is the state."""

import logging
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from dashboard.components.blocks import empty_state, error_state, link_button
from dashboard.page import Page, Place, View
from dashboard.services import START, Services
from dashboard.shell.layout import rail
from dashboard.shell.wires import NAVIGATE, REVISION, VIEW
from pipeline.api import SkeinError

logger = logging.getLogger(__name__)


def register(app: Dash, services: Services) -> None:
    """Add the callbacks of URL, rail and top bar."""

    @app.callback(
        Output("shell-page", "children"),
        Output("shell-view", "data"),
        Output("shell-rail", "children"),
        Output("shell-experiment", "data"),
        Output("shell-experiment", "value"),
        Output("shell-recording", "data"),
        Output("shell-recording", "value"),
        Input("shell-url", "href"),
        Input("shell-theme", "data"),
        Input("shell-files", "data"),
    )
    def show(href: str, theme: Any, _files: str) -> tuple[Any, ...]:
        view = services.view_at(Place.of(href), theme)
        page = services.page(view.page)
        recordings = list(view.experiment.recording_names) if view.experiment else []
        return (
            html.Div(shown(services, page, view), className=f"page page-{page.name if page else 'none'}", key=href),
            {"href": href, "theme": theme, "files": services.files_stamp(view.key)},
            rail(services.pages.values(), view, rail_states(services, view)),
            [
                {"value": opened.key, "label": opened.title + ("" if opened.experiment else " (has problems)")}
                for opened in services.library.all()
            ],
            view.key,
            recordings,
            view.recording,
        )

    @app.callback(Output("shell-rail", "children", allow_duplicate=True), REVISION, VIEW, prevent_initial_call=True)
    def refresh_rail(_revision: str, shown_now: dict[str, Any] | None) -> Any:
        if not shown_now:
            return no_update
        view = services.view(shown_now)
        return rail(services.pages.values(), view, rail_states(services, view))

    @app.callback(
        NAVIGATE,
        Input("shell-experiment", "value"),
        Input("shell-recording", "value"),
        VIEW,
        prevent_initial_call=True,
    )
    def choose(key: str | None, recording: str | None, shown_now: dict[str, Any] | None) -> Any:
        view = services.view(shown_now)
        if ctx.triggered_id == "shell-experiment":
            # Another experiment has other recordings, frames and animals: nothing of the old place is kept.
            return no_update if key in (None, view.key) else Place(view.page, key).href
        return no_update if recording in (None, view.recording) else Place(view.page, view.key, recording).href

    # The page says what it shows; the URL follows without a new drawing.
    app.clientside_callback(
        ClientsideFunction("skein", "writeQuery"),
        Output("shell-view", "data", allow_duplicate=True),
        Output({"type": "shell-link", "page": ALL}, "href"),
        Input("shell-query", "data"),
        VIEW,
        State({"type": "shell-link", "page": ALL}, "id"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("skein", "nameTab"),
        Output("shell-nothing", "title"),
        Input("shell-rail", "children"),
        VIEW,
    )
    app.clientside_callback(
        ClientsideFunction("skein", "switchTheme"),
        Output("shell-theme", "data"),
        Output("shell-mantine", "forceColorScheme"),
        Input("shell-theme-switch", "n_clicks"),
        State("shell-theme", "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("shell-help", "opened"),
        Output("shell-help-body", "children"),
        Input("shell-help-open", "n_clicks"),
        State("shell-help", "opened"),
        VIEW,
        prevent_initial_call=True,
    )
    def show_keys(_clicks: int, opened: bool, shown_now: dict[str, Any]) -> tuple[bool, Any]:
        page = services.page(services.view(shown_now).page)
        return not opened, keys_table(page)


def rail_states(services: Services, view: View) -> dict[str, Any]:
    """State of every page's stage for the chosen recording."""
    if view.experiment is None:
        return {}
    states = services.states(view.experiment, [view.recording] if view.recording else [])
    return {job: status for (job, _recording), status in states.items()}


def shown(services: Services, page: Page | None, view: View) -> Component:
    """The page for a view, or what is missing for it; never an exception."""
    if page is None:
        there = link_button("Overview", view.link(START), "overview", primary=True)
        return error_state(f"There is no page {view.page!r} here.", actions=[there])
    overview = view.link(START)
    if page.needs != "nothing":
        if view.problems:
            return html.Div([html.H1(page.title), problems_state(services, view)])
        if view.experiment is None:
            return html.Div(
                [
                    html.H1(page.title),
                    empty_state(
                        "Shows the results of an experiment.",
                        "No experiment is open yet.",
                        link_button("Open or create one", overview, "open", primary=True),
                    ),
                ]
            )
        if page.needs == "recording" and view.recording is None:
            return html.Div(
                [
                    html.H1(page.title),
                    empty_state(
                        "Shows one recording at a time.",
                        f"{view.experiment.name} has no recording yet.",
                        link_button("Add a recording", overview, "add", primary=True),
                    ),
                ]
            )
    try:
        return page.layout(services, view)
    except SkeinError as error:
        return html.Div([html.H1(page.title), error_state("This page cannot be shown.", str(error).splitlines())])
    except Exception:  # a defect of one page, a plugin's for instance, must not take the others down
        logger.exception("page %s", page.name)
        return html.Div(
            [
                html.H1(page.title),
                error_state(
                    "This page cannot be shown because of a defect in it.",
                    todo="The dashboard's log has the details; all other pages work.",
                ),
            ]
        )


def problems_state(services: Services, view: View) -> Component:
    """Why the chosen experiment cannot be opened: every problem of its file."""
    opened = services.library.get(view.key or "")
    what = f"experiment.toml of {opened.title} has problems." if opened else "This link leads nowhere."
    todo = "Correct the file and save it: this page follows by itself." if opened else ""
    return error_state(what, view.problems, todo)


def keys_table(page: Page | None) -> Component:
    """What the keyboard does on a page."""
    keys = [*(page.keys if page else ()), ("?", "Show this list."), ("Esc", "Close what is open."), ("Tab", "Go on.")]
    return html.Table([html.Tr([html.Td(html.Kbd(key)), html.Td(what)]) for key, what in keys], className="keys")
