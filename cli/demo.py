"""`flask demo load`: two small businesses that look lived in, once. What they send goes to the sandbox."""

import contextlib
import csv
import io
import secrets
from datetime import datetime, timedelta
from typing import Final

import click
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cli.common import command_work, say_json, with_refusals
from cli.demo_content import BUSINESSES, DemoBusiness, DemoCampaign, rows_of
from cli.demo_history import Place, write_finished_campaign
from core.clock import day_in_zone, start_of_day, utcnow
from core.config import Settings, get_settings
from core.db import db, make_session_factory, unit_of_work
from core.errors import Conflict
from core.home_files import write_private_json
from core.http import configure
from core.outside import call_outside
from core.tenancy import tenant_scope
from models.accounts import LicenceSource, Role, Tenant, User
from models.leads import ImportStatus
from services import accounts, campaigns, instances, leads

SHOP_PRODUCT: Final = "4810001"
"""What the sandbox's shop sells; its offers are named like our plans."""

SCHEDULED_IN: Final = timedelta(days=2)


class NoSandbox(Conflict):
    """The demonstration's numbers live in the sandbox."""

    code = "no_sandbox"
    message = "O simulador não está rodando. Inicie tudo com `make run`, que carrega a demonstração sozinho."


@click.group()
def demo() -> None:
    """The demonstration's data."""


@demo.command("load")
@with_refusals
def load() -> None:
    """Make the demonstration's businesses, unless they are there; writes the sign-ins to LEADS_HOME/demo.json."""
    settings = get_settings()
    if not settings.sandbox_url:
        raise NoSandbox
    configure(allow_private_hosts=True)
    _map_the_shop()
    sign_ins = [one for business in BUSINESSES for one in _load_business(business, settings)]
    if sign_ins:
        write_private_json(settings.leads_home / "demo.json", {"sign_ins": sign_ins})
    say_json({"loaded": bool(sign_ins), "sign_ins": len(sign_ins)})


def _map_the_shop() -> None:
    with command_work() as session:
        for plan in accounts.public_plans(session):
            accounts.map_product(session, SHOP_PRODUCT, plan.slug, offer_code=plan.slug)


def _load_business(business: DemoBusiness, settings: Settings) -> list[dict[str, str]]:
    """One business, made in the order a person would make it -> its sign-ins; nothing when it is there already."""
    with command_work() as session:
        if session.execute(select(Tenant.id).where(Tenant.email == business.email)).scalar() is not None:
            return []
        made, sign_ins = _create_people(session, business)
    factory = make_session_factory(db.engine)
    with tenant_scope(made.tenant_id):
        with unit_of_work(factory) as session:
            list_id = _import_leads(session, made, business)
        with unit_of_work(factory) as session:
            numbers = [_connect_number(session, made, name, key, settings=settings) for name, key in business.numbers]
        for campaign in business.campaigns:
            with unit_of_work(factory) as session:
                _make_campaign(session, Place(made.tenant_id, made.user_id, list_id, numbers), campaign)
    return sign_ins


def _create_people(session: Session, business: DemoBusiness) -> tuple[accounts.NewTenant, list[dict[str, str]]]:
    password, guest = accounts.new_password(), accounts.new_password()
    made = accounts.create_tenant(session, name=business.name, email=business.email, password=password, is_demo=True)
    accounts.grant_manual_licence(session, made.tenant_id, business.plan_slug, utcnow(), source=LicenceSource.DEMO)
    viewer = f"leitura.{business.email}"
    accounts.create_user(session, made.tenant_id, name="Contador", email=viewer, role=Role.VIEWER, password=guest)
    session.execute(
        update(User).where(User.tenant_id == made.tenant_id, User.id == made.user_id).values(name=business.owner_name)
    )
    session.execute(
        update(Tenant).where(Tenant.id == made.tenant_id).values(business_context=business.business_context)
    )
    return made, [
        {"label": business.name, "email": business.email, "password": password},
        {"label": f"{business.name} (só leitura)", "email": viewer, "password": guest},
    ]


def _import_leads(session: Session, made: accounts.NewTenant, business: DemoBusiness) -> int:
    """Through the real import, in this process and one transaction: at the first start no worker runs yet."""
    rows = list(rows_of(business))
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, fieldnames=list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    upload = leads.receive_upload(
        io.BytesIO(sheet.getvalue().encode("cp1252")), "clientes.csv", tenant_id=made.tenant_id, mapping={}
    )
    new = leads.NewImport(upload, legal_basis="customer", list_name=business.list_name)
    imported = leads.create_import(session, made.tenant_id, new, actor=made.user_id, now=utcnow())
    task = leads.claim_import(session, made.tenant_id, imported.id, now=utcnow())
    assert task is not None
    table = leads.open_task(task)
    with contextlib.closing(table.source):
        verdict = leads.check_file(session, task, table, tick=_unwatched)
        leads.note_progress(session, task, done=0, expected=verdict.people, status=ImportStatus.WRITING, now=utcnow())
        leads.write_leads(session, task, table, verdict, tick=_unwatched, now=utcnow())
    leads.discard_upload(task.file_key)
    session.refresh(imported)
    assert imported.list_id is not None
    return imported.list_id


def _unwatched(_done: int) -> None:
    """Nobody looks at a progress bar here."""


def _connect_number(session: Session, made: accounts.NewTenant, name: str, key: str, *, settings: Settings) -> int:
    """A number of the sandbox, connected: keys that begin with `demo-` are from the start."""
    tenant_id = made.tenant_id
    new = instances.NewInstance(
        name=name,
        connector="mega_api",
        base_url=f"{settings.sandbox_url}/mega",
        instance_key=key,
        credentials={"token": secrets.token_hex(8)},
        warm_up=False,
    )
    instance_id = instances.create_instance(
        session, tenant_id, new, actor=made.user_id, now=utcnow(), sandbox_url=settings.sandbox_url
    ).id
    session.commit()
    call_outside(
        session,
        lambda s: instances.prepare_webhook_set_up(s, tenant_id, instance_id, app_url=settings.public_url),
        lambda s, answer: instances.apply_webhook_set_up(s, tenant_id, instance_id, answer),
    )
    call_outside(
        session,
        lambda s: instances.prepare_refresh(s, tenant_id, instance_id),
        lambda s, answer: instances.apply_refresh(s, tenant_id, instance_id, answer),
    )
    return instance_id


def _make_campaign(session: Session, place: Place, campaign: DemoCampaign) -> None:
    if campaign.kind == "finished":
        write_finished_campaign(session, place, campaign, utcnow())
        return
    now = utcnow()
    is_scheduled = campaign.kind == "scheduled"
    low, high = campaign.gap_seconds
    said = campaigns.CampaignInput(
        name=campaign.name,
        messages=campaign.variations,
        lists=[place.list_id],
        instances=place.numbers,
        interval_min_ms=low * 1000,
        interval_max_ms=high * 1000,
        window=campaigns.DEFAULT_WINDOW if is_scheduled else None,
        schedule_at=_a_morning(now) if is_scheduled else None,
        follow_ups=[campaigns.FollowUpInput(3, (campaign.follow_up,))] if campaign.follow_up else (),
    )
    made = campaigns.create_campaign(session, place.tenant_id, said, actor=place.owner_id, now=now)
    campaigns.start_campaign(session, place.tenant_id, made.id, actor=place.owner_id, now=now)


def _a_morning(now: datetime) -> datetime:
    """Nine o'clock in the tenant's zone, two days from now."""
    return start_of_day(day_in_zone(now + SCHEDULED_IN)) + timedelta(hours=9)
