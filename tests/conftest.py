"""Fixtures that every test may use."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


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
