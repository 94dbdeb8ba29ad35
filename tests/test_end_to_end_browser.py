"""The main way in a real browser: open, start jobs, see them finish, see 3D, take a file and read it back."""

import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline.experiment import Experiment
from tests.browser import expect, looking_at, serving

pytestmark = [
    pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("whole way")
]  # fmt: skip


def test_from_opening_to_a_file(finished: Experiment, tmp_path: Path, own_home: Path) -> None:
    root = tmp_path / "demo"
    shutil.copytree(finished.root, root)
    for trace in ("reconstruct", "zones"):
        (root / "recordings" / "trial_1" / "provenance" / f"{trace}.json").unlink()
    (own_home / "settings.toml").write_text("workers = 1\nidle_s = 1.0\n", encoding="utf-8")

    with serving(root, own_home=own_home) as address, looking_at(address) as page:
        page.goto(address)
        cells = {stage: page.locator(f"[row-id='trial_1'] [col-id='{stage}']") for stage in ("reconstruct", "zones")}
        expect(cells["reconstruct"]).to_contain_text("not run")
        page.get_by_role("button", name="Run everything that is missing or stale").click()
        expect(cells["reconstruct"]).to_contain_text("done")
        expect(cells["zones"]).to_contain_text("done")

        page.get_by_role("link", name="3D").click()
        expect(page.locator("h1")).to_have_text("3D")
        expect(page.locator(".page-sentence")).to_contain_text("3 animals over 5.0 s")
        expect(page.locator(".js-plotly-plot .gl-container canvas").first).to_be_visible()

        page.get_by_role("button", name="Download").click()
        with page.expect_download() as waiting:
            page.get_by_text("CSV").first.click()
        taken = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(taken)
    if taken.suffix == ".zip":
        shutil.unpack_archive(taken, tmp_path / "taken")
        (taken,) = (tmp_path / "taken").rglob("*.csv")
    expected = pq.read_table(finished.trajectories_path("trial_1")).to_pandas()
    found = pd.read_csv(taken, dtype={"individual": str})
    pd.testing.assert_frame_equal(
        found[["frame", "individual", "x"]], expected[["frame", "individual", "x"]], check_dtype=False
    )
