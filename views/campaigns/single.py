"""`/campaigns/{id}`: overview with live counters, recipients, story, analytics, export."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import render_template, request
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from core.tenancy import tenant_scope
from models.campaigns import LogType, Severity
from services import campaigns as room
from views.campaigns.blueprint import ID, blueprint
from views.fragments import live_fragment

ROWS_PER_PAGE: Final = 30
FIVE_MINUTES: Final = timedelta(minutes=5)


@blueprint.get(ID)
@requires("campaigns.read")
def show(campaign_id: int) -> str:
    """Overview."""
    steps = room.follow_ups_of(db.session(), current_principal().tenant_id, [campaign_id], utcnow())[campaign_id]
    return render_template("campaigns/show.html", tab="overview", steps=steps, **_overview(campaign_id))


@blueprint.get(f"{ID}/live")
@requires("campaigns.read")
def show_live(campaign_id: int) -> Response:
    """The counters alone, for polling."""
    return live_fragment("campaigns/_overview.html", **_overview(campaign_id))


@blueprint.get(f"{ID}/contacts")
@requires("campaigns.read")
def contacts(campaign_id: int) -> str:
    """Recipients by state, with search."""
    session, tenant_id = db.session(), current_principal().tenant_id
    status, search = request.args.get("status", ""), request.args.get("q", "")
    page = room.contacts_of(
        session, tenant_id, campaign_id, status=status, search=search, limit=ROWS_PER_PAGE,
        cursor=request.args.get("cursor"),
    )  # fmt: skip
    return render_template(
        "campaigns/contacts.html",
        tab="contacts",
        card=room.card_of(session, tenant_id, campaign_id),
        page=page,
        status=status,
        search=search,
        instances=room.instance_names(session, tenant_id, (one.instance_id for one in page.items)),
    )


@blueprint.get(f"{ID}/contacts/<int(max=9223372036854775807):contact_id>")
@requires("campaigns.read")
def contact(campaign_id: int, contact_id: int) -> str:
    """One recipient: their message and what happened to it."""
    session, tenant_id = db.session(), current_principal().tenant_id
    found = room.contact_story(session, tenant_id, campaign_id, contact_id)
    return render_template(
        "campaigns/contact.html",
        tab="contacts",
        card=room.card_of(session, tenant_id, campaign_id),
        found=found,
        names=room.names_for_logs(session, tenant_id, campaign_id, found.story),
    )


@blueprint.get(f"{ID}/contacts.csv")
@requires("leads.export")
def export(campaign_id: int) -> Response:
    """The recipients as a spreadsheet opens them: `;` and a BOM, as Brazilian Excel expects."""
    tenant_id, session = current_principal().tenant_id, db.session()
    campaign = room.campaign_of(session, tenant_id, campaign_id)
    filters = {"status": request.args.get("status", ""), "search": request.args.get("q", "")}
    headers = {"Content-Disposition": f'attachment; filename="campanha-{campaign.id}.csv"'}
    return Response(
        _as_csv(_exported(db.engine, tenant_id, campaign_id, filters)), mimetype="text/csv", headers=headers
    )


@blueprint.get(f"{ID}/logs")
@requires("campaigns.read")
def logs(campaign_id: int) -> str:
    """The story, with filters."""
    session, tenant_id = db.session(), current_principal().tenant_id
    log_type, severity = request.args.get("log_type", ""), request.args.get("severity", "")
    page = room.logs_of(
        session,
        tenant_id,
        campaign_id,
        log_type=LogType(log_type) if log_type in set(LogType) else None,
        severity=Severity(severity) if severity in set(Severity) else None,
        limit=ROWS_PER_PAGE,
        cursor=request.args.get("cursor"),
    )
    return render_template(
        "campaigns/logs.html",
        tab="logs",
        card=room.card_of(session, tenant_id, campaign_id),
        page=page,
        names=room.names_for_logs(session, tenant_id, campaign_id, page.items),
        log_type=log_type,
        severity=severity,
    )


@blueprint.get(f"{ID}/analytics")
@requires("campaigns.read")
def analytics(campaign_id: int) -> str:
    """By number, by variation, errors, over time."""
    session, tenant_id = db.session(), current_principal().tenant_id
    return render_template(
        "campaigns/analytics.html",
        tab="analytics",
        card=room.card_of(session, tenant_id, campaign_id),
        found=room.analytics_of(session, tenant_id, campaign_id, utcnow()),
    )


def _overview(campaign_id: int) -> dict[str, Any]:
    session, tenant_id = db.session(), current_principal().tenant_id
    card = room.card_of(session, tenant_id, campaign_id)
    parts, expected = room.parts_of(session, tenant_id, campaign_id), None
    if pending := card.counts.pending:
        remaining = room.forecast_remaining(session, card.campaign, parts.instances, messages=pending, now=utcnow())
        expected = _coarse(remaining)
    return {"card": card, "expected": expected, "parts": parts}


def _coarse(expected: room.Forecast) -> room.Forecast:
    """The end to the next five minutes: no forecast is truer than that, and the block stays the same meanwhile."""
    if expected.ends_at is None:
        return expected
    until_next = (datetime.min.replace(tzinfo=UTC) - expected.ends_at) % FIVE_MINUTES
    return replace(expected, ends_at=expected.ends_at + until_next)


def _exported(engine: Engine, tenant_id: int, campaign_id: int, filters: dict[str, str]) -> Iterator[tuple[str, ...]]:
    """Piece by piece, each in a transaction of its own: a slow download holds no connection."""
    yield room.EXPORT_HEADER
    cursor, is_over = None, False
    while not is_over:
        with tenant_scope(tenant_id), Session(engine) as session:
            page = room.export_page(session, tenant_id, campaign_id, cursor=cursor, **filters)
        yield from page.items
        cursor, is_over = page.next_cursor, page.next_cursor is None


def _as_csv(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    piece = io.StringIO()
    writer = csv.writer(piece, delimiter=";")
    piece.write("\ufeff")
    for row in rows:
        writer.writerow(row)
        yield piece.getvalue()
        piece.seek(0)
        piece.truncate()
