"""Buttons that start, stop and explain jobs. Their callbacks are the shell's, so that they work on every page."""

from typing import TYPE_CHECKING

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard.components.blocks import empty_state, error_state, icon_button
from dashboard.components.icons import icon
from dashboard.components.states import duration
from dashboard.page import View

if TYPE_CHECKING:
    from dashboard.services import Services


def run_button(
    job: str, view: View, label: str, *, ask: bool = True, primary: bool = True, whole: bool = False
) -> Component:
    """Starts a job of the chosen recording (or of the experiment, for a job of that scope).

    Parameters
    ----------
    ask
        Open the form with the parameters first; else queue it at once with the experiment's parameters.
    whole
        For the experiment rather than the recording.
    """
    id_ = {
        "type": "shell-run" if ask else "shell-queue",
        "job": job,
        "recording": "" if whole else view.recording or "",
    }
    return dmc.Button(label, id=id_, leftSection=icon("run", 16), variant="filled" if primary else "default")


def log_button(job_id: int, small: bool = False) -> Component:
    """Opens the log of a job."""
    return _button("shell-log", job_id, "log", "Log", small)


def cancel_button(job_id: int, small: bool = False) -> Component:
    """Cancels a job; what it has done stays."""
    return _button("shell-cancel", job_id, "cancel", "Cancel", small)


def retry_button(job_id: int, small: bool = False) -> Component:
    """Queues a failed or cancelled job again; it goes on where it stopped."""
    return _button("shell-retry", job_id, "retry", "Retry", small)


def _button(kind: str, job_id: int, icon_name: str, label: str, small: bool) -> Component:
    id_ = {"type": kind, "job": job_id}
    if small:
        return icon_button(icon_name, label, id_)
    return dmc.Button(label, id=id_, leftSection=icon(icon_name, 16), variant="default")


def missing_result(services: "Services", view: View, stage: str, shows: str) -> Component:
    """What a page shows where the result of a stage is not there.

    Parameters
    ----------
    stage
        Name of the job that makes it.
    shows
        What will be seen here, one sentence.
    """
    status = services.state(view, stage)
    job = services.jobs[stage]
    if status.state == "running" and status.job_id is not None:
        left = f"about {duration(status.eta_s)} left" if status.eta_s is not None else ""
        return html.Div(
            [
                html.P(f"{job.title}: {status.word}. {left}"),
                dmc.Progress(value=100 * (status.fraction or 0), animated=True, size="lg", w=360),
                html.Div([log_button(status.job_id), cancel_button(status.job_id)], className="page-actions"),
                html.P(shows, className="dim"),
            ],
            className="empty-state",
        )
    if status.state == "failed" and status.job_id is not None:
        return error_state(
            f"{job.title} failed.",
            status.reasons,
            "What had been done is still there; a new attempt goes on from it.",
            [log_button(status.job_id), retry_button(status.job_id)],
        )
    if status.state == "queued" and status.job_id is not None:
        return empty_state(shows, f"{job.title} is queued.", cancel_button(status.job_id))
    missing = [services.jobs[name].title for name in job.requires if services.state(view, name).state == "missing"]
    needs = f"It needs: {', '.join([*missing, job.title])}."
    return empty_state(shows, needs, run_button(stage, view, job.title) if not missing else None)
