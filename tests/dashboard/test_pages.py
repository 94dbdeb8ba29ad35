"""Pages and callbacks through Flask's test client, as a browser would call them."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dash import Dash, html
from flask.testing import FlaskClient

from dashboard import entering
from dashboard.app import create_app
from dashboard.components.states import Status
from dashboard.page import Page, Place
from dashboard.pages import jobs as jobs_page
from dashboard.pages import load_pages
from dashboard.pages.jobs import Listing
from dashboard.pages.overview import listed, run_label, sentence, todo
from dashboard.services import Services
from dashboard.settings import Settings
from dashboard.shell.routing import shown
from pipeline.api import API_VERSION, Plugin, SkeinError
from pipeline.registry import PluginState


@pytest.fixture
def app(settings: Settings, services: Services) -> Dash:
    return create_app(settings, services)


@pytest.fixture
def client(app: Dash) -> FlaskClient:
    return app.server.test_client()


def text(component: Any) -> str:
    """A component as the JSON that the browser gets."""
    return json.dumps(component.to_plotly_json(), default=lambda part: part.to_plotly_json(), ensure_ascii=False)


def show(client: FlaskClient, url: str) -> str:
    """What the router answers for a URL."""
    outputs = ["page.children", "view.data", "rail.children", "experiment.data", "experiment.value"]
    names = [f"shell-{name}" for name in [*outputs, "recording.data", "recording.value"]]
    values = {"url.href": f"http://127.0.0.1:8050{url}", "theme.data": "light", "files.data": None}
    answer = client.post(
        "/_dash-update-component",
        json={
            "output": f"..{'...'.join(names)}..",
            "outputs": [dict(zip(("id", "property"), name.split("."), strict=True)) for name in names],
            "inputs": [
                {"id": f"shell-{name.split('.')[0]}", "property": name.split(".")[1], "value": value}
                for name, value in values.items()
            ],
            "state": [],
            "changedPropIds": ["shell-url.href"],
        },
        headers={"Host": "127.0.0.1:8050", "Origin": "http://127.0.0.1:8050"},
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def press_log(client: FlaskClient, job: object) -> str:
    """What the browser gets when the log button of a job is pressed."""
    names = [("shell-log-drawer", "opened"), ("shell-log-drawer", "title"), ("shell-log-body", "children")]
    id_ = {"job": job, "type": "shell-log"}
    answer = client.post(
        "/_dash-update-component",
        json={
            "output": "..shell-log-drawer.opened...shell-log-drawer.title...shell-log-body.children..",
            "outputs": [{"id": name, "property": part} for name, part in names],
            "inputs": [[{"id": id_, "property": "n_clicks", "value": 1}]],
            "state": [],
            "changedPropIds": [json.dumps(id_, sort_keys=True, separators=(",", ":")) + ".n_clicks"],
        },
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def test_an_error_in_a_callback_is_a_sentence_in_the_corner(client: FlaskClient, services: Services) -> None:
    answer = press_log(client, 999)
    assert "shell-toasts" in answer
    assert "There is no job 999" in answer


def test_a_defect_in_a_callback_is_a_sentence_and_a_line_in_the_log(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_identity: int) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(services.ledger, "row", broken)
    answer = press_log(client, 1)
    assert "because of a defect in Skein" in answer
    assert "secret" not in answer
    assert "ZeroDivisionError: secret" in caplog.text


@pytest.mark.parametrize("page", ["", "overview", "jobs", "plugins", "settings", "zones"])
@pytest.mark.parametrize(
    "place", ["experiment=pond&recording=trial_1", "experiment=nothing", "experiment=pond&recording=x"]
)
def test_every_page_opens_in_every_state(client: FlaskClient, page: str, place: str) -> None:
    answer = show(client, f"/{page}?{place}")
    assert "because of a defect" not in answer
    assert "Traceback" not in answer


def test_a_page_that_is_not_there(client: FlaskClient) -> None:
    assert "There is no page" in show(client, "/nowhere?experiment=pond")


def test_a_broken_experiment_opens_with_all_its_problems(client: FlaskClient, pond: Path) -> None:
    (pond / "experiment.toml").write_text('name = ""\nanimals = "eight"\ncameras = 3\n')
    for page in ("overview", "zones"):
        answer = show(client, f"/{page}?experiment=pond")
        assert "experiment.toml of pond has problems" in answer
        assert all(word in answer for word in ("animals", "cameras", "name"))


def test_without_any_experiment_the_overview_says_how_to_begin(tmp_path: Path) -> None:
    client = create_app(Settings((), (tmp_path,))).server.test_client()
    assert "It needs an experiment" in show(client, "/")
    assert "No experiment is open yet" in show(client, "/zones")


def test_every_installed_page_works(client: FlaskClient, services: Services) -> None:
    assert services.page_errors == {}
    assert next(iter(services.pages)) == "overview"
    assert list(services.pages)[-3:] == ["jobs", "plugins", "settings"]


def broken_layout(services: Services, view: Any) -> Any:
    raise ZeroDivisionError("secret")


def nothing(app: Dash, services: Services) -> None: ...


def test_a_defect_of_one_page_is_a_sentence(services: Services) -> None:
    page = Page("bad", "Bad", "zones", broken_layout, nothing)
    answer = text(shown(services, page, services.view_at(Place.of("/bad"))))
    assert "because of a defect" in answer
    assert "secret" not in answer


OVERVIEW_AGAIN = Page("overview", "Mine", "zones", lambda services, view: html.Div(), nothing)
BROKEN_CALLBACKS = Page("broken", "Mine", "zones", lambda services, view: html.Div(), broken_layout)
NOT_A_PAGE = 3


@pytest.mark.parametrize(
    ("reference", "part"),
    [
        ("NOT_A_PAGE", "expected a dashboard.api.Page"),
        ("OVERVIEW_AGAIN", "taken"),
        ("ABSENT", "ABSENT"),
        ("BROKEN_CALLBACKS", "secret"),
    ],
)
def test_a_broken_page_of_a_plugin_leaves_the_others(services: Services, reference: str, part: str) -> None:
    app = Dash(__name__)
    plugin = Plugin("mine", "Mine", page=f"{__name__}:{reference}", api_version=API_VERSION)
    states = [PluginState("mine", "x", plugin), PluginState("none", "y", None, "gone")]
    pages, errors = load_pages(states, lambda page: page.register(app, services))
    assert part in errors["mine"]
    assert "broken" not in pages
    assert pages["overview"].title == "Overview"


def test_the_state_of_an_experiment_in_words(services: Services) -> None:
    experiment = services.experiment("pond")
    states = services.states(experiment)
    assert sentence(experiment, states) == "0 of 2 recordings complete."
    assert run_label(states) == f"Run everything that is missing or stale ({todo(states)})"
    assert run_label({("calibrate", None): Status("unneeded")}) == "Nothing to run yet"
    services.submit(experiment, "segment", ["trial_1"], {})
    after = services.states(experiment)
    assert sentence(experiment, after) == "0 of 2 recordings complete, 1 stage queued."
    assert todo(after) == todo(states) - 1
    assert listed(experiment, after, "", "active") == ["trial_1"]
    assert listed(experiment, after, "TRIAL_2", "all") == ["trial_2"]
    assert listed(experiment, after, "x", "all") == []


def test_jobs_are_listed_filtered_and_sorted(services: Services) -> None:
    experiment = services.experiment("pond")
    first, second = services.submit(experiment, "segment", ["trial_1", "trial_2"], {})
    services.ledger.cancel(first)
    assert [row.id for row in jobs_page.listed(services, Listing())] == [second, first]
    assert [row.id for row in jobs_page.listed(services, Listing("finished"))] == [first]
    assert [row.id for row in jobs_page.listed(services, Listing(text="trial_2"))] == [second]
    assert [row.id for row in jobs_page.listed(services, Listing(key="pond"))] == [second, first]
    rows = jobs_page.listed(services, Listing())
    assert [row.id for row in jobs_page.ordered(rows, [{"colId": "recording", "sort": "asc"}])] == [first, second]
    assert [row.id for row in jobs_page.ordered(rows, [{"colId": "id", "sort": "desc"}])] == [second, first]
    cells = jobs_page.as_cells(services.ledger.row(second), {str(experiment.root): "Pond"})
    assert (cells["experiment"], cells["state"], cells["recording"]) == ("Pond", "queued", "trial_2")
    running = replace(services.ledger.row(second), state="running", eta_s=80.0, message="left: 3 animals")
    cells = jobs_page.as_cells(running, {})
    assert (cells["took"], cells["message"]) == ("1 min 20 s left", "left: 3 animals")
    assert jobs_page.as_cells(replace(running, state="done"), {})["message"] == ""


def test_a_new_experiment_from_the_form(services: Services, pond: Path) -> None:
    root = str(pond.parent)
    given = [root, "flume_2", "Flume two", ["a", "b"], "fisheye", 8, 8, 6, 30.0]
    key = entering.create(services, given, [0, 0, 0, 2, 1, 0.5])
    experiment = services.experiment(key)
    assert (experiment.name, experiment.camera_names, experiment.configuration.animals) == ("Flume two", ("a", "b"), 8)
    assert experiment.configuration.arena is not None
    assert experiment.configuration.arena.bounds == ((0, 2), (0, 1), (0, 0.5))
    assert experiment.root == pond.parent / "flume_2"
    for wrong in ([*given[:1], "../x", *given[2:]], given):  # a path; a folder that is taken
        with pytest.raises(SkeinError):
            entering.create(services, wrong, [""] * 6)
    with pytest.raises(SkeinError, match="all six numbers"):
        entering.create(services, [root, "flume_3", *given[2:]], [0, 0, 0, 2, "", 0.5])


def test_a_recording_from_the_form(services: Services, pond: Path) -> None:
    view = services.view_at(Place.of("/?experiment=pond"))
    values = {"name": "trial_3", "recorded_fps": 20, "start": "2026-05-17 09:30", "stride": 1}
    videos = {"cam_1": "cam_1.mp4", "cam_2": "cam_2.mp4"}
    name = entering.add_recording(services, view, videos, dict(values), {"cam_2": 3}, None, ["treatment = warm"])
    entry = services.experiment("pond").recording(name)
    assert entry.videos == videos
    assert (entry.recorded_fps, entry.offsets, entry.factors) == (20, {"cam_2": 3}, {"treatment": "warm"})
    assert str(entry.start) == "2026-05-17 09:30:00"
    with pytest.raises(SkeinError, match="used twice"):
        entering.add_recording(services, view, videos, dict(values), {}, None, [])
    with pytest.raises(SkeinError, match="no file"):
        entering.add_recording(services, view, {"cam_1": "../../etc/passwd"}, {"name": "x"}, {}, None, [])
    with pytest.raises(SkeinError, match="at least one camera"):
        entering.add_recording(services, view, {}, {"name": "x"}, {}, None, [])
    with pytest.raises(SkeinError, match="2026-05-17 09:30"):
        entering.add_recording(services, view, videos, {"name": "x", "start": "May"}, {}, None, [])


def test_start_times_from_an_uploaded_list(services: Services) -> None:
    view = services.view_at(Place.of("/?experiment=pond"))
    content = base64.b64encode(b"trial_1 first fish 00:12\nother 01:00\n").decode()
    count, notes = entering.upload_starts(services, view, f"data:text/plain;base64,{content}")
    assert count == 1
    assert any("other" in note for note in notes)
    assert services.experiment("pond").recording("trial_1").start_at_s == 12
