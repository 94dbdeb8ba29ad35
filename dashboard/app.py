"""Builds the dashboard."""

import logging
from pathlib import Path

from dash import Dash, set_props
from flask import Flask, Response, request

from dashboard import routes
from dashboard.components.blocks import toast
from dashboard.components.icons import icon_styles
from dashboard.guard import guard
from dashboard.pages import load_pages
from dashboard.services import Services
from dashboard.settings import Settings
from dashboard.shell import jobs, layout, routing, run
from pipeline import registry
from pipeline.api import SkeinError

ASSETS = Path(__file__).resolve().parents[1] / "assets"
logger = logging.getLogger(__name__)


def create_app(settings: Settings, services: Services | None = None) -> Dash:
    """The dashboard as a Dash app; ``app.server`` is its WSGI application.

    Parameters
    ----------
    settings
        What to open and where to serve.
    services
        Default: new ones for these settings.
    """
    services = services or Services(settings)
    server = Flask(__name__)
    guard(server)
    app = Dash(
        __name__,
        server=server,  # type: ignore[arg-type]
        assets_folder=str(ASSETS),
        title="Skein",
        update_title="",
        serve_locally=True,
        suppress_callback_exceptions=True,  # a page's components exist only while it is shown
        on_error=explain,
        external_stylesheets=["/icons.css"],
    )
    app.enable_dev_tools(debug=False, dev_tools_disable_version_check=True)  # works offline, tells nobody
    styles = icon_styles(ASSETS / "icons.svg")

    @server.get("/icons.css")
    def icons() -> Response:
        return Response(styles, mimetype="text/css", headers={"Cache-Control": "max-age=3600"})

    routes.register(server, services)
    app.layout = lambda: layout.frame("dark" if request.cookies.get("skein-theme") == "dark" else "light")
    for register in (routing.register, jobs.register, run.register):
        register(app, services)
    services.pages, services.page_errors = load_pages(registry.plugins(), lambda page: page.register(app, services))
    return app


def explain(error: Exception) -> None:
    """Show an error of a callback as a sentence; a defect's traceback goes to the log only."""
    if isinstance(error, SkeinError):
        text = str(error)
    else:
        logger.error("callback", exc_info=error)
        text = "That did not work because of a defect in Skein. Nothing was lost; the dashboard's log has the details."
    set_props("shell-toasts", {"sendNotifications": [toast(text, "failed")]})
