"""The shell's components that pages read from and write to."""

from dash import Input, Output, State

VIEW = State("shell-view", "data")
"""What the browser shows; ``services.view(data)`` makes it a View."""
REVISION = Input("shell-revision", "data")
"""Changes whenever a job changes."""
QUERY = Output("shell-query", "data", allow_duplicate=True)
"""What the page shows now, for the URL: ``{"frame": 120}``; None removes a key. The page is not drawn again."""
NAVIGATE = Output("shell-url", "href", allow_duplicate=True)
"""A URL to go to."""
TOASTS = Output("shell-toasts", "sendNotifications", allow_duplicate=True)
"""Short messages: ``[toast("Queued 3 jobs.")]``."""
