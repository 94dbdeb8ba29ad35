"""Figures of the page Tracks: a frame with what was found in it, and the tracks over time."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures.style import PALETTE
from dashboard.pages.tracks_queries import Lanes

Floats = NDArray[np.float64]
LAYERS = {"masks": "Masks", "boxes": "Boxes", "tails": "Tails", "labels": "Labels", "3d": "3D positions"}
"""What can be drawn over a frame."""
_VERTICES = 400
_NOW = "#d02670"


def track_colour(track: int) -> str:
    """Colour of a track of one camera: its number in the palette, on every plot of the page."""
    return PALETTE[track % len(PALETTE)]


def frame_picture(
    source: str,
    size: tuple[int, int],
    rows: pd.DataFrame,
    frame: int,
    outlines: Mapping[int, Sequence[Floats]],
    animals: pd.DataFrame,
    animal_colours: Mapping[str, str],
    layers: Collection[str],
) -> go.Figure:
    """A frame of a video with the tracks over it.

    Parameters
    ----------
    source
        Address of the picture.
    size
        Its width and height, px.
    rows
        Rows of tracks of this frame and of some before it (the tails), ordered by track and frame.
    outlines
        Of the masks, by number of the detection, (N, 2) px.
    animals
        Columns `individual, x, y, state`: 3D positions as this camera sees them.
    layers
        Keys of :data:`LAYERS`.
    """
    width, height = size
    figure = go.Figure()
    figure.add_layout_image(
        source=source, xref="x", yref="y", x=-0.5, y=-0.5, sizex=width, sizey=height, sizing="stretch", layer="below"
    )
    now = rows[rows["frame"] == frame]
    for row in now.to_dict("records"):
        colour = track_colour(row["track"])
        common = {"mode": "lines", "hoverinfo": "skip", "showlegend": False}
        if "tails" in layers:
            tail = _unbroken(rows[rows["track"] == row["track"]])
            figure.add_scatter(x=tail["x"], y=tail["y"], line={"color": colour, "width": 2}, opacity=0.8, **common)
        if "masks" in layers:
            for ring in outlines.get(row["detection"], ()):
                figure.add_scatter(
                    x=ring[:, 0], y=ring[:, 1], line={"color": colour, "width": 1.5}, fill="toself",
                    fillcolor=_faint(colour), **common,
                )  # fmt: skip
        if "boxes" in layers and np.isfinite(row["left"]):
            x, y = [row["left"], row["left"] + row["width"]], [row["top"], row["top"] + row["height"]]
            style = {"color": colour, "width": 1.5, "dash": "dot" if row["state"] == "interpolated" else "solid"}
            figure.add_scatter(x=[x[0], x[1], x[1], x[0], x[0]], y=[y[0], y[0], y[1], y[1], y[0]], line=style, **common)
    if len(now):
        _add_points(figure, now, labels="labels" in layers)
    if "3d" in layers and len(animals):
        figure.add_scatter(
            x=animals["x"], y=animals["y"], mode="markers", showlegend=False, text=animals["individual"],
            marker={"symbol": "x-thin", "size": 12, "line": {"width": 2.5, "color": [
                animal_colours[name] for name in animals["individual"]]}},
            customdata=animals["state"],
            hovertemplate="<b>animal %{text}</b> (3D, %{customdata})<br>%{x:.1f}, %{y:.1f} px<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        xaxis={"range": [-0.5, width - 0.5], "visible": False, "constrain": "domain"},
        yaxis={"range": [height - 0.5, -0.5], "visible": False, "scaleanchor": "x", "constrain": "domain"},
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode="pan",
        hovermode="closest",
        uirevision=source.partition("&frame=")[0],  # the zoom stays from frame to frame of one camera
    )
    return figure


def _add_points(figure: go.Figure, now: pd.DataFrame, labels: bool) -> None:
    colours = [track_colour(track) for track in now["track"]]
    figure.add_scatter(
        x=now["x"], y=now["y"], mode="markers", showlegend=False, text=now["track"],
        marker={"size": 6, "color": colours, "line": {"color": "white", "width": 1}},
        customdata=np.column_stack([now["tracklet"], now["state"]]),
        hovertemplate="<b>track %{text}</b><br>tracklet %{customdata[0]}, %{customdata[1]}<br>%{x:.1f}, %{y:.1f} px"
        "<extra></extra>",
    )  # fmt: skip
    if labels:
        for row, colour in zip(now.to_dict("records"), colours, strict=True):
            figure.add_annotation(
                x=row["x"], y=row["top"] if np.isfinite(row["top"]) else row["y"], text=str(row["track"]),
                showarrow=False, yshift=11, font={"size": 12, "color": "white"}, bgcolor=colour, borderpad=1,
            )  # fmt: skip


def lane_figure(lanes: Lanes, frame: int, last_frame: int) -> go.Figure:
    """Tracklets as bars over time, a lane per track (or for several that follow each other).

    Parameters
    ----------
    frame
        Marked by a line.
    last_frame
        Last frame of the recording.
    """
    figure = go.Figure()
    step = max(1, last_frame // _VERTICES)
    rows = lanes.rows
    count = int(lanes.tracks["lane"].max()) + 1 if len(lanes.tracks) else 1
    width = float(np.clip(240 / count, 3, 11))
    for colour, spans in lanes.tracks.groupby(lanes.tracks["track"] % len(PALETTE)):
        ends = spans[["first", "last"]].to_numpy(float)
        figure.add_scattergl(
            x=np.column_stack([ends, np.full(len(ends), np.nan)]).ravel(), y=np.repeat(spans["lane"].to_numpy(), 3),
            mode="lines", showlegend=False, line={"width": 1, "color": track_colour(int(str(colour)))},
            hoverinfo="skip",
        )  # fmt: skip
    for colour, part in rows.groupby(rows["track"] % len(PALETTE)):  # a trace per colour: hundreds would be slow
        where, lane, about = _bars(part, step)
        figure.add_scattergl(
            x=where, y=lane, mode="lines", showlegend=False, customdata=about,
            line={"width": width, "color": track_colour(int(str(colour)))},
            hovertemplate="<b>track %{customdata[0]}</b>, frame %{x}<br>tracklet %{customdata[1]}: frames "
            "%{customdata[2]} to %{customdata[3]}, %{customdata[4]} interpolated<extra></extra>",
        )  # fmt: skip
    labels = {} if lanes.packed else {int(row["lane"]): str(row["track"]) for row in lanes.tracks.to_dict("records")}
    every = max(1, len(labels) // 20)
    figure.update_layout(
        xaxis={"range": [0, max(1, last_frame)], "title": {"text": "frame"}},
        yaxis={
            "title": {"text": "tracks" if lanes.packed else "track"}, "range": [count - 0.4, -0.6], "fixedrange": True,
            "tickvals": list(labels)[::every], "ticktext": list(labels.values())[::every], "showgrid": False,
        },
        hovermode="closest",
        dragmode="zoom",
        margin={"t": 8},
        shapes=[now_line(frame)],
    )  # fmt: skip
    return figure


def _bars(rows: pd.DataFrame, step: int) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Tracklets as one line with gaps; a corner at every `step` frames, so that there is something to hover over."""
    where, lane, about = [], [], []
    for row in rows.to_dict("records"):
        corners = np.unique(np.r_[np.arange(row["first"], row["last"], step), row["last"]])
        where.append(np.r_[corners, np.nan])
        lane.append(np.full(len(corners) + 1, float(row["lane"])))
        numbers = [row[name] for name in ("track", "tracklet", "first", "last", "interpolated")]
        about.append(np.tile(np.array(numbers, np.int64), (len(corners) + 1, 1)))
    return np.concatenate(where), np.concatenate(lane), np.concatenate(about)


def now_line(frame: int) -> dict[str, object]:
    """A line at the frame that is shown."""
    line = {"color": _NOW, "width": 2}
    return {"type": "line", "x0": frame, "x1": frame, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def _unbroken(tail: pd.DataFrame) -> pd.DataFrame:
    """The end of a tail, from its last gap on."""
    gaps = np.flatnonzero(np.diff(tail["frame"].to_numpy()) > 1)
    return tail.iloc[gaps[-1] + 1 :] if len(gaps) else tail


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.25)"
