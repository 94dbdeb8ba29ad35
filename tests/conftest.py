"""Fixtures that every test may use."""

from contextlib import closing
from pathlib import Path

import hypothesis
import pytest

from pipeline.experiment import Experiment
from pipeline.jobs import run_now
from pipeline.jobs.fanout import LocalFanout
from pipeline.registry import job
from pipeline.synthetic import Render, write_experiment
from pipeline.synthetic.job import JOB as RENDER

# How long an example takes says nothing on a busy computer.
hypothesis.settings.register_profile("skein", deadline=None)
hypothesis.settings.load_profile("skein")
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
WAY = ("calibrate", "segment", "track", "reconstruct", "zones", "evaluate")


@pytest.fixture
def real_data() -> Path:
    """The folder of real data, beside the project; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real data is not beside this checkout ({SHARED.name})")
    return SHARED


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a ledger and a cache of its own."""
    home = tmp_path_factory.mktemp("skein-home")
    monkeypatch.setenv("SKEIN_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """Three cameras, three animals, five seconds: rendered, and all computed with the defaults. Leave it as it is."""
    root = tmp_path_factory.mktemp("whole") / "experiment"
    demo = Render(seed=7, animals=3, cameras=3, frames=100)
    with pytest.MonkeyPatch.context() as patch, closing(LocalFanout(2)) as fanout:
        patch.setenv("SKEIN_HOME", str(tmp_path_factory.mktemp("home")))
        run_now(RENDER, write_experiment(root, demo), None, demo, fanout=fanout)
        for stage in map(job, WAY):
            experiment = Experiment.open(root)
            run_now(stage, experiment, None if stage.scope == "experiment" else "trial_1", fanout=fanout)
    return Experiment.open(root)
