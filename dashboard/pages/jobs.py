"""The page Jobs: everything that was ever asked for; stop it, repeat it, put it first, read its log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from dashboard.components.blocks import empty_state, page_header, panel, secondary, toast
from dashboard.components.grid import grid, refresh_on, restart_on
from dashboard.components.icons import icon
from dashboard.components.states import duration
from dashboard.page import Page, View
from dashboard.services import Services
from dashboard.shell.jobs import log_body
from dashboard.shell.wires import REVISION, TOASTS, VIEW
from pipeline.jobs.ledger import JobRow
from pipeline.jobs.ledger import State as LedgerState

STATES: dict[str, tuple[LedgerState, ...] | None] = {
    "all": None,
    "active": ("queued", "running"),
    "failed": ("failed",),
    "finished": ("done", "cancelled"),
}
"""Filter → states of the ledger."""
_LABELS = {"all": "All", "active": "Active", "failed": "Failed", "finished": "Finished"}
_GRID = "jobs-grid"
_COLUMNS = [
    {"field": "id", "headerName": "Job", "width": 58, "type": "rightAligned"},
    {"field": "state", "headerName": "State", "cellRenderer": "SkeinState", "width": 108},
    {"field": "title", "headerName": "What", "minWidth": 175, "flex": 1},
    {"field": "recording", "headerName": "Recording", "minWidth": 105, "flex": 1},
    {
        "field": "message",
        "headerName": "Message",
        "minWidth": 150,
        "flex": 2,
        "sortable": False,
        "tooltipField": "message",
    },
    {"field": "fraction", "headerName": "Progress", "cellRenderer": "SkeinProgress", "width": 110},
    {"field": "created", "headerName": "Asked for", "width": 128},
    {"field": "took", "headerName": "Took", "width": 90},
    {"field": "priority", "headerName": "Priority", "width": 88, "type": "rightAligned"},
    {"field": "experiment", "headerName": "Experiment", "minWidth": 115, "flex": 1},
]


@dataclass(frozen=True)
class Listing:
    """Which jobs are listed.

    Parameters
    ----------
    state
        A key of :data:`STATES`.
    key
        Of the experiment, or None for all.
    text
        Part of the recording's name, the job's title or its number.
    """

    state: str = "all"
    key: str | None = None
    text: str = ""


def layout(services: Services, view: View) -> Component:
    """The page."""
    header = page_header("Jobs", html.Span(sentence(services), id="jobs-sentence"))
    if services.ledger.count() == 0:
        shows = "Lists every job: what it does, how far it is, when it will be done, its log."
        return html.Div([header, empty_state(shows, "Nothing has been started yet: the overview has the buttons.")])
    experiments = [{"value": opened.key, "label": opened.title} for opened in services.library.all()]
    tools = html.Div(
        [
            dmc.TextInput(
                id="jobs-search", placeholder="Find a job", leftSection=icon("search", 16), debounce=250, w=220,
                value=view.query.get("find", ""), **_labelled("Find a job"),
            ),
            dmc.SegmentedControl(
                id="jobs-state", value=view.query.get("state", "all") if view.query.get("state") in STATES else "all",
                data=[{"value": key, "label": label} for key, label in _LABELS.items()],
            ),
            dmc.Select(
                id="jobs-experiment", data=experiments, clearable=True, searchable=True, placeholder="All experiments",
                w=220, **_labelled("Experiment"),
            ),
            html.Span(id="jobs-count", className="dim"),
        ],
        className="table-tools",
    )  # fmt: skip
    actions = html.Div(
        [
            html.Strong("None chosen", id="jobs-chosen-count"),
            secondary("Cancel", "jobs-cancel", "cancel", disabled=True),
            secondary("Retry", "jobs-retry", "retry", disabled=True),
            secondary("Sooner", "jobs-sooner", "up", disabled=True),
            secondary("Later", "jobs-later", "down", disabled=True),
            dmc.Checkbox(id="jobs-all", label="Choose all that are listed", size="xs", checked=False),
        ],
        className="chosen-bar",
    )
    rows = grid(
        _GRID,
        _COLUMNS,
        height="calc(100vh - 330px)",
        rowModelType="infinite",
        getRowId="params.data.id",
        dashGridOptions={
            "rowSelection": {"mode": "multiRow", "enableClickSelection": False, "headerCheckbox": False},
            "cacheBlockSize": 100,
            "maxBlocksInCache": 10,
            "rowBuffer": 20,
            "tooltipShowDelay": 400,
        },
    )
    hint = html.P("A click on a row opens its log.", className="dim")
    return html.Div([header, panel([tools, actions, rows, hint])])


def sentence(services: Services) -> str:
    """How many jobs there are, in words."""
    counted: tuple[LedgerState, ...] = ("running", "queued", "failed")
    parts = [f"{services.ledger.count(states=(state,)):,} {state}" for state in counted]
    return ", ".join(parts) + ". Jobs go on when this page, or the dashboard, is closed."


def listed(services: Services, listing: Listing) -> list[JobRow]:
    """The jobs of a listing, newest first."""
    folder = services.opened(listing.key).folder if listing.key else None
    rows = services.every_job(folder, STATES[listing.state])
    text = listing.text.lower().strip()
    if not text:
        return rows
    return [row for row in rows if text in f"{row.id} {row.title} {row.recording or ''}".lower()]


def ordered(rows: list[JobRow], model: Sequence[dict[str, str]]) -> list[JobRow]:
    """Sorted by AG Grid's sort model; what is not known comes last."""
    for step in reversed(model):
        name, down = step["colId"], step["sort"] == "desc"
        known = [row for row in rows if _sortable(row, name) is not None]
        unknown = [row for row in rows if _sortable(row, name) is None]
        rows = sorted(known, key=lambda row: _sortable(row, name), reverse=down) + unknown
    return rows


def _sortable(row: JobRow, name: str) -> Any:
    if name == "took":
        return _seconds(row)
    value = getattr(row, name, None)
    return value.lower() if isinstance(value, str) else value


def _seconds(row: JobRow) -> float | None:
    if row.started is None or row.finished is None:
        return None
    return (row.finished - row.started).total_seconds()


def as_cells(row: JobRow, titles: dict[str, str]) -> dict[str, Any]:
    """A job as a row of the table.

    Parameters
    ----------
    titles
        Folder of an open experiment → its name.
    """
    waits = f"after {', '.join(map(str, row.after))}" if row.state == "queued" and row.after else ""
    doing = row.message if row.active else ""  # what a finished job did last tells nothing
    message = "being cancelled" if row.cancelling and row.state == "running" else (row.error or doing or waits)
    took = duration(_seconds(row)) if row.finished and row.started else ""
    if row.state == "running" and row.eta_s is not None:
        took = f"{duration(row.eta_s)} left"
    return {
        "id": str(row.id),
        "state": row.state,
        "title": row.title,
        "recording": row.recording or "whole experiment",
        "experiment": titles.get(row.experiment, row.experiment.replace("\\", "/").rsplit("/", 1)[-1]),
        "fraction": row.fraction if row.state == "running" else None,
        "priority": row.priority,
        "created": f"{row.created.astimezone():%d %b %H:%M}",
        "took": took,
        "message": message,
    }


def register(app: Dash, services: Services) -> None:
    """Add the callbacks."""
    listing_states = (State("jobs-state", "value"), State("jobs-experiment", "value"), State("jobs-search", "value"))

    @app.callback(
        Output(_GRID, "getRowsResponse"),
        Output("jobs-count", "children"),
        Input(_GRID, "getRowsRequest"),
        *listing_states,
    )
    def rows(request: dict[str, Any] | None, state: str, key: str | None, text: str | None) -> tuple[Any, Any]:
        if request is None:
            return no_update, no_update
        found = ordered(listed(services, Listing(state, key, text or "")), request.get("sortModel") or [])
        titles = {str(opened.folder): opened.title for opened in services.library.all()}
        shown = [as_cells(row, titles) for row in found[request["startRow"] : request["endRow"]]]
        return {"rowData": shown, "rowCount": len(found)}, f"{len(found):,} jobs"

    refresh_on(app, _GRID, REVISION)
    restart_on(app, _GRID, *(Input(state.component_id, "value") for state in listing_states))

    @app.callback(Output("jobs-sentence", "children"), REVISION, prevent_initial_call=True)
    def refresh(_revision: Any) -> str:
        return sentence(services)

    buttons = ("jobs-cancel", "jobs-retry", "jobs-sooner", "jobs-later")

    @app.callback(
        Output("jobs-chosen-count", "children"),
        *(Output(name, "disabled") for name in buttons),
        Input(_GRID, "selectedRows"),
        Input("jobs-all", "checked"),
        Input("jobs-count", "children"),
    )
    def choose(selected: list[dict[str, Any]] | None, every: bool, count: str | None) -> tuple[Any, ...]:
        number = len(selected or [])
        words = f"All {count or ''}" if every else f"{number} chosen" if number else "None chosen"
        return words, *[not (every or number)] * len(buttons)

    @app.callback(
        output=TOASTS,
        inputs={"clicks": [Input(name, "n_clicks") for name in buttons]},
        state={
            "selected": State(_GRID, "selectedRows"),
            "every": State("jobs-all", "checked"),
            "listing": listing_states,
        },
        prevent_initial_call=True,
    )
    def act(clicks: Any, selected: list[dict[str, Any]] | None, every: bool, listing: Any) -> Any:
        state, key, text = listing
        if not ctx.triggered[0]["value"]:
            return no_update
        if every:
            ids = [row.id for row in listed(services, Listing(state, key, text or ""))]
        else:
            ids = [int(row["id"]) for row in selected or []]
        action = str(ctx.triggered_id).removeprefix("jobs-")
        return [toast(services.act_on_jobs(action, ids), "queued" if action != "cancel" else "cancelled")]

    @app.callback(
        Output("shell-log-drawer", "opened", allow_duplicate=True),
        Output("shell-log-drawer", "title", allow_duplicate=True),
        Output("shell-log-body", "children", allow_duplicate=True),
        Input(_GRID, "cellClicked"),
        VIEW,
        prevent_initial_call=True,
    )
    def open_log(clicked: dict[str, Any] | None, _shown: Any) -> tuple[Any, Any, Any]:
        if not clicked or not str(clicked.get("rowId", "")).isdecimal():
            return no_update, no_update, no_update
        row = services.ledger.row(int(clicked["rowId"]))
        title = f"{row.title} · {row.recording or 'whole experiment'} · job {row.id}"
        return True, title, log_body(services, row)


def _labelled(label: str) -> dict[str, Any]:
    return {"aria-label": label}


PAGE = Page("jobs", "Jobs", "jobs", layout, register, order=1000, needs="nothing")
