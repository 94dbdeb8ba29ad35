"""Jobs from the command line: submitted, followed, cancelled."""

from collections.abc import Callable

import pytest

from pipeline.api import Experiment, read_provenance
from pipeline.cli import following
from pipeline.jobs import Ledger
from tests.cli.conftest import Answer
from tests.jobs import toys
from tests.jobs.conftest import ended, eventually

pytestmark = pytest.mark.usefixtures("toy_jobs", "ledger")
Skein = Callable[..., Answer]


def test_a_job_is_run_on_every_recording_and_followed(skein: Skein, experiment: Experiment) -> None:
    answer = skein("count", experiment.root, "--items", 3, "--factor", "1.5")
    assert (answer.code, answer.err) == (0, "")
    assert "Count, one: done in" in answer.out
    assert "Count, two: done in" in answer.out
    assert "  3 pieces." in answer.out
    for recording in experiment.recording_names:
        provenance = read_provenance(experiment, "count", recording)
        assert provenance is not None
        assert provenance.parameters == {"items": 3, "factor": 1.5}


def test_a_failure_is_one_clear_line_and_exit_code_1(skein: Skein, experiment: Experiment) -> None:
    answer = skein("broken", experiment.root, "-r", "one", "--how", "sentence")
    assert answer.code == 1
    assert answer.err == "Broken, one: failed. The lens cap was on.  (`skein jobs log 1` shows the log)\n"
    assert "Traceback" not in answer.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["count", "nowhere"], "skein: No experiment in nowhere: expected a file experiment.toml."),
        (["count", "ROOT", "-r", "three"], "skein: No recording named 'three' in toys; there are one, two."),
        (["count", "ROOT", "--items", "0"], "skein: count: items: expected at least 1, got 0"),
        (["count", "ROOT", "--items", "many"], "skein: count: items: expected a whole number, got 'many'"),
    ],
)
def test_bad_input_is_named_before_anything_is_queued(
    skein: Skein, experiment: Experiment, ledger: Ledger, words: list[str], message: str
) -> None:
    answer = skein(*(experiment.root if word == "ROOT" else word for word in words))
    assert answer.code == 1
    assert answer.err.startswith(message)
    assert len(answer.err.splitlines()) == 1
    assert ledger.count() == 0


def test_detached_jobs_are_run_in_the_background(skein: Skein, experiment: Experiment, ledger: Ledger) -> None:
    answer = skein("count", experiment.root, "-r", "one", "--detach", "--priority", 4)
    assert answer.code == 0
    assert "Queued job 1" in answer.out
    row = ended(ledger, 1)
    assert (row.state, row.priority) == ("done", 4)


def test_run_computes_what_is_missing_or_stale_and_nothing_else(skein: Skein, experiment: Experiment) -> None:
    for recording in experiment.recording_names:
        (experiment.folder(recording) / "count").mkdir(parents=True)
    jobs = {"count": toys.COUNT, "total": toys.TOTAL}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.cli.stages.jobs", lambda: jobs)
        dry = skein("run", experiment.root, "--dry-run").out.splitlines()
        assert dry[0] == "Count, one: it has not been computed"
        assert dry[-1] == "4 to compute."
        answer = skein("run", experiment.root)
        assert answer.code == 0
        assert [line.split(":")[0] for line in answer.out.splitlines() if ": done" in line] == [
            "Count, one", "Total, one", "Count, two", "Total, two",
        ]  # fmt: skip
        assert skein("run", experiment.root).out == "Everything is up to date.\n"


def test_ctrl_c_cancels_what_is_followed(
    skein: Skein, experiment: Experiment, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.open_gate(experiment, 1)
    sleep = following.time.sleep
    pressed: list[bool] = []

    def press_when_running(seconds: float) -> None:
        if not pressed and ledger.row(1).done == 1:
            pressed.append(True)
            raise KeyboardInterrupt
        sleep(seconds)

    monkeypatch.setattr(following.time, "sleep", press_when_running)
    answer = skein("count", experiment.root)
    assert answer.code == 130
    assert [row.state for row in ledger.rows()] == ["cancelled", "cancelled"]


def test_the_jobs_command_lists_shows_and_changes(skein: Skein, experiment: Experiment, ledger: Ledger) -> None:
    assert skein("jobs").out == "No jobs.\n"
    toys.open_gate(experiment, 1)
    skein("count", experiment.root, "--detach")
    eventually(lambda: ledger.row(1).done == 1)
    listed = skein("jobs").out.splitlines()
    assert [line.split()[:2] for line in listed] == [["2", "queued"], ["1", "running"]]
    assert "17%" in listed[1]
    assert "Count, attempt 1: one" in skein("jobs", "log", 1).out
    assert "no log yet" in skein("jobs", "log", 2).out
    assert skein("jobs", "prioritise", 2, 7).code == 0
    assert ledger.row(2).priority == 7
    assert skein("jobs", "cancel", 1).out == "Count, one: cancelled\n"
    assert skein("jobs", "cancel", 1).err == "skein: Job 1 is cancelled already.\n"
    toys.open_gate(experiment, 100)
    assert "queued again" in skein("jobs", "retry", 1).out
    assert ended(ledger, 1).state == ended(ledger, 2).state == "done"
    assert "done" in skein("jobs", "log", 1, "--follow").out
    assert len(skein("jobs", "list", experiment.root, "--state", "done", "--limit", 1).out.splitlines()) == 2
    assert skein("jobs", "cancel", 77).err == "skein: There is no job 77; `skein jobs` lists them.\n"
