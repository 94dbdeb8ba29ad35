"""The Zones page in a real browser: start the job, see its numbers, take a file away and read it back."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.plugins.zone_experiment import experiment

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("chromium is not installed", allow_module_level=True)
playwright = pytest.importorskip("playwright.sync_api")
WAIT_MS = 120_000  # generous: nothing here is about speed


@pytest.fixture
def address(tmp_path: Path, own_home: Path) -> Iterator[str]:
    """A dashboard in a process of its own, with an experiment whose trajectories are there."""
    experiment(tmp_path / "pond", {"fish_2": "AAA..BBBB?????", "fish_10": "?????AA.A....."})
    (own_home / "settings.toml").write_text("workers = 1\nidle_s = 1.0\n")
    environment = {**os.environ, "SKEIN_HOME": str(own_home), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "dashboard.server", str(tmp_path / "pond"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            line = next(line for line in server.stdout if line.startswith("Skein: http"))
            yield line.removeprefix("Skein: ").strip()
        finally:
            server.terminate()


@pytest.fixture
def page(address: str) -> Iterator["playwright.Page"]:
    troubles: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 1600})
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("response", lambda answer: troubles.append(answer.url) if answer.status >= 500 else None)
        yield page
        browser.close()
    assert troubles == []


def test_from_an_empty_page_to_a_file(page: "playwright.Page", address: str) -> None:
    expect = playwright.expect
    expect.set_options(timeout=WAIT_MS)
    page.goto(f"{address}/zones")
    page.get_by_role("button", name="Zone statistics").click()
    page.get_by_role("button", name="Queue zone statistics").click()
    expect(page.locator(".page-sentence")).to_contain_text("2 animals over 1.4 s in 2 zones")
    page.keyboard.press("Escape")

    expect(page.locator("#zones-floor .annotation-text").first).to_have_text("A")
    expect(page.locator("#zones-shares .bars path").first).to_be_visible()
    first = page.locator("#zones-table .ag-row[row-index='0']").first
    expect(first).to_contain_text("fish_2")

    page.get_by_text("Transitions", exact=True).click()
    expect(page.locator("#zones-table .ag-header-cell[col-id='from']")).to_be_visible()
    page.get_by_text("Time per place", exact=True).click()
    expect(page.locator("#zones-floor .hm image")).to_be_visible()

    page.get_by_role("button", name="Download").click()
    with page.expect_download() as waiting:
        page.get_by_text("Excel (.xlsx)").click()
    with Path(waiting.value.path()).open("rb") as handle:
        rows = list(openpyxl.load_workbook(handle)["zones"].iter_rows(values_only=True))
    times = {(row[0], row[1]): row[rows[0].index("time_s")] for row in rows}
    assert times["fish_2", "B"] == pytest.approx(0.4)
    assert times["fish_10", "lost"] == pytest.approx(0.5)
