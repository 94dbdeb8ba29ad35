"""The app as a whole, through Flask's test client."""

from pathlib import Path

import pytest

from dashboard.app import create_app
from dashboard.settings import Settings
from pipeline.api import SkeinError


@pytest.fixture
def client(tmp_path: Path):
    return create_app(Settings(folders=(tmp_path,), roots=(tmp_path,))).server.test_client()


def test_everything_is_served_from_here(client) -> None:
    page = client.get("/").text
    assert "https://" not in page.replace("https:\\u002f\\u002fdash-version", "")
    assert client.get("/icons.css").text.count("mask-image:url") > 60


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.4:8050", "0.0.0.0"])
def test_other_hosts_are_refused(client, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8050", "localhost:9000", "[::1]:8050"])
def test_this_computer_is_answered(client, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


def test_requests_of_other_pages_are_refused(client) -> None:
    origin = {"Host": "127.0.0.1:8050", "Origin": "http://evil.example"}
    assert client.post("/_dash-update-component", json={}, headers=origin).status_code == 403
    null = {"Host": "127.0.0.1:8050", "Origin": "null"}
    assert client.post("/_dash-update-component", json={}, headers=null).status_code == 403
    own = {"Host": "127.0.0.1:8050", "Origin": "http://127.0.0.1:8050"}
    assert client.get("/_dash-layout", headers=own).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "example.org", "::"])
def test_other_addresses_are_refused_with_a_sentence(host: str) -> None:
    with pytest.raises(SkeinError, match="serves this computer only"):
        Settings(host=host)
