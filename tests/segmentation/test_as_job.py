"""The stage as a background job: killed in the middle, on a cluster, on a full disk; the result is always the same."""

import contextlib
import errno
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.errors import SkeinError
from pipeline.experiment import Experiment, read_provenance
from pipeline.jobs import Ledger, run_now
from pipeline.jobs.fanout import DaskFanout, LocalFanout
from pipeline.jobs.supervisor import ensure_supervisor
from pipeline.segmentation.job import JOB
from tests.jobs.conftest import ended, eventually, ledger
from tests.jobs.test_faults import runner_of
from tests.segmentation.swimmers import scene, write_video

__all__ = ["ledger"]  # a fixture
FRAMES = 1200
PARAMETERS = {"chunk": 25}


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "swim.mp4"
    return write_video(path, FRAMES, lambda k: scene([(20 + 0.1 * k, 60, 10, 5, 0.3)], seed=k))


def opened(root: Path, video: Path) -> Experiment:
    root.mkdir()
    (root / "experiment.toml").write_text(
        'name = "job"\n[[camera]]\nname = "cam_1"\n'
        f'[[recording]]\nname = "r"\nvideos = {{ cam_1 = "{video.as_posix()}" }}\n'
    )
    return Experiment.open(root)


def parts(experiment: Experiment) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in experiment.detections_folder("r", "cam_1").glob("part-*")}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, video: Path) -> dict[str, bytes]:
    """The files of a run that nothing disturbed."""
    experiment = opened(tmp_path_factory.mktemp("whole") / "e", video)
    run_now(JOB, experiment, "r", PARAMETERS)
    found = parts(experiment)
    assert len(found) > 10
    return found


@pytest.mark.slow
def test_killed_it_goes_on_with_the_same_result(
    tmp_path: Path, video: Path, expected: dict[str, bytes], ledger: Ledger
) -> None:
    experiment = opened(tmp_path / "e", video)
    identity = ledger.submit(JOB, experiment, "r", PARAMETERS)
    ensure_supervisor()
    folder = experiment.detections_folder("r", "cam_1")
    eventually(lambda: len(list(folder.glob("part-*"))) >= 2)
    runner = runner_of(ledger, identity)
    runner.kill()
    runner.wait()
    # At once: the next attempt begins within a second.
    assert read_provenance(experiment, "segment", "r") is None  # nobody takes the pieces for a result
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("part-*")}

    row = ended(ledger, identity)
    assert (row.state, row.attempts) == ("done", 2)
    assert parts(experiment) == expected
    assert len(kept) < len(expected)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept  # what was finished is not made again
    assert not list(folder.glob(".*.part*"))


@pytest.mark.slow
def test_a_cluster_gives_the_same_files(tmp_path: Path, video: Path, expected: dict[str, bytes]) -> None:
    from distributed import LocalCluster

    local, remote = opened(tmp_path / "local", video), opened(tmp_path / "remote", video)
    with contextlib.closing(LocalFanout(2)) as fanout:
        run_now(JOB, local, "r", PARAMETERS, fanout=fanout)
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    )  # fmt: skip
    with cluster, contextlib.closing(DaskFanout(cluster.scheduler_address)) as fanout:
        run_now(JOB, remote, "r", PARAMETERS, fanout=fanout)
    assert parts(local) == expected
    assert parts(remote) == expected


def test_a_full_disk_leaves_whole_chunks_and_no_result(
    tmp_path: Path, video: Path, expected: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = opened(tmp_path / "e", video)
    written, fsync = [], os.fsync

    def full_after_five(handle: int) -> None:
        written.append(handle)
        if len(written) > 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_after_five)
        with pytest.raises(SkeinError, match="No space left on device"):
            run_now(JOB, experiment, "r", PARAMETERS)
    assert read_provenance(experiment, "segment", "r") is None
    kept = parts(experiment)
    assert 0 < len(kept) < len(expected)
    assert kept.items() <= expected.items()
    folder = experiment.detections_folder("r", "cam_1")
    assert not list(folder.glob(".*.part*"))
    assert all(pq.read_metadata(path).num_rows > 0 for path in folder.glob("part-*"))

    run_now(JOB, experiment, "r", PARAMETERS)
    assert parts(experiment) == expected
