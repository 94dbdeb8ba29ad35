"""The pages with results in a real browser: what only a browser can show (keys, clicks between points, dragging)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipeline.api import Experiment, write_table
from pipeline.formats import anipose
from tests.browser import Page, Route, expect, looking_at, serving
from tests.dashboard.movements import tracks_table, uniform, write
from tests.dashboard.rigs import cameras

pytestmark = pytest.mark.browser


@pytest.fixture
def address(pond: Path, own_home: Path) -> Iterator[str]:
    """A dashboard of an experiment with tracks, trajectories, cameras and surveyed points."""
    path = pond / "experiment.toml"
    path.write_text(path.read_text() + "\n[world_points]\nA = [0.0, 0.0, 0.0]\nB = [0.1, 0.1, 0.0]\n")
    experiment = Experiment.open(pond)
    anipose.write(experiment.calibration_path, cameras())
    for camera in ("cam_1", "cam_2"):
        tracks = experiment.tracks_path("trial_1", camera)
        tracks.parent.mkdir(parents=True, exist_ok=True)
        write_table(tracks, tracks_table([(0, 0, range(24)), (1, 1, range(10, 24))]))
    write(experiment.trajectories_path("trial_1"), {name: uniform(24, (0.1, 0.05, 0.1)) for name in "12"})
    with serving(pond, own_home=own_home) as address:
        yield address


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    with looking_at(address) as page:
        yield page


def plot_area(page: Page, graph: str) -> dict[str, float]:
    """Where the plotting area of a figure lies, once it is drawn and in view."""
    area = page.locator(f"#{graph} .nsewdrag").first
    area.evaluate(
        "element => element.scrollIntoView({block: 'center', behavior: 'instant'})"
    )  # at the edge a drag scrolls
    box = area.bounding_box()
    assert box is not None
    return dict(box)


def test_frames_by_key_by_click_and_in_the_url(page: Page) -> None:
    page.goto("/tracks?experiment=pond&recording=trial_1&frame=5")
    expect(page.locator("#tracks-time")).to_have_text("frame 5 of 23 · 0.25 s")  # drawn with the videos' times
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tracks-time")).to_contain_text("frame 6 of 23")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#tracks-time")).to_contain_text("frame 16 of 23")
    page.wait_for_selector("#tracks-lanes .xtitle")
    box = plot_area(page, "tracks-lanes")
    page.mouse.click(box["x"] + box["width"] * 8 / 23, box["y"] + 3)  # where no track is
    expect(page.locator("#tracks-time")).to_contain_text("frame 8 of 23")
    page.wait_for_url("**frame=8**")
    page.click(".tracks-thumbnail >> text=cam_2")
    page.wait_for_url("**camera=cam_2**")
    page.reload()
    expect(page.locator("#tracks-time")).to_contain_text("frame 8 of 23")
    expect(page.locator("#tracks-sentence")).to_contain_text("cam_2: 2 tracks")


def test_a_page_that_is_drawn_anew_keeps_what_was_chosen_meanwhile(page: Page) -> None:
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held or "tracks-fresh.data" not in (route.request.post_data or ""):
            route.continue_()
        else:
            held.append(route)

    page.route(lambda url: "_dash-update-component" in url, hold_the_first)
    with page.expect_request(lambda asked: "tracks-fresh.data" in (asked.post_data or "")):
        page.goto("/tracks?experiment=pond&recording=trial_1&frame=5")  # drawn anew once the videos' times are known
    expect(page.locator("#tracks-time")).to_contain_text("frame 5 of 23")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tracks-time")).to_contain_text("frame 6 of 23")
    page.wait_for_url("**frame=6**")
    held[0].continue_()  # asked for frame 5
    expect(page.locator("#tracks-time")).to_have_text("frame 6 of 23 · 0.30 s")


def test_a_window_is_dragged_and_reset(page: Page) -> None:
    page.goto("/3d?experiment=pond&recording=trial_1")
    page.wait_for_selector("#trajectories-curves .y4title")
    page.wait_for_selector("#trajectories-scene .gl-container canvas")
    box = plot_area(page, "trajectories-strip")
    across = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.25, across)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, across, steps=8)
    page.mouse.up()
    page.wait_for_url("**window=**")
    start, stop = (float(part) for part in page.url.partition("window=")[2].partition("&")[0].split(","))
    assert start == pytest.approx(0.25 * 23 / 20, abs=0.03)
    assert stop == pytest.approx(0.6 * 23 / 20, abs=0.03)
    page.click("text=Top")
    page.wait_for_url("**view=top**")
    box = plot_area(page, "trajectories-strip")
    page.mouse.dblclick(box["x"] + box["width"] * 0.9, across)
    page.wait_for_url(lambda url: "window=" not in url)


def test_a_point_is_marked_and_saved(page: Page, pond: Path) -> None:
    page.goto("/calibration?experiment=pond&recording=trial_1")
    page.wait_for_selector("#calibration-marks-list button")
    expect(page.locator("#calibration-marks-note")).to_have_text("0 of 2 marked")
    page.wait_for_selector("#calibration-marks-picture image")
    box = plot_area(page, "calibration-marks-picture")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#calibration-marks-note")).to_contain_text("1 of 2 marked")
    page.keyboard.press("Control+z")
    expect(page.locator("#calibration-marks-note")).to_have_text("0 of 2 marked")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#calibration-marks-list")).to_contain_text("off by 0.")
    page.click("#calibration-marks-save")
    expect(page.get_by_text("saved in experiment.toml")).to_be_visible()
    marked = Experiment.open(pond).configuration.camera[0].markers["A"]
    assert np.array(marked) == pytest.approx((31.5, 23.5), abs=0.5)  # the middle of 64 × 48 px
