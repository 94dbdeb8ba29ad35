"""The page Calibration: not run, good, refused, imported, running; numbers and their verdicts."""

import json
from pathlib import Path
from typing import Any

import pytest
from dash import html

from dashboard.page import Place, View
from dashboard.pages import calibration, calibration_panels
from dashboard.services import Services
from pipeline.api import Experiment
from pipeline.calibration.report import MarkerReport, Report, write_report
from pipeline.formats import anipose
from tests.dashboard.rigs import camera_report, cameras, report


def text(component: Any) -> str:
    return json.dumps(component.to_plotly_json(), default=lambda part: part.to_plotly_json(), ensure_ascii=False)


@pytest.fixture
def view(services: Services) -> View:
    return services.view_at(Place.of("/calibration"))


def write(pond: Path, found: Report | None, calibrated: bool = True) -> None:
    if found is not None:
        write_report(pond / "calibration" / "report.json", found)
    if calibrated:
        anipose.write(Experiment.open(pond).calibration_path, cameras())


def test_not_run(services: Services, view: View) -> None:
    page = text(calibration.layout(services, view))
    assert "what to film again" in page
    assert '"shell-run"' in page
    assert "[world_points]" in page  # how to list surveyed points


def test_good(services: Services, view: View, pond: Path) -> None:
    write(pond, report())
    layout = calibration.layout(services, view)
    page = text(layout)
    assert "Calibrated on 3 November 2026, 0.50 px over 40 views: good." in page
    assert "refused" not in page
    assert layout["calibration-camera"].data == ["cam_1", "cam_2"]
    names = {trace.name for trace in layout["calibration-rig"].figure.data}
    assert {"cam_1", "cam_2"} <= names


def test_a_camera_in_detail(services: Services, view: View) -> None:
    shown = text(html.Div(calibration.camera_details(view, camera_report("cam_1"))))
    for part in ("1 view was dropped: why", "mean error 3.00 px (limit 1)", "80 % of the image", "4 corners"):
        assert part in shown
    failed = camera_report("cam_1", problem="the board was found in 2 images", views=[])
    assert "cam_1 could not be calibrated." in text(html.Div(calibration.camera_details(view, failed)))
    bare = camera_report("cam_1", views=[], dropped=[])
    assert "has no views of the board" in text(html.Div(calibration.camera_details(view, bare)))


def test_the_camera_of_the_url(services: Services, pond: Path) -> None:
    write(pond, report())
    chosen = calibration.layout(services, services.view_at(Place.of("/calibration?camera=cam_2")))
    assert chosen["calibration-camera"].value == "cam_2"
    other = calibration.layout(services, services.view_at(Place.of("/calibration?camera=nobody")))
    assert other["calibration-camera"].value == "cam_1"


def test_usable_says_the_most_important_advice(services: Services, view: View, pond: Path) -> None:
    advice = ["cam_2 sees the left edge rarely.", "Film longer."]
    write(pond, report(verdict="usable", advice=advice))
    page = text(calibration.layout(services, view))
    assert "usable. cam_2 sees the left edge rarely." in page
    assert "Film longer." in page


@pytest.mark.parametrize(
    ("before", "kept"), [(True, "from before stays in use"), (False, "Nothing was saved: no camera is calibrated")]
)
def test_refused(services: Services, view: View, pond: Path, before: bool, kept: str) -> None:
    why = "cam_1 and cam_2 share 1 view: film the board where both see it."
    problem = camera_report("cam_2", problem="the board was found in 2 images", views=[], dropped=[])
    write(
        pond,
        report(verdict="refused", saved=False, headline=why, advice=[why], cameras=[camera_report("cam_1"), problem]),
        before,
    )
    page = text(calibration.layout(services, view))
    assert "The last calibration was refused." in page
    assert why in page
    assert kept in page
    assert "the board was found in 2 images" in page


def test_imported_without_a_report(services: Services, view: View, pond: Path) -> None:
    write(pond, None)
    layout = calibration.layout(services, view)
    assert "nothing says how good it is" in text(layout)
    assert len(layout["calibration-rig"].figure.data) > 0


def test_a_report_that_cannot_be_read_counts_as_none(services: Services, view: View, pond: Path) -> None:
    write(pond, report())
    (pond / "calibration" / "report.json").write_text("{}")
    assert "nothing says how good it is" in text(calibration.layout(services, view))


def test_queued_again_while_an_old_one_is_there(services: Services, view: View, pond: Path) -> None:
    write(pond, report())
    assert view.experiment is not None
    services.submit(view.experiment, "calibrate", [None], {})
    page = text(calibration.layout(services, view))
    assert "A new calibration is queued" in page
    assert "Calibrated on 3 November" in page


def test_without_positions_there_is_nothing_to_draw(services: Services, view: View, pond: Path) -> None:
    write(pond, report(verdict="refused", pairs=[], cameras=[]), calibrated=False)
    page = text(calibration.layout(services, view))
    assert "No camera has a position yet." in page
    assert "No two cameras saw the board" in page


@pytest.mark.parametrize(
    ("value", "least", "expected"),
    [
        (0.5, False, "done"), (0.6, False, "done"), (1.0, False, "stale"), (2.0, False, "failed"),
        (None, False, None), (0.6, True, "done"), (0.5, True, "failed"),
    ],
)  # fmt: skip
def test_levels(value: float | None, least: bool, expected: str | None) -> None:
    usable = 0.55 if least else 1.5
    assert calibration_panels.level(value, 0.6, usable, least) == expected


def test_markers_are_measured_by_those_that_were_used() -> None:
    def mark(camera: str, dx: float, used: bool) -> MarkerReport:
        return MarkerReport(camera=camera, name="A", x=0, y=0, dx=dx, dy=0, used=used)

    markers = [mark("cam_1", 3, True), mark("cam_2", 4, True), mark("cam_1", 100, False)]
    assert calibration_panels.marker_rms(markers) == pytest.approx((25 / 2) ** 0.5)
    assert calibration_panels.marker_rms(markers, "cam_2") == 4
    assert calibration_panels.marker_rms(markers[2:]) is None


def test_numbers_stand_beside_their_thresholds() -> None:
    shown = text(calibration_panels.measures(report()))
    for part in ("good ≤ 0.6 px", "40.10 ± 0.20", "40 mm stated (+0.25 %)", "good ≥ 6", "5.00", "1 of 1 marks used"):
        assert part in shown
    empty = text(calibration_panels.measures(report(rms_px=None, squares=None, markers=[], cameras=[], world=None)))
    for part in ("not computed", "no view in two cameras", "none marked", "one camera only", "not known"):
        assert part in empty
