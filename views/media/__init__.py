"""Files a tenant keeps, shown to its own people."""

from views.media.routes import blueprint

__all__ = ["blueprint"]
