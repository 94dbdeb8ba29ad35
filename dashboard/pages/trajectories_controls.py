"""What the page 3D is steered with: animals, colour, layers, view, window; as the URL says."""

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.api import View, graph, individual_colours, styled
from dashboard.figures import trajectories as figures
from dashboard.pages import trajectories_queries as queries
from dashboard.pages.trajectories_queries import Window

_VIEWS = {"free": "Free", "top": "Top", "front": "Front", "side": "Side"}
_LAYERS = {"zones": "Zones", "cameras": "Cameras"}


def tools(view: View, found: queries.Summary) -> Component:
    """Which animals, in which colour, with what around them, seen from where."""
    chosen = [name for name in view.names("individuals") if name in found.individuals] or found.individuals
    colours = individual_colours(found.individuals)
    shown = view.query.get("scene", "zones").split(",")
    chips = [
        dmc.Chip(
            [html.Span(className="dot", style={"background": colours[name]}), name],
            value=name,
            size="xs",
            variant="light",
            color="gray",
        )
        for name in found.individuals
    ]
    choices = {key: label for key, label in figures.COLOURS.items() if key != "z" or not found.planar}
    views = [{"value": key, "label": label} for key, label in _VIEWS.items()]
    return html.Div(
        [
            html.Div(
                [
                    html.Span("Animals", className="dim"),
                    dmc.ChipGroup(chips, id="trajectories-individuals", multiple=True, value=chosen),
                    dmc.Button("All", id="trajectories-all", size="compact-xs", variant="subtle"),
                    dmc.Button("None", id="trajectories-none", size="compact-xs", variant="subtle"),
                ],
                className="trajectories-animals",
            ),
            html.Div(
                [
                    html.Span("Colour", className="dim"),
                    dmc.SegmentedControl(
                        id="trajectories-colour",
                        data=[{"value": key, "label": label} for key, label in choices.items()],
                        value=_one_of(view.query.get("colour"), choices, "individual"),
                        size="xs",
                    ),
                    dmc.ChipGroup(
                        [
                            dmc.Chip(label, value=key, size="xs", variant="light")
                            for key, label in _LAYERS.items()
                            if key != "cameras" or not found.planar
                        ],
                        id="trajectories-layers",
                        multiple=True,
                        value=[name for name in shown if name in _LAYERS],
                    ),
                    dmc.SegmentedControl(
                        id="trajectories-view",
                        data=views,
                        value=_one_of(view.query.get("view"), _VIEWS, "free"),
                        size="xs",
                        style={"display": "none"} if found.planar else None,
                    ),
                ],
                className="trajectories-look",
            ),
        ],
        className="trajectories-tools",
    )


def picture(view: View, found: queries.Summary) -> Component:
    """The scene, and below it the strip of the whole recording with the window."""
    start, stop = window_of(view, found)
    return html.Div(
        [
            dcc.Loading(
                graph("trajectories-scene", blank(view), name=f"{view.recording}-3d", style={"height": "560px"}),
                delay_show=600,
                overlay_style={"visibility": "visible", "opacity": 0.6},
            ),
            html.P(id="trajectories-note", className="dim note"),
            html.Div(id="trajectories-point", className="note"),
            graph(
                "trajectories-strip",
                blank(view),
                style={"height": "86px"},
                config={"displayModeBar": False},
            ),
            html.Div(
                dcc.RangeSlider(
                    id="trajectories-window",
                    min=0,
                    max=max(found.end_s, 1e-3),
                    value=[start, stop],
                    marks=None,
                    step=max(found.end_s / 2000, 1e-3),
                    allowCross=False,
                    tooltip={"placement": "bottom", "template": "{value} s"},
                    allow_direct_input=False,
                ),
                className="trajectories-window",
            ),
            html.P(
                "Drag over the strip, or move the ends, to choose a stretch of time; double-click the strip for all.",
                className="dim",
            ),
        ]
    )


def blank(view: View) -> go.Figure:
    """Nothing, until the first answer is there."""
    hidden = {"visible": False}
    return styled(go.Figure(layout={"xaxis": hidden, "yaxis": hidden}), view.theme)


def _one_of(given: str | None, known: dict[str, str], default: str) -> str:
    return given if given in known else default


def window_of(view: View, found: queries.Summary) -> Window:
    """The window of the URL, kept within the recording; else the one to begin with."""
    try:
        start, stop = (float(part) for part in view.names("window"))
    except ValueError:
        return queries.first_window(found)
    start, stop = max(0.0, start), min(found.end_s, stop)
    return (start, stop) if start < stop else queries.first_window(found)
