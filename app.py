"""The web process: `gunicorn app:app`. Wires floors together and holds no logic of its own."""

import os

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import api
import cli
import views
from core import doors, http, i18n, logs, pages, security
from core.config import Settings, get_settings
from core.db import db
from core.extensions import init_extensions
from core.startup import refuse_to_start
from services import subscriptions
from views import identity


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Refuses to start on an unsafe database role or an old schema, except for `flask` commands,
    which are what mends both."""
    settings = settings or get_settings()
    app = Flask(__name__)
    app.config["SETTINGS"] = settings
    logs.configure_logs(production=settings.is_production)
    http.configure(allow_private_hosts=settings.may_reach_private_hosts)
    doors.init_doors(app)  # first: no other step may run before the request has an id and nobody's scope
    init_extensions(app, settings)
    i18n.init_i18n(app, user_locale=identity.user_language, user_zone=identity.user_zone)
    pages.init_pages(app)
    security.init_security(app, production=settings.is_production)
    subscriptions.subscribe_all()
    views.register(app)
    api.register(app)
    cli.register(app)
    if settings.is_production:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
        with app.app_context():
            refuse_to_start(db.engine)
            db.engine.dispose()
    return app


def __getattr__(name: str) -> Flask:
    """`app:app` is made when a server asks for it, so that importing this module touches no database."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = create_app()
    return made
