"""How the dashboard is started."""

import socket
from pathlib import Path

import pytest

from dashboard.server import _listen, main
from dashboard.settings import DEFAULT_PORT, Settings
from pipeline.api import SkeinError


def test_a_missing_folder_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere")]) == 1
    assert "There is no folder" in capsys.readouterr().err


def test_other_addresses_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", "0.0.0.0"]) == 1
    told = capsys.readouterr().err
    assert "this computer only" in told
    assert "ssh -L" in told


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SkeinError, match="is in use"):
            _listen("127.0.0.1", taken.getsockname()[1])


def test_without_a_port_a_free_one_is_found() -> None:
    with _listen("127.0.0.1", None) as first, _listen("127.0.0.1", None) as second:
        ports = first.getsockname()[1], second.getsockname()[1]
    assert ports[0] != ports[1]
    assert min(ports) >= DEFAULT_PORT


def test_roots_are_the_given_folders_and_where_it_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    assert Settings((Path("a"),)).roots == (tmp_path / "a", tmp_path)
    assert Settings((Path("a"),), (tmp_path / "b",)).roots == (tmp_path / "b",)


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_a_port_that_there_cannot_be_is_told_so(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([f"--port={port}"])
    assert f"expected a number from 0 to 65535, got '{port}'" in capsys.readouterr().err
