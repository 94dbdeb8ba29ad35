"""The core pages, and those of plugins, as far as they can be loaded."""

import logging
from collections.abc import Iterable

from dashboard.page import Page
from pipeline.api import SkeinError
from pipeline.jobs.declaration import resolve
from pipeline.registry import PluginState

logger = logging.getLogger(__name__)

CORE = (
    "dashboard.pages.overview:PAGE",
    "dashboard.pages.trajectories:PAGE",
    "dashboard.pages.jobs:PAGE",
    "dashboard.pages.plugins:PAGE",
    "dashboard.pages.settings:PAGE",
)


def load_pages(plugins: Iterable[PluginState]) -> tuple[dict[str, Page], dict[str, str]]:
    """Every page by name in the order of the rail, and why the page of a plugin does not work, by plugin."""
    pages: dict[str, Page] = {page.name: page for page in map(resolve, CORE)}
    errors: dict[str, str] = {}
    for state in plugins:
        if state.plugin is None or state.plugin.page is None:
            continue
        try:
            page = resolve(state.plugin.page)
            if not isinstance(page, Page):
                raise SkeinError(f"expected a dashboard.api.Page, got {type(page).__name__}")
            if page.name in pages:
                raise SkeinError(f"its page {page.name!r} has a name that is taken")
        except Exception as error:
            logger.exception("page of plugin %s", state.name)
            errors[state.name] = f"{type(error).__name__}: {error}"
        else:
            pages[page.name] = page
    return dict(sorted(pages.items(), key=lambda item: item[1].order)), errors
