"""Pictures, videos and downloads. Names in a URL are looked up, never joined into a path."""

from flask import Flask

from dashboard.services import Services


def register(server: Flask, services: Services) -> None:
    """Add the routes."""
