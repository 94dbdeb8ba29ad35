"""The command line called in this process, with the toy jobs of tests/jobs in place of the real stages."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pipeline.cli import main
from tests.jobs import toys
from tests.jobs.conftest import experiment, ledger

__all__ = ["experiment", "ledger"]


@dataclass(frozen=True)
class Answer:
    """What a command printed and returned."""

    code: int
    out: str
    err: str


@pytest.fixture
def skein(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run a command, as typed."""

    def run(*words: object) -> Answer:
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as leave:  # argparse
            code = int(leave.code or 0)
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return run


@pytest.fixture
def toy_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.cli.stages.jobs", lambda: toys.JOBS)
