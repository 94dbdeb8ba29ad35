"""A page, and the view that the URL describes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from dash import Dash
from dash.development.base_component import Component

from pipeline.api import Experiment

if TYPE_CHECKING:
    from dashboard.services import Services

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Place:
    """A URL taken apart: which page shows what. Nothing in it has been looked up yet.

    Parameters
    ----------
    page
        First part of the path; empty for the start page.
    experiment, recording
        Names as they stand in the URL.
    query
        Everything else: frame, camera, individuals, window …
    """

    page: str = ""
    experiment: str | None = None
    recording: str | None = None
    query: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, url: str) -> "Place":
        """Read a URL (absolute or not)."""
        parts = urlsplit(url or "/")
        query = dict(parse_qsl(parts.query))
        return cls(
            parts.path.strip("/").split("/")[0], query.pop("experiment", None), query.pop("recording", None), query
        )

    @property
    def href(self) -> str:
        """The URL, relative to this server."""
        names = {"experiment": self.experiment, "recording": self.recording, **self.query}
        query = urlencode({name: value for name, value in names.items() if value}, quote_via=quote, safe=",:")
        return f"/{quote(self.page)}" + (f"?{query}" if query else "")


@dataclass(frozen=True)
class View:
    """What the URL says: the state that a pasted link restores.

    Parameters
    ----------
    experiment
        The chosen experiment, or None where none is open (or its file has `problems`).
    recording
        Name of the chosen recording, or None where there is none.
    query
        Everything else in the URL's query, as text: frame, camera, individuals, window …
    page
        Name of the page.
    key
        The experiment's name in URLs, unique among the open ones. None where none is open.
    theme
        For the figures' template.
    problems
        Why the chosen experiment cannot be opened, one sentence each.
    """

    experiment: Experiment | None
    recording: str | None
    query: dict[str, str] = field(default_factory=dict)
    page: str = ""
    key: str | None = None
    theme: Theme = "light"
    problems: tuple[str, ...] = ()

    def link(self, page: str | None = None, recording: str | None = None, **query: Any) -> str:
        """A URL to a page (default: this one) with this experiment and recording, some of the query replaced.

        Parameters
        ----------
        page, recording
            Where to go; default: unchanged.
        query
            New values; None removes a key. The rest of the query is kept.
        """
        merged = {**self.query, **{name: None if value is None else str(value) for name, value in query.items()}}
        kept = {name: value for name, value in merged.items() if value is not None}
        return Place(self.page if page is None else page, self.key, recording or self.recording, kept).href

    def integer(self, name: str, default: int | None = None) -> int | None:
        """A whole number from the query, or the default where it is absent or not a number."""
        text = self.query.get(name, "")
        return int(text) if text.removeprefix("-").isdecimal() else default

    def names(self, name: str) -> list[str]:
        """A list of names from the query (``individuals=1,4``); empty where absent."""
        return [part for part in self.query.get(name, "").split(",") if part]


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
        Position in the rail: Overview 0, Calibration 10, Annotate 20, Training 30, Tracks 40, Proofread 50, 3D 60,
        Zones 70, Export 80, others 100; from 1000 on below the line (Jobs, Plugins, Settings).
    needs
        What must be chosen before `layout` is called: ``recording``, ``experiment`` or ``nothing``. Until then the
        shell shows what is missing, or the experiment's problems, in the page's place.
    keys
        What the keyboard does on this page, shown by ``?``: pairs of (key as shown, sentence).
    """

    name: str
    title: str
    icon: str
    layout: Callable[["Services", View], Component]
    register: Callable[[Dash, "Services"], None]
    stage: str | None = None
    order: int = 100
    needs: Literal["recording", "experiment", "nothing"] = "recording"
    keys: tuple[tuple[str, str], ...] = ()
