"""Is it alive? For load balancers, `make run`, the super-admin and Prometheus."""

import os
from datetime import datetime, timedelta
from typing import Any, Final

import marshmallow as ma
from flask import Blueprint as PlainBlueprint
from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from api.common import Blueprint, Schema
from core.clock import utcnow
from core.config import VERSION, Settings
from core.crypto import same_secret
from core.db import db
from core.doors import bearer_key
from core.errors import Forbidden
from core.queue import redis_connection
from models.sending import ProcessBeat

LIVE: Final = timedelta(seconds=30)
GONE: Final = timedelta(minutes=10)
LOOPBACK: Final = ("127.", "::1")

blueprint = PlainBlueprint("health", __name__)
api_blueprint = Blueprint("api_health", __name__, url_prefix="/api", description="Está no ar?")


class AliveSchema(Schema):
    """The API answers."""

    status = ma.fields.String(required=True)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Every part by name; 503 when the database or Redis is out, since nothing works then."""
    database, beats = _database()
    parts: dict[str, Any] = {"database": database, "redis": _redis()}
    is_ok = all(value == "ok" for value in parts.values())
    parts |= {kind: beat_state(beats.get(kind), utcnow()) for kind in ("sender", "worker", "clock")}
    return {"status": "ok" if is_ok else "out", **parts, "version": VERSION}, 200 if is_ok else 503


@api_blueprint.route("/health")
@api_blueprint.response(200, AliveSchema)
@api_blueprint.doc(security=[])
def api_health() -> dict[str, str]:
    """The process answers; no other part is asked."""
    return {"status": "ok"}


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus text, for this machine or for whoever has `METRICS_TOKEN`."""
    if not _may_read_metrics():
        raise Forbidden("As métricas só abrem nesta máquina ou com o token delas.")
    return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def beat_state(beat_at: datetime | None, now: datetime) -> str:
    """`ok` within 30 s of the last sign of life, `late` within 10 minutes, `absent` after that."""
    if beat_at is None or now - beat_at > GONE:
        return "absent"
    return "ok" if now - beat_at <= LIVE else "late"


def _database() -> tuple[str, dict[str, datetime]]:
    try:
        newest = select(ProcessBeat.kind, func.max(ProcessBeat.beat_at)).group_by(ProcessBeat.kind)
        return "ok", {row[0]: row[1] for row in db.session().execute(newest).all()}
    except SQLAlchemyError:
        db.session.rollback()
        return "out", {}


def _redis() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    try:
        redis_connection(settings.redis_url).ping()
    except RedisError:
        return "out"
    return "ok"


def _may_read_metrics() -> bool:
    """A proxy on this machine speaks for others, so its word of loopback doesn't count."""
    token = current_app.config["SETTINGS"].metrics_token
    if token and same_secret(bearer_key() or "", token):
        return True
    return (request.remote_addr or "").startswith(LOOPBACK) and "X-Forwarded-For" not in request.headers


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
