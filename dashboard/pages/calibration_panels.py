"""Sentence, numbers, tables and pictures of the page Calibration."""

from datetime import datetime

import numpy as np
from dash import html
from dash.development.base_component import Component

from dashboard.api import View, icon, number, numbers, state_words, term, view_url
from pipeline.calibration.report import CameraReport, MarkerReport, Report
from pipeline.calibration.verdict import GOOD, USABLE

_RMS = "Root mean square distance, in the images, between a corner as found and as the calibration projects it."
_COVERAGE = "Share of the image within a tenth of its diagonal of a used corner: elsewhere the lens is a guess."
_SQUARES = "The board's squares measured anew in 3D, from two or more cameras: an independent check of the scale."
_MARKERS = "Distance, in the images, between where surveyed points were marked and where they project to."
_SHARED = "Views of the board that a camera shares, and agrees on, with its best partner; the least of all cameras."
_WORLD = {
    "markers": "surveyed points",
    "board": "the board on the floor",
    "camera": "the first camera: not tied to the arena",
}


def level(value: float | None, good: float, usable: float, least: bool = False) -> str | None:
    """State colour of a number: ``done`` good, ``stale`` usable, ``failed`` neither; None where it is not known."""
    if value is None:
        return None
    sign = -1 if least else 1
    return "done" if sign * value <= sign * good else "stale" if sign * value <= sign * usable else "failed"


def marker_rms(markers: list[MarkerReport], camera: str | None = None) -> float | None:
    """Root mean square error of the markers that were used, px; of one camera, or of all."""
    chosen = [(marker.dx, marker.dy) for marker in markers if marker.used and camera in (None, marker.camera)]
    return float(np.sqrt(np.mean(np.sum(np.square(chosen), axis=1)))) if chosen else None


def day(made: str) -> str:
    """``3 November 2026``, of an ISO date and time, in local time."""
    try:
        moment = datetime.fromisoformat(made).astimezone()
    except ValueError:
        return made
    return f"{moment.day} {moment:%B %Y}"


def sentence(report: Report) -> str:
    """The state in plain words."""
    if report.verdict == "refused":
        return f"Tried on {day(report.made)}. {report.headline}"
    views = sum(len(camera.views) for camera in report.cameras)
    error = f", {report.rms_px:.2f} px over {views:,} views" if report.rms_px is not None else ""
    advice = f" {report.advice[0]}" if report.advice else ""
    return f"Calibrated on {day(report.made)}{error}: {report.verdict}.{advice}"


def measures(report: Report) -> Component:
    """The row of numbers, each beside what it must reach."""
    filmed = [camera for camera in report.cameras if camera.views]
    partners = [
        max((pair.agreeing for pair in report.pairs if camera.name in (pair.first, pair.second)), default=0)
        for camera in filmed
    ]
    shared = min(partners) if len(filmed) > 1 else None
    least = min((camera.coverage for camera in filmed), default=None)
    squares = report.squares
    off = None if squares is None else 100 * (squares.mean_mm / squares.stated_mm - 1)
    markers = marker_rms(report.markers)
    used = sum(marker.used for marker in report.markers)
    not_filmed = "no board was filmed"
    return numbers(
        [
            number(
                "Reprojection error (rms)", None if report.rms_px is None else f"{report.rms_px:.2f}", "px",
                f"good ≤ {GOOD.rms_px:g} px", level(report.rms_px, GOOD.rms_px, USABLE.rms_px), _RMS, "not computed",
            ),
            number(
                "Least coverage", None if least is None else f"{100 * least:.0f}", "%",
                f"good ≥ {100 * GOOD.coverage:.0f} %", level(least, GOOD.coverage, USABLE.coverage, True), _COVERAGE,
                not_filmed,
            ),
            number(
                "Fewest shared views", None if shared is None else f"{shared}", "", f"good ≥ {GOOD.shared}",
                level(shared, GOOD.shared, USABLE.shared, True), _SHARED, "one camera only",
            ),
            number(
                "Squares measured anew", None if squares is None else f"{squares.mean_mm:.2f} ± {squares.sd_mm:.2f}",
                "mm",
                "" if squares is None or off is None else
                f"{squares.stated_mm:g} mm stated ({off:+.2f} %); good within {GOOD.square_percent:g} %",
                level(None if off is None else abs(off), GOOD.square_percent, USABLE.square_percent), _SQUARES,
                "no view in two cameras",
            ),
            number(
                "Surveyed points (rms)", None if markers is None else f"{markers:.2f}", "px",
                f"good ≤ {GOOD.marker_px:g} px; {used} of {len(report.markers)} marks used",
                level(markers, GOOD.marker_px, USABLE.marker_px), _MARKERS, "none marked",
            ),
            number("World frame", _WORLD.get(report.world or ""), missing="not known"),
        ]
    )  # fmt: skip


def advice_list(report: Report) -> Component | None:
    """What would make it better, most important first."""
    if not report.advice:
        return None
    return html.Ol([html.Li(sentence) for sentence in report.advice], className="calibration-advice")


def camera_table(report: Report) -> Component:
    """One row per camera, each number judged."""
    heads: list[Component | str] = [
        "Camera", term("Error, rms", _RMS), "Views used", "Dropped", term("Coverage", _COVERAGE), "Focal length",
        "Points, rms", "Position x, y, z",
    ]  # fmt: skip
    body = [_camera_row(report, camera) for camera in report.cameras]
    return html.Table([html.Thead(html.Tr([html.Th(head) for head in heads])), html.Tbody(body)], className="plain")


def _camera_row(report: Report, camera: CameraReport) -> Component:
    if camera.problem is not None:
        problem = html.Td(state_words("failed", camera.problem), colSpan=7)
        return html.Tr([html.Td(html.Strong(camera.name)), problem])
    focal = "known" if camera.focal_px is None else f"{camera.focal_px[0]:.1f}, {camera.focal_px[1]:.1f} px"
    if camera.focal_sd_percent is not None:
        focal += f" ± {camera.focal_sd_percent:.2f} %"
    views = f"{len(camera.views)} of {camera.found} found in {camera.looked_at}"
    places = [f"{value:.3f}" for value in camera.position or ()]
    cells: list[Component | str] = [
        html.Strong(camera.name),
        _judged(camera.rms_px, "{:.2f} px", level(camera.rms_px, GOOD.rms_px, USABLE.rms_px)),
        _words(views, level(len(camera.views), GOOD.views, USABLE.views, True) if camera.views else None),
        f"{len(camera.dropped)}" + (f", {camera.duplicates} alike" if camera.duplicates else ""),
        _judged(
            100 * camera.coverage if camera.views else None,
            "{:.0f} %",
            level(camera.coverage, GOOD.coverage, USABLE.coverage, True),
        ),
        focal,
        _judged(
            marker_rms(report.markers, camera.name),
            "{:.2f} px",
            level(marker_rms(report.markers, camera.name), GOOD.marker_px, USABLE.marker_px),
        ),
        f"{', '.join(places)} m" if places else "not placed",
    ]
    return html.Tr([html.Td(cell) for cell in cells])


def _judged(value: float | None, pattern: str, verdict: str | None) -> Component | str:
    return "–" if value is None else _words(pattern.format(value), verdict)


def _words(text: str, verdict: str | None) -> Component | str:
    return state_words(verdict, text, 14) if verdict else text


def view_pictures(view: View, camera: CameraReport) -> Component:
    """Small pictures of used and dropped views."""
    used = [
        _picture(view, shown.picture, f"{shown.label} · {shown.mean_px:.2f} px", "done")
        for shown in camera.views
        if shown.picture
    ]
    dropped = [
        _picture(view, shown.picture, f"{shown.label}: {shown.reason}", "failed")
        for shown in camera.dropped
        if shown.picture
    ]
    if not used and not dropped:
        return html.P("No pictures of views were kept.", className="dim")
    return html.Div([*used, *dropped], className="calibration-pictures")


def _picture(view: View, picture: str | None, caption: str, state: str) -> Component:
    return html.Figure(
        [
            html.Img(src=view_url(view, picture or ""), alt=""),
            html.Figcaption([icon(f"state-{state}", 14), html.Span(caption)], className=f"state-{state}"),
        ]
    )


def dropped_table(camera: CameraReport) -> Component:
    """All dropped views with their reasons, folded."""
    rows = [html.Tr([html.Td(view.label), html.Td(view.reason)]) for view in camera.dropped]
    if not rows:
        return html.P("No view was dropped.", className="dim")
    table = html.Table(html.Tbody(rows), className="plain")
    many = "view was" if len(rows) == 1 else "views were"
    return html.Details([html.Summary(f"{len(rows)} {many} dropped: why"), table], className="folded")
