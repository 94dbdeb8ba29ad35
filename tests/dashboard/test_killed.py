"""The dashboard is killed while a job runs that was started in it."""

from pathlib import Path

import psutil
import pytest

from pipeline.jobs import Ledger
from tests.browser import expect, looking_at, serving
from tests.dashboard.test_browser import write_swimmer
from tests.jobs.conftest import eventually

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_jobs_go_on_and_the_next_dashboard_shows_them(tmp_path: Path, own_home: Path) -> None:
    root = tmp_path / "pond"
    root.mkdir()
    write_swimmer(root / "top.mp4")
    (root / "experiment.toml").write_text(
        'name = "Pond"\nanimals = 1\n[[camera]]\nname = "top"\n'
        '[[recording]]\nname = "swim"\nrecorded_fps = 20\nvideos = { top = "top.mp4" }\n'
    )
    (own_home / "settings.toml").write_text("workers = 1\nidle_s = 1.0\n")
    ledger = Ledger()
    with serving(root, own_home=own_home) as address:
        (server,) = (child for child in psutil.Process().children() if "dashboard.server" in child.cmdline())
        with looking_at(address) as page:
            page.goto(address)
            page.get_by_role("button", name="Run everything that is missing or stale").click()
            eventually(lambda: ledger.count(root, ["running"]))
            page.goto("about:blank")
        server.kill()
        server.wait()
    under_way = [row.job for row in reversed(ledger.rows(root)) if row.active]
    assert "reconstruct" in under_way  # it had not even begun
    eventually(lambda: ledger.count(root, ["queued", "running"]) == 0)
    assert {(row.state, row.attempts) for row in ledger.rows(root)} == {("done", 1)}
    with serving(root, own_home=own_home) as address, looking_at(address) as page:
        page.goto(address)
        for stage in ("segment", "track", "reconstruct"):
            expect(page.locator(f"[row-id='swim'] [col-id='{stage}']")).to_contain_text("done")
