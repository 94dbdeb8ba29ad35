"""The look that all figures share: one template per theme, one colour per animal, honest decimation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from dash import dcc
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler

from dashboard.page import Theme

# Okabe & Ito (2008) without black and with a darker yellow, then Paul Tol's muted set: told apart by colour-blind
# people, and dark enough on white as well as bright enough on black.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B8A600",
    "#7363C7", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499",
)  # fmt: skip
"""Okabe-Ito, then Tol; Tol's indigo is lighter here, because the original cannot be seen on a dark page."""
_ZONES = (15, 12, 9, 13, 8, 11, 10, 14)
SEQUENTIAL = "cividis"
DIVERGING = "RdBu"
"""For residuals and differences, with ``zmid=0`` or ``cmid=0``."""
_INK = {"light": "#1f2933", "dark": "#d5dbe1"}
_GRID = {"light": "#e3e7eb", "dark": "#343b43"}
_LINE = {"light": "#b6bec7", "dark": "#525b66"}
_CARD = {"light": "#ffffff", "dark": "#1d2126"}
FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def individual_colours(individuals: Sequence[str]) -> dict[str, str]:
    """The same animal the same colour on every page.

    Parameters
    ----------
    individuals
        All individuals of the *recording* (not only the chosen ones), in any order.
    """
    ordered = sorted(set(individuals), key=lambda name: (len(name), name))
    return {name: PALETTE[position % len(PALETTE)] for position, name in enumerate(ordered)}


def zone_colours(zones: Sequence[str]) -> dict[str, str]:
    """The same zone the same colour on every page: those of the palette that animals get last, neighbours well apart.

    Parameters
    ----------
    zones
        All zones of the *experiment*, in its order.
    """
    return {name: PALETTE[_ZONES[position % len(_ZONES)]] for position, name in enumerate(zones)}


def template(theme: Theme) -> go.layout.Template:
    """The Plotly template of a theme."""
    axis = {
        "gridcolor": _GRID[theme], "linecolor": _LINE[theme], "zerolinecolor": _LINE[theme], "tickcolor": _LINE[theme],
        "ticks": "outside", "ticklen": 4, "showline": True, "zeroline": False, "automargin": True,
        "title": {"standoff": 8},
    }  # fmt: skip
    scene = {
        key: {
            "gridcolor": _GRID[theme], "linecolor": _LINE[theme], "zerolinecolor": _LINE[theme],
            "showbackground": False, "color": _INK[theme],
        }
        for key in ("xaxis", "yaxis", "zaxis")
    }  # fmt: skip
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": _INK[theme]},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(PALETTE),
            "colorscale": {"sequential": SEQUENTIAL, "diverging": DIVERGING},
            "coloraxis": {"colorbar": {"thickness": 12, "outlinewidth": 0}},
            "margin": {"l": 56, "r": 16, "t": 28, "b": 44},
            "xaxis": axis,
            "yaxis": axis,
            "scene": scene,
            "hoverlabel": {"font": {"family": FONT, "size": 13}, "bgcolor": _CARD[theme], "bordercolor": _LINE[theme]},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "itemsizing": "constant"},
            "uirevision": "keep",
        }
    )


def styled(figure: go.Figure, theme: Theme) -> go.Figure:
    """The figure with the theme's template (changed in place and returned)."""
    return figure.update_layout(template=template(theme))


def graph(id: Any, figure: go.Figure | None = None, name: str = "figure", **properties: Any) -> dcc.Graph:
    """A `dcc.Graph` with the short mode bar (PNG and SVG download, zoom, reset).

    Parameters
    ----------
    name
        File name of a downloaded picture, without suffix.
    """
    config: Any = {
        "displaylogo": False,
        "responsive": True,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d", "toImage"],
        "modeBarButtonsToAdd": ["toImage"],
        "toImageButtonOptions": {"format": "svg", "filename": name},
        **properties.pop("config", {}),
    }
    return dcc.Graph(id=id, figure=figure or go.Figure(), config=config, **properties)


def decimated(x: NDArray[Any], y: NDArray[Any], points: int = 4000) -> tuple[NDArray[Any], NDArray[Any], str]:
    """Thin a curve for drawing, every extreme kept (MinMaxLTTB; Van Der Donckt et al. 2023).

    Parameters
    ----------
    x
        (N,) increasing.
    y
        (N,) values; NaN where missing (they are kept as gaps).
    points
        At most about this many are left.

    Returns
    -------
    x, y, note
        The thinned curve (y as float32), and a sentence to show beside the plot; empty where nothing was left out.
    """
    y = np.asarray(y, np.float32)
    if len(x) <= points:
        return x, y, ""
    missing = np.isnan(y)
    gaps = np.flatnonzero(np.diff(missing))
    filled = np.where(missing, y[~missing].mean() if not missing.all() else 0, y).astype(np.float32)
    keep = MinMaxLTTBDownsampler().downsample(filled, n_out=points).astype(np.int64)
    keep = np.union1d(keep, np.concatenate([gaps, gaps + 1]))
    return x[keep], y[keep], f"Showing {len(keep):,} of {len(x):,} points, every extreme kept."
