"""Every number's secrets sealed again after ENCRYPTION_KEYS got a new first key."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.instances import Instance
from services.instances.accounts import account_of, seal_credentials, seal_token, webhook_token


def reseal(session: Session) -> int:
    """In system scope -> how many numbers. CannotUnseal when a key is missing: nothing is written then."""
    changed = 0
    for one in session.scalars(select(Instance).with_for_update()):
        if one.sealed_credentials:
            one.sealed_credentials = seal_credentials(one.tenant_id, one.instance_key, account_of(one).credentials)
        if one.sealed_webhook_token:
            one.sealed_webhook_token = seal_token(one.tenant_id, one.instance_key, webhook_token(one))
        changed += 1
    return changed
