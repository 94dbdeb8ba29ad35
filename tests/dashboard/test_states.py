"""Results and jobs, taken together."""

from dataclasses import replace

import pytest

from dashboard.components.states import Status, duration
from dashboard.services import Services
from dashboard.states import newest, with_job, without_source
from pipeline.jobs.ledger import JobRow


@pytest.fixture
def queued(services: Services) -> JobRow:
    """A queued job of trial_1."""
    (job,) = services.submit(services.experiment("pond"), "segment", ["trial_1"], {})
    return services.ledger.row(job)


@pytest.mark.parametrize(
    ("result", "row", "expected"),
    [
        ("missing", None, "missing"),
        ("missing", "queued", "queued"),
        ("stale", "running", "running"),
        ("missing", "failed", "failed"),
        ("stale", "failed", "failed"),
        ("done", "failed", "done"),  # what is there is still valid
        ("unneeded", "failed", "unneeded"),  # started by hand where nothing waits for it
        ("done", "done", "done"),
        ("stale", "done", "stale"),
        ("missing", "cancelled", "missing"),
    ],
)
def test_what_a_cell_shows(queued: JobRow, result: str, row: str | None, expected: str) -> None:
    assert with_job(Status(result), None if row is None else replace(queued, state=row)).state == expected


def test_a_running_job_tells_how_far_it_is(queued: JobRow) -> None:
    row = replace(queued, state="running", done=21.0, total=50.0, eta_s=75.0, message="cam_1")
    status = with_job(Status(), row)
    assert (status.word, status.eta_s, status.reasons, status.job_id) == ("running 42 %", 75.0, ("cam_1",), row.id)


def test_a_failure_keeps_its_sentence_and_why_the_result_is_old(queued: JobRow) -> None:
    status = with_job(Status("stale", ("the video changed",)), replace(queued, state="failed", error="disk full"))
    assert status.reasons == ("disk full", "the video changed")


def test_the_newest_job_counts(queued: JobRow) -> None:
    rows = [replace(queued, id=3, state="done"), queued, replace(queued, id=2, recording=None)]
    assert {cell: row.id for cell, row in newest(rows).items()} == {("segment", "trial_1"): 3, ("segment", None): 2}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0.34, "0.3 s"),
        (42, "42 s"),
        (185, "3 min 5 s"),
        (1200, "20 min"),
        (4800, "1 h 20 min"),
        (260000, "3.0 days"),
    ],
)
def test_durations(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_what_has_no_source_is_not_needed(services: Services) -> None:
    place = {
        ("calibrate", None): Status("done"),
        ("segment", "r"): Status("unneeded"),
        ("track", "r"): Status("missing"),
    }
    found = without_source(place, services.stages)
    assert found["track", "r"].state == "unneeded"
    assert found["calibrate", None].state == "done"
    place["segment", "r"] = Status("missing")
    assert without_source(place, services.stages)["track", "r"].state == "missing"
