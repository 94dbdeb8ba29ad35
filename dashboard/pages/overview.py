"""The page Overview: what ran, whether it can be trusted, and what to do next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.components.blocks import empty_state, page_header, panel, primary, secondary, toast
from dashboard.components.details import recording_details, result_details
from dashboard.components.icons import icon
from dashboard.components.matrix import cell, cell_class, cell_content, cell_hover, matrix, recording_line
from dashboard.components.states import WORDS, Status
from dashboard.page import Page, View
from dashboard.pages import experiment_forms
from dashboard.services import Services
from dashboard.shell.jobs import pressed_id
from dashboard.shell.layout import LIGHT
from dashboard.shell.routing import problems_state
from dashboard.shell.wires import REVISION, TOASTS, VIEW
from dashboard.states import Cell
from pipeline.api import Experiment, read_provenance

_ROWS = 25
FILTERS = {
    "all": ("All", frozenset(WORDS)),
    "todo": ("To do", frozenset({"missing", "stale"})),
    "active": ("Active", frozenset({"queued", "running"})),
    "failed": ("Failed", frozenset({"failed"})),
}
"""Filter → label, states of which one stage at least must be."""


def layout(services: Services, view: View) -> Component:
    """The page for the chosen experiment; or how to open one."""
    add_experiment = experiment_forms.buttons(services)
    if view.problems:
        broken = [page_header("Overview", more=add_experiment), problems_state(services, view)]
        return html.Div([*broken, experiment_forms.drawers(services, view)])
    if view.experiment is None:
        return html.Div(
            [
                page_header("Overview"),
                empty_state(
                    "Shows every recording of an experiment and how far each stage is: what ran, whether it can be "
                    "trusted, what to do next.",
                    "It needs an experiment: a folder with an experiment.toml.",
                    html.Div(add_experiment, className="page-actions"),
                ),
                experiment_forms.drawers(services, view),
            ]
        )
    experiment = view.experiment
    states = services.states(experiment)
    header = page_header(
        experiment.name,
        html.Span(sentence(experiment, states), id="overview-sentence"),
        primary(run_label(states), "overview-run", "run", disabled=todo(states) == 0),
        more=[*add_experiment, experiment_forms.recording_button()],
    )
    whole = [job for job in services.stages.values() if job.scope == "experiment"]
    strip = html.Div(
        [
            html.Div(
                [html.Span(job.title, title=job.help), cell(job.name, None, states.get((job.name, None), Status()))]
            )
            for job in whole
        ],
        className="strip",
    )
    body: Component
    if not experiment.recording_names:
        body = empty_state(
            "Lists the recordings, with the state of every stage.",
            "It needs a recording: the videos of all cameras that were taken together.",
            experiment_forms.recording_button("overview-first-recording"),
        )
    else:
        body = panel([_tools(experiment), _chosen_bar(services), html.Div(id="overview-table"), _pages()])
    return html.Div(
        [
            header,
            html.P(experiment.configuration.description) if experiment.configuration.description else None,
            strip if whole else None,
            body,
            dcc.Store(id="overview-picked", data=[]),
            dmc.Drawer(
                id="overview-drawer",
                position="right",
                size=520,
                children=html.Div(id="overview-drawer-body"),
                overlayProps=LIGHT,
                closeButtonProps={"aria-label": "Close"},
            ),
            experiment_forms.drawers(services, view),
        ]
    )


def sentence(experiment: Experiment, states: Mapping[Cell, Status]) -> str:
    """The state of an experiment in plain words."""
    names = experiment.recording_names
    if not names:
        return "No recording yet."
    count = Counter(status.state for status in states.values())
    of_recording = {name: {status.state for (_, at), status in states.items() if at == name} for name in names}
    complete = sum(found <= {"done", "unneeded"} for found in of_recording.values())
    parts = [f"{complete} of {len(names)} recordings complete" if len(names) > 1 else _one(complete)]
    for state, words in (("running", "running"), ("queued", "queued"), ("failed", "failed"), ("stale", "out of date")):
        if count[state]:
            parts.append(f"{count[state]} {'stage' if count[state] == 1 else 'stages'} {words}")
    return ", ".join(parts) + "."


def _one(complete: int) -> str:
    return "1 recording, complete" if complete else "1 recording, not complete"


def todo(states: Mapping[Cell, Status]) -> int:
    """Number of results that are missing or stale, and not queued yet."""
    return sum(status.state in {"missing", "stale", "failed"} for status in states.values())


def run_label(states: Mapping[Cell, Status]) -> str:
    """The next sensible action."""
    left = todo(states)
    if left:
        return f"Run everything that is missing or stale ({left})"
    active = any(status.state in {"queued", "running"} for status in states.values())
    return "Everything is queued or running" if active else "Everything is up to date"


def listed(experiment: Experiment, states: Mapping[Cell, Status], text: str, chosen: str) -> list[str]:
    """Names of the recordings whose name contains the text and that pass a filter (see :data:`FILTERS`)."""
    wanted = FILTERS[chosen][1]
    passing = {at for (_, at), status in states.items() if status.state in wanted}
    return [
        name
        for name in experiment.recording_names
        if text.lower() in name.lower() and (chosen == "all" or name in passing)
    ]


def table(services: Services, view: View, names: Sequence[str], picked: Sequence[str]) -> Component:
    """The matrix of some recordings."""
    experiment = view.experiment
    if experiment is None or not names:
        return html.P("No recording fits this search.", className="dim")
    stages = [job for job in services.stages.values() if job.scope == "recording"]
    described = {name: services.media.peek(experiment, name) for name in names}
    entries = [experiment.recording(name) for name in names]
    return matrix(view, stages, entries, services.states(experiment, names), described, picked)


def _tools(experiment: Experiment) -> Component:
    return html.Div(
        [
            dmc.TextInput(
                id="overview-search", placeholder="Find a recording", leftSection=icon("search", 16), debounce=250,
                w=260,
                **{"aria-label": "Find a recording"},
            ),
            dmc.SegmentedControl(
                id="overview-filter",
                data=[{"value": key, "label": label} for key, (label, _) in FILTERS.items()],
                value="all",
            ),
            html.Span(id="overview-count", className="dim"),
        ],
        className="table-tools",
    )  # fmt: skip


def _chosen_bar(services: Services) -> Component:
    stages = [job for job in services.stages.values() if job.scope == "recording"]
    items = [
        dmc.MenuItem(f"{job.title} …", id={"type": "shell-run", "job": job.name, "recording": "*"}) for job in stages
    ]
    return html.Div(
        [
            html.Strong(id="overview-picked-count"),
            secondary("Run what is missing or stale", "overview-run-picked", "run"),
            dmc.Menu([dmc.MenuTarget(dmc.Button("Run a stage", variant="default")), dmc.MenuDropdown(items)]),
            secondary("Cancel their jobs", "overview-cancel-picked", "cancel"),
        ],
        id="overview-picked-bar",
        className="chosen-bar",
        hidden=True,
    )


def _pages() -> Component:
    return dmc.Pagination(id="overview-pages", total=1, value=1, size="sm", hideWithOnePage=True, mt=10)


def register(app: Dash, services: Services) -> None:
    """Add the callbacks."""
    experiment_forms.register(app, services)

    @app.callback(
        Output("overview-table", "children"),
        Output("overview-pages", "total"),
        Output("overview-count", "children"),
        Input("overview-search", "value"),
        Input("overview-filter", "value"),
        Input("overview-pages", "value"),
        State("overview-picked", "data"),
        VIEW,
    )
    def list_recordings(text: str | None, chosen: str, page: int, picked: list[str], shown: Any) -> tuple[Any, ...]:
        view = services.view(shown)
        if view.experiment is None:
            return no_update, no_update, no_update
        names = listed(view.experiment, services.states(view.experiment), text or "", chosen)
        total = max(1, -(-len(names) // _ROWS))
        first = (min(page, total) - 1) * _ROWS
        count = f"{len(names)} of {len(view.experiment.recording_names)}"
        return table(services, view, names[first : first + _ROWS], picked), total, count

    @app.callback(
        Output("overview-sentence", "children"),
        Output("overview-run", "children"),
        Output("overview-run", "disabled"),
        Output({"type": "overview-cell", "job": ALL, "recording": ALL}, "children"),
        Output({"type": "overview-cell", "job": ALL, "recording": ALL}, "className"),
        Output({"type": "overview-cell", "job": ALL, "recording": ALL}, "title"),
        Output({"type": "overview-line", "recording": ALL}, "children"),
        REVISION,
        State({"type": "overview-cell", "job": ALL, "recording": ALL}, "id"),
        State({"type": "overview-line", "recording": ALL}, "id"),
        VIEW,
        prevent_initial_call=True,
    )
    def refresh(_revision: Any, cells: list[Any], lines: list[Any], shown: Any) -> tuple[Any, ...]:
        view = services.view(shown)
        if view.experiment is None:
            return (no_update,) * 3 + ([no_update] * len(cells),) * 3 + ([no_update] * len(lines),)
        states = services.states(view.experiment)
        found = [states.get((id_["job"], id_["recording"] or None), Status()) for id_ in cells]
        about = [
            recording_line(view.experiment.recording(name), services.media.peek(view.experiment, name))
            if (name := id_["recording"]) in view.experiment.recording_names
            else no_update
            for id_ in lines
        ]
        return (
            sentence(view.experiment, states),
            run_label(states),
            todo(states) == 0,
            [cell_content(status) for status in found],
            [cell_class(status) for status in found],
            [cell_hover(status) for status in found],
            about,
        )

    @app.callback(TOASTS, Input("overview-run", "n_clicks"), VIEW, prevent_initial_call=True)
    def run_all(clicks: int | None, shown: Any) -> Any:
        if not clicks:
            return no_update
        return [_queued(services.submit_stale(services.experiment(services.view(shown).key)))]

    @app.callback(
        TOASTS,
        Input("overview-run-picked", "n_clicks"),
        Input("overview-cancel-picked", "n_clicks"),
        State("overview-picked", "data"),
        VIEW,
        prevent_initial_call=True,
    )
    def act_on_picked(_run: int | None, _cancel: int | None, picked: list[str], shown: Any) -> Any:
        if not ctx.triggered[0]["value"] or not picked:
            return no_update
        experiment = services.experiment(services.view(shown).key)
        if ctx.triggered_id == "overview-run-picked":
            return [_queued(services.submit_stale(experiment, picked))]
        count = services.cancel_of(experiment, picked)
        return [toast(f"{count} jobs are being cancelled." if count else "None of them has a job.", "cancelled")]

    @app.callback(
        Output("overview-picked", "data"),
        Output("shell-picked", "data"),
        Output("overview-picked-bar", "hidden"),
        Output("overview-picked-count", "children"),
        Output({"type": "overview-pick", "recording": ALL}, "checked"),
        Input({"type": "overview-pick", "recording": ALL}, "checked"),
        Input("overview-pick-all", "checked"),
        State({"type": "overview-pick", "recording": ALL}, "id"),
        State("overview-picked", "data"),
        prevent_initial_call=True,
    )
    def pick(checked: list[bool], every: bool, ids: list[Any], before: list[str]) -> tuple[Any, ...]:
        if ctx.triggered_id == "overview-pick-all":
            checked = [every] * len(ids)
        here = {id_["recording"]: bool(on) for id_, on in zip(ids, checked, strict=True)}
        picked = [name for name in before if name not in here] + [name for name, on in here.items() if on]
        return picked, picked, not picked, f"{len(picked)} chosen", checked

    @app.callback(
        Output("overview-drawer", "opened"),
        Output("overview-drawer", "title"),
        Output("overview-drawer-body", "children"),
        Input({"type": "overview-cell", "job": ALL, "recording": ALL}, "n_clicks"),
        Input({"type": "overview-about", "recording": ALL}, "n_clicks"),
        VIEW,
        prevent_initial_call=True,
    )
    def open_details(_cells: list[Any], _lines: list[Any], shown: Any) -> tuple[Any, Any, Any]:
        pressed = pressed_id()
        view = services.view(shown)
        if pressed is None or view.experiment is None:
            return no_update, no_update, no_update
        recording = pressed["recording"] or None
        if pressed["type"] == "overview-about":
            entry = view.experiment.recording(pressed["recording"])
            described = services.media.described(view.experiment, entry.name)
            return True, entry.name, recording_details(view, entry, described)
        job = services.jobs[pressed["job"]]
        status = services.states(view.experiment, [recording] if recording else []).get((job.name, recording), Status())
        result = read_provenance(view.experiment, job.name, recording)
        return (
            True,
            f"{job.title} · {recording or view.experiment.name}",
            result_details(view, job, recording, status, result),
        )


def _queued(ids: list[int]) -> dict[str, Any]:
    if not ids:
        return toast("Nothing is missing or stale.", "done")
    return toast(f"{len(ids)} {'job is' if len(ids) == 1 else 'jobs are'} queued.", "queued")


PAGE = Page("overview", "Overview", "overview", layout, register, order=0, needs="nothing")
