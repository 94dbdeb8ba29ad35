"""Figures of the page Calibration: rig, coverage, residuals, views, overlap, surveyed points in an image."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures import arena as scenery
from dashboard.figures.style import PALETTE, SEQUENTIAL
from pipeline.calibration.report import CameraReport, PairReport
from pipeline.types import Arena, CameraGroup

Floats = NDArray[np.float64]
_GOOD, _SHORT, _BAD = "#2b8a3e", "#b97700", "#c92a2a"
_MARKED, _EXPECTED = "#f59f00", "#22b8cf"
_NICE = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def camera_colours(names: Sequence[str]) -> dict[str, str]:
    """A colour per camera, on every plot of the page."""
    return {name: PALETTE[index % len(PALETTE)] for index, name in enumerate(names)}


def rig(
    cameras: CameraGroup, arena: Arena | None, points: Mapping[str, Sequence[float]], colours: Mapping[str, str]
) -> go.Figure:
    """Cameras, arena and surveyed points in 3D, m."""
    centres = np.array([camera.centre for camera in cameras])
    spread = float(np.linalg.norm(np.ptp(centres, axis=0))) or 1.0
    size = 0.12 * (scenery.diagonal(arena) if arena else spread)
    figure = go.Figure(
        [
            *(scenery.box(arena) if arena else []),
            *scenery.camera_traces(cameras, size, colours),
            *(scenery.point_traces(points) if points else []),
        ]
    )
    figure.update_layout(
        scene={**scenery.scene(), "camera": scenery.camera_of("free")}, margin={"l": 0, "r": 0, "t": 0, "b": 0}
    )
    return figure


def coverage(camera: CameraReport) -> go.Figure:
    """Where in the image the board was seen: number of corners per cell, empty cells blank."""
    grid = np.array(camera.corner_grid, float)
    figure = go.Figure()
    width, height = camera.size
    if grid.size:
        rows, columns = grid.shape
        figure.add_heatmap(
            x=(np.arange(columns) + 0.5) * width / columns - 0.5, y=(np.arange(rows) + 0.5) * height / rows - 0.5,
            z=np.where(grid > 0, grid, np.nan), colorscale=SEQUENTIAL, zmin=0, hoverongaps=False,
            colorbar={"title": {"text": "corners", "side": "right"}, "thickness": 12, "outlinewidth": 0},
            hovertemplate="%{z} corners around %{x:.0f}, %{y:.0f} px<extra></extra>", xgap=1, ygap=1,
        )  # fmt: skip
    return _as_image(figure, camera.size)


def residuals(camera: CameraReport) -> tuple[go.Figure, str]:
    """From where each corner was found to where it projects, enlarged; and a sentence that says how much."""
    figure = go.Figure()
    found = camera.residuals
    if not found.x:
        return _as_image(figure, camera.size), "No corner was used."
    start = np.column_stack([found.x, found.y])
    error = np.column_stack([found.dx, found.dy])
    length = np.hypot(*error.T)
    scale = _enlargement(float(np.median(length)), camera.size[0])
    end = start + scale * error
    lines = np.stack([start, end, np.full_like(start, np.nan)], axis=1).reshape(-1, 2)
    figure.add_scattergl(
        x=lines[:, 0], y=lines[:, 1], mode="lines", line={"width": 1, "color": "#d6336c"}, hoverinfo="skip",
        showlegend=False,
    )  # fmt: skip
    figure.add_scattergl(
        x=start[:, 0], y=start[:, 1], mode="markers", showlegend=False,
        marker={"size": 3, "color": length, "colorscale": SEQUENTIAL, "cmin": 0,
                "cmax": float(np.quantile(length, 0.98)),
                "colorbar": {"title": {"text": "error, px", "side": "right"}, "thickness": 12, "outlinewidth": 0}},
        customdata=np.column_stack([length, error]),
        hovertemplate="off by %{customdata[0]:.2f} px (%{customdata[1]:.2f}, %{customdata[2]:.2f})<br>"
        "at %{x:.0f}, %{y:.0f} px<extra></extra>",
    )  # fmt: skip
    return _as_image(figure, camera.size), f"{len(start):,} corners; lines are {scale} times as long as the errors."


def view_errors(camera: CameraReport, limit_px: float | None) -> go.Figure:
    """Error of each used view, and the dropped ones with their reason.

    Parameters
    ----------
    limit_px
        Mean error above which a view is dropped, drawn as a line.
    """
    figure = go.Figure()
    if camera.views:
        figure.add_bar(
            x=[view.moment for view in camera.views], y=[view.mean_px for view in camera.views], name="used",
            marker={"color": _GOOD}, customdata=[[view.label, view.corners, view.max_px] for view in camera.views],
            hovertemplate="<b>%{customdata[0]}</b>, used<br>mean %{y:.2f} px, at most %{customdata[2]:.2f} px<br>"
            "%{customdata[1]} corners<extra></extra>",
        )  # fmt: skip
    if camera.dropped:
        figure.add_scatter(
            x=[view.moment for view in camera.dropped], y=[0.0] * len(camera.dropped), mode="markers", name="dropped",
            marker={"symbol": "x", "size": 9, "color": _BAD}, cliponaxis=False,
            customdata=[[view.label, view.reason] for view in camera.dropped],
            hovertemplate="<b>%{customdata[0]}</b>, dropped<br>%{customdata[1]}<extra></extra>",
        )  # fmt: skip
    largest = max((view.mean_px for view in camera.views), default=0.0)
    if limit_px is not None and limit_px < 4 * largest:
        figure.add_hline(
            y=limit_px, line={"dash": "dot", "width": 1, "color": _SHORT}, annotation_text=f"limit {limit_px:g} px"
        )
    moments = [view.moment for view in camera.views] + [view.moment for view in camera.dropped]
    spread = max(1, max(moments, default=0) - min(moments, default=0))
    figure.update_traces(width=max(0.8, spread / 150), selector={"type": "bar"})
    figure.update_layout(
        xaxis={"title": {"text": "frame of the board film"}},
        yaxis={"title": {"text": "mean error, px"}, "rangemode": "tozero"},
        showlegend=True,
    )
    return figure


def overlap(names: Sequence[str], pairs: Sequence[PairReport], enough: int) -> go.Figure:
    """Cameras in a ring; a line is as thick as the number of views that two of them share and agree on.

    Parameters
    ----------
    enough
        From this number on a line is green.
    """
    angle = np.pi / 2 - 2 * np.pi * np.arange(len(names)) / max(1, len(names))
    at = {name: (float(np.cos(a)), float(np.sin(a))) for name, a in zip(names, angle, strict=True)}
    most = max((pair.agreeing for pair in pairs), default=1) or 1
    figure = go.Figure()
    for pair in sorted(pairs, key=lambda pair: pair.agreeing):
        if pair.first not in at or pair.second not in at:
            continue
        (x0, y0), (x1, y1) = at[pair.first], at[pair.second]
        colour = _GOOD if pair.agreeing >= enough else _SHORT if pair.agreeing else _BAD
        style = {"width": 1 + 9 * pair.agreeing / most, "color": colour, "dash": "solid" if pair.agreeing else "dot"}
        figure.add_scatter(x=[x0, x1], y=[y0, y1], mode="lines", line=style, opacity=0.65, hoverinfo="skip")
        third = 0.42  # beside the middle, where lines cross
        figure.add_scatter(
            x=[x0 + third * (x1 - x0)], y=[y0 + third * (y1 - y0)], mode="markers+text", text=[f"{pair.agreeing}"],
            marker={"size": 24, "color": colour}, textfont={"color": "white", "size": 12},
            hovertemplate=f"{pair.first} and {pair.second}: {pair.shared} shared views, {pair.agreeing} agree"
            "<extra></extra>",
        )  # fmt: skip
    colours = camera_colours(names)
    figure.add_scatter(
        x=[x for x, _ in at.values()], y=[y for _, y in at.values()], mode="markers+text", text=list(names),
        textposition=[_beside(x, y) for x, y in at.values()],
        marker={"size": 18, "color": [colours[name] for name in names]}, hoverinfo="skip",
    )  # fmt: skip
    hidden = {"visible": False, "range": [-1.5, 1.5]}
    figure.update_layout(
        xaxis=hidden, yaxis={**hidden, "range": [-1.35, 1.35], "scaleanchor": "x"}, showlegend=False,
        margin={"l": 0, "r": 0, "t": 0, "b": 0}, dragmode=False,
    )  # fmt: skip
    return figure


def _beside(x: float, y: float) -> str:
    """Where a name stands, away from the middle of the ring."""
    if abs(y) > 0.5:
        return "top center" if y > 0 else "bottom center"
    return "middle right" if x > 0 else "middle left"


def marked_picture(
    source: str,
    size: tuple[int, int],
    marked: Mapping[str, tuple[float, float]],
    expected: Mapping[str, tuple[float, float]],
    chosen: str | None,
) -> go.Figure:
    """A camera's picture with the surveyed points that were marked in it.

    Parameters
    ----------
    marked
        Name → px.
    expected
        Where the calibration in use puts the points, px; a line joins the two.
    chosen
        The point that the next click will mark.
    """
    figure = go.Figure()
    width, height = size
    figure.add_layout_image(
        source=source, xref="x", yref="y", x=-0.5, y=-0.5, sizex=width, sizey=height, sizing="stretch", layer="below"
    )
    for name, (x, y) in marked.items():
        if name in expected:
            figure.add_scatter(
                x=[x, expected[name][0]], y=[y, expected[name][1]], mode="lines", hoverinfo="skip", showlegend=False,
                line={"color": _EXPECTED, "width": 2},
            )  # fmt: skip
    for points, name, symbol, colour in (
        (expected, "as calibrated", "circle-open", _EXPECTED),
        (marked, "marked", "cross-thin", _MARKED),
    ):
        sizes = [18 if point == chosen else 11 for point in points]
        figure.add_scatter(
            x=[x for x, _ in points.values()], y=[y for _, y in points.values()], mode="markers+text", name=name,
            text=list(points) if points is marked else [""] * len(points), textposition="top center",
            textfont={"color": _MARKED}, hovertext=list(points),
            marker={"symbol": symbol, "size": sizes, "color": colour, "line": {"width": 2, "color": colour}},
            hovertemplate=f"%{{hovertext}}, {name}: %{{x:.2f}}, %{{y:.2f}} px<extra></extra>", showlegend=False,
        )  # fmt: skip
    figure.update_layout(dragmode="pan", uirevision=source)
    return _as_image(figure, size, margins=False)


def _as_image(figure: go.Figure, size: tuple[int, int], margins: bool = True) -> go.Figure:
    """Axes of an image: y points down, pixels are square."""
    width, height = size
    figure.update_layout(
        xaxis={"range": [-0.5, width - 0.5], "constrain": "domain", "visible": margins, "showgrid": False},
        yaxis={
            "range": [height - 0.5, -0.5], "scaleanchor": "x", "constrain": "domain", "visible": margins,
            "showgrid": False,
        },
    )  # fmt: skip
    if margins:
        figure.update_layout(xaxis_title="x, px", yaxis_title="y, px", margin={"l": 56, "r": 8, "t": 8, "b": 44})
    else:
        figure.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0})
    return figure


def _enlargement(median_px: float, width: int) -> int:
    """A round factor that makes a typical error about a sixtieth of the image long."""
    wanted = width / 60 / max(median_px, 1e-6)
    return max((factor for factor in _NICE if factor <= wanted), default=1)
