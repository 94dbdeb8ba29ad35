"""The Zones page in a real browser: start the job, see its numbers, take a file away and read it back."""

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.browser import Page, expect, looking_at, serving
from tests.plugins.zone_experiment import experiment

pytestmark = pytest.mark.browser


@pytest.fixture
def address(tmp_path: Path, own_home: Path) -> Iterator[str]:
    """A dashboard in a process of its own, with an experiment whose trajectories are there."""
    experiment(tmp_path / "pond", {"fish_2": "AAA..BBBB?????", "fish_10": "?????AA.A....."})
    (own_home / "settings.toml").write_text("workers = 1\nidle_s = 1.0\n")
    with serving(tmp_path / "pond", own_home=own_home) as address:
        yield address


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    with looking_at(address) as page:
        yield page


def test_from_an_empty_page_to_a_file(page: Page, address: str) -> None:
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
