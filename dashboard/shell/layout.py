"""The frame: top bar, left rail, the place where pages appear, drawers, stores."""

from collections.abc import Iterable
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components.blocks import icon_button
from dashboard.components.icons import icon
from dashboard.components.states import Status, state_icon
from dashboard.page import Page, Theme, View

# Mantine's blue is our colour for running; the product's own is a calm teal.
_TEAL = (
    "#e6f7f7", "#d3ebec", "#a8d6d8", "#79c0c3", "#52adb1", "#38a1a6", "#2799a0", "#14777d", "#0f6a70", "#005359",
)  # fmt: skip
MANTINE = {
    "primaryColor": "teal",
    "primaryShade": {"light": 7, "dark": 7},
    "colors": {"teal": list(_TEAL)},
    "fontFamily": "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
    "fontFamilyMonospace": "ui-monospace, 'Cascadia Code', Menlo, 'DejaVu Sans Mono', monospace",
    "defaultRadius": "sm",
    "cursorType": "pointer",
}


ABOVE = 300
"""The shell's drawers open above those of a page (200)."""
LIGHT = {"backgroundOpacity": 0.12}
"""Overlay of a drawer: what one was looking at stays readable."""


def frame(theme: Theme) -> Component:
    """The whole document; pages appear in ``shell-page``."""
    return dmc.MantineProvider(
        id="shell-mantine",
        theme=MANTINE,
        forceColorScheme=theme,
        children=[
            dcc.Location(id="shell-url", refresh="callback-nav"),
            dcc.Store(id="shell-view"),
            dcc.Store(id="shell-query"),
            dcc.Store(id="shell-theme", data=theme),
            dcc.Store(id="shell-revision"),
            dcc.Store(id="shell-files"),
            dcc.Store(id="shell-picked"),
            dcc.Interval(id="shell-tick", interval=1000),
            dmc.NotificationContainer(id="shell-toasts", position="bottom-right", limit=4),
            dmc.AppShell(
                [
                    dmc.AppShellHeader(_top_bar()),
                    dmc.AppShellNavbar(html.Nav(id="shell-rail", **_labelled("Pages"))),
                    dmc.AppShellMain(html.Main(id="shell-page", tabIndex=-1)),
                ],
                header={"height": 52},
                navbar={"width": 208, "breakpoint": 0},
                padding="lg",
            ),
            _drawer("shell-jobs-drawer", "Jobs", "shell-jobs-list", 460),
            _drawer("shell-log-drawer", "Log", "shell-log-body", 760),
            _drawer("shell-run-drawer", "Run", "shell-run-body", 480),
            dmc.Modal(id="shell-help", title="Keys", children=html.Div(id="shell-help-body")),
            html.Div(id="shell-nothing", hidden=True),
        ],
    )


def _top_bar() -> Component:
    return html.Div(
        [
            dcc.Link([icon("skein", 24), html.Span("Skein")], href="/", className="brand", id="shell-brand"),
            html.Div(
                [
                    _select("shell-experiment", "Experiment"),
                    icon("chevron", 16),
                    _select("shell-recording", "Recording"),
                ],
                className="place",
            ),
            html.Div(
                [
                    html.Button(id="shell-jobs", className="jobs-indicator", **_labelled("Jobs")),
                    icon_button("theme", "Light or dark", "shell-theme-switch"),
                    icon_button("help", "Keys of this page (?)", "shell-help-open", **{"data-key": "?"}),
                ],
                className="tools",
            ),
        ],
        className="top-bar",
    )


def _select(id: str, label: str) -> Component:
    return dmc.Select(
        id=id,
        placeholder=label,
        searchable=True,
        allowDeselect=False,
        limit=200,
        size="sm",
        w=240,
        nothingFoundMessage="None of that name",
        maxDropdownHeight=420,
        **_labelled(label),
    )


def _labelled(label: str) -> dict[str, Any]:
    """What a screen reader says."""
    return {"aria-label": label}


def _drawer(id: str, title: str, body: str, size: int) -> Component:
    return dmc.Drawer(
        id=id,
        title=title,
        position="right",
        size=size,
        children=html.Div(id=body),
        keepMounted=True,
        overlayProps=LIGHT,
        zIndex=ABOVE,
        closeButtonProps={"aria-label": "Close"},
    )


def rail(pages: Iterable[Page], view: View, states: dict[str, Status]) -> list[Component]:
    """The links to the pages; a stage carries the state of the chosen recording.

    Parameters
    ----------
    states
        State by stage, where it is known.
    """
    links: list[Component] = []
    below = False
    for page in sorted(pages, key=lambda page: page.order):
        if page.order >= 1000 and not below:
            links.append(html.Hr())
            below = True
        status = states.get(page.stage or "")
        links.append(
            dcc.Link(
                [icon(page.icon), html.Span(page.title), state_icon(status) if status else None],
                id={"type": "shell-link", "page": page.name},
                href=view.link(page.name),
                className="rail-link here" if page.name == view.page else "rail-link",
            )
        )
    return links
