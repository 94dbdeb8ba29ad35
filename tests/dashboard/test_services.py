"""What pages ask for, without a browser."""

from pathlib import Path

import pytest

from dashboard.page import Place
from dashboard.services import LOG_BLOCK, Services, read_tail
from pipeline.api import InvalidExperiment, SkeinError
from pipeline.experiment import Provenance, write_provenance


def test_a_url_is_looked_up(services: Services) -> None:
    view = services.view_at(Place.of("/tracks?experiment=pond&recording=trial_2&frame=7"), "dark")
    assert view.experiment is not None
    assert (view.experiment.name, view.recording, view.page, view.theme) == ("Pond", "trial_2", "tracks", "dark")
    assert view.integer("frame") == 7
    first = services.view_at(Place.of("/"))
    assert (first.key, first.recording, first.page) == ("pond", "trial_1", "overview")


@pytest.mark.parametrize("key", ["../pond", "/etc", "Pond", "%2e%2e"])
def test_an_unknown_experiment_is_a_sentence(services: Services, key: str) -> None:
    view = services.view_at(Place("tracks", key))
    assert view.experiment is None
    assert "there are pond" in view.problems[0]
    with pytest.raises(SkeinError, match="there are pond"):
        services.experiment(key)


def test_an_unknown_recording_is_a_sentence(services: Services) -> None:
    view = services.view_at(Place("tracks", "pond", "../../etc"))
    assert view.recording is None
    assert "there are trial_1, trial_2" in view.problems[0]


def test_states_follow_jobs_and_results(services: Services) -> None:
    experiment = services.experiment("pond")
    states = services.states(experiment)
    assert states["segment", "trial_1"].state == "missing"
    assert states["zones", "trial_1"].state == "unneeded"  # no zone is defined
    revision = services.revision()
    (job,) = services.submit(experiment, "segment", ["trial_1"], {})
    assert services.revision() != revision
    assert services.states(experiment)["segment", "trial_1"].state == "queued"
    assert services.states(experiment)["segment", "trial_2"].state == "missing"
    services.ledger.cancel(job)
    assert services.states(experiment)["segment", "trial_1"].state == "missing"
    declared = services.jobs["segment"]
    write_provenance(experiment, Provenance("segment", "trial_1", {}, {"something": "old"}))
    status = services.states(experiment)["segment", "trial_1"]
    assert status.state == "stale"
    assert status.reasons
    assert declared.title


def test_parameters_are_checked_before_anything_is_queued(services: Services) -> None:
    experiment = services.experiment("pond")
    with pytest.raises(InvalidExperiment, match="no_such_thing"):
        services.submit(experiment, "segment", ["trial_1", "trial_2"], {"no_such_thing": 1})
    assert services.ledger.count() == 0


def test_one_click_queues_what_is_missing_once(services: Services) -> None:
    experiment = services.experiment("pond")
    first = services.submit_stale(experiment, ["trial_1"])
    assert first
    assert services.submit_stale(experiment, ["trial_1"]) == []
    active = services.active()
    assert {row.recording for row in active} <= {"trial_1", None}
    assert services.cancel_of(experiment, ["trial_2"]) == 0
    assert services.cancel_of(experiment, ["trial_1"]) == sum(row.recording == "trial_1" for row in active)
    assert {row.recording for row in services.active()} <= {None}


def test_many_jobs_in_one_action(services: Services) -> None:
    experiment = services.experiment("pond")
    ids = services.submit(experiment, "segment", ["trial_1", "trial_2"], {})
    assert services.act_on_jobs("sooner", ids) == "2 jobs are to run sooner."
    assert [services.ledger.row(job).priority for job in ids] == [1, 1]
    assert services.act_on_jobs("retry", ids).startswith("None of them can be")
    services.act_on_jobs("cancel", ids[:1])
    assert services.ledger.row(ids[0]).state == "cancelled"
    assert services.act_on_jobs("retry", ids) == "1 job is queued again."
    assert services.ledger.row(ids[0]).state == "queued"


def test_active_jobs_come_in_the_order_in_which_they_will_run(services: Services) -> None:
    experiment = services.experiment("pond")
    first, second = services.submit(experiment, "segment", ["trial_1", "trial_2"], {})
    services.ledger.prioritise(second, 5)
    assert [row.id for row in services.active()] == [second, first]


def test_a_growing_log_is_read_in_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    assert read_tail(log) == ("", 0)
    log.write_bytes("größe 1\nunfin".encode())
    text, offset = read_tail(log)
    assert text == "größe 1\n"
    with log.open("ab") as handle:
        handle.write("ished µm\n".encode())
    assert read_tail(log, offset) == ("unfinished µm\n", log.stat().st_size)
    assert read_tail(log, log.stat().st_size) == ("", log.stat().st_size)


def test_of_a_long_log_the_end_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(b"".join(b"%06d\n" % number for number in range(100_000)))
    text, offset = read_tail(log)
    assert len(text) <= LOG_BLOCK
    assert text.endswith("099999\n")
    assert offset == log.stat().st_size


def test_a_log_that_began_anew_is_read_from_its_end(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("second attempt\n")
    assert read_tail(log, 5000)[0] == "second attempt\n"
