"""Figures of the Zones page: data in, figure out."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.api import SEQUENTIAL, zone_colours
from pipeline.api import Zone, volume
from plugins.zones.queries import Occupancy
from plugins.zones.tables import LOST, OUTSIDE

Bounds = tuple[tuple[float, float], tuple[float, float]]
_OUTSIDE_COLOUR, _LOST_COLOUR, _LABEL = "#9aa5b1", "#52606d", "#1f2933"
_LENGTHS = [digit * 10.0**power for power in range(-2, 6) for digit in (1, 2, 5)]
_STEPS = 1500
_POINTS = 400


def place_colours(zones: Sequence[str]) -> dict[str, str]:
    """A colour per zone, as on every page, and those of the rows `outside` and `lost`."""
    return {**zone_colours(zones), OUTSIDE: _OUTSIDE_COLOUR, LOST: _LOST_COLOUR}


def floor_plan(
    zones: Sequence[Zone], paths: pd.DataFrame, colours: Mapping[str, str], unit: str, bounds: Bounds | None
) -> go.Figure:
    """Zones and paths of the animals, seen from above.

    Parameters
    ----------
    paths
        Columns `individual, frame, time_s, x, y`, ordered by animal and frame.
    colours
        Of the animals, in the order of the legend.
    unit
        ``m``; with ``px`` the y axis points down, as in an image.
    bounds
        x and y of the arena, from and to; None where not known.
    """
    figure = _floor(unit, bounds)
    where = f"x %{{x:.3f}} {unit}, y %{{y:.3f}} {unit}"
    for name in (name for name in colours if (paths["individual"] == name).any()):
        x, y, time = _broken_at_gaps(paths[paths["individual"] == name])
        figure.add_scatter(
            x=x, y=y, customdata=time, mode="lines", name=name, line={"width": 1, "color": colours[name]},
            hovertemplate=f"{name}<br>{where}<br>%{{customdata:.2f}} s<extra></extra>",
        )  # fmt: skip
    _add_zones(figure, zones, unit)
    return figure


def occupancy_map(zones: Sequence[Zone], occupancy: Occupancy, unit: str, bounds: Bounds | None) -> go.Figure:
    """Zones and the time spent in each square of the floor, seen from above."""
    figure = _floor(unit, bounds)
    figure.add_heatmap(
        x=occupancy.x, y=occupancy.y, z=occupancy.seconds.astype(np.float32), colorscale=SEQUENTIAL, hoverongaps=False,
        colorbar={"title": {"text": "time, s", "side": "right"}, "thickness": 12, "outlinewidth": 0},
        hovertemplate=f"x %{{x:.3f}} {unit}, y %{{y:.3f}} {unit}<br>%{{z:.2f}} s<extra></extra>",
    )  # fmt: skip
    _add_zones(figure, zones, unit)
    return figure


def time_shares(
    totals: pd.DataFrame, individuals: Sequence[str], places: Sequence[str], recording_s: float
) -> go.Figure:
    """Bars: where each animal spent the recording, outside and lost included.

    Parameters
    ----------
    totals
        Indexed by individual and zone, with `time_s`, `overlap_s` and `observed_s`. Where zones do not overlap the
        bars are stacked to the whole recording; where they do, each zone has a bar of its own, because a stack could
        not show time that belongs to two of them.
    """
    stacked = not totals["overlap_s"].any()
    colours = place_colours([name for name in places if name not in (OUTSIDE, LOST)])
    figure = go.Figure()
    for place in places:
        rows = totals.xs(place, level="zone").reindex(list(individuals))
        tracked = 100 * rows["time_s"] / rows["observed_s"].where(rows["observed_s"] > 0)
        share = "" if place == LOST else "<br>%{customdata[1]:.1f} % of tracked time"
        figure.add_bar(
            y=list(individuals), x=(100 * rows["time_s"] / recording_s).to_numpy(), name=place, orientation="h",
            customdata=np.column_stack([rows["time_s"], tracked]),
            marker={"color": colours[place], "pattern": {"shape": "/" if place == LOST else "", "solidity": 0.4}},
            hovertemplate=f"%{{y}}, {place}<br>%{{customdata[0]:.2f}} s<br>%{{x:.1f}} % of the recording{share}"
            "<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        barmode="stack" if stacked else "group",
        bargap=0.25,
        xaxis={"title": {"text": "share of the recording, %"}, "range": [0, 100]},
        yaxis={"title": {"text": "animal"}, "autorange": "reversed", "type": "category"},
        legend={"traceorder": "normal"},
    )
    return figure


def visit_lengths(visits: pd.DataFrame, zones: Sequence[str]) -> go.Figure:
    """Boxes: how long the visits to each zone were.

    Quartiles are those of all visits; whiskers reach the furthest visit within 1.5 times the box; single visits are
    drawn while there are few.
    """
    colours = place_colours(zones)
    figure = go.Figure()
    for zone in zones:
        lengths = np.sort(visits.loc[visits["zone"] == zone, "duration_s"].to_numpy(np.float64))
        if not len(lengths):
            continue
        q1, median, q3 = np.quantile(lengths, [0.25, 0.5, 0.75])
        within = lengths[(lengths >= q1 - 1.5 * (q3 - q1)) & (lengths <= q3 + 1.5 * (q3 - q1))]
        figure.add_box(
            x=[zone], q1=[q1], median=[median], q3=[q3], lowerfence=[within[0]], upperfence=[within[-1]], name=zone,
            marker={"color": colours[zone]}, showlegend=False,
        )  # fmt: skip
        if len(lengths) <= _POINTS:
            figure.add_scatter(
                x=[zone] * len(lengths), y=lengths, mode="markers", showlegend=False, name=zone,
                marker={"color": colours[zone], "size": 5, "opacity": 0.6},
                hovertemplate=f"{zone}<br>%{{y:.2f}} s<extra></extra>",
            )  # fmt: skip
    figure.update_layout(
        xaxis={"title": {"text": "zone"}, "type": "category", "categoryorder": "array", "categoryarray": list(zones)},
        yaxis={
            "title": {"text": "length of a visit, s"},
            "type": "log",
            "tickvals": _LENGTHS,
            "ticktext": [f"{value:g}" for value in _LENGTHS],
        },
    )
    return figure


def animals_over_time(
    visits: pd.DataFrame, zones: Sequence[str], means: Mapping[str, float], recording_s: float
) -> tuple[go.Figure, str]:
    """How many animals are in each zone, a row per zone on a common time axis.

    Parameters
    ----------
    means
        Mean number of animals over the recording, per zone.

    Returns
    -------
    The figure, and a sentence where it shows means over short intervals because there are too many changes to draw.
    """
    colours = place_colours(zones)
    figure, note = make_subplots(len(zones), 1, shared_xaxes=True, vertical_spacing=0.3 / len(zones)), ""
    for row, zone in enumerate(zones, start=1):
        stays = visits[visits["zone"] == zone]
        times, numbers = _steps(stays["start_s"].to_numpy(), stays["stop_s"].to_numpy(), recording_s)
        if len(times) > _STEPS:
            times, numbers = _means(times, numbers, recording_s)
            note = f"Drawn as means over {recording_s / _STEPS:.3g} s: there are too many changes to draw each."
        figure.add_scatter(
            x=times, y=numbers, mode="lines", name=zone, line={"shape": "hv", "width": 1.5, "color": colours[zone]},
            fill="tozeroy", showlegend=False, row=row, col=1,
            hovertemplate=f"{zone}<br>%{{x:.2f}} s: %{{y:.3~f}} animals<extra></extra>",
        )  # fmt: skip
        number = "" if row == 1 else row
        figure.add_annotation(
            x=0, y=1, xref=f"x{number} domain", yref=f"y{number} domain", xanchor="left", yanchor="bottom",
            showarrow=False, text=f"{zone}: {means[zone]:.2f} on average", font={"size": 12},
        )  # fmt: skip
        figure.update_yaxes(rangemode="tozero", dtick=max(1, np.ceil(numbers.max() / 3)), row=row, col=1)
    figure.update_xaxes(range=[0, recording_s])
    figure.update_xaxes(title={"text": "time from the recording's start, s"}, row=len(zones), col=1)
    figure.update_yaxes(title={"text": "animals"}, row=(len(zones) + 1) // 2, col=1)
    return figure, note


def _floor(unit: str, bounds: Bounds | None) -> go.Figure:
    figure = go.Figure()
    if bounds is not None:
        (x0, x1), (y0, y1) = bounds
        figure.add_scatter(
            x=[x0, x1, x1, x0, x0], y=[y0, y0, y1, y1, y0], mode="lines", line={"width": 2, "color": _OUTSIDE_COLOUR},
            hoverinfo="skip", showlegend=False, name="arena",
        )  # fmt: skip
    y_axis = {"title": {"text": f"y, {unit}"}, "scaleanchor": "x", "constrain": "domain"}
    if unit == "px":
        y_axis["autorange"] = "reversed"
    figure.update_layout(xaxis={"title": {"text": f"x, {unit}"}, "constrain": "domain"}, yaxis=y_axis)
    return figure


def _add_zones(figure: go.Figure, zones: Sequence[Zone], unit: str) -> None:
    colours = place_colours([zone.name for zone in zones])
    for zone in zones:
        outline = volume.footprint(zone)
        closed = np.vstack([outline, outline[:1]])
        figure.add_scatter(
            x=closed[:, 0], y=closed[:, 1], mode="lines", line={"width": 2.5, "color": colours[zone.name]},
            fill="toself",
            fillcolor=f"rgba{(*(int(colours[zone.name][at : at + 2], 16) for at in (1, 3, 5)), 0.10)}",
            name=zone.name, showlegend=False, hoveron="fills", text=_described(zone, unit), hoverinfo="text",
        )  # fmt: skip
        top = outline[np.argmin(outline[:, 1]) if unit == "px" else np.argmax(outline[:, 1])]
        figure.add_annotation(
            x=float(outline[:, 0].mean()), y=float(top[1]), text=zone.name, showarrow=False, yanchor="top", yshift=-2,
            font={"color": _LABEL, "size": 12}, bgcolor="rgba(255,255,255,0.8)", borderpad=2,
            bordercolor=colours[zone.name],
        )  # fmt: skip


def _described(zone: Zone, unit: str) -> str:
    if zone.sphere is not None:
        return f"{zone.name}: sphere around z = {zone.sphere[2]:g} {unit}"
    height = zone.box[2] if zone.box is not None else zone.z
    reach = "at every height" if height is None else f"z from {height[0]:g} to {height[1]:g} {unit}"
    return f"{zone.name}: {zone.shape}, {reach}"


def _broken_at_gaps(rows: pd.DataFrame) -> tuple[NDArray, NDArray, NDArray]:
    """Coordinates and times with NaN where frames are missing, so that no line is drawn over a loss."""
    frame = rows["frame"].to_numpy()
    usual = np.median(np.diff(frame)) if len(frame) > 1 else 1
    gaps = np.flatnonzero(np.diff(frame) > 1.5 * usual) + 1
    columns = [rows[name].to_numpy(np.float32) for name in ("x", "y", "time_s")]
    x, y, time = (np.insert(column, gaps, np.float32(np.nan)) for column in columns)
    return x, y, time


def _steps(starts: NDArray, stops: NDArray, end: float) -> tuple[NDArray, NDArray]:
    """When the number changes, and to what; the first at 0, the last at the end."""
    times, where = np.unique(np.concatenate([[0.0, end], starts, stops]), return_inverse=True)
    change = np.concatenate([[0, 0], np.ones(len(starts)), -np.ones(len(stops))])
    numbers = np.cumsum(np.bincount(where, change, len(times)))
    numbers[-1] = numbers[-2] if len(numbers) > 1 else numbers[-1]
    return times, numbers


def _means(times: NDArray, numbers: NDArray, end: float) -> tuple[NDArray, NDArray]:
    edges = np.linspace(0, end, _STEPS + 1)
    total = np.concatenate([[0.0], np.cumsum(numbers[:-1] * np.diff(times))])
    return edges[:-1], np.diff(np.interp(edges, times, total)) / np.diff(edges)
