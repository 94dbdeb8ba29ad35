"""The main way in a real browser: open, start a job, see it finish, read its log."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from tests.browser import Page, expect, looking_at, serving

pytestmark = pytest.mark.browser


def write_swimmer(path: Path) -> None:
    """One dark animal that crosses a bright, slightly noisy floor."""
    noise = np.random.default_rng(1)
    rows, columns = np.mgrid[:120, :160]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for frame in range(60):
            inside = ((columns - 20 - 2 * frame) / 9) ** 2 + ((rows - 60) / 5) ** 2 < 1
            level = np.where(inside, 60, 180) + noise.normal(0, 1.5, rows.shape)
            image = np.repeat(level.astype(np.uint8)[..., None], 3, axis=2)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard in a process of its own, with a ledger of its own; gives its address."""
    folder, own_home = tmp_path_factory.mktemp("pond"), tmp_path_factory.mktemp("home")
    write_swimmer(folder / "top.mp4")
    (folder / "experiment.toml").write_text(
        'name = "Pond"\nanimals = 1\n[[camera]]\nname = "top"\n'
        '[[recording]]\nname = "swim"\nrecorded_fps = 20\nvideos = { top = "top.mp4" }\n'
        '[[recording]]\nname = "lost"\nvideos = { top = "nowhere.mp4" }\n'
    )
    (own_home / "settings.toml").write_text("workers = 1\nidle_s = 1.0\n")  # the supervisor ends soon after the test
    with serving(folder, own_home=own_home) as address:
        yield address


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    with looking_at(address) as page:
        yield page


def test_start_a_job_see_it_finish_and_read_its_log(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("h1")).to_have_text("Pond")
    cell = page.locator("[row-id='swim'] [col-id='segment']")
    expect(cell).to_contain_text("not run")
    expect(page.locator("[row-id='swim']")).to_contain_text("the file says 25 frames/s")

    cell.click()
    page.get_by_role("button", name="Run …").click()
    page.get_by_role("button", name="Queue segment animals").click()
    expect(page.get_by_text("is queued.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(cell).to_contain_text("done")

    page.get_by_role("link", name="Jobs").click()
    row = page.locator("[row-id='1']")
    expect(row).to_contain_text("done")
    row.locator("[col-id='title']").click()
    expect(page.locator("pre.log")).not_to_be_empty()
    page.keyboard.press("Escape")

    page.go_back()
    expect(page.locator("h1")).to_have_text("Pond")
    assert "/jobs" not in page.url
    page.go_forward()
    expect(page.locator("h1")).to_have_text("Jobs")


def test_a_failed_job_says_why_and_can_be_tried_again(page: Page, address: str) -> None:
    page.goto(f"{address}/?recording=lost")
    cell = page.locator("[row-id='lost'] [col-id='segment']")
    cell.click()
    page.get_by_role("button", name="Run …").click()
    page.get_by_role("button", name="Queue segment animals").click()
    expect(cell).to_contain_text("failed")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.reload()
    cell.click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("nowhere.mp4")
    expect(drawer).to_contain_text("What had been done is still there")
    expect(drawer.get_by_role("button", name="Retry")).to_be_visible()
    assert "Traceback" not in (drawer.text_content() or "")


def test_theme_is_remembered_and_keys_are_shown(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("h1")).to_have_text("Pond")
    assert page.locator("html").get_attribute("data-mantine-color-scheme") == "light"
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    expect(page.locator("h1")).to_have_text("Pond")
    page.keyboard.press("?")
    expect(page.get_by_text("Show this list.")).to_be_visible()
