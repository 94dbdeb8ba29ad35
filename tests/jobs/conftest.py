"""An experiment with two recordings, and a ledger whose processes are all ended after the test."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.api import Experiment
from pipeline.jobs import JobRow, Ledger
from pipeline.jobs.process import end_group, find
from pipeline.jobs.settings import write_settings

TOML = """\
name = "toys"
[[camera]]
name = "cam_1"
[[recording]]
name = "one"
videos = { cam_1 = "one.mp4" }
[[recording]]
name = "two"
videos = { cam_1 = "two.mp4" }
"""
PATIENCE_S = 90.0


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    root = tmp_path / "toys"
    root.mkdir()
    (root / "experiment.toml").write_text(TOML)
    return Experiment.open(root)


@pytest.fixture
def ledger(own_home: Path) -> Iterator[Ledger]:
    write_settings({"workers": 2, "idle_s": 2.0, "gpus": []})
    ledger = Ledger()
    yield ledger
    end_supervisor(own_home)
    for path in own_home.glob("jobs/*/*/pid.json"):
        end_group(json.loads(path.read_text()), kill=True)


def end_supervisor(home: Path) -> None:
    """kill -9 of the supervisor."""
    path = home / "supervisor.json"
    process = find(json.loads(path.read_text())) if path.is_file() else None
    if process is not None:
        process.kill()
        eventually(lambda: find(json.loads(path.read_text())) is None)


def eventually(condition: Callable[[], object]) -> None:
    """Wait until something holds; fails after a long while."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.02)


def ended(ledger: Ledger, identity: int) -> JobRow:
    """The row, once it waits and runs no more."""
    eventually(lambda: not ledger.row(identity).active)
    return ledger.row(identity)
