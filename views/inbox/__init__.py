"""Pages of the conversations."""

from views.inbox.routes import blueprint

__all__ = ["blueprint"]
