"""The HTML door. Blind to `api` and `jobs`; owns `templates/` and `static/`."""

from flask import Flask


def register(app: Flask) -> None:
    """Mount every room's pages."""
