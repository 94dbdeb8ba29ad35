"""What every page is built of: heading, panels, empty and error states, numbers, downloads."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components.icons import icon
from dashboard.components.states import COLOURS
from dashboard.page import View

Children = Component | str | Sequence[Component | str] | None


def page_header(
    title: str, sentence: Children = None, action: Component | None = None, more: Sequence[Component] = ()
) -> Component:
    """The top of a page: title, one sentence of state in plain words, one primary action.

    Parameters
    ----------
    sentence
        Give it an `html.Span` with an id where a callback keeps it up to date.
    action
        The one primary button (:func:`primary`).
    more
        Lesser buttons, left of it.
    """
    return html.Header(
        [
            html.Div([html.H1(title), html.P(sentence or "", className="page-sentence")]),
            html.Div([*more, *([action] if action else [])], className="page-actions"),
        ],
        className="page-header",
    )


def primary(label: str, id: Any, icon_name: str | None = None, **properties: Any) -> Component:
    """The primary button of a page."""
    return dmc.Button(label, id=id, leftSection=icon(icon_name) if icon_name else None, **properties)


def secondary(label: str, id: Any, icon_name: str | None = None, **properties: Any) -> Component:
    """A lesser button."""
    return dmc.Button(
        label, id=id, leftSection=icon(icon_name, 16) if icon_name else None, variant="default", **properties
    )


def icon_button(icon_name: str, label: str, id: Any, **properties: Any) -> Component:
    """A button that is an icon; the label appears on hover and is read out."""
    return dmc.Tooltip(
        dmc.ActionIcon(
            icon(icon_name), id=id, variant="subtle", color="gray", size=32, **{"aria-label": label}, **properties
        ),
        label=label,
        openDelay=300,
    )


def link_button(label: str, href: str, icon_name: str | None = None, primary: bool = False) -> Component:
    """A link that looks like a button (it goes to another page)."""
    kind = "link-button primary" if primary else "link-button"
    return dcc.Link([icon(icon_name, 16) if icon_name else None, label], href=href, className=kind)


def panel(
    children: Children, title: str | None = None, actions: Sequence[Component] = (), **properties: Any
) -> Component:
    """A framed part of a page."""
    head = (
        [html.Div([html.H2(title or ""), html.Div(list(actions))], className="panel-head")] if title or actions else []
    )
    body = list(children) if isinstance(children, Sequence) and not isinstance(children, str) else [children]
    classes = " ".join(filter(None, ("panel", properties.pop("className", ""))))
    return html.Section([*head, *body], className=classes, **properties)


def empty_state(shows: str, needs: str, action: Component | None = None, icon_name: str = "empty") -> Component:
    """What a page shows where there is nothing yet.

    Parameters
    ----------
    shows
        What will be seen here.
    needs
        What it needs first.
    action
        The button for that.
    """
    return html.Div(
        [icon(icon_name, 40), html.P(shows, className="empty-shows"), html.P(needs), action],
        className="empty-state",
    )


def error_state(
    what: str, problems: Sequence[str] = (), todo: str = "", actions: Sequence[Component] = ()
) -> Component:
    """What failed, to which file, what to do; what had been done is still there.

    Parameters
    ----------
    what
        One sentence.
    problems
        One line each: file, key, what was expected, what came.
    todo
        What the person can do.
    actions
        Buttons: retry, log …
    """
    return html.Div(
        [
            html.P([icon("state-failed"), html.Strong(what)], className="error-what"),
            html.Ul([html.Li(problem) for problem in problems]) if problems else None,
            html.P(todo) if todo else None,
            html.Div(list(actions), className="page-actions") if actions else None,
        ],
        className="error-state",
        role="alert",
    )


def warning_list(sentences: Sequence[str]) -> Component:
    """Warnings as sentences; nothing where there are none."""
    return html.Div(
        [html.P([icon("warning", 16), sentence], className="warning") for sentence in sentences], className="warnings"
    )


def number(
    label: str,
    value: str | None,
    unit: str = "",
    threshold: str = "",
    verdict: str | None = None,
    explanation: str = "",
    missing: str = "not run",
) -> Component:
    """A number with its unit and the threshold that judges it.

    Parameters
    ----------
    value
        Formatted, with no more digits than it deserves; None where it is missing.
    threshold
        As shown beside it: ``≤ 0.35 px``.
    verdict
        ``done`` (good), ``stale`` (usable) or ``failed`` (bad) colours it and adds an icon; None: no judgement.
    explanation
        The term, explained on hover.
    missing
        Why there is no value: not run, lost, no calibration.
    """
    name: Component | str = term(label, explanation) if explanation else label
    shown = [html.Span(value, className="value"), html.Span(unit, className="unit")] if value is not None else [missing]
    return html.Div(
        [
            html.Div(name, className="number-label"),
            html.Div(
                [icon(f"state-{verdict}", 16) if verdict and value is not None else None, *shown],
                className=f"number-value {'missing' if value is None else ''} {f'state-{verdict}' if verdict else ''}",
            ),
            html.Div(threshold, className="number-threshold") if threshold else None,
        ],
        className="number",
    )


def numbers(items: Sequence[Component]) -> Component:
    """A row of :func:`number`."""
    return html.Div(list(items), className="numbers")


def term(word: str, explanation: str) -> Component:
    """A term of the field, explained on hover."""
    return dmc.Tooltip(
        html.Span(word, className="term", tabIndex=0), label=explanation, multiline=True, maw=320, withArrow=True
    )


def download_button(
    view: View, what: str, label: str = "Download", formats: Sequence[str] = ("csv", "xlsx", "parquet", "mat")
) -> Component:
    """A menu of formats; each item fetches a table made at that moment (``/download/…``).

    Parameters
    ----------
    what
        Name of an export, as in ``skein export --what``.
    formats
        Formats offered, as in ``skein export --format``.
    """
    names = {"csv": "CSV", "xlsx": "Excel (.xlsx)", "parquet": "Parquet", "mat": "MATLAB (.mat)", "mot": "MOT (.txt)"}
    names["movement"] = "movement (netCDF)"
    query = {"experiment": view.key or "", "recording": view.recording or ""}
    items = [
        dmc.MenuItem(
            html.A(names.get(kind, kind), href=f"/download/{what}?{urlencode({**query, 'format': kind})}", download="")
        )
        for kind in formats
    ]
    return dmc.Menu(
        [
            dmc.MenuTarget(dmc.Button(label, leftSection=icon("download", 16), variant="default")),
            dmc.MenuDropdown(items),
        ],
        withinPortal=True,
    )


def toast(text: str, state: str = "done") -> dict[str, Any]:
    """A short message in the corner, for :data:`dashboard.api.TOASTS`; `state` gives colour and icon."""
    return {
        "action": "show",
        "message": text,
        "color": COLOURS[state],
        "icon": icon(f"state-{state}", 18),
        "autoClose": 12000 if state == "failed" else 5000,
    }
