"""Installed plugins: those that work are there, those that do not are listed with their error and spoil nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.app import create_app
from dashboard.services import Services
from dashboard.settings import Settings
from pipeline import registry
from pipeline.cli import main
from pipeline.errors import SkeinError

GOOD = """
from pipeline.api import Export, Job, Parameters, Plugin, parameter

class Nothing(Parameters):
    size: int = parameter(3, "A size.", unit="px", minimum=1)

JOB = Job("measure", "Measure", "Measures.", Nothing, "lab_good:run", "lab_good:JOB", stage=False)
PLUGIN = Plugin("lab", "Lab", (JOB,), (Export("sizes", "Sizes", "All sizes.", "lab_good:tables", "measure"),))
"""
PACKAGES = {
    "lab_good": GOOD,
    "lab_raises": "raise RuntimeError('this computer has no licence')",
    "lab_gone": "import a_library_that_is_not_installed",
    "lab_wrong": "PLUGIN = 3",
    "lab_old": "from pipeline.api import Plugin\nPLUGIN = Plugin('old', 'Old', api_version=0)",
    "lab_taken": GOOD.replace('"measure"', '"track"').replace("lab_good", "lab_taken"),
    "lab_page": "from pipeline.api import Plugin\nPLUGIN = Plugin('paged', 'Paged', page='lab_page:PAGE')\nPAGE = 3",
}


@pytest.fixture
def laboratory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Installs a distribution with a plugin that works and with some that do not."""
    for name, text in PACKAGES.items():
        (tmp_path / f"{name}.py").write_text(text)
    installed = tmp_path / "lab-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1.0\n")
    points = "".join(f"{name} = {name}:PLUGIN\n" for name in PACKAGES)
    (installed / "entry_points.txt").write_text(f"[skein.plugins]\n{points}lab_lost = lab_lost:PLUGIN\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for cached in (registry.plugins, registry.jobs):
        cached.cache_clear()
    yield
    for cached in (registry.plugins, registry.jobs):
        cached.cache_clear()


@pytest.mark.usefixtures("laboratory")
def test_a_broken_plugin_is_listed_with_its_error_and_the_rest_works() -> None:
    states = {state.source.partition(":")[0]: state for state in registry.plugins()}
    errors = {name: state.error for name, state in states.items() if state.error}
    assert errors == {
        "lab_raises": "RuntimeError: this computer has no licence",
        "lab_gone": "ModuleNotFoundError: No module named 'a_library_that_is_not_installed'",
        "lab_lost": "ModuleNotFoundError: No module named 'lab_lost'",
        "lab_wrong": "SkeinError: expected a pipeline.api.Plugin, got int",
        "lab_old": f"SkeinError: written for API version 0, this Skein has {registry.API_VERSION}",
        "lab_taken": "SkeinError: its 'export sizes' has a name that is taken",
    }
    assert registry.job("measure").title == "Measure"
    assert registry.exports()["sizes"].job == "measure"
    assert registry.job("track").entry == "pipeline.tracking.job:JOB"  # nobody takes a core stage's name
    assert next(iter(registry.plugins())).source.startswith("plugins.")  # ours load first


@pytest.mark.usefixtures("laboratory")
def test_the_command_line_works_beside_broken_plugins(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["measure", "--help"])
    assert left.value.code == 0
    assert "in px; default: 3; at least 1" in capsys.readouterr().out
    assert main(["plugins"]) == 0
    assert "this computer has no licence" in capsys.readouterr().out
    assert main(["plugins", "check"]) == 1


@pytest.mark.usefixtures("laboratory")
def test_the_dashboard_works_beside_broken_plugins() -> None:
    settings = Settings()
    services = Services(settings)
    client = create_app(settings, services).server.test_client()
    assert client.get("/").status_code == 200
    assert {"overview", "jobs", "zones"} <= services.pages.keys()
    assert services.page_errors == {"paged": "SkeinError: expected a dashboard.api.Page, got int"}


def test_jobs_come_in_the_order_of_the_datas_way() -> None:
    names = list(registry.jobs())
    way = ["calibrate", "segment", "track", "reconstruct", "zones"]
    assert [name for name in names if name in way] == way
    for job in registry.jobs().values():
        assert names.index(job.name) > max((names.index(name) for name in (*job.requires, *job.uses)), default=-1)


def test_an_unknown_job_is_answered_with_those_there_are() -> None:
    with pytest.raises(SkeinError, match=r"No job named 'trak'; there are calibrate, segment, track"):
        registry.job("trak")
