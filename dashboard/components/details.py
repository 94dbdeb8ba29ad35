"""What the drawer tells about one result or one recording."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components.actions import cancel_button, log_button, retry_button, run_button
from dashboard.components.blocks import link_button, warning_list
from dashboard.components.forms import label_of
from dashboard.components.media import frame_url
from dashboard.components.states import Status, duration, state_badge
from dashboard.media import Described
from dashboard.page import View
from pipeline.api import Job, Provenance, Recording


def result_details(
    view: View,
    job: Job,
    recording: str | None,
    status: Status,
    result: Provenance | None,
    last_job: int | None = None,
) -> Component:
    """One stage at one place: state, reasons, what can be done, and where the result came from.

    Parameters
    ----------
    result
        Provenance of the result that is there, if any.
    last_job
        The job that was last asked for here, for its log.
    """
    active = status.state in {"queued", "running"} and status.job_id is not None
    at = View(view.experiment, recording, {}, key=view.key)
    buttons: list[Component] = []
    if status.job_id is not None:
        buttons += [cancel_button(status.job_id)] if active else [retry_button(status.job_id)]
    if last_job is not None:
        buttons.append(log_button(last_job))
    if not active:
        again = "Run again …" if result else "Run …"
        buttons.insert(0, run_button(job.name, at, again, primary=status.state != "failed", whole=recording is None))
    return html.Div(
        [
            html.P(job.help, className="dim"),
            html.P(state_badge(Status(status.state, (), status.fraction))),
            html.Ul([html.Li(reason) for reason in status.reasons]) if status.reasons else None,
            html.P("What had been done is still there; a new attempt goes on from it.")
            if status.state == "failed"
            else None,
            html.Div(buttons, className="page-actions"),
            provenance_table(result) if result else None,
        ],
        className="details",
    )


def provenance_table(result: Provenance) -> Component:
    """When and how a result was made."""
    rows = [
        ("Finished", f"{result.finished.replace('T', ' ').replace('+00:00', ' UTC')}"),
        ("Took", duration(result.duration_s)),
        ("Skein", result.skein),
    ]
    return html.Div(
        [
            html.H3("Where it came from"),
            _table(rows),
            html.H3("Notes") if result.notes else None,
            html.Ul([html.Li(note) for note in result.notes]) if result.notes else None,
            html.H3("Parameters"),
            _table([(label_of(name), _shown(value)) for name, value in result.parameters.items()]),
            html.Details(
                [
                    html.Summary("Versions and fingerprints of the inputs"),
                    _table(
                        [*result.versions.items(), *((name, str(value)[:16]) for name, value in result.inputs.items())]
                    ),
                ]
            ),
        ],
        className="provenance",
    )


def recording_details(view: View, entry: Recording, described: Described) -> Component:
    """A recording: a picture per camera, warnings, what is used and what is cut."""
    at = View(view.experiment, entry.name, {}, key=view.key)
    pictures = [
        html.Figure([html.Img(src=frame_url(at, camera, 0, 320), alt=""), html.Figcaption(camera)])
        for camera in entry.videos
    ]
    return html.Div(
        [
            html.Div(
                link_button("Show this recording", view.link(recording=entry.name), "open"), className="page-actions"
            ),
            warning_list(described.warnings),
            html.H3("What is used"),
            html.Ul([html.Li(note) for note in described.notes])
            if described.notes
            else html.P("Everything.", className="dim"),
            html.Div(pictures, className="pictures"),
            html.H3("As experiment.toml says"),
            _table([(label_of(key), _shown(value)) for key, value in _given(entry)]),
        ],
        className="details",
    )


def _given(entry: Recording) -> list[tuple[str, object]]:
    return list(entry.model_dump(mode="json", exclude_defaults=True).items())


def _table(rows: Sequence[tuple[str, str]]) -> Component:
    return html.Table([html.Tr([html.Th(name), html.Td(value)]) for name, value in rows], className="facts")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {part}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return (
        {True: "yes", False: "no", None: "not set"}.get(value, str(value))
        if value is None or isinstance(value, bool)
        else str(value)
    )
