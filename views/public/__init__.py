"""Pages for everybody: what it is, what it costs, terms, privacy, the API's description."""

from flask import Blueprint

blueprint = Blueprint("public", __name__)

from views.public import api_docs, pages  # noqa: E402, F401 - the routes register themselves
