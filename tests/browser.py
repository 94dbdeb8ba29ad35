"""A dashboard in a process of its own, and a headless Chromium that watches it, for the tests in a real browser."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WAIT_MS = 120_000  # generous: nothing here is about speed
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip

if CHROMIUM is None:
    pytest.skip("chromium is not installed", allow_module_level=True)
playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
Page = playwright.Page
Route = playwright.Route


@contextmanager
def serving(*folders: Path, own_home: Path) -> Iterator[str]:
    """Serve experiment folders with a ledger in `own_home`; gives the address."""
    environment = {**os.environ, "SKEIN_HOME": str(own_home), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "dashboard.server", *map(str, folders), "--root", str(folders[0]), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            line = next(line for line in server.stdout if line.startswith("Skein: http"))
            yield line.removeprefix("Skein: ").strip()
        finally:
            server.terminate()


@contextmanager
def looking_at(address: str) -> Iterator["Page"]:
    """A browser page; afterwards nothing may have gone wrong in it, or have come from elsewhere."""
    troubles: list[str] = []
    own = (address, "data:", "blob:")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=_FLAGS)
        page = browser.new_page(base_url=address, viewport={"width": 1440, "height": 900}, color_scheme="light")
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
        page.on("response", lambda answer: troubles.append(answer.url) if answer.status >= 500 else None)
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(own) else troubles.append(f"elsewhere: {asked.url}"),
        )
        yield page
        browser.close()
    assert troubles == []
