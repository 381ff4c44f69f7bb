"""Pages of privacy: an account's settings and requests, and the page of the link to leave."""

from flask import Blueprint

blueprint = Blueprint("privacy", __name__)

from views.privacy import settings, unsubscribe  # noqa: E402, F401 - the routes register themselves
