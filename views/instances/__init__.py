"""Pages of the WhatsApp numbers."""

from views.instances.routes import blueprint

__all__ = ["blueprint"]
