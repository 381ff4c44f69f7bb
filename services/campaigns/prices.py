"""The price table, and what a campaign will cost and has cost by it."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.clock import day_in_zone
from core.errors import InvalidInput
from models.campaigns import CampaignContact, ContactStatus
from models.instances import Instance, MessagePrice
from services.campaigns.audience import audience, planned_for_many
from services.campaigns.check import variables_of
from services.campaigns.cost import (
    ANYWHERE,
    CATEGORIES,
    PREFIX_DIGITS,
    Cost,
    Price,
    Sendings,
    category_of,
    cost_of,
    country_of,
    shared_out,
)
from services.campaigns.find import campaign_of, messages_of, parts_of, steps_of, zone_of_tenant
from services.instances import is_unofficial, templates_of


def list_prices(session: Session) -> list[Price]:
    """Every price ever entered, newest first within category and country."""
    rows = session.scalars(
        select(MessagePrice).order_by(MessagePrice.category, MessagePrice.country, MessagePrice.valid_from.desc())
    )
    return [Price(row.category, row.country, row.valid_from, row.currency, row.price_micros) for row in rows]


def set_price(session: Session, price: Price) -> None:
    """Enter or correct one. InvalidInput for a category or a country that can't be."""
    if price.category not in CATEGORIES:
        raise InvalidInput(fields={"category": [f"Use uma destas categorias: {', '.join(CATEGORIES)}."]})
    if price.country != ANYWHERE and not (len(price.country) == 2 and price.country.isalpha()):
        raise InvalidInput(fields={"country": ["Use as duas letras do país (BR), ou * para os demais."]})
    if price.micros < 0:
        raise InvalidInput(fields={"micros": ["O preço não pode ser negativo."]})
    said = {"currency": price.currency.upper(), "price_micros": price.micros}
    keys = {"category": price.category, "country": price.country.upper(), "valid_from": price.valid_from}
    session.execute(
        insert(MessagePrice).values(**keys, **said).on_conflict_do_update(index_elements=list(keys), set_=said)
    )


def expected_cost(session: Session, tenant_id: int, campaign_id: int, now: datetime) -> Cost | None:
    """What a campaign that hasn't started will cost at today's prices, its follow-ups included; None when none of its
    numbers is official. At most: with other numbers beside them, or with people who answer, it is less."""
    campaign = campaign_of(session, tenant_id, campaign_id)
    parts = parts_of(session, tenant_id, campaign_id)
    official = [one for one in parts.instances if not is_unofficial(one.connector)]
    if not official or not parts.messages:
        return None
    people = audience(campaign, variables_of(session, campaign, parts), now)
    with planned_for_many(session, parts.lists):
        by_prefix = session.execute(
            select(func.min(people.c.phone), func.count())
            .where(people.c.status == ContactStatus.PENDING.value)
            .group_by(func.left(people.c.phone, PREFIX_DIGITS))
        ).all()
    today = day_in_zone(now, zone_of_tenant(session, tenant_id))
    steps = steps_of(session, tenant_id, [campaign_id])
    known = _known_categories(session, tenant_id, [one.id for one in official])
    texts = [parts.messages, *(messages_of(session, tenant_id, step.id) for step in steps)]
    sendings = [
        Sendings(category, country_of(phone), today, share)
        for messages in texts
        for phone, count in by_prefix
        for category, share in shared_out(count, [category_of(one.template, known) for one in messages]).items()
    ]
    is_most = bool(steps) or len(official) < len(parts.instances)
    return cost_of(sendings, list_prices(session), is_most=is_most)


def cost_so_far(session: Session, tenant_id: int, campaign_id: int, instance_ids: Sequence[int]) -> Cost | None:
    """What was delivered through those of these numbers that are official, at the prices of its days: Meta charges a
    message when it is delivered. None when no number is official."""
    rows = session.execute(
        select(Instance.id, Instance.connector).where(Instance.tenant_id == tenant_id, Instance.id.in_(instance_ids))
    )
    official = [instance_id for instance_id, name in rows if not is_unofficial(name)]
    if not official:
        return None
    delivered = session.execute(
        select(func.min(CampaignContact.phone), CampaignContact.message_id, CampaignContact.claimed_day, func.count())
        .where(
            CampaignContact.tenant_id == tenant_id,
            CampaignContact.campaign_id == campaign_id,
            CampaignContact.instance_id.in_(official),
            CampaignContact.status.in_((ContactStatus.DELIVERED, ContactStatus.READ)),
        )
        .group_by(
            func.left(CampaignContact.phone, PREFIX_DIGITS), CampaignContact.message_id, CampaignContact.claimed_day
        )
    )
    known = _known_categories(session, tenant_id, official)
    messages = messages_of(session, tenant_id, campaign_id)
    categories: dict[int | None, str] = {message.id: category_of(message.template, known) for message in messages}
    sendings = [
        Sendings(categories.get(message_id, "unknown"), country_of(phone), day or date.min, count)
        for phone, message_id, day, count in delivered
    ]
    return cost_of(sendings, list_prices(session))


def _known_categories(session: Session, tenant_id: int, instance_ids: Sequence[int]) -> dict[tuple[str, str], str]:
    """Category by name and language of the templates these numbers' accounts have."""
    return {(row.name, row.language): row.category for row in templates_of(session, tenant_id, instance_ids)}
