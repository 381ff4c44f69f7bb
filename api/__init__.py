"""The JSON door: `/api` and webhooks. Blind to `views` and `jobs`."""

from flask import Flask


def register(app: Flask) -> None:
    """Mount every room's routes."""
