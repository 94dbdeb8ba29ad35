"""Refuses requests that a foreign web page could cause.

A page on the web can make a visitor's browser call 127.0.0.1: by a form or script (then the browser says so in
``Origin``), or through a domain of its own that suddenly resolves to 127.0.0.1 (then ``Host`` is that domain).
"""

from urllib.parse import urlsplit

from flask import Flask, Response, request

from dashboard.settings import is_local

# Nothing is fetched from elsewhere. Dash writes inline scripts, and AG Grid makes functions of its options.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; media-src 'self' blob:; "
    "frame-ancestors 'self'; form-action 'self'; base-uri 'self'"
)


def guard(server: Flask) -> None:
    """Answer only requests that name this computer, and that come from our own pages."""

    @server.before_request
    def _same_origin() -> Response | None:
        host = urlsplit(f"//{request.host}").hostname or ""
        if not is_local(host):
            return Response("This dashboard answers to 127.0.0.1 and localhost only.", 403, mimetype="text/plain")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            return Response("This request comes from another web page; it is refused.", 403, mimetype="text/plain")
        return None

    @server.after_request
    def _headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response
