"""Which job may start when: slots, GPUs, one process per result."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pipeline.api import Experiment, InvalidExperiment, SkeinError
from pipeline.jobs import Job, JobRow, Ledger, transitions
from pipeline.jobs.process import end_group, find, identity
from pipeline.jobs.settings import read_settings, settings_path, write_settings
from pipeline.jobs.supervisor import GRACE_S, POLL_S, Supervisor, ensure_supervisor, own_environment
from tests.jobs import toys
from tests.jobs.conftest import ended, eventually


def placed(supervisor: Supervisor, row: JobRow) -> list[str] | None:
    supervisor._read_settings()
    return supervisor._place(row, supervisor.ledger.rows(states=["running"]))


def begun(ledger: Ledger, job: Job, experiment: Experiment, recording: str, devices: list[str] | None = None) -> JobRow:
    row = ledger.row(ledger.submit(job, experiment, recording))
    transitions.begin_attempt(ledger, row, devices or [])
    return ledger.row(row.id)


def test_heavy_and_light_jobs_have_slots_of_their_own(ledger: Ledger, experiment: Experiment) -> None:
    supervisor = Supervisor(ledger)
    light = replace(toys.TOTAL, light=True, requires=())
    begun(ledger, toys.COUNT, experiment, "one")
    heavy_two = ledger.row(ledger.submit(toys.COUNT, experiment, "two"))
    assert placed(supervisor, heavy_two) is None
    light_two = ledger.row(ledger.submit(light, experiment, "two"))
    assert placed(supervisor, light_two) == []
    write_settings({"slots": 2, "light_slots": 1})
    assert placed(supervisor, heavy_two) == []
    begun(ledger, light, experiment, "one")
    assert placed(supervisor, light_two) is None


def test_one_result_is_computed_by_one_process(ledger: Ledger, experiment: Experiment) -> None:
    write_settings({"slots": 9})
    begun(ledger, toys.COUNT, experiment, "one")
    again = ledger.row(ledger.submit(toys.COUNT, experiment, "one", {"items": 2}))
    assert placed(Supervisor(ledger), again) is None


def test_a_result_is_not_rewritten_while_another_job_reads_it(ledger: Ledger, experiment: Experiment) -> None:
    write_settings({"slots": 9})
    begun(ledger, toys.TOTAL, experiment, "one")
    supervisor = Supervisor(ledger)
    assert placed(supervisor, ledger.row(ledger.submit(toys.COUNT, experiment, "one"))) is None
    assert placed(supervisor, ledger.row(ledger.submit(toys.COUNT, experiment, "two"))) == []
    whole = replace(toys.TOTAL, name="whole", scope="experiment")
    begun(ledger, toys.COUNT, experiment, "two")
    assert placed(supervisor, ledger.row(ledger.submit(whole, experiment))) is None


def test_gpus_are_given_out_once(ledger: Ledger, experiment: Experiment) -> None:
    write_settings({"slots": 9, "gpus": ["0", "GPU-b"]})
    supervisor = Supervisor(ledger)
    one = replace(toys.COUNT, gpu=1)
    many = replace(toys.BURN, gpu=4)
    assert placed(supervisor, ledger.row(ledger.submit(many, experiment, "one"))) == ["0", "GPU-b"]
    begun(ledger, one, experiment, "one", ["0"])
    assert placed(supervisor, ledger.row(ledger.submit(one, experiment, "two"))) == ["GPU-b"]
    assert placed(supervisor, ledger.row(ledger.submit(many, experiment, "two"))) is None
    write_settings({"gpus": []})
    assert placed(supervisor, ledger.row(ledger.submit(many, experiment, "two"))) == []


def test_the_environment_of_an_attempt_names_its_gpus(
    ledger: Ledger, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_settings({"gpus": ["1"]})
    found: list[dict[str, str]] = []

    def detached(command: list[str], log: Path, environment: dict[str, str], folder: Path) -> subprocess.Popen:
        found.append(environment)
        return subprocess.Popen([sys.executable, "-c", ""])

    monkeypatch.setattr("pipeline.jobs.supervisor.detached", detached)
    supervisor = Supervisor(ledger)
    ledger.submit(replace(toys.COUNT, gpu=1), experiment, "one")
    supervisor.step()
    assert found[0]["CUDA_VISIBLE_DEVICES"] == "1"
    for child, _ in supervisor._children.values():
        child.wait()


def test_settings_that_are_wrong_are_named_and_the_old_ones_stay(own_home: Path, ledger: Ledger) -> None:
    settings_path().write_text("# mine\nslots = 3 # three\n")
    supervisor = Supervisor(ledger)
    supervisor._read_settings()
    settings_path().write_text("slots = 0\ncolour = 'red'\n")
    supervisor._settings_time = -1
    supervisor._read_settings()
    assert supervisor.settings.slots == 3
    with pytest.raises(InvalidExperiment) as caught:
        read_settings()
    assert len(caught.value.problems) == 2
    settings_path().write_text("# mine\nslots = 3 # three\n")
    with pytest.raises(InvalidExperiment):
        write_settings({"cluster": "node1"})
    write_settings({"workers": 4})
    assert settings_path().read_text() == "# mine\nslots = 3 # three\nworkers = 4\n"


def test_a_process_is_not_taken_for_a_later_one_of_its_number() -> None:
    known = identity()
    assert find(known) == psutil.Process()
    assert find({**known, "started": known["started"] - 60}) is None
    assert find({**known, "boot": "another"}) is None
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child_known = identity(child.pid)
    assert find(child_known) is None
    assert find(None) is None


def test_a_group_is_not_ended_for_an_earlier_process_of_its_number() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as child:
        known = identity(child.pid)
        end_group({**known, "started": known["started"] - 60}, kill=True)
        end_group({**known, "boot": "another"}, kill=True)
        assert child.poll() is None
        end_group(known, kill=True)
        assert child.wait() != 0


def test_cancelling_leaves_time_to_spare_within_two_seconds() -> None:
    assert GRACE_S + 4 * POLL_S < 2


def test_one_supervisor_that_ends_when_idle(ledger: Ledger, experiment: Experiment, own_home: Path) -> None:
    write_settings({"idle_s": 0.5})
    first = ledger.submit(toys.COUNT, experiment, "one")
    ensure_supervisor()
    started = json.loads((own_home / "supervisor.json").read_text())
    ensure_supervisor()
    assert json.loads((own_home / "supervisor.json").read_text()) == started
    with subprocess.Popen(  # a second one, started by hand, leaves at once
        [sys.executable, "-m", "pipeline.jobs.supervisor"], env=own_environment(), cwd=own_home
    ) as second:
        assert ended(ledger, first).state == "done"
        eventually(lambda: second.poll() is not None)
    eventually(lambda: find(started) is None)
    again = ledger.submit(toys.TOTAL, experiment, "one")
    ensure_supervisor()
    assert ended(ledger, again).state == "done"


def test_a_supervisor_that_cannot_start_is_an_error(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def broken(command: list[str], log: Path, environment: dict[str, str], folder: Path) -> subprocess.Popen:
        commands.append(command)
        child = subprocess.Popen([sys.executable, "-c", ""])
        child_known = identity(child.pid)
        child.wait()
        monkeypatch.setattr("pipeline.jobs.supervisor.identity", lambda pid: child_known)
        return child

    monkeypatch.setattr("pipeline.jobs.supervisor.detached", broken)
    with pytest.raises(SkeinError, match=r"cannot be started: .*supervisor\.log says why"):
        ensure_supervisor()
    assert len(commands) == 3


@pytest.mark.skipif(os.name == "nt", reason="Windows does not delete a folder that is in use")
def test_a_supervisor_whose_home_was_deleted_ends(
    ledger: Ledger, experiment: Experiment, own_home: Path, tmp_path: Path
) -> None:
    write_settings({"idle_s": 600})
    ensure_supervisor()
    known = json.loads((own_home / "supervisor.json").read_text())
    own_home.rename(tmp_path / "away")
    own_home.mkdir()
    eventually(lambda: find(known) is None)


def test_a_job_whose_code_is_gone(ledger: Ledger, experiment: Experiment) -> None:
    gone = replace(toys.COUNT, entry="tests.jobs.nowhere:JOB")
    row = ended(ledger, _submitted(ledger, gone, experiment))
    assert row.error == "The code of this job (tests.jobs.nowhere:JOB) cannot be loaded: is its plugin still installed?"


def _submitted(ledger: Ledger, job: Job, experiment: Experiment) -> int:
    number = ledger.submit(job, experiment, "one")
    ensure_supervisor()
    return number


def test_the_log_is_live_and_progress_and_estimate_arrive(ledger: Ledger, experiment: Experiment) -> None:
    toys.open_gate(experiment, 2)
    number = _submitted(ledger, toys.COUNT, experiment)
    eventually(lambda: ledger.row(number).done == 2)
    assert (ledger.row(number).total, ledger.row(number).message) == (6, "piece 2")
    assert "Count, attempt 1: one" in ledger.log_path(number).read_text()
    toys.open_gate(experiment, 100)
    assert ended(ledger, number).fraction == 1
    assert "6 pieces." in ledger.log_path(number).read_text()
