"""What the Zones page reads and draws, without a browser."""

import json
from pathlib import Path

import numpy as np
import pytest

from dashboard.api import View
from dashboard.app import create_app
from dashboard.services import Services
from dashboard.settings import Settings
from pipeline.api import Experiment, Zone
from pipeline.jobs import run_now
from pipeline.registry import job
from plugins.zones import figures, page, panels, queries
from tests.plugins.zone_experiment import TOML, experiment

TRACKS = {"fish_2": "AAA..BBBB?????", "fish_10": "?????AA.A....."}


@pytest.fixture
def opened(tmp_path: Path) -> Experiment:
    found = experiment(tmp_path, TRACKS)
    run_now(job("zones"), found, "trial")
    return found


def view(opened: Experiment, **query: str) -> View:
    return View(opened, "trial", query, "zones", "pond")


def services(opened: Experiment) -> Services:
    return Services(Settings(folders=(opened.root,), roots=()))


def text_of(component: object) -> str:
    return json.dumps(component, default=lambda part: part.to_plotly_json())


def test_the_page_names_animals_zones_and_choices(opened: Experiment) -> None:
    shown = text_of(page.layout(services(opened), view(opened)))
    assert (
        "2 animals over 1.4 s in 2 zones: most of the time in zones was spent in A; 35.7 % of the time was lost"
        in shown
    )
    assert "hold gap" in shown
    assert "2 samples" in shown


def test_without_a_result_the_page_says_what_it_needs(tmp_path: Path) -> None:
    opened = experiment(tmp_path, TRACKS)
    assert "Zone statistics" in text_of(page.layout(services(opened), view(opened)))
    without = TOML[: TOML.index("[[zone]]")] + TOML[TOML.index("[[recording]]") :]
    (tmp_path / "experiment.toml").write_text(without)
    shown = text_of(page.layout(services(opened), view(Experiment.open(tmp_path))))
    assert "No zone is defined yet" in shown
    with (tmp_path / "experiment.toml").open("a", encoding="utf-8") as file:
        file.write(page._EXAMPLE)
    assert [zone.name for zone in Experiment.open(tmp_path).configuration.zone] == ["shelter", "centre"]


def test_the_page_is_served_in_the_app(opened: Experiment) -> None:
    app = create_app(Settings(folders=(opened.root,), roots=()))
    assert any("zones-floor" in key for key in app.callback_map)


def test_bars_of_every_animal_fill_the_recording(opened: Experiment) -> None:
    found = queries.results(opened, "trial")
    assert found is not None
    figure = figures.time_shares(found.totals, found.individuals, found.places, found.recording_s)
    assert [bar.name for bar in figure.data] == ["A", "B", "outside", "lost"]
    assert list(figure.data[0].y) == ["fish_2", "fish_10"]
    np.testing.assert_allclose(sum(np.asarray(bar.x) for bar in figure.data), 100)


def test_overlapping_zones_have_a_bar_each(opened: Experiment) -> None:
    found = queries.results(opened, "trial")
    assert found is not None
    totals = found.totals.assign(overlap_s=0.1)
    figure = figures.time_shares(totals, found.individuals, found.places, found.recording_s)
    assert figure.layout.barmode == "group"
    times = totals.xs("B", level="zone").reindex(list(found.individuals))["time_s"]
    np.testing.assert_allclose(figure.data[1].x, 100 * times / found.recording_s)


def test_the_number_of_animals_is_a_step_function(opened: Experiment) -> None:
    found = queries.results(opened, "trial")
    assert found is not None
    figure, note = figures.animals_over_time(found.visits, ["A"], {"A": 0.5}, found.recording_s)
    assert note == ""
    np.testing.assert_allclose(figure.data[0].x, [0, 0.3, 0.5, 0.7, 0.8, 0.9, 1.4])
    assert list(figure.data[0].y) == [1, 0, 1, 0, 1, 0, 0]


def test_too_many_changes_become_means_that_keep_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "_STEPS", 4)
    times, numbers = figures._means(np.array([0.0, 1, 2, 3, 4, 8]), np.array([2.0, 0, 1, 0, 1, 1]), 8.0)
    assert times.tolist() == [0, 2, 4, 6]
    assert numbers.tolist() == [1, 0.5, 1, 1]


def test_paths_are_not_drawn_over_gaps_and_are_thinned(opened: Experiment) -> None:
    path = opened.trajectories_path("trial")
    rows, note = queries.paths(path, [], None)
    assert note == ""
    colours = {"fish_2": "#000000", "fish_10": "#111111"}
    figure = figures.floor_plan([], rows, colours, "m", ((0, 6), (0, 1)))
    assert len(rows) == 18
    thinned, note = queries.paths(path, ["fish_2"], (0.0, 0.75), points=4)
    assert thinned["frame"].tolist() == [0, 2, 4, 6]
    assert note == "Showing 4 of 8 positions: one frame in 2."
    gapped = rows[(rows.individual == "fish_2") & (rows.frame != 1)]
    line = figures.floor_plan([], gapped, colours, "m", None).data[0]
    assert np.isnan(line.x[1])
    assert figure.data[0].name == "arena"


def test_time_per_place_adds_up(opened: Experiment) -> None:
    path = opened.trajectories_path("trial")
    found = queries.occupancy(path, [], None, 0.1, ((0, 6), (0, 1)), cells=6)
    assert np.nansum(found.seconds) == pytest.approx(1.8)
    assert found.seconds.shape == (1, 6)
    assert found.seconds[0, 0] == pytest.approx(0.6)
    assert np.isnan(found.seconds[0, 5])
    anywhere = queries.occupancy(path, ["fish_10"], None, 0.1, None, cells=10)
    assert np.nansum(anywhere.seconds) == pytest.approx(0.9)


def test_rows_are_sorted_filtered_and_cut(opened: Experiment) -> None:
    path = queries.table_path(opened, "trial", "visits")
    request = {
        "startRow": 0, "endRow": 2, "sortModel": [{"colId": "duration_s", "sort": "desc"}, {"colId": "x; DROP"}],
        "filterModel": {"zone": {"filterType": "text", "type": "contains", "filter": "LOS"},
                        "no column": {"type": "equals", "filter": 1}},
    }  # fmt: skip
    found = queries.rows_of(path, request)
    assert found["rowCount"] == 2
    assert [row["zone"] for row in found["rowData"]] == ["lost", "lost"]
    between = {"duration_s": {"filterType": "number", "type": "inRange", "filter": 0.35, "filterTo": 0.45}}
    assert queries.rows_of(path, {"startRow": 0, "endRow": 10, "filterModel": between})["rowData"][0]["zone"] == "B"


def test_tables_show_units_and_definitions(opened: Experiment) -> None:
    columns = {column["field"]: column for column in panels.table_grid(view(opened), "zones").columnDefs}
    assert columns["distance"]["headerName"] == "distance, m"
    assert columns["time_s"]["headerName"] == "time, s"
    assert columns["held_s"]["headerTooltip"].startswith("part of observed_s")


def test_the_floor_plan_follows_animals_and_window(opened: Experiment) -> None:
    figure, _ = page.floor(view(opened, window="0,0.25"), "paths", ["fish_2"])
    names = [trace.name for trace in figure.data]
    assert "fish_2" in names
    assert "fish_10" not in names
    assert len(next(trace for trace in figure.data if trace.name == "fish_2").x) == 3
    figure, _ = page.floor(view(opened), "time", [])
    assert any(trace.type == "heatmap" for trace in figure.data)


def test_zones_say_their_height() -> None:
    zones = [Zone(name="s", sphere=(0, 0, 1), radius=1), Zone(name="c", cylinder=(0, 0), radius=1, z=(0, 0.5))]
    rows = queries.pd.DataFrame(columns=["individual", "frame", "time_s", "x", "y"])
    texts = [trace.text for trace in figures.floor_plan(zones, rows, {}, "m", None).data]
    assert texts == ["s: sphere around z = 1 m", "c: cylinder, z from 0 to 0.5 m"]
