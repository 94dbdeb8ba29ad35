"""The page Plugins: what is installed, what it adds, and why one does not work."""

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.blocks import empty_state, error_state, link_button, page_header, panel
from dashboard.components.states import state_words
from dashboard.page import Page, View
from dashboard.pages import CORE
from dashboard.services import Services
from pipeline import registry
from pipeline.registry import PluginState


def layout(services: Services, view: View) -> Component:
    """The page."""
    found = registry.plugins()
    own = {name: error for name, error in services.page_errors.items() if name in CORE}
    broken = [error_state("A page of Skein itself cannot be shown.", [f"{name}: {own[name]}"]) for name in own]
    if not found and not broken:
        shows = "Lists the plugins: analyses, exports and pages that were installed beside Skein's own."
        return html.Div([page_header("Plugins"), empty_state(shows, "None is installed.")])
    return html.Div(
        [page_header("Plugins", sentence(services, found)), *broken, *(_card(services, view, state) for state in found)]
    )


def sentence(services: Services, found: tuple[PluginState, ...]) -> str:
    """How many work, in words."""
    broken = sum(problem(services, state) is not None for state in found)
    works = len(found) - broken
    words = f"{works} of {len(found)} plugins work" if broken else f"All {len(found)} plugins work"
    return words + (". The rest of Skein works without the others." if broken else ".")


def problem(services: Services, state: PluginState) -> str | None:
    """Why a plugin, or its page, does not work; None where all is well."""
    return state.error or services.page_errors.get(state.name)


def _card(services: Services, view: View, state: PluginState) -> Component:
    plugin = state.plugin
    error = problem(services, state)
    page = next((page for page in services.pages.values() if plugin and _belongs(page, plugin.page)), None)
    body: list[Component | None] = [
        html.Div(state_words("failed", "does not work") if error else state_words("done", "works")),
        html.P(f"Entry point {state.name}, from {state.source}", className="dim"),
    ]
    if error:
        what = "It cannot be loaded." if plugin is None else "Its page cannot be shown; its jobs and exports work."
        body.append(error_state(what, [error], "Update or remove it; `skein plugins check` says more."))
    if plugin:
        rows = [
            *(("Job", job.title, job.help) for job in plugin.jobs),
            *(("Export", export.title, export.help) for export in plugin.exports),
        ]
        if page:
            body.append(html.P(link_button(f"Open {page.title}", view.link(page.name), page.icon)))
        body.append(
            html.Table(
                [html.Tr([html.Th(kind), html.Td(title), html.Td(help)]) for kind, title, help in rows],
                className="facts",
            )
            if rows
            else html.P("It adds no job and no export.", className="dim")
        )
    return panel([part for part in body if part is not None], title=plugin.title if plugin else state.name)


def _belongs(page: Page, reference: str | None) -> bool:
    return reference is not None and page.layout.__module__.startswith(reference.partition(":")[0].rpartition(".")[0])


def register(app: Dash, services: Services) -> None:
    """This page has no callbacks."""


PAGE = Page("plugins", "Plugins", "plugins", layout, register, order=1010, needs="nothing")
