"""The approved templates of an official number: asked from its provider page by page, kept as it listed them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from connectors.whatsapp import Refused, RegisteredTemplate, TemplatePage, connector
from core.errors import InvalidInput
from core.http_messages import HttpAnswer, HttpRequest
from models.instances import ApprovedTemplate
from services.instances.accounts import account_of
from services.instances.find import instance_of
from services.instances.set_up import UNCLEAR_CALL

NOT_OFFICIAL: Final = "Só números da API oficial da Meta têm modelos aprovados."


class TemplatesNotRead(InvalidInput):
    """The provider would not list them; the sentence says why. What was kept before stays."""

    code = "templates_not_read"


def prepare_templates(session: Session, tenant_id: int, instance_id: int, cursor: str) -> HttpRequest:
    """The call for one page; TemplatesNotRead for a number that has none."""
    instance = instance_of(session, tenant_id, instance_id)
    provider = connector(instance.connector)
    if not provider.info.has_templates:
        raise TemplatesNotRead(NOT_OFFICIAL)
    return provider.templates(account_of(instance), after=cursor)


def apply_templates(session: Session, answer: HttpAnswer, *, tenant_id: int, instance_id: int, now: datetime) -> str:
    """Keep one page -> the cursor of the next, "" after the last, when those that were not listed are forgotten. All
    pages of one reading are given the same `now`."""
    instance = instance_of(session, tenant_id, instance_id)
    page = connector(instance.connector).read_templates(answer)
    if not isinstance(page, TemplatePage):
        raise TemplatesNotRead(page.message if isinstance(page, Refused) else UNCLEAR_CALL)
    for one in page.items:
        _keep(session, (tenant_id, instance_id), one, now)
    if not page.next_cursor:
        session.execute(
            delete(ApprovedTemplate).where(
                ApprovedTemplate.tenant_id == tenant_id,
                ApprovedTemplate.instance_id == instance_id,
                ApprovedTemplate.fetched_at < now,
            )
        )
    return page.next_cursor


def templates_of(session: Session, tenant_id: int, instance_ids: Collection[int]) -> Sequence[ApprovedTemplate]:
    """What is known of these numbers, by name."""
    return session.scalars(
        select(ApprovedTemplate)
        .where(ApprovedTemplate.tenant_id == tenant_id, ApprovedTemplate.instance_id.in_(instance_ids))
        .order_by(ApprovedTemplate.name, ApprovedTemplate.language, ApprovedTemplate.instance_id)
    ).all()


def _keep(session: Session, owner: tuple[int, int], one: RegisteredTemplate, now: datetime) -> None:
    facts = {
        "status": one.status.value,
        "category": one.category.lower()[:24],
        "body": one.body,
        "fields": list(one.fields),
        "header": one.header[:24],
        "has_header_field": one.has_header_field,
        "url_buttons": list(one.url_buttons),
        "fetched_at": now,
    }
    key = {"tenant_id": owner[0], "instance_id": owner[1], "name": one.name[:512], "language": one.language[:16]}
    statement = insert(ApprovedTemplate).values(key | facts)
    session.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "instance_id", "name", "language"], set_=facts)
    )
