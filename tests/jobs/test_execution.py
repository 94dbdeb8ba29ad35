"""Running a job in this process, and what its provenance says."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline.api import Experiment, SkeinError, read_provenance
from pipeline.experiment.provenance import provenance_path
from pipeline.jobs import Ledger, execution, run_now
from pipeline.jobs.parameters import configure
from tests.jobs import toys


def test_provenance_says_what_shaped_the_result(experiment: Experiment) -> None:
    (experiment.root / "source.txt").write_text("a")
    experiment = configure(experiment.root, toys.COUNT, {"items": 3})
    told: list[tuple[float, float, str]] = []
    noted: list[str] = []
    returned = run_now(
        toys.COUNT, experiment, "one", {"factor": 4.0}, progress=lambda *told_: told.append(told_), note=noted.append
    )
    provenance = read_provenance(experiment, "count", "one")
    assert provenance == returned
    assert provenance is not None
    assert provenance.parameters == {"items": 3, "factor": 4.0}  # file and explicit value, over the defaults
    assert set(provenance.inputs) == {"source.txt", "parameters in experiment.toml"}
    assert provenance.notes == noted == ["3 pieces."]
    assert provenance.duration_s is not None
    assert told[-1] == (3, 3, "piece 3")
    total = run_now(toys.TOTAL, experiment, "one")
    assert total.inputs["count"] == provenance.key


def test_a_required_result_is_asked_for_by_name(experiment: Experiment) -> None:
    with pytest.raises(SkeinError, match=r"needs the result of `count` first: run `skein count toys --recording one`"):
        run_now(toys.TOTAL, experiment, "one")


def test_inputs_are_those_of_the_start(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    source = experiment.root / "source.txt"
    source.write_text("before")
    expected = toys.source_fingerprint(experiment, "one")["source.txt"]
    provenance = run_now(
        toys.COUNT, experiment, "one", progress=lambda *_: source.write_text("changed meanwhile") and None
    )
    assert provenance.inputs["source.txt"] == expected


def test_a_failure_that_wrote_nothing_leaves_the_old_result(experiment: Experiment) -> None:
    old = run_now(toys.COUNT, experiment, "one")

    def fail(*_: object) -> None:
        raise ValueError

    with pytest.raises(ValueError):  # all pieces are there: it fails at its first word
        run_now(toys.COUNT, experiment, "one", progress=fail)
    assert read_provenance(experiment, "count", "one") == old


def test_a_failure_that_overwrote_something_does_not(experiment: Experiment) -> None:
    run_now(toys.COUNT, experiment, "one", {"items": 2})

    def fail_late(done: float, *_: object) -> None:
        if done == 3:
            raise ValueError

    with pytest.raises(ValueError):
        run_now(toys.COUNT, experiment, "one", {"items": 4}, progress=fail_late)
    assert read_provenance(experiment, "count", "one") is None


def test_a_full_disk_while_pyarrow_or_numpy_write(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "pieces.parquet")

    monkeypatch.setattr(toys, "write_json", full)
    with pytest.raises(SkeinError, match=r"^The disk is full: 'Count' stopped at pieces\.parquet\."):
        run_now(toys.COUNT, experiment, "one")
    assert read_provenance(experiment, "count", "one") is None


def test_a_full_disk_at_the_very_end_leaves_no_result(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise SkeinError("Could not write count.json: No space left on device. Nothing was changed.")

    monkeypatch.setattr(execution, "write_provenance", full)
    with pytest.raises(SkeinError, match="No space left"):
        run_now(toys.COUNT, experiment, "one")
    assert not provenance_path(experiment, "count", "one").exists()


def test_an_output_that_was_not_written_is_a_failure(experiment: Experiment) -> None:
    job = replace(toys.COUNT, produces=("recordings/{recording}/count", "recordings/{recording}/report.json"))
    with pytest.raises(SkeinError, match=r"Count ended without writing recordings/one/report\.json\."):
        run_now(job, experiment, "one")


def test_half_written_files_of_a_killed_attempt_are_removed(experiment: Experiment) -> None:
    folder = experiment.folder("one") / "count"
    (folder / "more").mkdir(parents=True)
    (folder / ".0.json.0123abcd.part.json").write_text("half")
    (folder / "more" / ".1.json.0123abcd.part.json").write_text("half")
    beside = experiment.folder("one") / ".total.json.0123abcd.part.json"  # of a result that is one file
    beside.write_text("half")
    others = experiment.root / ".experiment.toml.0123abcd.part.toml"  # somebody may be writing it at this moment
    others.write_text("half")
    run_now(toys.COUNT, experiment, "one", {"items": 1})
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["0.json"]
    run_now(toys.TOTAL, experiment, "one")
    assert not beside.exists()
    assert others.exists()


def test_the_same_result_is_never_computed_twice_at_once(
    experiment: Experiment, own_home: Path, monkeypatch: pytest.MonkeyPatch, ledger: Ledger
) -> None:
    run_now(toys.COUNT, experiment, "one")
    (lock,) = (own_home / "locks").iterdir()
    monkeypatch.setattr(execution, "LOCK_S", 0.1)
    with FileLock(lock), pytest.raises(SkeinError, match="being computed by another process"):
        run_now(toys.COUNT, experiment, "one")
    run_now(toys.COUNT, experiment, "one")
