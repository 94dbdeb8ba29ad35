"""Live jobs: the indicator, the drawer with the list, the log; cancel and retry from any page."""

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.components.actions import cancel_button, log_button, retry_button
from dashboard.components.blocks import toast
from dashboard.components.states import Status, duration, state_badge
from dashboard.services import Services
from dashboard.shell.wires import REVISION, TOASTS
from pipeline.jobs.ledger import JobRow

_SHOWN = 50


def register(app: Dash, services: Services) -> None:
    """Add the callbacks of the live state."""

    @app.callback(
        Output("shell-revision", "data"),
        Output("shell-files", "data"),
        Input("shell-tick", "n_intervals"),
        State("shell-revision", "data"),
        State("shell-view", "data"),
    )
    def tick(_n: int, revision: Any, shown: dict[str, Any] | None) -> tuple[Any, Any]:
        services.tend()
        now = services.revision()
        files = services.files_stamp(services.view(shown).key) if shown else None
        edited = shown is not None and files != shown.get("files")
        return (no_update if now == revision else now), (files if edited else no_update)

    @app.callback(
        Output("shell-jobs", "children"),
        Output("shell-jobs-list", "children"),
        REVISION,
        Input("shell-jobs-drawer", "opened"),
    )
    def refresh(_revision: Any, opened: bool) -> tuple[Any, Any]:
        shown = indicator(services.running(), services.ledger.count(states=("queued",)))
        if not opened:
            return shown, no_update
        active = services.active()
        return shown, jobs_list([*active[:_SHOWN], *services.finished(10)], len(active))

    @app.callback(Output("shell-jobs-drawer", "opened"), Input("shell-jobs", "n_clicks"), prevent_initial_call=True)
    def open_drawer(_clicks: int) -> bool:
        return True

    @app.callback(
        TOASTS,
        Input({"type": "shell-cancel", "job": ALL}, "n_clicks"),
        Input({"type": "shell-retry", "job": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def act(_cancel: list[int | None], _retry: list[int | None]) -> Any:
        pressed = pressed_id()
        if pressed is None:
            return no_update
        row = services.ledger.row(pressed["job"])
        if pressed["type"] == "shell-cancel":
            services.ledger.cancel(row.id)
            return [toast(f"{row.title} is being cancelled. What it has done stays.", "cancelled")]
        services.retry(row.id)
        return [toast(f"{row.title} is queued again; it goes on where it stopped.", "queued")]

    @app.callback(
        Output("shell-log-drawer", "opened"),
        Output("shell-log-drawer", "title"),
        Output("shell-log-body", "children"),
        Input({"type": "shell-log", "job": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def open_log(_clicks: list[int | None]) -> tuple[Any, Any, Any]:
        pressed = pressed_id()
        if pressed is None:
            return no_update, no_update, no_update
        row = services.ledger.row(pressed["job"])
        return True, f"{row.title} · {row.recording or 'whole experiment'} · job {row.id}", log_body(services, row)

    @app.callback(
        Output("shell-log-text", "children"),
        Output("shell-log-offset", "data"),
        REVISION,
        Input("shell-tick", "n_intervals"),
        State("shell-log-drawer", "opened"),
        State("shell-log-offset", "data"),
        State("shell-log-text", "children"),
        prevent_initial_call=True,
    )
    def follow_log(_r: Any, _n: int, opened: bool, at: dict[str, int] | None, text: str) -> tuple[Any, Any]:
        if not opened or not at:
            return no_update, no_update
        more, offset = services.log(at["job"], at["offset"])
        if not more:
            return no_update, no_update
        return ((text or "") + more)[-400_000:], {"job": at["job"], "offset": offset}


def pressed_id() -> dict[str, Any] | None:
    """The pattern id of the button that was really pressed; None where buttons merely appeared."""
    if not ctx.triggered or not ctx.triggered[0]["value"] or not isinstance(ctx.triggered_id, dict):
        return None
    return dict(ctx.triggered_id)


def indicator(running: list[JobRow], queued: int) -> Component:
    """How many jobs there are, with a ring of the progress of the running ones."""
    if not running and not queued:
        return html.Span([html.Span(className="ring idle"), html.Span("No jobs")], className="jobs-count")
    fraction = sum(row.fraction or 0.0 for row in running) / len(running) if running else 0.0
    words = f"{len(running)} running" + (f", {queued} queued" if queued else "")
    ring = dmc.RingProgress(sections=[{"value": 100 * fraction, "color": "blue"}], size=26, thickness=4)
    return html.Span([ring, html.Span(words)], className="jobs-count")


def jobs_list(rows: list[JobRow], active: int) -> Component:
    """The drawer's list: running, queued, then lately finished."""
    if not rows:
        return html.P("Nothing is running and nothing has run yet.", className="dim")
    more = [html.P(f"and {active - _SHOWN} more queued", className="dim")] if active > _SHOWN else []
    return html.Div([*(job_card(row) for row in rows), *more], className="job-cards")


def row_status(row: JobRow) -> Status:
    """A job's own state as a badge shows it."""
    return Status(row.state, (row.error,) if row.error else (), row.fraction, row.eta_s, row.id)


def job_card(row: JobRow) -> Component:
    """One job: what, of what, how far, and what can be done with it."""
    status = row_status(row)
    active = row.state in {"queued", "running"}
    left = f"about {duration(row.eta_s)} left" if row.state == "running" and row.eta_s is not None else ""
    sentence = row.error if row.state == "failed" else row.message
    return html.Article(
        [
            html.Div([html.Strong(row.title), state_badge(Status(status.state, (), status.fraction))]),
            html.Div(f"{row.recording or 'whole experiment'}  ·  job {row.id}", className="dim"),
            dmc.Progress(value=100 * (status.fraction or 0), size="sm", animated=True)
            if row.state == "running"
            else None,
            html.Div(" · ".join(filter(None, (sentence, left))), className="dim"),
            html.Div(
                [
                    log_button(row.id, small=True),
                    cancel_button(row.id, small=True) if active else None,
                    retry_button(row.id, small=True) if row.state in {"failed", "cancelled"} else None,
                ]
            ),
        ],
        className="job-card",
        key=str(row.id),
    )


def log_body(services: Services, row: JobRow) -> Component:
    """The log drawer's content: what happened, what can be done, the text, followed as it grows."""
    text, offset = services.log(row.id)
    what = []
    if row.state == "failed":
        what = [
            html.P(row.error, className="error-what"),
            html.P("What had been done is still there; a new attempt goes on from it."),
        ]
    buttons = [retry_button(row.id)] if row.state in {"failed", "cancelled"} else []
    if row.state in {"queued", "running"}:
        buttons = [cancel_button(row.id)]
    return html.Div(
        [
            html.Div(state_badge(row_status(row))),
            *what,
            html.Div(buttons, className="page-actions"),
            html.Pre(text or "", id="shell-log-text", className="log", tabIndex=0),
            dcc.Store(id="shell-log-offset", data={"job": row.id, "offset": offset}),
        ]
    )
