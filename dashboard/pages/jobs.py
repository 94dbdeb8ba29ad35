"""The page Jobs."""

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.blocks import page_header
from dashboard.page import Page, View
from dashboard.services import Services


def layout(services: Services, view: View) -> Component:
    """The page."""
    return html.Div([page_header("Jobs")])


def register(app: Dash, services: Services) -> None:
    """Add the callbacks."""


PAGE = Page("jobs", "Jobs", "jobs", layout, register, order=1000, needs="nothing")
