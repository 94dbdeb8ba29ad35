"""What a page is made of: the contract between the dashboard and its pages, those of plugins included."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dash import Dash
from dash.development.base_component import Component

from pipeline.api import Experiment

if TYPE_CHECKING:
    from dashboard.services import Services


@dataclass(frozen=True)
class View:
    """What the URL says: the state that a pasted link restores.

    Parameters
    ----------
    experiment
        The chosen experiment, or None where none is open.
    recording
        Name of the chosen recording, or None where there is none.
    query
        Everything else in the URL's query: frame, camera, individuals, time window …
    """

    experiment: Experiment | None
    recording: str | None
    query: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """One page of the dashboard.

    Parameters
    ----------
    name
        Part of the URL (``/zones``) and prefix of every component id of the page (``zones-…``).
    title
        As shown in the rail and as heading.
    icon
        Name of an icon in `assets/icons.svg`.
    layout
        Builds the page for a view; plain function, called at each navigation, answers within 100 ms and never computes
        a result (that is what jobs are for).
    register
        Adds the page's callbacks, once per app.
    stage
        Name of the job whose state the rail shows beside the page, or None.
    order
        Position in the rail.
    """

    name: str
    title: str
    icon: str
    layout: Callable[["Services", View], Component]
    register: Callable[[Dash, "Services"], None]
    stage: str | None = None
    order: int = 100
