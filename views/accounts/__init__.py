"""Sign-in, sign-out, passwords, the account page."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)

from views.accounts import account, password, sign_in  # noqa: E402, F401 - the routes register themselves
