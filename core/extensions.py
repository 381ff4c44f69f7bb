"""Flask's extensions, made once and bound to the app by the roof."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect

from core import tenancy
from core.config import Settings
from core.db import db, engine_options

REDIS_TIMEOUTS = {"socket_timeout": 2, "socket_connect_timeout": 2}

login_manager = LoginManager()
csrf = CSRFProtect()
migrate = Migrate()
limiter = Limiter(key_func=get_remote_address, default_limits=[], headers_enabled=True)


def init_extensions(app: Flask, settings: Settings) -> None:
    """Bind every extension to the app. The engine carries the tenant scope and the guard from its first use."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url or "postgresql+psycopg2://nowhere.invalid/none",
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(),
        MAX_CONTENT_LENGTH=64 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,  # rows pasted from a spreadsheet: about 50,000 of them
        SESSION_COOKIE_NAME="leads_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        REMEMBER_COOKIE_HTTPONLY=True,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        RATELIMIT_STORAGE_URI=settings.redis_url.replace("unix://", "redis+unix://") or "memory://",
        RATELIMIT_STORAGE_OPTIONS=REDIS_TIMEOUTS if settings.redis_url else {},
        # Without Redis each process counts for itself: attempts stay limited, only less exactly.
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
    )
    db.init_app(app)
    migrate.init_app(app, db, directory="migrations", compare_type=True)
    login_manager.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)
    with app.app_context():
        tenancy.install(db.engine)
