"""A test send: one message of a campaign to oneself, exactly as somebody of the audience would get it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.errors import InvalidInput, TooManyRequests
from core.phone import PhoneProblem, parse
from models.instances import DirectKind, DirectMessage, DirectStatus, Instance, InstanceStatus
from services.audit import record_audit
from services.campaigns.find import campaign_of, parts_of
from services.campaigns.preview import preview_or_404
from services.instances import DirectContent, instance_of, queue_direct

MOST_PER_HOUR: Final = 30
"""Tests use no quota; this many an hour and account keep them tests."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the check page knows of a person's tests: the phone they used last ("" = none yet), and what became of
    their last test of this campaign."""

    phone: str
    last: DirectMessage | None

    @property
    def is_moving(self) -> bool:
        """Whether its outcome is still to come."""
        return self.last is not None and self.last.status in (DirectStatus.PENDING, DirectStatus.SENDING)


def send_test(
    session: Session,
    tenant_id: int,
    campaign_id: int,
    *,
    phone: str,
    now: datetime,
    actor: int | None,
    instance_id: int | None = None,
    row: int = 1,
    variation: int | None = None,
) -> DirectMessage:
    """Queue the message of row `row` (and of `variation`, both counted from 1) to `phone`, through `instance_id` or
    the first connected number of the campaign -> its row, pending. Nothing of the campaign changes.

    NotFound: a stranger's campaign or number, or nothing to send. InvalidInput names the field. TooManyRequests.
    """
    campaign_of(session, tenant_id, campaign_id)
    to = parse(phone)
    if isinstance(to, PhoneProblem):
        raise InvalidInput(fields={"phone": [f"{to.sentence} Exemplo: (11) 91234-5678."]})
    number = _number(session, tenant_id, campaign_id, instance_id)
    shown = preview_or_404(session, tenant_id, campaign_id, row, now, variation=variation)
    media_id = parts_of(session, tenant_id, campaign_id).messages[shown.variation - 1].media_id
    _not_too_many(session, tenant_id, now)
    record_audit(session, tenant_id, "campaigns.test", actor_user_id=actor, target=("campaign", campaign_id))
    return queue_direct(
        session,
        tenant_id,
        number.id,
        to.digits,
        DirectContent(shown.text, media_id, shown.filled_template),
        kind=DirectKind.TEST,
        campaign_id=campaign_id,
        actor=actor,
    )


def trial_of(session: Session, tenant_id: int, campaign_id: int, user_id: int) -> Trial:
    """A person's tests, for the check page."""
    mine = _tests(tenant_id).where(DirectMessage.created_by == user_id).order_by(DirectMessage.id.desc()).limit(1)
    newest = session.scalars(mine).first()
    last = session.scalars(mine.where(DirectMessage.campaign_id == campaign_id)).first() if newest else None
    return Trial(newest.phone if newest else "", last)


def _tests(tenant_id: int) -> Select[DirectMessage]:
    return select(DirectMessage).where(DirectMessage.tenant_id == tenant_id, DirectMessage.kind == DirectKind.TEST)


def _number(session: Session, tenant_id: int, campaign_id: int, instance_id: int | None) -> Instance:
    if instance_id is not None:
        chosen = instance_of(session, tenant_id, instance_id)
        if chosen.status is not InstanceStatus.CONNECTED:
            raise InvalidInput(fields={"instance_id": ["Conecte este número antes de testar, ou escolha outro."]})
        return chosen
    own = parts_of(session, tenant_id, campaign_id).instances
    connected = [one for one in own if one.status is InstanceStatus.CONNECTED]
    if not connected:
        raise InvalidInput(fields={"instance_id": ["Nenhum número desta campanha está conectado. Conecte um deles."]})
    return connected[0]


def _not_too_many(session: Session, tenant_id: int, now: datetime) -> None:
    recent = _tests(tenant_id).where(DirectMessage.created_at > now - timedelta(hours=1)).subquery()
    if (session.scalar(select(func.count()).select_from(recent)) or 0) >= MOST_PER_HOUR:
        raise TooManyRequests(f"Foram {MOST_PER_HOUR} testes na última hora. Espere um pouco e tente de novo.")
