"""An instance's row as the provider's account, and its secrets at rest."""

import json
from collections.abc import Mapping

from connectors.whatsapp import Account
from core.crypto import key_ring
from models.instances import Instance


def _bound_to(tenant_id: int, instance_key: str) -> str:
    """What the seal is tied to. The row's id isn't known before the insert; tenant and key are, and don't change."""
    return f"instances:{tenant_id}:{instance_key}"


def seal_credentials(tenant_id: int, instance_key: str, credentials: Mapping[str, str]) -> str:
    """The credentials, readable only with the key ring and for this tenant's instance."""
    return key_ring().seal(json.dumps(dict(credentials)), bound_to=_bound_to(tenant_id, instance_key))


def seal_token(tenant_id: int, instance_key: str, token: str) -> str:
    """The webhook's secret, kept so that the address can be shown again."""
    return key_ring().seal(token, bound_to=_bound_to(tenant_id, instance_key) + ":webhook")


def webhook_token(instance: Instance) -> str:
    """The secret part of the address the provider calls."""
    bound_to = _bound_to(instance.tenant_id, instance.instance_key) + ":webhook"
    return key_ring().unseal(instance.sealed_webhook_token, bound_to=bound_to)


def open_account(tenant_id: int, base_url: str, instance_key: str, sealed: str) -> Account:
    """An account from a row's plain columns: what the sender reads, without an ORM object."""
    credentials = json.loads(key_ring().unseal(sealed, bound_to=_bound_to(tenant_id, instance_key)))
    return Account(base_url, instance_key, credentials)


def account_of(instance: Instance) -> Account:
    """How to reach this instance at its provider."""
    return open_account(instance.tenant_id, instance.base_url, instance.instance_key, instance.sealed_credentials)
