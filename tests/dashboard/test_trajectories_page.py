"""The page 3D: missing, failed, done; what the URL says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.page import Place
from dashboard.pages import trajectories
from dashboard.pages.trajectories_controls import window_of
from dashboard.pages.trajectories_panels import percent, sentence, shares
from dashboard.pages.trajectories_queries import summary
from dashboard.services import Services
from pipeline.api import SkeinError
from tests.dashboard.movements import uniform, write


def text(component: Any) -> str:
    return json.dumps(component.to_plotly_json(), default=lambda part: part.to_plotly_json(), ensure_ascii=False)


@pytest.fixture
def table(pond: Path) -> Path:
    path = pond / "recordings" / "trial_1" / "trajectories.parquet"
    path.parent.mkdir(parents=True)
    return write(path, {"1": uniform(24, (0.1, 0, 0)), "2": uniform(12, (0, 0.1, 0.1))})


def test_nothing_yet(services: Services) -> None:
    page = text(trajectories.layout(services, services.view_at(Place.of("/3d"))))
    assert "Shows every animal" in page
    assert "Reconstruct" in page


def test_done(services: Services, table: Path) -> None:
    view = services.view_at(Place.of("/3d?window=0.2,0.8&individuals=2&colour=speed&view=top"))
    services.media.described(view.experiment, "trial_1")
    layout = trajectories.layout(services, view)
    page = text(layout)
    assert "2 animals over 1.1 s; 75.0 % observed, 25.0 % lost" in page
    assert layout["trajectories-window"].value == [0.2, 0.8]
    assert layout["trajectories-individuals"].value == ["2"]
    assert (layout["trajectories-colour"].value, layout["trajectories-view"].value) == ("speed", "top")


def test_no_animal(services: Services, table: Path) -> None:
    write(table, {})
    assert "No animal was reconstructed" in text(trajectories.layout(services, services.view_at(Place.of("/3d"))))


def test_drawn_with_zones_and_without_calibration(services: Services, table: Path) -> None:
    view = services.view_at(Place.of("/3d"))
    scene, curves, strip, note = trajectories.drawn(view, ["1"], (0.0, 1.0), "individual", ["zones", "cameras"], "free")
    assert [trace.name for trace in scene.data] == ["1"]
    assert {trace.name for trace in curves.data} == {"1"}
    assert len(strip.data) == 2
    assert note == ""


def test_drawn_as_a_plan_where_there_is_no_height(services: Services, table: Path) -> None:
    flat = uniform(24, (1.0, 2.0, 0.0))
    flat[:, 2] = np.nan
    write(table, {"1": flat}, unit="px")
    scene, *_ = trajectories.drawn(services.view_at(Place.of("/3d")), ["1"], (0, 2), "individual", [], "free")
    assert scene.data[0].type == "scattergl"
    assert scene.layout.xaxis.title.text == "x, px"


def test_drawn_after_the_table_is_gone(services: Services, table: Path) -> None:
    table.unlink()
    with pytest.raises(SkeinError, match="reconstruct them again"):
        trajectories.drawn(services.view_at(Place.of("/3d")), ["1"], (0, 1), "individual", [], "free")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (0.0, 1.15)),
        ("window=0.5,1", (0.5, 1.0)),
        ("window=-3,99", (0.0, 1.15)),
        ("window=5,9", (0.0, 1.15)),
        ("window=1", (0.0, 1.15)),
        ("window=a,b", (0.0, 1.15)),
    ],
)
def test_the_window_of_the_url(services: Services, table: Path, query: str, expected: tuple[float, float]) -> None:
    assert window_of(services.view_at(Place.of(f"/3d?{query}")), summary(table)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changed", "selected", "zoomed", "expected"),
    [
        ("trajectories-strip.selectedData", {"range": {"x": [3, 1], "y": [0, 1]}}, None, [1, 3]),
        ("trajectories-strip.selectedData", None, None, [0.0, 10.0]),
        ("trajectories-strip.selectedData", {"points": []}, None, None),
        ("trajectories-curves.relayoutData", None, {"xaxis4.range[0]": 2, "xaxis4.range[1]": 50}, [2, 10.0]),
        ("trajectories-curves.relayoutData", None, {"xaxis.autorange": True, "xaxis4.autorange": True}, [0.0, 10.0]),
        ("trajectories-curves.relayoutData", None, {"autosize": True}, None),
        ("trajectories-curves.relayoutData", None, None, None),
        ("", None, None, None),
    ],
)
def test_the_window_that_was_dragged(changed: str, selected: Any, zoomed: Any, expected: list[float] | None) -> None:
    assert trajectories.chosen_window(changed, selected, zoomed, 10.0) == expected


def test_the_url_leaves_out_what_is_as_at_the_beginning(table: Path) -> None:
    found = summary(table)
    usual = trajectories.query_of(found, [0.0, found.end_s], ["2", "1"], "individual", ["zones"], "free")
    assert set(usual.values()) == {None}
    other = trajectories.query_of(found, [0.5, 1.0], ["2"], "z", [], "side")
    assert other == {"window": "0.5,1", "individuals": "2", "colour": "z", "scene": "nothing", "view": "side"}


def test_shares_and_their_words(table: Path) -> None:
    found = summary(table)
    assert shares(found, None) is None
    assert shares(found, 24, 3) == pytest.approx({"observed": 0.5, "interpolated": 0.0, "lost": 0.5})
    assert sentence(found, 24, 3).startswith("2 animals of 3 expected over 1.1 s; 50.0 % observed, 50.0 % lost")
    assert [percent(share) for share in (0, 0.0001, 0.5, 0.99999, 1)] == ["0", "< 0.1", "50.0", "> 99.9", "100"]
