"""Which WhatsApp providers exist. A new one is a file beside this and a line here."""

from __future__ import annotations

from typing import Final

from connectors.whatsapp.base import ConnectorInfo, WhatsAppConnector
from connectors.whatsapp.cloud_api import CloudApi
from connectors.whatsapp.evolution import Evolution
from connectors.whatsapp.mega_api import MegaApi
from connectors.whatsapp.waha import Waha

CONNECTORS: Final[dict[str, WhatsAppConnector]] = {
    one.info.name: one for one in (MegaApi(), Evolution(), Waha(), CloudApi())
}


class UnknownConnector(LookupError):
    """No provider has this name; doors check against `connector_names()` first."""


def connector(name: str) -> WhatsAppConnector:
    """The provider stored on an instance's row; raises `UnknownConnector`."""
    try:
        return CONNECTORS[name]
    except KeyError:
        raise UnknownConnector(name) from None


def connector_names() -> tuple[str, ...]:
    return tuple(CONNECTORS)


def connector_infos() -> tuple[ConnectorInfo, ...]:
    """For forms: labels, what each provider needs and what it can do, in the order to show them."""
    return tuple(one.info for one in CONNECTORS.values())
