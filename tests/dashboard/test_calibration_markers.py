"""Marking surveyed points: choosing, marking, undo, saving."""

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.page import Place
from dashboard.pages import calibration_markers as markers
from dashboard.services import Services
from pipeline.api import Experiment
from pipeline.formats import anipose
from tests.dashboard.rigs import cameras

NAMES = ["A", "B", "C"]
POINTS = "\n[world_points]\nA = [0.0, 0.0, 0.0]\nB = [0.1, 0.2, 0.0]\nC = [5.0, 0.0, 0.0]\n"


def text(component: Any) -> str:
    return json.dumps(component.to_plotly_json(), default=lambda part: part.to_plotly_json(), ensure_ascii=False)


@pytest.fixture
def surveyed(pond: Path) -> Experiment:
    path = pond / "experiment.toml"
    marked = 'name = "cam_1"\n# marked by hand\nmarkers = { A = [1.50, 2.0] }  # at noon\n'
    path.write_text(path.read_text().replace('name = "cam_1"\n', marked, 1) + POINTS)
    return Experiment.open(pond)


def test_the_first_point_that_is_not_marked_is_chosen() -> None:
    assert markers.opened({"A": [1, 2]}, NAMES)["chosen"] == "B"
    assert markers.opened({}, [])["chosen"] is None


def test_marking_goes_on_to_the_next_free_point_and_round() -> None:
    state = markers.edited(markers.opened({"A": [1, 2]}, NAMES), "choose", NAMES, name="C")
    state = markers.edited(state, "mark", NAMES, (10.1234, 20.5678))
    assert state["marked"] == {"A": [1, 2], "C": [10.12, 20.57]}
    assert state["chosen"] == "B"
    state = markers.edited(state, "mark", NAMES, (3, 4))
    assert state["chosen"] == "B"  # all are marked: another click corrects the last


def test_undo_gives_back_every_step() -> None:
    first = markers.opened({"A": [1, 2]}, NAMES)
    state = markers.edited(first, "mark", NAMES, (3, 4))
    state = markers.edited(state, "choose", NAMES, name="A")
    state = markers.edited(state, "remove", NAMES)
    assert state["marked"] == {"B": [3, 4]}
    state = markers.edited(state, "undo", NAMES)
    assert state["marked"] == {"A": [1, 2], "B": [3, 4]}
    state = markers.edited(state, "undo", NAMES)
    assert (state["marked"], state["chosen"]) == (first["marked"], first["chosen"])
    assert markers.edited(state, "undo", NAMES) == state


def test_removing_what_is_not_marked_does_nothing() -> None:
    state = markers.opened({}, NAMES)
    assert markers.edited(state, "remove", NAMES) == state


def test_saving_writes_only_what_changed_and_keeps_comments(surveyed: Experiment) -> None:
    kept = {
        "cam_1": markers.edited(markers.opened({"A": [1.5, 2.0]}, NAMES), "mark", NAMES, (3.0, 4.0)),
        "cam_2": markers.opened({}, NAMES),
    }
    assert markers.saved(surveyed, kept) == ["cam_1"]
    written = (surveyed.root / "experiment.toml").read_text()
    assert "# marked by hand" in written
    assert "A = [1.50, 2.0]" in written
    again = Experiment.open(surveyed.root)
    assert markers.saved_marks(again, "cam_1") == {"A": [1.5, 2.0], "B": [3.0, 4.0]}
    assert markers.saved(again, kept) == []


def test_expected_positions_and_how_far_a_mark_is_off(surveyed: Experiment) -> None:
    points = dict(surveyed.configuration.world_points)
    assert markers.expected_at(surveyed, "cam_1", points) == {}
    anipose.write(surveyed.calibration_path, cameras())
    expected = markers.expected_at(surveyed, "cam_1", points)
    assert set(expected) == {"A", "B"}  # C lies outside of the image
    assert expected["A"] == pytest.approx((31.5, 23.5))
    assert expected["B"] == pytest.approx((31.5 + 5, 23.5 - 10))
    assert markers.expected_at(surveyed, "cam_9", points) == {}
    state = markers.opened({"A": [34.5, 27.5]}, NAMES)
    buttons = markers.point_list(NAMES, state, expected)
    assert "off by 5.0 px" in text(buttons[0])
    assert "not marked" in text(buttons[1])
    assert "here" in buttons[1].className


def test_the_panel_says_what_it_needs(services: Services, pond: Path) -> None:
    assert "[world_points]" in text(markers.section(services, services.view_at(Place.of("/calibration"))))


def test_the_panel(services: Services, surveyed: Experiment) -> None:
    view = services.view_at(Place.of("/calibration?camera=cam_2&frame=3"))
    panel = markers.section(services, view)
    assert panel["calibration-marks-camera"].value == "cam_2"
    assert panel["calibration-marks-frame"].value == 3
    assert markers.image_size(services, view, "cam_2", 3) == (64, 48)
