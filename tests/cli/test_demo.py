"""The demo: an experiment with known truth, queued in one command."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.api import Experiment
from pipeline.jobs import Ledger
from tests.cli.conftest import Answer

Skein = Callable[..., Answer]


@pytest.fixture(autouse=True)
def nobody_supervises(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is queued is what these tests are about; rendering has its own."""
    monkeypatch.setattr("pipeline.cli.stages.ensure_supervisor", lambda: None)


def test_rendering_and_all_stages_are_queued_once(skein: Skein, tmp_path: Path, ledger: Ledger) -> None:
    words = ("demo", tmp_path / "demo", "--animals", 2, "--cameras", 2, "--frames", 60, "--queue")
    answer = skein(*words)
    assert (answer.code, answer.err) == (0, "")
    experiment = Experiment.open(tmp_path / "demo")
    rows = {row.job: row for row in ledger.rows(experiment.root)}
    assert rows["render"].parameters == {"seed": 1, "animals": 2, "cameras": 2, "frames": 60}
    assert {"render", "calibrate", "segment", "track", "reconstruct", "zones"} <= set(rows)
    for name, row in rows.items():
        assert (rows["render"].id in row.after) == (name != "render")
    assert rows["track"].id in rows["reconstruct"].after
    skein(*words)
    assert ledger.count() == len(rows)


def test_another_demo_in_the_same_folder_is_refused(skein: Skein, tmp_path: Path) -> None:
    skein("demo", tmp_path / "demo", "--frames", 60, "--queue")
    answer = skein("demo", tmp_path / "demo", "--frames", 70, "--queue")
    assert answer.code == 1
    assert "frames 60 → 70" in answer.err
    answer = skein("demo", tmp_path / "other", "--animals", 0)
    assert answer.err == "skein: render: animals: expected at least 1, got 0\n"
    assert not (tmp_path / "other").exists()


def test_a_file_is_not_a_folder_for_a_demo(skein: Skein, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").touch()
    answer = skein("demo", tmp_path / "film.mp4")
    assert answer.err == f"skein: {tmp_path / 'film.mp4'} is a file: expected the name of a folder for the demo.\n"
