"""Rows, their order and the changes that people ask for."""

import contextlib
import sqlite3
import threading
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.api import Experiment, InvalidExperiment, SkeinError
from pipeline.jobs import Ledger, schema, transitions
from tests.jobs import toys


def test_a_submitted_job_waits_with_its_values(ledger: Ledger, experiment: Experiment) -> None:
    identity = ledger.submit(toys.COUNT, experiment, "one", {"items": 3}, priority=5, max_attempts=2)
    row = ledger.row(identity)
    assert (row.job, row.title, row.recording, row.parameters) == ("count", "Count", "one", {"items": 3})
    assert (row.state, row.priority, row.max_attempts, row.attempts) == ("queued", 5, 2, 0)
    assert (row.experiment, row.entry, row.after) == (str(experiment.root), "tests.jobs.toys:COUNT", ())
    assert (row.started, row.finished, row.fraction, row.error) == (None, None, None, None)
    assert abs(row.created - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("recording", "parameters", "message"),
    [
        ("three", {}, "No recording named 'three' in toys; there are one, two."),
        (None, {}, "Count works on a recording: name one of toys."),
        ("one", {"items": 0}, "count: items: expected at least 1, got 0"),
        ("one", {"itmes": 3}, "count: itmes: this key is not known; did you mean items?"),
    ],
)
def test_what_does_not_fit_is_refused_at_submission(
    ledger: Ledger, experiment: Experiment, recording: str | None, parameters: dict, message: str
) -> None:
    with pytest.raises(SkeinError) as caught:
        ledger.submit(toys.COUNT, experiment, recording, parameters)
    assert str(caught.value) == message
    assert ledger.count() == 0


def test_wrong_values_in_the_file_name_their_table(ledger: Ledger, experiment: Experiment) -> None:
    path = experiment.root / "experiment.toml"
    path.write_text(path.read_text() + "[parameters.count]\nitems = 0\nfactor = -1\n")
    with pytest.raises(InvalidExperiment) as caught:
        ledger.submit(toys.COUNT, Experiment.open(experiment.root), "one")
    assert [line.split(":")[:3] for line in caught.value.problems] == [
        ["experiment.toml", " [parameters.count]", " items"],
        ["experiment.toml", " [parameters.count]", " factor"],
    ]


def test_a_job_waits_for_active_jobs_whose_result_it_reads(ledger: Ledger, experiment: Experiment) -> None:
    one = ledger.submit(toys.COUNT, experiment, "one")
    two = ledger.submit(toys.COUNT, experiment, "two")
    assert ledger.row(ledger.submit(toys.TOTAL, experiment, "two", after=[one])).after == (one, two)
    ledger.cancel(two)
    assert ledger.row(ledger.submit(toys.TOTAL, experiment, "two")).after == ()
    with pytest.raises(SkeinError, match="no job 99"):
        ledger.submit(toys.TOTAL, experiment, "one", after=[99])


def test_many_jobs_are_queued_all_or_none(ledger: Ledger, experiment: Experiment) -> None:
    def submit_both(last: str) -> list[int]:
        with ledger.submitting() as submit:
            first = submit(toys.COUNT, experiment, "one")
            return [first, submit(toys.TOTAL, experiment, last)]

    with pytest.raises(SkeinError, match="No recording named 'three'"):
        submit_both("three")
    assert ledger.count() == 0
    first, second = submit_both("one")
    assert ledger.row(second).after == (first,)


def test_rows_are_newest_first_filtered_and_paged(ledger: Ledger, experiment: Experiment) -> None:
    ids = [ledger.submit(toys.COUNT, experiment, "one") for _ in range(5)]
    ledger.cancel(ids[1])
    assert [row.id for row in ledger.rows(limit=2, offset=1)] == [ids[3], ids[2]]
    assert [row.id for row in ledger.rows(states=["cancelled"])] == [ids[1]]
    assert ledger.count(experiment.root) == 5
    assert ledger.count(experiment.root / "elsewhere") == 0
    with pytest.raises(SkeinError, match="No job state 'lost'"):
        ledger.rows(states=["lost"])  # type: ignore[list-item]


def test_revision_grows_with_every_change_and_only_then(ledger: Ledger, experiment: Experiment) -> None:
    revisions = [ledger.revision()]

    def changed() -> bool:
        revisions.append(ledger.revision())
        return revisions[-1] > revisions[-2]

    identity = ledger.submit(toys.COUNT, experiment, "one")
    assert changed()
    assert not changed()
    transitions.begin_attempt(ledger, ledger.row(identity), [])
    assert changed()
    transitions.take_progress(ledger, ledger.row(identity), 1, 2, "half", 3.0)
    assert changed()
    ledger.prioritise(identity, 3)
    assert changed()
    ledger.rows()
    assert not changed()


def test_rows_survive_in_the_file(ledger: Ledger, experiment: Experiment) -> None:
    identity = ledger.submit(toys.COUNT, experiment, "one")
    assert Ledger(ledger.path).row(identity) == ledger.row(identity)
    with pytest.raises(SkeinError, match="no job 77"):
        Ledger(ledger.path).row(77)


def test_a_ledger_of_an_earlier_version_is_brought_up_to_date(
    ledger: Ledger, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = ledger.submit(toys.COUNT, experiment, "one")
    later = (*schema._STEPS, "ALTER TABLE jobs ADD COLUMN note TEXT NOT NULL DEFAULT 'none; so far';")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "_STEPS", later)
        for _ in range(2):  # the second finds nothing to do
            Ledger(ledger.path)
    with contextlib.closing(sqlite3.connect(ledger.path)) as database:
        assert database.execute("SELECT id, note FROM jobs").fetchall() == [(identity, "none; so far")]
    with pytest.raises(SkeinError, match="later version of Skein"):
        Ledger(ledger.path)


def test_many_writers_at_once(ledger: Ledger, experiment: Experiment) -> None:
    found: list[int] = []

    def submit() -> None:
        found.extend(Ledger(ledger.path).submit(toys.COUNT, experiment, "one") for _ in range(5))

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(1, 21))
    assert ledger.revision() == 20


def test_cancelling_a_waiting_job_fails_what_waits_for_it_and_retry_brings_both_back(
    ledger: Ledger, experiment: Experiment
) -> None:
    first = ledger.submit(toys.COUNT, experiment, "one")
    second = ledger.submit(toys.TOTAL, experiment, "one")
    third = ledger.submit(toys.COUNT, experiment, "two", after=[second])
    ledger.cancel(first)
    transitions.fail_blocked(ledger)
    assert [ledger.row(identity).state for identity in (first, second, third)] == ["cancelled", "failed", "failed"]
    assert ledger.row(second).error == f"Not started, because “Count” (job {first}) was cancelled."
    assert ledger.row(third).error == f"Not started, because “Total” (job {second}) failed."
    ledger.retry(first)
    assert [ledger.row(identity).state for identity in (first, second, third)] == ["queued"] * 3
    assert ledger.row(second).error is None
    with pytest.raises(SkeinError, match="waiting or running already"):
        ledger.retry(first)


def test_attempts_count_and_have_folders_of_their_own(ledger: Ledger, experiment: Experiment) -> None:
    identity = ledger.submit(toys.COUNT, experiment, "one")
    assert transitions.begin_attempt(ledger, ledger.row(identity), ["0", "1"])
    assert not transitions.begin_attempt(ledger, ledger.row(identity), [])
    row = ledger.row(identity)
    assert (row.state, row.attempts, row.devices) == ("running", 1, ("0", "1"))
    transitions.requeue(ledger, row, "again")
    transitions.begin_attempt(ledger, row, [])
    assert ledger.row(identity).attempts == 2
    transitions.requeue(ledger, row, "the computer was restarted", counts=False)
    assert ledger.row(identity).attempts == 1
    transitions.begin_attempt(ledger, row, [])
    transitions.end_attempt(ledger, row, "failed", "It broke.")
    assert (ledger.row(identity).state, ledger.row(identity).error) == ("failed", "It broke.")
    ledger.retry(identity)
    transitions.begin_attempt(ledger, row, [])
    row = ledger.row(identity)
    assert (row.attempts, row.folder, row.error) == (1, 4, None)
    assert ledger.log_path(identity) == ledger.path.parent / "jobs" / str(identity) / "4" / "log.txt"


def test_ready_rows_come_by_priority_then_age_when_all_they_wait_for_is_done(
    ledger: Ledger, experiment: Experiment
) -> None:
    first = ledger.submit(toys.COUNT, experiment, "one")
    waiting = ledger.submit(toys.TOTAL, experiment, "one", priority=9)
    second = ledger.submit(toys.COUNT, experiment, "two")
    urgent = ledger.submit(toys.BURN, experiment, "two", priority=1)
    assert [row.id for row in transitions.ready(ledger)] == [urgent, first, second]
    transitions.begin_attempt(ledger, ledger.row(first), [])
    transitions.end_attempt(ledger, ledger.row(first), "done")
    assert [row.id for row in transitions.ready(ledger)] == [waiting, urgent, second]
