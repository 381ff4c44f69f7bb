"""The dashboard."""

from views.dashboard.routes import blueprint

__all__ = ["blueprint"]
