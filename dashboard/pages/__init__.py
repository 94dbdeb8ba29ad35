"""The core pages, and those of plugins, as far as they can be loaded."""

import logging
from collections.abc import Callable, Iterable

from dashboard.page import Page
from pipeline.api import SkeinError
from pipeline.jobs.declaration import resolve
from pipeline.registry import PluginState

logger = logging.getLogger(__name__)

CORE = (
    "dashboard.pages.overview:PAGE",
    "dashboard.pages.calibration:PAGE",
    "dashboard.pages.tracks:PAGE",
    "dashboard.pages.trajectories:PAGE",
    "dashboard.pages.jobs:PAGE",
    "dashboard.pages.plugins:PAGE",
    "dashboard.pages.settings:PAGE",
)


def load_pages(
    plugins: Iterable[PluginState], register: Callable[[Page], None]
) -> tuple[dict[str, Page], dict[str, str]]:
    """Load every page and let it add its callbacks; a page that fails is left out and the others work.

    Returns
    -------
    pages, errors
        Pages by name, in the order of the rail; and why a page does not work, by the plugin's name (of a core page, its
        reference).
    """
    references = [(reference, reference) for reference in CORE]
    references += [(state.name, state.plugin.page) for state in plugins if state.plugin and state.plugin.page]
    pages: dict[str, Page] = {}
    errors: dict[str, str] = {}
    for name, reference in references:
        try:
            page = resolve(reference)
            if not isinstance(page, Page):
                raise SkeinError(f"expected a dashboard.api.Page, got {type(page).__name__}")
            if page.name in pages:
                raise SkeinError(f"its page {page.name!r} has a name that is taken")
            register(page)
        except Exception as error:
            logger.exception("page of %s", name)
            errors[name] = f"{type(error).__name__}: {error}"
        else:
            pages[page.name] = page
    return dict(sorted(pages.items(), key=lambda item: item[1].order)), errors
