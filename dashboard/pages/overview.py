"""The page Overview: what ran, whether it can be trusted, and what to do next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from dashboard.components.blocks import empty_state, page_header, panel, primary, secondary, toast
from dashboard.components.details import recording_details, result_details
from dashboard.components.grid import grid, refresh_on, restart_on
from dashboard.components.icons import icon
from dashboard.components.matrix import ROW_HEIGHT, cell, cell_class, cell_content, columns, ordered, row
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
from pipeline.jobs.ledger import JobRow

_GRID = "overview-grid"
FILTERS = {
    "all": ("All", frozenset(WORDS)),
    "todo": ("To do", frozenset({"missing", "stale"})),
    "active": ("Active", frozenset({"queued", "running"})),
    "failed": ("Failed", frozenset({"failed"})),
}
"""Filter → label, states of which one stage at least must be."""


def layout(services: Services, view: View) -> Component:
    """The page for the chosen experiment; or how to open one."""
    menu = experiment_forms.menu()
    if view.problems:
        broken = [page_header("Overview", more=[menu]), problems_state(services, view)]
        return html.Div([*broken, experiment_forms.drawers(services, view)])
    if view.experiment is None:
        return html.Div(
            [
                page_header("Overview"),
                empty_state(
                    "Shows every recording of an experiment and how far each stage is: what ran, whether it can be "
                    "trusted, what to do next.",
                    "It needs an experiment: a folder with an experiment.toml.",
                    experiment_forms.buttons(),
                ),
                experiment_forms.drawers(services, view),
            ]
        )
    experiment = view.experiment
    states = services.states(experiment)
    header = page_header(
        experiment.name,
        html.Span(sentence(experiment, states, services.others(experiment)), id="overview-sentence"),
        primary(run_label(states), "overview-run", "run", disabled=todo(states) == 0),
        more=[menu, experiment_forms.recording_button()],
    )
    whole = [job for job in services.stages.values() if job.scope == "experiment"]
    strip = html.Div(
        [
            html.Div([html.Span(job.title, title=job.help), cell(job.name, states.get((job.name, None), Status()))])
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
        body = panel([_tools(), _chosen_bar(services), _matrix(services, experiment)])
    return html.Div(
        [
            header,
            html.P(experiment.configuration.description) if experiment.configuration.description else None,
            strip if whole else None,
            body,
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


def sentence(experiment: Experiment, states: Mapping[Cell, Status], others: Sequence[JobRow] = ()) -> str:
    """The state of an experiment in plain words.

    Parameters
    ----------
    others
        Jobs that run for it and are not stages, such as the rendering of a demo.
    """
    names = experiment.recording_names
    besides = "".join(f" {row.title}: running{_percent(row)}." for row in others)
    if not names:
        return f"No recording yet.{besides}"
    count = Counter(status.state for status in states.values())
    of_recording = {name: {status.state for (_, at), status in states.items() if at == name} for name in names}
    complete = sum(found <= {"done", "unneeded"} for found in of_recording.values())
    parts = [f"{complete} of {len(names)} recordings complete" if len(names) > 1 else _one(complete)]
    for state, words in (("running", "running"), ("queued", "queued"), ("failed", "failed"), ("stale", "out of date")):
        if count[state]:
            parts.append(f"{count[state]} {'stage' if count[state] == 1 else 'stages'} {words}")
    return ", ".join(parts) + f".{besides}"


def _percent(row: JobRow) -> str:
    return "" if row.fraction is None else f" ({row.fraction:.0%})".replace("%", " %")


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
    if active:
        return "Everything is queued or running"
    return "Everything is up to date" if any(recording for _, recording in states) else "Nothing to run yet"


def listed(experiment: Experiment, states: Mapping[Cell, Status], text: str, chosen: str) -> list[str]:
    """Names of the recordings whose name contains the text and that pass a filter (see :data:`FILTERS`)."""
    wanted = FILTERS[chosen][1]
    passing = {at for (_, at), status in states.items() if status.state in wanted}
    return [
        name
        for name in experiment.recording_names
        if text.lower() in name.lower() and (chosen == "all" or name in passing)
    ]


def _matrix(services: Services, experiment: Experiment) -> Component:
    stages = [job for job in services.stages.values() if job.scope == "recording"]
    height = 56 + ROW_HEIGHT * max(2, len(experiment.recording_names))
    return grid(
        _GRID,
        columns(stages),
        height=f"min({height}px, calc(100vh - 250px))",
        rowModelType="infinite",
        getRowId="params.data.id",
        dashGridOptions={
            "rowSelection": {"mode": "multiRow", "enableClickSelection": False, "headerCheckbox": False},
            "rowHeight": ROW_HEIGHT,
            "cacheBlockSize": 30,
            "maxBlocksInCache": 6,
            "rowBuffer": 4,
            "tooltipShowDelay": 400,
            "rowClassRules": {"here": "params.data && params.data.chosen"},
        },
    )


def _tools() -> Component:
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
            dmc.Checkbox(id="overview-all", label="Choose all that are listed", size="xs", checked=False),
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


def register(app: Dash, services: Services) -> None:
    """Add the callbacks."""
    experiment_forms.register(app, services)

    filters = (State("overview-filter", "value"), State("overview-search", "value"))

    @app.callback(
        Output(_GRID, "getRowsResponse"),
        Output("overview-count", "children"),
        Input(_GRID, "getRowsRequest"),
        *filters,
        VIEW,
    )
    def rows(request: dict[str, Any] | None, chosen: str, text: str | None, shown: Any) -> tuple[Any, Any]:
        view = services.view(shown)
        if request is None or view.experiment is None:
            return no_update, no_update
        states = services.states(view.experiment)
        names = listed(view.experiment, states, text or "", chosen)
        names = ordered(names, states, request.get("sortModel") or [])
        stages = [job for job in services.stages.values() if job.scope == "recording"]
        data = [
            row(view, stages, view.experiment.recording(name), states, services.media.peek(view.experiment, name))
            for name in names[request["startRow"] : request["endRow"]]
        ]
        count = f"{len(names)} of {len(view.experiment.recording_names)}"
        return {"rowData": data, "rowCount": len(names)}, count

    refresh_on(app, _GRID, REVISION)
    restart_on(app, _GRID, Input("overview-filter", "value"), Input("overview-search", "value"))

    @app.callback(
        Output("overview-sentence", "children"),
        Output("overview-run", "children"),
        Output("overview-run", "disabled"),
        Output({"type": "overview-cell", "job": ALL}, "children"),
        Output({"type": "overview-cell", "job": ALL}, "className"),
        Output({"type": "overview-cell", "job": ALL}, "title"),
        REVISION,
        State({"type": "overview-cell", "job": ALL}, "id"),
        VIEW,
        prevent_initial_call=True,
    )
    def refresh(_revision: Any, cells: list[Any], shown: Any) -> tuple[Any, ...]:
        view = services.view(shown)
        if view.experiment is None:
            return (no_update,) * 3 + ([no_update] * len(cells),) * 3
        states = services.states(view.experiment)
        found = [states.get((id_["job"], None), Status()) for id_ in cells]
        return (
            sentence(view.experiment, states, services.others(view.experiment)),
            run_label(states),
            todo(states) == 0,
            [cell_content(status) for status in found],
            [cell_class(status) for status in found],
            ["\n".join(status.reasons) for status in found],
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
        State("shell-picked", "data"),
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
        Output("shell-picked", "data"),
        Output("overview-picked-bar", "hidden"),
        Output("overview-picked-count", "children"),
        Input(_GRID, "selectedRows"),
        Input("overview-all", "checked"),
        Input("overview-count", "children"),
        *filters,
        VIEW,
        prevent_initial_call=True,
    )
    def pick(
        selected: list[dict[str, Any]] | None, every: bool, _count: Any, chosen: str, text: str | None, shown: Any
    ) -> tuple[Any, ...]:
        view = services.view(shown)
        names = [row["id"] for row in selected or []]
        if every and view.experiment is not None:
            names = listed(view.experiment, services.states(view.experiment), text or "", chosen)
        return names, not names, f"{len(names)} chosen"

    @app.callback(
        Output("overview-drawer", "opened"),
        Output("overview-drawer", "title"),
        Output("overview-drawer-body", "children"),
        Input({"type": "overview-cell", "job": ALL}, "n_clicks"),
        Input(_GRID, "cellClicked"),
        VIEW,
        prevent_initial_call=True,
    )
    def open_details(_cells: list[Any], clicked: dict[str, Any] | None, shown: Any) -> tuple[Any, Any, Any]:
        view = services.view(shown)
        pressed = pressed_id()
        if view.experiment is None:
            return no_update, no_update, no_update
        if pressed is not None:
            return True, *details(services, view, pressed["job"], None)
        if ctx.triggered_id != _GRID or not clicked or clicked.get("rowId") not in view.experiment.recording_names:
            return no_update, no_update, no_update
        return True, *details(services, view, clicked["colId"], clicked["rowId"])


def details(services: Services, view: View, column: str, recording: str | None) -> tuple[str, Component]:
    """Title and content of the drawer for a cell: a stage at one place, or the recording itself."""
    experiment = view.experiment
    assert experiment is not None
    if column not in services.stages:
        entry = experiment.recording(recording or "")
        return entry.name, recording_details(view, entry, services.media.described(experiment, entry.name))
    job = services.jobs[column]
    status = services.states(experiment, [recording] if recording else []).get((column, recording), Status())
    result = read_provenance(experiment, column, recording)
    title = f"{job.title} · {recording or experiment.name}"
    return title, result_details(view, job, recording, status, result, services.last_job(experiment, column, recording))


def _queued(ids: list[int]) -> dict[str, Any]:
    if not ids:
        return toast("Nothing is missing or stale.", "done")
    return toast(f"{len(ids)} {'job is' if len(ids) == 1 else 'jobs are'} queued.", "queued")


PAGE = Page("overview", "Overview", "overview", layout, register, order=0, needs="nothing")
