"""Looking at instances: load and authorise in one call, figures, words for states."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from models.instances import Instance, InstanceStatus
from services.instances.accounts import webhook_token

HEALTHY_FROM: Final = 50
BANDS: Final = ((90, "excellent"), (70, "good"), (50, "warning"), (0, "critical"))
LABELS: Final = {
    InstanceStatus.DISCONNECTED: "Desconectado",
    InstanceStatus.CONNECTING: "Conectando",
    InstanceStatus.CONNECTED: "Conectado",
    InstanceStatus.PAUSED: "Pausado",
    InstanceStatus.BANNED: "Bloqueado pelo WhatsApp",
}


@dataclass(frozen=True, slots=True)
class InstanceFigures:
    """Today's rates, % of what was sent today (0 when nothing was)."""

    delivery_rate: float
    read_rate: float


def instance_of(session: Session, tenant_id: int, instance_id: int) -> Instance:
    """This tenant's instance; NotFound for a stranger's or a deleted one."""
    found = session.execute(
        select(Instance).where(
            Instance.tenant_id == tenant_id, Instance.id == instance_id, Instance.deleted_at.is_(None)
        )
    ).scalar_one_or_none()
    if found is None:
        raise NotFound("Este número não existe ou foi removido.")
    return found


def instances_of(
    session: Session, tenant_id: int, *, after_id: int = 0, limit: int | None = None
) -> Sequence[Instance]:
    """This tenant's instances in the order they were added, by key-set."""
    query = select(Instance).where(
        Instance.tenant_id == tenant_id, Instance.deleted_at.is_(None), Instance.id > after_id
    )
    return session.execute(query.order_by(Instance.id).limit(limit)).scalars().all()


def health_status(score: float) -> str:
    """excellent >= 90, good >= 70, warning >= 50, critical below."""
    return next(word for floor, word in BANDS if score >= floor)


def is_healthy(instance: Instance) -> bool:
    """Connected and not critical."""
    return instance.status is InstanceStatus.CONNECTED and instance.health_score >= HEALTHY_FROM


def figures_of(instance: Instance) -> InstanceFigures:
    """Today's rates."""
    sent = instance.sent_today or 1
    return InstanceFigures(round(instance.delivered_today / sent * 100, 1), round(instance.read_today / sent * 100, 1))


def status_label(status: InstanceStatus) -> str:
    """The state in a shop owner's words."""
    return LABELS[status]


def webhook_url(instance: Instance, app_url: str) -> str:
    """The address the provider must call; its last part is the secret."""
    return f"{app_url}/webhooks/whatsapp/{webhook_token(instance)}"
