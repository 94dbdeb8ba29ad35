"""A page that follows a job: drawn anew when the job's state or its result changes, and at no other time."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.page import View
from dashboard.shell.wires import REVISION, VIEW

if TYPE_CHECKING:
    from dashboard.services import Services

Token = Callable[["Services", View], str]
Content = Callable[["Services", View], Sequence[Component | None]]


def followed(services: "Services", view: View, prefix: str, token: Token, content: Content) -> list[Component]:
    """The content now, in a frame that :func:`follow` fills anew.

    Parameters
    ----------
    prefix
        Of the page's ids.
    token
        Names what is drawn: the job's state, and what made the result; empty where there is nothing to draw.
    content
        Builds what is drawn.
    """
    return [
        dcc.Store(id=f"{prefix}-token", data=token(services, view)),
        dcc.Store(id=f"{prefix}-fresh"),
        dcc.Store(id=f"{prefix}-again"),
        html.Div(content(services, view), id=f"{prefix}-content"),
    ]


def follow(app: Dash, services: "Services", page: str, prefix: str, token: Token, content: Content) -> None:
    """Add the callbacks behind :func:`followed`; `page` is the page's name in the URL.

    What the server draws fits the URL it was asked for. Where something was chosen meanwhile, the browser asks again
    instead of showing it, so that a new state of a job never undoes a key or a click.
    """

    @app.callback(
        Output(f"{prefix}-fresh", "data"),
        REVISION,
        Input(f"{prefix}-again", "data"),
        State(f"{prefix}-token", "data"),
        VIEW,
        prevent_initial_call=True,
    )
    def drawn(_revision: str, _again: Any, known: str, shown: dict[str, Any]) -> Any:
        view = services.view(shown)
        now = token(services, view)
        if view.page != page or now in ("", known):
            return no_update
        return {"content": content(services, view), "token": now, "href": shown["href"]}

    app.clientside_callback(
        ClientsideFunction("skein", "place"),
        Output(f"{prefix}-content", "children"),
        Output(f"{prefix}-token", "data"),
        Input(f"{prefix}-fresh", "data"),
        State(f"{prefix}-content", "id"),
        State(f"{prefix}-again", "id"),
        VIEW,
        prevent_initial_call=True,
    )
