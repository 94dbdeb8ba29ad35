"""The page Calibration: whether the cameras can be trusted, and what would make it better."""

from typing import TYPE_CHECKING, Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import Dash, Input, Output, html, no_update
from dash.development.base_component import Component

from dashboard.api import (
    QUERY,
    VIEW,
    Page,
    Status,
    View,
    cancel_button,
    duration,
    error_state,
    follow,
    followed,
    graph,
    log_button,
    missing_result,
    page_header,
    panel,
    run_button,
    state_badge,
    state_words,
    styled,
    warning_list,
)
from dashboard.figures import calibration as figures
from dashboard.pages import calibration_markers, calibration_panels
from pipeline.api import CameraGroup, Experiment, SkeinError, read_calibration, read_provenance
from pipeline.calibration.report import CameraReport, Report, read_report
from pipeline.calibration.verdict import GOOD
from pipeline.formats.survey import surveyed_points

if TYPE_CHECKING:
    from dashboard.services import Services

_SHOWS = "Shows how well lenses and positions of the cameras are known, and what to film again."
_OVERLAP = "Lines: views of the board that two cameras share and agree on."


def layout(services: "Services", view: View) -> Component:
    """The page, in a frame that follows the state of the job."""
    return html.Div(
        [
            *followed(services, view, "calibration", token, content),
            calibration_markers.section(services, view),
        ]
    )


def found(experiment: Experiment) -> Report | None:
    """The report of the latest attempt, or None where there is none that can be read."""
    try:
        return read_report(experiment.root / "calibration" / "report.json")
    except SkeinError:
        return None


def cameras_in_use(experiment: Experiment) -> CameraGroup | None:
    """The cameras of `calibration.toml`, or None where there are none."""
    return read_calibration(experiment.calibration_path) if experiment.calibration_path.is_file() else None


def content(services: "Services", view: View) -> list[Component | None]:
    """Everything that depends on the result."""
    assert view.experiment is not None
    report, cameras = found(view.experiment), cameras_in_use(view.experiment)
    status = services.state(view, "calibrate")
    if report is None and cameras is None:
        return [page_header("Calibration"), missing_result(services, view, "calibrate", _SHOWS)]
    usual = "Update" if status.state == "stale" else "Calibrate again"
    refused = report is not None and report.verdict == "refused"
    header = page_header(
        "Calibration",
        html.Span([_badge(status, refused), " · ", _sentence(report)]),
        run_button("calibrate", view, usual, primary=status.state == "stale" or refused, whole=True),
    )
    top = [header, _running(status), warning_list(_warnings(status, report)), _refusal(report, cameras)]
    picture = html.Div(
        [
            panel(
                graph("calibration-rig", _rig(view, cameras), "rig", style={"height": "430px"})
                if cameras
                else html.P("No camera has a position yet.", className="dim"),
                "Rig",
            ),
            panel(
                graph("calibration-overlap", _overlap(view, report), "overlap", style={"height": "430px"})
                if report and report.pairs
                else html.P("No two cameras saw the board at the same moment.", className="dim"),
                "Overlap",
                [html.Span(_OVERLAP, className="dim")],
            ),
        ],
        className="two-columns",
    )
    if report is None:
        return [*top, picture]
    advice = calibration_panels.advice_list(report)
    return [
        *top,
        panel(advice, "What would make it better") if advice and not refused else None,
        panel(calibration_panels.measures(report)),
        picture,
        panel(html.Div(calibration_panels.camera_table(report), className="calibration-table"), "Cameras"),
        _camera_panel(view, report),
        html.Div([html.P(note, className="dim") for note in report.notes]),
    ]


def _badge(status: Status, refused: bool) -> Component:
    waiting = status.state in ("running", "queued", "failed")
    return state_words("failed", "refused") if refused and not waiting else state_badge(status)


def _sentence(report: Report | None) -> str:
    if report is None:
        return "calibration.toml is there, but no report: nothing says how good it is. Calibrate here to know."
    return calibration_panels.sentence(report)


def _running(status: Status) -> Component | None:
    if status.state not in ("running", "queued") or status.job_id is None:
        return None
    left = f", about {duration(status.eta_s)} left" if status.eta_s is not None else ""
    words = status.reasons[0] if status.reasons else ""
    return panel(
        html.Div(
            [
                html.Span(f"A new calibration is {status.word}{left}. {words}"),
                dmc.Progress(value=100 * (status.fraction or 0), animated=True, w=240),
                cancel_button(status.job_id),
                log_button(status.job_id),
            ],
            className="page-actions",
        )
    )


def _warnings(status: Status, report: Report | None) -> list[str]:
    if status.state == "failed" and report is not None and report.verdict == "refused":
        return []  # the refusal says it better
    words = {"stale": "Out of date", "failed": "The last attempt failed"}
    return [f"{words[status.state]}: {reason}" for reason in status.reasons if status.state in words]


def _refusal(report: Report | None, cameras: CameraGroup | None) -> Component | None:
    if report is None or report.verdict != "refused":
        return None
    kept = "The calibration from before stays in use." if cameras else "Nothing was saved: no camera is calibrated."
    return error_state("The last calibration was refused.", report.advice or [report.headline], kept)


def _rig(view: View, cameras: CameraGroup | None) -> go.Figure:
    assert view.experiment is not None
    assert cameras is not None
    try:
        points = surveyed_points(view.experiment).points
    except SkeinError:
        points = {}
    colours = figures.camera_colours(view.experiment.camera_names)
    known = {camera.name: colours.get(camera.name, figures.PALETTE[0]) for camera in cameras}
    return styled(figures.rig(cameras, view.experiment.configuration.arena, points, known), view.theme)


def _overlap(view: View, report: Report) -> go.Figure:
    names = [camera.name for camera in report.cameras]
    return styled(figures.overlap(names, report.pairs, GOOD.shared), view.theme)


def _camera_panel(view: View, report: Report) -> Component | None:
    names = [camera.name for camera in report.cameras]
    if not names:
        return None
    chosen = view.query.get("camera", "")
    chosen = chosen if chosen in names else names[0]
    return panel(
        [
            dmc.SegmentedControl(id="calibration-camera", data=names, value=chosen, size="xs"),
            html.Div(id="calibration-details", className="calibration-details"),
        ],
        "Camera by camera",
    )


def _named(report: Report, name: str) -> CameraReport:
    return next((camera for camera in report.cameras if camera.name == name), report.cameras[0])


def camera_details(view: View, camera: CameraReport) -> list[Component | None]:
    """Coverage, residuals, views of one camera."""
    if camera.problem is not None and not camera.views:
        return [error_state(f"{camera.name} could not be calibrated.", [camera.problem])]
    if not camera.views and not camera.dropped:
        return [html.P(f"{camera.name} has no views of the board.", className="dim")]
    assert view.experiment is not None
    provenance = read_provenance(view.experiment, "calibrate", None)
    limit = provenance.parameters.get("drop_mean_px") if provenance else None
    vectors, note = figures.residuals(camera)
    height = {"height": "360px"}
    return [
        html.Div(
            [
                html.Div(
                    [
                        html.H3("Coverage"),
                        graph(
                            "calibration-coverage", styled(figures.coverage(camera), view.theme),
                            f"{camera.name}-coverage", style=height,
                        ),
                        html.P(f"{100 * camera.coverage:.0f} % of the image is near the board.", className="dim"),
                    ]
                ),
                html.Div(
                    [
                        html.H3("Residuals"),
                        graph(
                            "calibration-residuals", styled(vectors, view.theme), f"{camera.name}-residuals",
                            style=height,
                        ),
                        html.P(note, className="dim"),
                    ]
                ),
            ],
            className="two-columns",
        ),
        html.H3("Views of the board"),
        graph(
            "calibration-views", styled(figures.view_errors(camera, limit), view.theme), f"{camera.name}-views",
            style={"height": "240px"},
        ),
        calibration_panels.view_pictures(view, camera),
        calibration_panels.dropped_table(camera),
    ]  # fmt: skip


def register(app: Dash, services: "Services") -> None:
    """Add the page's callbacks."""
    calibration_markers.register(app, services)

    follow(app, services, "calibration", "calibration", token, content)

    @app.callback(
        Output("calibration-details", "children"),
        Input("calibration-camera", "value"),
        VIEW,
    )
    def choose(name: str, shown: dict[str, Any]) -> Any:
        view = services.view(shown)
        report = found(view.experiment) if view.experiment else None
        return camera_details(view, _named(report, name)) if report else no_update

    @app.callback(QUERY, Input("calibration-camera", "value"), prevent_initial_call=True)
    def remember(name: str) -> dict[str, str]:
        return {"camera": name}


def token(services: "Services", view: View) -> str:
    """Changes when the page has to be drawn anew: the job's state, or what it left."""
    if view.experiment is None:
        return ""
    status = services.state(view, "calibrate")
    report = found(view.experiment)
    return f"{status.state} {status.fraction} {report.made if report else ''}"


PAGE = Page("calibration", "Calibration", "calibration", layout, register, "calibrate", 10, "experiment",
            (("Ctrl+Z", "Undo the last mark."),))  # fmt: skip
