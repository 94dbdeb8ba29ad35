"""Figures of the page 3D: paths in the arena or on the plan, curves over time, the strip of the whole recording."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.figures import arena as scenery
from dashboard.figures.style import SEQUENTIAL
from dashboard.pages.trajectories_queries import Density
from pipeline.geometry.volume import footprint
from pipeline.types import Arena, CameraGroup, Zone

Floats = NDArray[np.float64]
COLOURS = {"individual": "Animal", "speed": "Speed", "z": "Height (z)"}
"""What a path's colour can mean."""
_INTERPOLATED, _OBSERVED = "#b8c1cb", "#14777d"


def paths_3d(
    rows: pd.DataFrame,
    colours: Mapping[str, str],
    by: str,
    zones: Sequence[Zone],
    zone_colours: Mapping[str, str],
    arena: Arena | None,
    cameras: CameraGroup | None,
    view: str = "free",
) -> go.Figure:
    """Paths of the animals in the arena.

    Parameters
    ----------
    rows
        Columns `individual, frame, time_s, x, y, z, speed, state, piece`, ordered by animal and frame; m.
    colours
        Of the animals.
    by
        A key of :data:`COLOURS`.
    zones, arena, cameras
        What is drawn around the paths; empty or None to leave it out.
    view
        A key of :data:`dashboard.figures.arena.VIEWS`.
    """
    figure = go.Figure()
    limits = _limits(rows, by)
    for name, part in rows.groupby("individual", sort=False):
        path = broken(part)
        line = {"width": 4, "color": colours[str(name)]}
        if by in ("speed", "z"):
            line = {"width": 4, "color": path[by].to_numpy(np.float32), "coloraxis": "coloraxis"}
        figure.add_scatter3d(
            **{axis: path[axis].to_numpy(np.float32) for axis in "xyz"}, mode="lines", name=str(name), line=line,
            customdata=_about(path), showlegend=False,
            hovertemplate=f"<b>{name}</b><br>x %{{x:.3f}} m, y %{{y:.3f}} m, z %{{z:.3f}} m<br>"
            "%{customdata[0]:.2f} s, frame %{customdata[1]:.0f}<br>%{customdata[2]:.3f} m/s<extra></extra>",
        )  # fmt: skip
    around = [
        *(scenery.box(arena) if arena else []),
        *scenery.zone_traces(zones, zone_colours, arena),
        *(scenery.camera_traces(cameras, 0.09 * scenery.diagonal(arena)) if cameras else []),
    ]
    figure.add_traces(around)
    figure.update_layout(
        scene={**scenery.scene(), "camera": scenery.camera_of(view), "uirevision": view},
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
    )
    if limits is not None:
        figure.update_layout(coloraxis=_scale(by, limits, "m"))
    return figure


def plan(
    rows: pd.DataFrame,
    colours: Mapping[str, str],
    by: str,
    zones: Sequence[Zone],
    zone_colours: Mapping[str, str],
    arena: Arena | None,
    unit: str,
) -> go.Figure:
    """Paths seen from above, where there is no height: planar mode.

    In px the y axis points down, as in the image, and the arena (in m) is left out.
    """
    figure = go.Figure()
    limits = _limits(rows, by)
    for zone in zones:
        ring = footprint(zone)
        figure.add_scatter(
            x=[*ring[:, 0], ring[0, 0]], y=[*ring[:, 1], ring[0, 1]], mode="lines", fill="toself", name=zone.name,
            line={"color": zone_colours[zone.name], "width": 1}, opacity=0.5, hoverinfo="name", showlegend=False,
        )  # fmt: skip
    for name, part in rows.groupby("individual", sort=False):
        path = broken(part)
        where = {axis: path[axis].to_numpy(np.float32) for axis in "xy"}
        hover = (
            f"<b>{name}</b><br>x %{{x:.3~f}} {unit}, y %{{y:.3~f}} {unit}<br>%{{customdata[0]:.2f}} s, "
            f"frame %{{customdata[1]:.0f}}<br>%{{customdata[2]:.3~f}} {unit}/s<extra></extra>"
        )
        common = {"name": str(name), "customdata": _about(path), "hovertemplate": hover}
        if by == "speed":
            marker = {"size": 3, "color": path["speed"].to_numpy(np.float32), "coloraxis": "coloraxis"}
            figure.add_scattergl(**where, mode="markers", marker=marker, showlegend=False, **common)
        else:
            line = {"width": 1.5, "color": colours[str(name)]}
            figure.add_scattergl(**where, mode="lines", line=line, showlegend=False, **common)
    if arena is not None and unit == "m":
        (x0, x1), (y0, y1), _ = arena.bounds
        figure.add_shape(type="rect", x0=x0, x1=x1, y0=y0, y1=y1, line={"color": "#8793a0", "width": 1})
    figure.update_layout(
        xaxis={"title": {"text": f"x, {unit}"}, "constrain": "domain"},
        yaxis={"title": {"text": f"y, {unit}"}, "scaleanchor": "x", "constrain": "domain"},
    )
    if unit == "px":
        figure.update_yaxes(autorange="reversed")
    if limits is not None:
        figure.update_layout(coloraxis=_scale(by, limits, unit))
    return figure


def curves(
    rows: pd.DataFrame, colours: Mapping[str, str], window: tuple[float, float], unit: str, planar: bool
) -> go.Figure:
    """x, y, z and speed over time, one below the other on a common axis; circles are interpolated positions."""
    axes = [("x", unit), ("y", unit), *([] if planar else [("z", unit)]), ("speed", f"{unit}/s")]
    figure = make_subplots(rows=len(axes), cols=1, shared_xaxes=True, vertical_spacing=0.03)
    for name, part in rows.groupby("individual", sort=False):
        path = broken(part)
        bridged = part[part["state"] == "interpolated"]
        for row, (axis, kind) in enumerate(axes, 1):
            hover = f"{name}: %{{y:.3~f}} {kind}<br>%{{x:.2f}} s"
            style = {"name": str(name), "legendgroup": str(name), "showlegend": False}
            figure.add_scattergl(
                x=path["time_s"], y=path[axis].to_numpy(np.float32), mode="lines", row=row, col=1,
                line={"width": 1.2, "color": colours[str(name)]}, hovertemplate=f"{hover}<extra></extra>", **style,
            )  # fmt: skip
            if len(bridged):
                figure.add_scattergl(
                    x=bridged["time_s"], y=bridged[axis].to_numpy(np.float32), mode="markers", row=row, col=1,
                    marker={"symbol": "circle-open", "size": 5, "color": colours[str(name)]},
                    hovertemplate=f"{hover}<extra>interpolated</extra>", **style,
                )  # fmt: skip
    for row, (axis, kind) in enumerate(axes, 1):
        figure.update_yaxes(title={"text": f"{axis}, {kind}"}, nticks=5, row=row, col=1)
    figure.update_xaxes(range=list(window), title={"text": "time, s"}, row=len(axes), col=1)
    figure.update_layout(
        dragmode="zoom", hovermode="closest", margin={"t": 8, "r": 16}, uirevision=f"{window[0]:g} {window[1]:g}"
    )
    figure.update_yaxes(fixedrange=True)
    return figure


def strip(counts: Density, window: tuple[float, float], end_s: float, expected: int | None) -> go.Figure:
    """How many animals have a position, over the whole recording, with the chosen window marked.

    Parameters
    ----------
    expected
        Number of animals that are there, drawn as a line; None where not known.
    """
    figure = go.Figure()
    for values, name, colour in (
        (counts.observed, "observed", _OBSERVED),
        (counts.interpolated, "interpolated", _INTERPOLATED),
    ):
        figure.add_scatter(
            x=counts.time_s, y=values.astype(np.float32), stackgroup="animals", name=name, mode="lines",
            line={"width": 0, "color": colour, "shape": "hvh"}, fillcolor=colour,
            hovertemplate=f"%{{y:.1f}} {name} at %{{x:.1f}} s<extra></extra>", showlegend=False,
        )  # fmt: skip
    if expected is not None:
        figure.add_hline(y=expected, line={"width": 1, "dash": "dot", "color": "#8793a0"})
    figure.update_layout(
        xaxis={"range": [0, max(end_s, 1e-3)], "title": None, "fixedrange": True},
        yaxis={"title": {"text": "animals"}, "rangemode": "tozero", "fixedrange": True, "nticks": 3},
        margin={"l": 56, "r": 16, "t": 4, "b": 22},
        dragmode="select",
        selectdirection="h",
        shapes=[*figure.layout.shapes, *veils(window, end_s)],
    )
    return figure


def veils(window: tuple[float, float], end_s: float) -> list[dict[str, object]]:
    """Shapes that dim what lies outside the window."""
    common = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "line": {"width": 0}, "fillcolor": "#7b8794"}
    spans = ((0.0, window[0]), (window[1], end_s))
    return [{**common, "x0": start, "x1": stop, "opacity": 0.45} for start, stop in spans if stop > start]


def broken(path: pd.DataFrame) -> pd.DataFrame:
    """One animal's rows with an empty row between unbroken stretches, so that no line crosses a gap."""
    ends = np.flatnonzero(np.diff(path["piece"].to_numpy())) + 1
    if not len(ends):
        return path
    order = np.insert(np.arange(len(path)), ends, -1)
    rows = path.iloc[order].reset_index(drop=True)
    empty = order < 0
    for column in ("x", "y", "z", "speed"):
        rows[column] = rows[column].astype(float).mask(empty)
    return rows


def _about(path: pd.DataFrame) -> NDArray[np.float32]:
    return path[["time_s", "frame", "speed"]].to_numpy(np.float32)


def _limits(rows: pd.DataFrame, by: str) -> tuple[float, float] | None:
    """Ends of the colour scale: all but the most extreme hundredth, which would leave no contrast to the rest."""
    if by not in ("speed", "z") or not rows[by].notna().any():
        return None
    low, high = rows[by].quantile([0.01, 0.99])
    return (0.0 if by == "speed" else float(low)), float(high)


def _scale(by: str, limits: tuple[float, float], unit: str) -> dict[str, object]:
    title = f"speed, {unit}/s" if by == "speed" else f"z, {unit}"
    return {
        "cmin": limits[0], "cmax": limits[1], "colorscale": SEQUENTIAL,
        "colorbar": {"title": {"text": title, "side": "right"}, "thickness": 12, "outlinewidth": 0, "len": 0.7},
    }  # fmt: skip
