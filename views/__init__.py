"""The HTML door. Blind to `api` and `jobs`; owns `templates/` and `static/`."""

from flask import Flask

from views import accounts, campaigns, dashboard, inbox, instances, leads, media, outgoing_notices, privacy, public
from views.errors import init_errors
from views.identity import init_identity

ROOMS = (public, accounts, dashboard, campaigns, leads, instances, inbox, media, outgoing_notices, privacy)


def register(app: Flask) -> None:
    """Mount every room's pages."""
    init_identity(app)
    init_errors(app)
    for room in ROOMS:
        app.register_blueprint(room.blueprint)
