"""Starting a job from any page: its form in a drawer, or at once."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, dcc, html, no_update

from dashboard.components.blocks import primary, toast
from dashboard.components.forms import FIELD, changed, field_problems, form_values, parameter_form, to_correct
from dashboard.services import Services
from dashboard.shell.jobs import pressed_id
from dashboard.shell.wires import TOASTS, VIEW
from pipeline import registry

PICKED = "*"
"""In the place of a recording: those chosen on the page, in the store ``shell-picked``."""
_FORM = "run"
_VALUES = {"type": FIELD, "form": _FORM, "name": ALL}


def register(app: Dash, services: Services) -> None:
    """Add the callbacks of ``run_button`` and its form."""

    @app.callback(
        Output("shell-run-drawer", "opened"),
        Output("shell-run-drawer", "title"),
        Output("shell-run-body", "children"),
        Input({"type": "shell-run", "job": ALL, "recording": ALL}, "n_clicks"),
        VIEW,
        prevent_initial_call=True,
    )
    def open_form(_clicks: list[int | None], shown: dict[str, Any] | None) -> tuple[Any, Any, Any]:
        pressed = pressed_id()
        view = services.view(shown)
        if pressed is None or view.experiment is None:
            return no_update, no_update, no_update
        job = registry.job(pressed["job"])
        where = "the chosen recordings" if pressed["recording"] == PICKED else pressed["recording"]
        configured = view.experiment.configuration.parameters.get(job.name, {})
        body = html.Div(
            [
                html.P(job.help),
                html.P(f"For: {where if job.scope == 'recording' else view.experiment.name}", className="dim"),
                parameter_form(job.parameters, configured, _FORM),
                html.P(id="shell-run-problem", className="field-problem"),
                html.Div(primary(f"Queue {job.title.lower()}", "shell-run-submit", "run"), className="page-actions"),
                dcc.Store(id="shell-run-what", data=pressed),
            ]
        )
        return True, job.title, body

    @app.callback(
        Output("shell-run-drawer", "opened", allow_duplicate=True),
        Output({"type": FIELD, "form": _FORM, "name": ALL}, "error"),
        Output("shell-run-problem", "children"),
        TOASTS,
        Input("shell-run-submit", "n_clicks"),
        State(_VALUES, "value"),
        State(_VALUES, "checked"),
        State(_VALUES, "id"),
        State("shell-run-what", "data"),
        State("shell-picked", "data"),
        VIEW,
        prevent_initial_call=True,
    )
    def submit(
        clicks: int | None,
        texts: list[Any],
        checks: list[Any],
        ids: list[Any],
        what: dict[str, str],
        picked: list[str] | None,
        shown: dict[str, Any],
    ) -> tuple[Any, ...]:
        if not clicks:
            return no_update, [no_update] * len(ids), no_update, no_update
        job = registry.job(what["job"])
        experiment = services.experiment(services.view(shown).key)
        entered = [check if text is None else text for text, check in zip(texts, checks, strict=True)]
        values = form_values(job.parameters, ids, entered)
        problems = field_problems(job.parameters, values)
        if problems:
            return (
                True,
                [problems.get(id_["name"]) for id_ in ids],
                to_correct(problems),
                no_update,
            )
        base = experiment.configuration.parameters.get(job.name, {})
        places = picked or [] if what["recording"] == PICKED else [what["recording"] or None]
        queued = services.submit(experiment, job.name, places, changed(job.parameters, values, base))
        words = f"job {queued[0]} is queued" if len(queued) == 1 else f"{len(queued)} jobs are queued"
        return False, [None] * len(ids), "", [toast(f"{job.title}: {words}.", "queued")]

    @app.callback(
        TOASTS,
        Input({"type": "shell-queue", "job": ALL, "recording": ALL}, "n_clicks"),
        VIEW,
        prevent_initial_call=True,
    )
    def queue(_clicks: list[int | None], shown: dict[str, Any] | None) -> Any:
        pressed = pressed_id()
        if pressed is None:
            return no_update
        experiment = services.experiment(services.view(shown).key)
        queued = services.submit(experiment, pressed["job"], [pressed["recording"] or None], {})
        return [toast(f"{registry.job(pressed['job']).title}: job {queued[0]} is queued.", "queued")]
