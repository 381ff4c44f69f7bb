"""A provider's call: recognised by its secret, stored as it came. The sender applies it later, in batches."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.whatsapp import connector
from core.crypto import fingerprint
from models.instances import Instance, WebhookDelivery
from services.accounts import DirectoryEntry, find_in_directory
from services.instances.accounts import account_of

KEPT_HEADERS = frozenset({"content-type", "user-agent", "x-webhook-hmac", "x-webhook-request-id"})


def find_webhook_owner(session: Session, token: str) -> DirectoryEntry | None:
    """Whose address was called, by the secret in it; None for nobody's. The door opens that tenant's scope."""
    return find_in_directory(session, "instance_webhook", fingerprint(token))


def store_webhook(session: Session, owner: DirectoryEntry, token: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Put the call into the tenant's inbox, whatever its body; False when the provider's own proof (a signature,
    the instance's key) is wrong. To be committed before the provider gets its answer."""
    instance = session.execute(
        select(Instance).where(Instance.tenant_id == owner.tenant_id, Instance.id == owner.target_id)
    ).scalar_one_or_none()
    lower = {name.lower(): value for name, value in headers.items()}
    if instance is None:
        return False
    if not connector(instance.connector).verify_webhook(account_of(instance), token, lower, token, body):
        return False
    kept = {name: value[:300] for name, value in lower.items() if name in KEPT_HEADERS}
    storable = connector(instance.connector).storable_webhook(body)
    concerned = _concerned(session, instance, body)
    session.add(WebhookDelivery(tenant_id=owner.tenant_id, instance_id=concerned, headers=kept, body=storable))
    return True


def _concerned(session: Session, instance: Instance, body: bytes) -> int:
    """The number the call is about. Meta may send those of a whole business account to one address, so a body that
    names another number of this tenant is filed there."""
    provider = connector(instance.connector)
    if not provider.info.is_official:
        return instance.id
    named = {getattr(event, "instance_key", "") for event in provider.read_webhook({}, body)} - {""}
    if len(named) != 1 or named == {instance.instance_key}:
        return instance.id
    other = session.execute(
        select(Instance.id).where(
            Instance.tenant_id == instance.tenant_id,
            Instance.connector == instance.connector,
            Instance.instance_key == named.pop(),
            Instance.deleted_at.is_(None),
        )
    ).scalars()
    return other.first() or instance.id
