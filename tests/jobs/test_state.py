"""Why a result is out of date, in words, and what is queued for it."""

from pathlib import Path

import pytest

from pipeline.api import Experiment, Job
from pipeline.jobs import Ledger, run_now, transitions
from pipeline.jobs.parameters import configure
from pipeline.jobs.state import result_state
from pipeline.jobs.submission import stale_steps, submit_stale
from tests.jobs.toys import BURN, COUNT, TOTAL, Nothing

JOBS = {"count": COUNT, "total": TOTAL}


def state(experiment: Experiment, job: Job, recording: str | None = "one") -> tuple[str, tuple[str, ...]]:
    status = result_state(Experiment.open(experiment.root), job, recording, JOBS)
    return status.state, status.reasons


@pytest.fixture
def computed(experiment: Experiment) -> Experiment:
    (experiment.root / "source.txt").write_text("a")
    run_now(COUNT, experiment, "one")
    run_now(TOTAL, experiment, "one")
    return experiment


def test_missing_then_done(computed: Experiment) -> None:
    assert state(computed, COUNT, "two") == ("missing", ())
    assert state(computed, COUNT) == ("done", ())
    assert state(computed, TOTAL) == ("done", ())


def test_a_changed_input_makes_it_stale_and_all_that_follows(computed: Experiment) -> None:
    (computed.root / "source.txt").write_text("b")
    assert state(computed, COUNT) == ("stale", ("source.txt changed after this was computed",))
    assert state(computed, TOTAL) == ("stale", ("the result of “Count” is itself out of date",))
    run_now(COUNT, computed, "one")
    assert state(computed, COUNT) == ("done", ())
    assert state(computed, TOTAL) == ("stale", ("the result of “Count” changed after this was computed",))
    run_now(TOTAL, computed, "one")
    assert state(computed, TOTAL) == ("done", ())
    (computed.root / "source.txt").unlink()
    assert state(computed, COUNT)[1] == ("source.txt was removed after this was computed",)


def test_recomputing_the_same_changes_nothing_that_follows(computed: Experiment) -> None:
    run_now(COUNT, computed, "one")
    assert state(computed, TOTAL) == ("done", ())


def test_parameters_in_the_file(computed: Experiment) -> None:
    configure(computed.root, COUNT, {"items": 6})  # the default, spelled out
    assert state(computed, COUNT) == ("done", ())
    configure(computed.root, COUNT, {"items": 4, "factor": 3})
    changed = ("parameters in experiment.toml (factor, items) changed after this was computed",)
    assert state(computed, COUNT) == ("stale", changed)
    configure(computed.root, COUNT, {"items": None, "factor": None})
    assert state(computed, COUNT) == ("done", ())


def test_an_explicit_parameter_is_a_choice_and_not_stale(computed: Experiment) -> None:
    run_now(COUNT, computed, "one", {"items": 3})
    assert state(computed, COUNT) == ("done", ())


def test_wrong_parameters_in_the_file_are_a_reason(computed: Experiment) -> None:
    path = computed.root / "experiment.toml"
    path.write_text(path.read_text() + "[parameters.count]\nitems = 0\n")
    found, reasons = state(computed, COUNT)
    assert found == "stale"
    assert "items: expected at least 1, got 0" in reasons[0]


def test_a_removed_or_unreadable_result(computed: Experiment) -> None:
    (computed.folder("one") / "total.json").unlink()
    assert state(computed, TOTAL) == ("stale", ("total.json was removed",))
    (computed.folder("one") / "provenance" / "count.json").write_text("{")
    found, (reason,) = state(computed, COUNT)
    assert found == "stale"
    assert "run count again" in reason


GATHER = Job(
    name="gather", title="Gather", help="Joins all recordings.", parameters=Nothing, run="tests.jobs.toys:total",
    entry="tests.jobs.test_state:GATHER", scope="experiment", requires=("total",),
)  # fmt: skip
OPTIONAL = Job(
    name="optional", title="Optional", help="Needs a file.", parameters=Nothing, run="tests.jobs.toys:total",
    entry="tests.jobs.test_state:OPTIONAL", scope="experiment",
    not_needed=lambda experiment, _: None if (experiment.root / "wanted").exists() else "no file",
)  # fmt: skip
FOLLOWER = Job(
    name="follower", title="Follower", help="Needs the optional.", parameters=Nothing, run="tests.jobs.toys:total",
    entry="tests.jobs.test_state:FOLLOWER", requires=("optional",),
)  # fmt: skip
ALL = {job.name: job for job in (OPTIONAL, COUNT, TOTAL, FOLLOWER, GATHER)}


def test_steps_come_in_order_recording_by_recording(experiment: Experiment, tmp_path: Path) -> None:
    def places() -> list[tuple[str, str | None]]:
        return [step.place for step in stale_steps(experiment, ALL)]

    expected = [("count", "one"), ("total", "one"), ("count", "two"), ("total", "two"), ("gather", None)]
    assert places() == expected
    (experiment.root / "wanted").touch()
    assert places() == [
        ("optional", None), ("count", "one"), ("total", "one"), ("follower", "one"),
        ("count", "two"), ("total", "two"), ("follower", "two"), ("gather", None),
    ]  # fmt: skip


def test_only_what_is_missing_or_stale_is_queued_once_with_its_dependencies(
    ledger: Ledger, computed: Experiment
) -> None:
    first = ledger.submit(BURN, computed, "one")
    one_total = submit_stale(ledger, computed, JOBS, ["one"])
    assert one_total == []
    ids = submit_stale(ledger, computed, JOBS, after=[first])
    assert [(row.job, row.recording, row.after) for row in map(ledger.row, ids)] == [
        ("count", "two", (first,)),
        ("total", "two", (first, ids[0])),
    ]
    assert submit_stale(ledger, computed, JOBS) == []
    transitions.begin_attempt(ledger, ledger.row(ids[0]), [])
    assert submit_stale(ledger, computed, JOBS) == []


def test_what_follows_a_running_job_is_queued_behind_it(ledger: Ledger, computed: Experiment) -> None:
    running = ledger.submit(COUNT, computed, "one", {"items": 9})
    (identity,) = submit_stale(ledger, computed, JOBS, ["one"])
    assert (ledger.row(identity).job, ledger.row(identity).after) == ("total", (running,))


def test_a_result_of_the_experiment_depends_on_every_recording(computed: Experiment) -> None:
    from pipeline.jobs.execution import current_inputs

    assert set(current_inputs(GATHER, computed, None)) == {"parameters in experiment.toml", "total of one"}
    run_now(COUNT, computed, "two")
    run_now(TOTAL, computed, "two")
    assert set(current_inputs(GATHER, computed, None)) >= {"total of one", "total of two"}
