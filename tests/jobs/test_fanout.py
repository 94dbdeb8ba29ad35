"""The same function gives the same on one process, on a local pool and on a Dask cluster."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipeline.api import Experiment, SkeinError
from pipeline.jobs import Fanout, run_now
from pipeline.jobs.fanout import DaskFanout, LocalFanout, SerialFanout, WorkerKilled, make_fanout
from pipeline.jobs.settings import Settings, write_settings
from tests.jobs import pieces


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a scheduler with two worker processes."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running.scheduler_address


@pytest.fixture(params=["serial", "local", "dask"], scope="module")
def fanout(request: pytest.FixtureRequest) -> Iterator[Fanout]:
    """Each kind, shared by the tests: one use must not spoil the next."""
    kinds = {
        "serial": SerialFanout,
        "local": lambda: LocalFanout(2),
        "dask": lambda: DaskFanout(request.getfixturevalue("cluster")),
    }
    with contextlib.closing(kinds[request.param]()) as made:
        yield made


def test_every_item_comes_back_with_its_index(fanout: Fanout) -> None:
    items = [np.arange(k) for k in range(12)]
    assert dict(fanout.map(pieces.total, iter(items))) == {k: k * (k - 1) // 2 for k in range(12)}
    assert list(fanout.map(pieces.total, [])) == []


def test_an_exception_arrives_as_itself(fanout: Fanout) -> None:
    with pytest.raises(SkeinError, match=r"^Piece 3 is broken\.$"):
        list(fanout.map(pieces.fails_at_three, range(30)))


def test_few_items_are_in_flight(fanout: Fanout) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for index in range(1000):
            taken.append(index)
            yield index

    results = fanout.map(pieces.same, items())
    next(results)
    assert len(taken) < 20
    results.close()  # type: ignore[attr-defined]


def test_a_stage_gives_the_same_files(fanout: Fanout, experiment: Experiment) -> None:
    run_now(pieces.SQUARES, experiment, "one")
    run_now(pieces.SQUARES, experiment, "two", fanout=fanout)

    def files(recording: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (experiment.folder(recording) / "squares").iterdir()}

    assert len(files("one")) == 10
    assert files("one") == files("two")


def test_workers_calculate_with_one_thread() -> None:
    with contextlib.closing(LocalFanout(1)) as fanout:
        assert [result for _, result in fanout.map(pieces.threads, [0])] == [("1", 1)]


def test_a_killed_worker_is_told_from_an_exception_and_replaced() -> None:
    with contextlib.closing(LocalFanout(2)) as fanout:
        with pytest.raises(WorkerKilled, match="out of memory"):
            list(fanout.map(pieces.dies, range(3)))
        assert dict(fanout.map(pieces.same, [5])) == {0: 5}


def test_no_scheduler_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.jobs.fanout.CONNECT_S", 0.5)
    with pytest.raises(SkeinError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        list(DaskFanout("tcp://127.0.0.1:9").map(pieces.same, [1]))


def test_settings_choose_the_fanout(own_home: Path) -> None:
    assert isinstance(make_fanout(Settings.model_validate({"workers": 1})), SerialFanout)
    assert isinstance(make_fanout(write_settings({"workers": 3})), LocalFanout)
    assert isinstance(make_fanout(write_settings({"cluster": "tcp://node1:8786"})), DaskFanout)
