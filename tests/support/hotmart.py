"""Hotmart's deliveries as the reference shows them (version 2.0.0), for tests. Every value is invented."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

HOTTOK = "hottok-of-the-tests"
PRODUCT_ID = 4810001
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def epoch_ms(moment: datetime) -> int:
    """The moment as Hotmart writes it."""
    return int(moment.timestamp() * 1000)


def new_code() -> str:
    """A subscriber's code or a transaction nobody else uses."""
    return secrets.token_hex(6).upper()


class Subscription:
    """One buyer's subscription; each method is the JSON body of one event."""

    def __init__(self, email: str, *, offer: str = "pro", product_id: int | str = PRODUCT_ID) -> None:
        self.email = email
        self.offer = offer
        self.product_id = product_id
        self.code = new_code()
        self.transaction = f"HP{new_code()}"

    def purchase(
        self,
        event: str,
        at: datetime,
        *,
        next_charge: datetime | None = None,
        transaction: str = "",
        event_id: str = "",
    ) -> bytes:
        """PURCHASE_*: with the buyer, the purchase and the subscription."""
        purchase: dict[str, Any] = {
            "transaction": transaction or self.transaction,
            "status": event.removeprefix("PURCHASE_"),
            "offer": {"code": self.offer},
            "price": {"value": 97.0, "currency_value": "BRL"},
        }
        if next_charge is not None:
            purchase["date_next_charge"] = epoch_ms(next_charge)
        data = {
            "product": self._product(),
            "buyer": {"email": self.email, "name": "Maria Silva", "checkout_phone": "11900000001"},
            "purchase": purchase,
            "subscription": {
                "status": "ACTIVE",
                "plan": {"id": 700001, "name": "Mensal"},
                "subscriber": {"code": self.code},
            },
        }
        return envelope(event, at, data, event_id=event_id)

    def cancellation(self, at: datetime, *, next_charge: datetime) -> bytes:
        """SUBSCRIPTION_CANCELLATION: no buyer, no purchase."""
        data = {
            "date_next_charge": epoch_ms(next_charge),
            "cancellation_date": epoch_ms(at),
            "product": self._product(),
            "subscriber": {"code": self.code, "name": "Maria Silva", "email": self.email},
            "subscription": {"id": 990001, "plan": {"id": 700001, "name": "Mensal"}},
        }
        return envelope("SUBSCRIPTION_CANCELLATION", at, data)

    def switch_plan(self, at: datetime, *, to_offer: str, next_charge: datetime) -> bytes:
        """SWITCH_PLAN: the new plan is the one marked `current`."""
        data = {
            "switch_plan_date": epoch_ms(at),
            "subscription": {
                "subscriber_code": self.code,
                "status": "ACTIVE",
                "date_next_charge": epoch_ms(next_charge),
                "product": self._product(),
                "user": {"email": self.email},
            },
            "plans": [
                {"id": 700001, "name": "Mensal", "offer": {"key": self.offer}, "current": False},
                {"id": 700002, "name": "Outro", "offer": {"key": to_offer}, "current": True},
            ],
        }
        return envelope("SWITCH_PLAN", at, data)

    def charge_date(self, at: datetime, *, next_charge: datetime) -> bytes:
        """UPDATE_SUBSCRIPTION_CHARGE_DATE, in the spelling of the test deliveries (`creationDate`)."""
        data = {
            "subscriber": {"name": "Maria Silva", "email": self.email, "code": self.code},
            "subscription": {
                "product": self._product(),
                "status": "ACTIVE",
                "old_charge_day": 1,
                "new_charge_day": 10,
                "date_next_charge": epoch_ms(next_charge),
            },
            "plan": {"id": 700001, "name": "Mensal", "offer": {"code": self.offer}},
        }
        return envelope("UPDATE_SUBSCRIPTION_CHARGE_DATE", at, data)

    def _product(self) -> dict[str, Any]:
        return {"id": self.product_id, "name": "Licença"}


def one_off(event: str, at: datetime, *, email: str, transaction: str, offer: str = "pro") -> bytes:
    """PURCHASE_* of something bought once: no `subscription` object at all."""
    data = {
        "product": {"id": PRODUCT_ID, "name": "Licença"},
        "buyer": {"email": email, "name": "João Lima"},
        "purchase": {"transaction": transaction, "status": "APPROVED", "offer": {"code": offer}},
    }
    return envelope(event, at, data)


def envelope(event: str, at: datetime, data: dict[str, Any], *, event_id: str = "") -> bytes:
    """The envelope around any event."""
    body = {
        "id": event_id or secrets.token_hex(16),
        "creation_date": epoch_ms(at),
        "event": event,
        "version": "2.0.0",
        "data": data,
    }
    return json.dumps(body).encode()
