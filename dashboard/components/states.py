"""States of results and jobs: always a colour, an icon and a word."""

from dataclasses import dataclass

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard.components.icons import icon

WORDS = {
    "missing": "not run",
    "queued": "queued",
    "running": "running",
    "done": "done",
    "stale": "stale",
    "failed": "failed",
    "cancelled": "cancelled",
    "unneeded": "not needed",
}
"""State → the word that people read."""
COLOURS = {
    "missing": "gray",
    "queued": "gray",
    "running": "blue",
    "done": "green",
    "stale": "yellow",
    "failed": "red",
    "cancelled": "gray",
    "unneeded": "gray",
}
"""State → Mantine colour name."""


@dataclass(frozen=True)
class Status:
    """State of a stage of a recording (or of the experiment), results and jobs taken together.

    Parameters
    ----------
    state
        A key of :data:`WORDS`.
    reasons
        Why it is so, one sentence each.
    fraction
        Of a running job, 0 to 1; None where it is not known.
    eta_s
        Of a running job, seconds.
    job_id
        The job in the ledger that the state comes from, if any.
    """

    state: str = "missing"
    reasons: tuple[str, ...] = ()
    fraction: float | None = None
    eta_s: float | None = None
    job_id: int | None = None

    @property
    def word(self) -> str:
        """As people read it: ``running 42 %``."""
        if self.state == "running" and self.fraction is not None:
            return f"running {self.fraction:.0%}".replace("%", " %")
        return WORDS[self.state]


def state_badge(status: Status | str, size: int = 16) -> Component:
    """Icon and word in the state's colour; the reasons appear on hover."""
    status = Status(status) if isinstance(status, str) else status
    badge = html.Span(
        [icon(f"state-{status.state}", size), html.Span(status.word)],
        className=f"state state-{status.state}",
        tabIndex=0 if status.reasons else None,
    )
    if not status.reasons:
        return badge
    return dmc.Tooltip(
        badge,
        label=html.Div([html.Div(reason) for reason in status.reasons]),
        multiline=True,
        maw=420,
        withArrow=True,
        boxWrapperProps={"display": "inline-block"},
    )


def state_words(state: str, words: str, size: int = 16) -> Component:
    """Own words in a state's colour, with its icon: ``state_words("done", "works")``."""
    return html.Span([icon(f"state-{state}", size), html.Span(words)], className=f"state state-{state}")


def state_icon(status: Status | str, size: int = 14) -> Component:
    """The icon alone, with the word for screen readers and on hover (for the rail)."""
    status = Status(status) if isinstance(status, str) else status
    return html.Span(
        icon(f"state-{status.state}", size, status.word), className=f"state state-{status.state}", title=status.word
    )


def duration(seconds: float | None) -> str:
    """``1 h 20 min``, ``3 min 5 s``, ``4.2 s``; a dash where it is not known."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 and rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours / 24:.1f} days"
