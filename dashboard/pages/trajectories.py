"""The page 3D: where the animals swam, walked or flew, in the arena and over time."""

from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, Patch, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.api import (
    QUERY,
    VIEW,
    Page,
    Status,
    View,
    download_button,
    follow,
    followed,
    graph,
    individual_colours,
    missing_result,
    page_header,
    panel,
    run_button,
    state_badge,
    styled,
    warning_list,
    zone_colours,
)
from dashboard.figures import arena as scenery
from dashboard.figures import trajectories as figures
from dashboard.pages import trajectories_queries as queries
from dashboard.pages.trajectories_controls import blank, picture, tools
from dashboard.pages.trajectories_panels import animals_table, measures, sentence
from dashboard.pages.trajectories_queries import Window
from pipeline.api import Experiment, SkeinError, read_calibration, read_provenance

if TYPE_CHECKING:
    from dashboard.services import Services

_SHOWS = "Shows every animal's path through the arena, with zones and cameras, and x, y, z and speed over time."


def layout(services: "Services", view: View) -> Component:
    """The page, in a frame that follows the state of the job."""
    return html.Div(followed(services, view, "trajectories", token, content))


def content(services: "Services", view: View) -> list[Component]:
    """Everything that depends on the result."""
    assert view.experiment is not None
    assert view.recording is not None
    path = view.experiment.trajectories_path(view.recording)
    status = services.state(view, "reconstruct")
    if not path.is_file():
        return [page_header("3D"), missing_result(services, view, "reconstruct", _SHOWS)]
    found = queries.summary(path)
    if not found.rows:
        again = run_button("reconstruct", view, "Reconstruct again")
        notes = read_provenance(view.experiment, "reconstruct", view.recording)
        sentences = notes.notes if notes else []
        return [page_header("3D", "No animal was reconstructed.", again), warning_list(list(sentences))]
    known = services.media.peek(view.experiment, view.recording)
    frames = known.timeline.n_frames if known and known.timeline else None
    expected = view.experiment.animals(view.recording)
    calibration = read_provenance(view.experiment, "reconstruct", view.recording)
    return [
        page_header(
            "Plan" if found.planar else "3D",
            html.Span([state_badge(status), " · ", sentence(found, frames, expected)]),
            run_button(
                "reconstruct",
                view,
                "Update" if status.state == "stale" else "Change parameters",
                primary=status.state == "stale",
            ),
            [download_button(view, "trajectories")],
        ),
        warning_list(_warnings(status)),
        panel([tools(view, found), picture(view, found)], className="trajectories-main"),
        panel(measures(found, frames, expected)),
        panel(
            graph(
                "trajectories-curves",
                blank(view),
                name=f"{view.recording}-curves",
                style={"height": f"{440 if found.planar else 560}px"},
                config={"doubleClick": "autosize"},
            ),
            "Over time",
            [
                html.Span(
                    "Drag to zoom in time, double-click to see everything. Open circles are interpolated.",
                    className="dim",
                )
            ],
        ),
        panel(
            [
                animals_table(found, frames),
                *([html.Ul([html.Li(note) for note in calibration.notes], className="dim")] if calibration else []),
            ],
            "Animals",
        ),
    ]


def _warnings(status: Status) -> list[str]:
    words = {"stale": "Out of date", "failed": "The last attempt failed, these are older trajectories"}
    return [f"{words[status.state]}: {reason}" for reason in status.reasons if status.state in words]


def drawn(view: View, individuals: list[str], window: Window, by: str, layers: list[str], seen: str) -> tuple[Any, ...]:
    """Scene, curves, strip and the note on what was left out.

    Raises
    ------
    SkeinError
        If the trajectories are not there any more.
    """
    assert view.experiment is not None
    assert view.recording is not None
    path = view.experiment.trajectories_path(view.recording)
    if not path.is_file():
        raise SkeinError("The trajectories are not there any more: reconstruct them again.")
    found = queries.summary(path)
    chosen = [name for name in found.individuals if name in individuals]
    paths = queries.paths(path, chosen, window)
    colours = individual_colours(found.individuals)
    arena = view.experiment.configuration.arena
    zones = view.experiment.configuration.zone if "zones" in layers else []
    colours_of_zones = zone_colours([zone.name for zone in view.experiment.configuration.zone])
    if found.planar:
        scene = figures.plan(paths.rows, colours, by, zones, colours_of_zones, arena, found.unit)
    else:
        cameras = _cameras(view.experiment) if "cameras" in layers else None
        scene = figures.paths_3d(paths.rows, colours, by, zones, colours_of_zones, arena, cameras, seen)
    curves = figures.curves(paths.rows, colours, window, found.unit, found.planar)
    expected = view.experiment.animals(view.recording)
    strip = figures.strip(queries.density(path), window, found.end_s, expected)
    return (*(styled(figure, view.theme) for figure in (scene, curves, strip)), paths.note)


def _cameras(experiment: Experiment) -> Any:
    return read_calibration(experiment.calibration_path) if experiment.calibration_path.is_file() else None


def register(app: Dash, services: "Services") -> None:
    """Add the page's callbacks."""

    follow(app, services, "3d", "trajectories", token, content)

    @app.callback(
        Output("trajectories-scene", "figure"),
        Output("trajectories-curves", "figure"),
        Output("trajectories-strip", "figure"),
        Output("trajectories-note", "children"),
        Input("trajectories-window", "value"),
        Input("trajectories-individuals", "value"),
        Input("trajectories-colour", "value"),
        Input("trajectories-layers", "value"),
        State("trajectories-view", "value"),
        VIEW,
    )
    def draw(window: list[float], individuals: Any, by: str, layers: Any, seen: str, shown: Any) -> tuple[Any, ...]:
        return drawn(services.view(shown), individuals or [], (window[0], window[1]), by, layers or [], seen)

    @app.callback(
        QUERY,
        Input("trajectories-window", "value"),
        Input("trajectories-individuals", "value"),
        Input("trajectories-colour", "value"),
        Input("trajectories-layers", "value"),
        Input("trajectories-view", "value"),
        VIEW,
        prevent_initial_call=True,
    )
    def remember(window: list[float], individuals: Any, by: str, layers: Any, seen: str, shown: Any) -> dict[str, Any]:
        view = services.view(shown)
        if view.experiment is None or view.recording is None:
            return {}
        return query_of(
            queries.summary(view.experiment.trajectories_path(view.recording)), window, individuals, by, layers, seen
        )

    @app.callback(
        Output("trajectories-scene", "figure", allow_duplicate=True),
        Input("trajectories-view", "value"),
        prevent_initial_call=True,
    )
    def turn(seen: str) -> Any:
        patch = Patch()
        patch["layout"]["scene"]["camera"] = scenery.camera_of(seen)
        patch["layout"]["scene"]["uirevision"] = seen
        return patch

    @app.callback(
        Output("trajectories-window", "value"),
        Input("trajectories-strip", "selectedData"),
        Input("trajectories-curves", "relayoutData"),
        State("trajectories-window", "max"),
        State("trajectories-window", "value"),
        prevent_initial_call=True,
    )
    def choose(selected: Any, zoomed: Any, end_s: float, now: list[float]) -> Any:
        property_ = ctx.triggered[0]["prop_id"] if ctx.triggered else ""
        window = chosen_window(property_, selected, zoomed, end_s)
        return no_update if window is None or window == now else window

    @app.callback(
        Output("trajectories-individuals", "value"),
        Input("trajectories-all", "n_clicks"),
        Input("trajectories-none", "n_clicks"),
        VIEW,
        prevent_initial_call=True,
    )
    def choose_animals(_all: Any, _none: Any, shown: Any) -> list[str]:
        view = services.view(shown)
        if ctx.triggered_id == "trajectories-none" or view.experiment is None or view.recording is None:
            return []
        return queries.summary(view.experiment.trajectories_path(view.recording)).individuals

    @app.callback(
        Output("trajectories-point", "children"),
        QUERY,
        Input("trajectories-scene", "clickData"),
        Input("trajectories-curves", "clickData"),
        VIEW,
        prevent_initial_call=True,
    )
    def point_at(scene: Any, curves: Any, shown: Any) -> tuple[Any, Any]:
        data = scene if ctx.triggered_id == "trajectories-scene" else curves
        point = (data or {}).get("points", [{}])[0]
        about = point.get("customdata")
        if not isinstance(about, list) or len(about) < 2:
            return no_update, no_update
        frame = round(about[1])
        link = dcc.Link("show it in the videos", href=services.view(shown).link("tracks", frame=frame))
        return [f"{about[0]:.2f} s, frame {frame}: ", link], {"frame": frame}


def chosen_window(property_: str, selected: Any, zoomed: Any, end_s: float) -> list[float] | None:
    """The window that was dragged in one of the plots, everything after a double click, or None for anything else.

    Parameters
    ----------
    property_
        What changed: ``trajectories-strip.selectedData`` or ``trajectories-curves.relayoutData``.
    selected, zoomed
        Their new values.
    """
    if property_ == "trajectories-strip.selectedData":
        if not selected:
            return [0.0, end_s]
        span = selected.get("range", {}).get("x")
    elif property_ == "trajectories-curves.relayoutData":
        span = [value for key, value in sorted((zoomed or {}).items()) if key.startswith("xaxis") and ".range[" in key]
        if not span and any(key.endswith(".autorange") for key in zoomed or {}):
            return [0.0, end_s]
        span = span[:2]
    else:
        return None
    if not span or len(span) != 2:
        return None
    start, stop = max(0.0, round(min(span), 3)), min(end_s, round(max(span), 3))
    return [start, stop] if stop - start > 1e-3 else None


def query_of(
    found: queries.Summary, window: list[float], individuals: Any, by: str, layers: Any, seen: str
) -> dict[str, str | None]:
    """What the URL says; what is as at the beginning is left out."""
    everybody = set(individuals or []) == set(found.individuals)
    return {
        "window": None if tuple(window) == queries.first_window(found) else f"{window[0]:g},{window[1]:g}",
        "individuals": None if everybody or not individuals else ",".join(individuals),
        "colour": None if by == "individual" else by,
        "scene": None if list(layers or []) == ["zones"] else ",".join(layers or ["nothing"]),
        "view": None if seen == "free" else seen,
    }


def token(services: "Services", view: View) -> str:
    """Changes when the page has to be drawn anew: the job's state, what made the result, the recording's length."""
    if view.experiment is None or view.recording is None:
        return ""
    status = services.state(view, "reconstruct")
    provenance = read_provenance(view.experiment, "reconstruct", view.recording)
    known = services.media.peek(view.experiment, view.recording) is not None
    return f"{status.state} {status.fraction} {provenance.key + provenance.finished if provenance else ''} {known}"


PAGE = Page("3d", "3D", "space", layout, register, stage="reconstruct", order=60)
