"""What must survive what: processes are killed for real."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pipeline.api import Experiment
from pipeline.experiment import read_provenance
from pipeline.jobs import Ledger, run_now
from pipeline.jobs.process import find
from pipeline.jobs.supervisor import ensure_supervisor, own_environment
from tests.jobs import toys
from tests.jobs.conftest import end_supervisor, ended, eventually


def runner_of(ledger: Ledger, identity: int) -> psutil.Process:
    """The process of the latest attempt, once it has said who it is."""
    eventually(lambda: (ledger.attempt_folder(ledger.row(identity)) / "pid.json").is_file())
    process = find(json.loads((ledger.attempt_folder(ledger.row(identity)) / "pid.json").read_text()))
    assert process is not None
    return process


def pieces(experiment: Experiment, recording: str = "one") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (experiment.folder(recording) / "count").iterdir()}


def computed(experiment: Experiment) -> list[str]:
    return (experiment.root / "computed").read_text().split()


def test_killed_job_is_retried_and_resumes_with_the_same_result(ledger: Ledger, experiment: Experiment) -> None:
    run_now(toys.COUNT, experiment, "two")
    (experiment.root / "computed").unlink()
    toys.open_gate(experiment, 3)
    identity = ledger.submit(toys.COUNT, experiment, "one")
    ensure_supervisor()
    eventually(lambda: ledger.row(identity).done == 3)

    runner_of(ledger, identity).kill()
    eventually(lambda: ledger.row(identity).attempts == 2)
    toys.open_gate(experiment, 100)

    row = ended(ledger, identity)
    assert (row.state, row.attempts, row.error) == ("done", 2, None)
    assert pieces(experiment, "one") == pieces(experiment, "two")
    assert computed(experiment) == ["0", "1", "2", "3", "4", "5"]  # nothing was computed twice


def test_jobs_outlive_the_supervisor_and_are_adopted(ledger: Ledger, experiment: Experiment, own_home: Path) -> None:
    toys.open_gate(experiment, 2)
    identity = ledger.submit(toys.COUNT, experiment, "one")
    waiting = ledger.submit(toys.TOTAL, experiment, "one")
    ensure_supervisor()
    eventually(lambda: ledger.row(identity).done == 2)
    runner = runner_of(ledger, identity)

    end_supervisor(own_home)
    toys.open_gate(experiment, 4)
    eventually(lambda: len(pieces(experiment)) == 4)  # it goes on without a supervisor
    ensure_supervisor()
    eventually(lambda: ledger.row(identity).done == 4)
    assert runner_of(ledger, identity) == runner
    toys.open_gate(experiment, 100)

    assert ended(ledger, identity).state == "done"
    assert ledger.row(identity).attempts == 1
    assert ended(ledger, waiting).state == "done"


def test_job_that_ends_while_nobody_supervises_is_taken_in(
    ledger: Ledger, experiment: Experiment, own_home: Path
) -> None:
    toys.open_gate(experiment, 1)
    identity = ledger.submit(toys.COUNT, experiment, "one")
    ensure_supervisor()
    runner = runner_of(ledger, identity)
    end_supervisor(own_home)
    toys.open_gate(experiment, 100)
    eventually(lambda: not runner.is_running() or runner.status() == psutil.STATUS_ZOMBIE)
    assert ledger.row(identity).state == "running"

    ensure_supervisor()
    row = ended(ledger, identity)
    assert (row.state, row.attempts, row.fraction) == ("done", 1, 1.0)


CLIENT = """
import sys, time
from pipeline.api import Experiment
from pipeline.jobs import Ledger
from pipeline.jobs.supervisor import ensure_supervisor
from tests.jobs import toys
print(Ledger().submit(toys.COUNT, Experiment.open(sys.argv[1]), "one"), flush=True)
ensure_supervisor()
print("submitted", flush=True)
time.sleep(600)
"""


def test_jobs_outlive_the_client_that_submitted_them(ledger: Ledger, experiment: Experiment) -> None:
    toys.open_gate(experiment, 1)
    code = Path(toys.__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(experiment.root)],
        stdout=subprocess.PIPE, text=True, cwd=code, env=own_environment(),
    ) as client:  # fmt: skip
        assert client.stdout is not None
        identity = int(client.stdout.readline())
        assert client.stdout.readline() == "submitted\n"
        eventually(lambda: ledger.row(identity).done == 1)
        client.kill()
    toys.open_gate(experiment, 100)
    row = ended(ledger, identity)
    assert (row.state, row.attempts) == ("done", 1)


def test_cancel_ends_a_busy_job_and_its_workers(ledger: Ledger, experiment: Experiment) -> None:
    identity = ledger.submit(toys.BURN, experiment, "one")
    ensure_supervisor()

    def found() -> list[int]:
        return [int(path.suffixes[0][1:]) for path in experiment.root.glob("*.pid")]

    eventually(lambda: len(found()) == 3)
    processes = [psutil.Process(pid) for pid in found()]

    assert ledger.cancel(identity).cancelling
    row = ended(ledger, identity)

    assert (row.state, row.error) == ("cancelled", None)
    eventually(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes))


def test_cancel_kills_what_does_not_end_when_asked(ledger: Ledger, experiment: Experiment) -> None:
    identity = ledger.submit(toys.STUBBORN, experiment, "one")
    ensure_supervisor()
    eventually(lambda: ledger.row(identity).done == 1)
    runner = runner_of(ledger, identity)
    ledger.cancel(identity)
    assert ended(ledger, identity).state == "cancelled"
    eventually(lambda: not runner.is_running())


def test_workers_die_with_a_killed_runner(ledger: Ledger, experiment: Experiment, own_home: Path) -> None:
    identity = ledger.submit(toys.BURN, experiment, "one", max_attempts=1)
    ensure_supervisor()
    eventually(lambda: len(list(experiment.root.glob("*.pid"))) == 3)
    processes = [psutil.Process(int(path.suffixes[0][1:])) for path in experiment.root.glob("*.pid")]
    end_supervisor(own_home)  # so that nobody but the workers themselves can end them
    runner_of(ledger, identity).kill()
    eventually(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes))
    ensure_supervisor()
    assert ended(ledger, identity).state == "failed"


def test_poison_fails_at_its_limit(ledger: Ledger, experiment: Experiment) -> None:
    identity = ledger.submit(toys.POISON, experiment, "one", max_attempts=2)
    ensure_supervisor()
    row = ended(ledger, identity)
    assert (row.state, row.attempts) == ("failed", 2)
    assert row.error is not None
    assert "killed" in row.error
    assert "2 times" in row.error
    assert computed(experiment) == ["poison", "poison"]


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("sentence", "The lens cap was on."),
        ("defect", "Something went wrong inside “Broken”; the log has the details."),
        ("full", "Could not write 1.json: No space left on device. Nothing was changed."),
    ],
)
def test_exception_is_one_sentence_and_not_retried(
    ledger: Ledger, experiment: Experiment, how: str, sentence: str
) -> None:
    identity = ledger.submit(toys.BROKEN, experiment, "one", {"how": how})
    follower = ledger.submit(toys.COUNT, experiment, "one", after=[identity])
    ensure_supervisor()
    row = ended(ledger, identity)
    assert (row.state, row.attempts, row.error) == ("failed", 1, sentence)
    assert ("secret detail" in ledger.log_path(identity).read_text()) == (how == "defect")
    assert ended(ledger, follower).error == f"Not started, because “Broken” (job {identity}) failed."
    assert read_provenance(experiment, "broken", "one") is None
    assert [path.name for path in (experiment.folder("one") / "broken").iterdir()] == ["0.json"]
