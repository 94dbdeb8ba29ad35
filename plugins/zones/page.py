"""The page Zones: where each animal was, how often, how long."""

from typing import TYPE_CHECKING, Any

from dash import MATCH, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.api import (
    QUERY,
    REVISION,
    VIEW,
    Page,
    Status,
    View,
    download_button,
    duration,
    empty_state,
    individual_colours,
    missing_result,
    page_header,
    panel,
    run_button,
    state_badge,
    styled,
    warning_list,
)
from pipeline.api import read_provenance
from plugins.zones import figures, panels, queries
from plugins.zones.queries import Results
from plugins.zones.tables import LOST, NAMES

if TYPE_CHECKING:
    from dashboard.api import Services

_SHOWS = "Shows when, how often and how long each animal is in each zone, and how many animals are there together."
_EXAMPLE = """\
[[zone]]
name = "shelter"
polygon = [[0.2, 0.1], [0.6, 0.1], [0.6, 0.4], [0.2, 0.4]]

[[zone]]
name = "centre"
cylinder = [1.0, 0.5]
radius = 0.25
"""


def layout(services: "Services", view: View) -> Component:
    """The page: a head that follows the state of the job, and a body that follows the result."""
    return html.Div(
        [
            dcc.Store(id="zones-drawn", data=[_head_token(services, view), _body_token(services, view)]),
            html.Div(head(services, view), id="zones-head"),
            html.Div(body(services, view), id="zones-body"),
        ]
    )


def head(services: "Services", view: View) -> list[Component]:
    """Title, state, actions and warnings."""
    found = shown_results(services, view)
    if found is None or view.experiment is None:
        return [page_header("Zones")]
    status = services.state(view, "zones")
    provenance = read_provenance(view.experiment, "zones", view.recording)
    return [
        page_header(
            "Zones",
            html.Span([state_badge(status), " · ", sentence(found)]),
            run_button("zones", view, "Update" if status.state == "stale" else "Change parameters"),
            [download_button(view, "zones")],
        ),
        warning_list(_warnings(status, provenance.notes if provenance else [])),
    ]


def body(services: "Services", view: View) -> list[Component]:
    """The figures and tables, or what is missing for them."""
    found = shown_results(services, view)
    if found is None:
        if view.experiment is not None and not view.experiment.configuration.zone:
            needs = (
                "No zone is defined yet: add lines like these at the end of experiment.toml and save it. "
                "Lengths are in metres, or in pixels where neither markers nor a calibration say where the floor is."
            )
            return [empty_state(_SHOWS, needs, html.Pre(_EXAMPLE, className="example"), "zones")]
        return [missing_result(services, view, "zones", _SHOWS)]
    return [
        panel(panels.summary(found)),
        html.Div(
            [
                html.Div([panels.floor(view, found), *([panels.lengths(view, found)] if found.shapes else [])]),
                html.Div([panels.shares(view, found), *([panels.animals(view, found)] if found.shapes else [])]),
            ],
            className="two-columns",
        ),
        panels.tables(),
        panels.choices(found),
    ]


def shown_results(services: "Services", view: View) -> Results | None:
    """The results, older ones too while new ones are on their way; None where there are none to be trusted."""
    assert view.experiment is not None
    assert view.recording is not None
    done = read_provenance(view.experiment, "zones", view.recording) is not None
    if not done and services.state(view, "zones").state not in {"running", "queued"}:
        return None
    return queries.results(view.experiment, view.recording)


def sentence(found: Results) -> str:
    """The state in plain words."""
    animals, zones = len(found.individuals), [zone.name for zone in found.shapes]
    start = f"{animals} {'animal' if animals == 1 else 'animals'} over {duration(found.recording_s)}"
    if not zones:
        return f"{start}; no zone was defined, so that all tracked time counts as outside."
    time = found.totals["time_s"].groupby("zone").sum()
    busiest = max(zones, key=lambda name: time[name])
    lost = 100 * time[LOST] / (animals * found.recording_s)
    most = f"most of the time in zones was spent in {busiest}" if time[busiest] > 0 else "no animal was in any zone"
    return f"{start} in {len(zones)} {'zone' if len(zones) == 1 else 'zones'}: {most}; {_share(lost)} was lost."


def _share(percent: float) -> str:
    if percent == 0:
        return "no time"
    return "less than 0.1 % of the time" if percent < 0.1 else f"{percent:.1f} % of the time"


def _warnings(status: Status, notes: list[str]) -> list[str]:
    words = {"stale": "Out of date", "failed": "The last attempt failed, these are older numbers"}
    return [*(f"{words[status.state]}: {reason}." for reason in status.reasons if status.state in words), *notes]


def register(app: Dash, services: "Services") -> None:
    """Add the page's callbacks."""

    @app.callback(
        Output("zones-head", "children"),
        Output("zones-body", "children"),
        Output("zones-drawn", "data"),
        REVISION,
        State("zones-drawn", "data"),
        VIEW,
        prevent_initial_call=True,
    )
    def follow(_revision: str, drawn: list[str], shown: dict[str, Any]) -> tuple[Any, Any, Any]:
        view = services.view(shown)
        if view.page != "zones" or view.recording is None:
            return no_update, no_update, no_update
        now = [_head_token(services, view), _body_token(services, view)]
        if now == drawn:
            return no_update, no_update, no_update
        return head(services, view), no_update if now[1] == drawn[1] else body(services, view), now

    @app.callback(
        Output("zones-floor", "figure"),
        Output("zones-floor-note", "children"),
        Input("zones-floor-kind", "value"),
        Input("zones-individuals", "value"),
        VIEW,
    )
    def draw_floor(kind: str, individuals: list[str] | None, shown: dict[str, Any]) -> tuple[Any, Any]:
        return floor(services.view(shown), kind, individuals or [])

    @app.callback(QUERY, Input("zones-individuals", "value"), prevent_initial_call=True)
    def remember(individuals: list[str] | None) -> dict[str, Any]:
        return {"individuals": ",".join(individuals) if individuals else None}

    @app.callback(Output("zones-table", "children"), Input("zones-table-name", "value"), VIEW)
    def show_table(name: str, shown: dict[str, Any]) -> Component:
        return panels.table_grid(services.view(shown), name if name in NAMES else NAMES[0])

    @app.callback(
        Output({"type": "zones-grid", "table": MATCH}, "getRowsResponse"),
        Input({"type": "zones-grid", "table": MATCH}, "getRowsRequest"),
        State({"type": "zones-grid", "table": MATCH}, "id"),
        VIEW,
        prevent_initial_call=True,
    )
    def rows(request: dict[str, Any] | None, id_: dict[str, str], shown: dict[str, Any]) -> Any:
        view = services.view(shown)
        if request is None or view.experiment is None or view.recording is None or id_["table"] not in NAMES:
            return no_update
        return queries.rows_of(queries.table_path(view.experiment, view.recording, id_["table"]), request)


def floor(view: View, kind: str, individuals: list[str]) -> tuple[Any, Any]:
    """The floor plan and a note, for the chosen animals (none: all) and the window of the URL."""
    if view.experiment is None or view.recording is None:
        return no_update, no_update
    found = queries.results(view.experiment, view.recording)
    path = view.experiment.trajectories_path(view.recording)
    if found is None or not path.is_file():
        return no_update, "The trajectories are not there any more: reconstruct them again."
    arena = view.experiment.configuration.arena
    bounds = (arena.bounds[0], arena.bounds[1]) if arena is not None and found.unit == "m" else None
    window = _window(view)
    if kind == "time":
        counted = queries.occupancy(path, individuals, window, found.recording_s / found.samples, bounds)
        return styled(figures.occupancy_map(found.shapes, counted, found.unit, bounds), view.theme), ""
    rows, note = queries.paths(path, individuals, window)
    colours = individual_colours(found.individuals)
    return styled(figures.floor_plan(found.shapes, rows, colours, found.unit, bounds), view.theme), note


def _window(view: View) -> tuple[float, float] | None:
    try:
        start, stop = (float(part) for part in view.names("window"))
    except ValueError:
        return None
    return start, stop


def _head_token(services: "Services", view: View) -> str:
    """Changes with the state of the job, and with the result."""
    assert view.experiment is not None
    status = services.state(view, "zones")
    provenance = read_provenance(view.experiment, "zones", view.recording)
    return f"{status.state} {status.reasons} {provenance.finished if provenance else ''}"


def _body_token(services: "Services", view: View) -> str:
    """Changes with the result only, so that what a person chose on the page stays; without one, with its progress."""
    assert view.experiment is not None
    assert view.recording is not None
    if shown_results(services, view) is None:
        status = services.state(view, "zones")
        return f"{status.state} {status.fraction}"
    last_written = queries.table_path(view.experiment, view.recording, "counts")
    return str(last_written.stat().st_mtime_ns)


PAGE = Page("zones", "Zones", "zones", layout, register, stage="zones", order=70)
