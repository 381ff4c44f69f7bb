"""Hotmart's webhook payloads, version 2.0.0: pure builders from a purchase to the event's JSON."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.commerce.purchases import (
    OFFERS,
    PRODUCT_ID,
    PRODUCT_NAME,
    Offer,
    Purchase,
    a_month_later,
    new_transaction,
)

Event = dict[str, Any]

WARRANTY_DAYS = 7
HOTMART_FEE_PERCENT = 9.9
DAYS_A_NEW_DATE_SHIFTS = 10
_DAY_MS = 86_400_000
# Optional in real deliveries; zeros say plainly that it belongs to nobody.
_NO_DOCUMENT = "00000000000"
_PRODUCER = {"name": "Produtora Sandbox", "document": "00000000000000", "legal_nature": "Pessoa Jurídica"}


def _envelope(event: str, now_ms: int, data: dict[str, Any]) -> Event:
    return {
        "id": str(uuid.uuid4()),
        "creation_date": now_ms,
        "event": event,
        "version": "2.0.0",
        "data": data,
    }


def _money(centavos: int) -> dict[str, Any]:
    return {"value": centavos / 100, "currency_value": "BRL"}


def _short_product() -> dict[str, Any]:
    return {"id": PRODUCT_ID, "name": PRODUCT_NAME}


def _product(purchase: Purchase) -> dict[str, Any]:
    ordered = datetime.fromtimestamp(purchase.ordered_at / 1000, UTC)
    warranty = (ordered + timedelta(days=WARRANTY_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    return _short_product() | {
        "ucode": "2f6d3a10-1111-4222-8333-444455556666",
        "warranty_date": warranty.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "support_email": "suporte@example.com",
        "has_co_production": False,
        "is_physical_product": False,
    }


def _plan(offer: Offer) -> dict[str, Any]:
    return {"id": offer.plan_id, "name": offer.plan}


def _buyer(purchase: Purchase) -> dict[str, Any]:
    first, _, last = purchase.name.partition(" ")
    buyer: dict[str, Any] = {
        "email": purchase.email,
        "name": purchase.name,
        "first_name": first,
        "last_name": last,
        "document": _NO_DOCUMENT,
        "document_type": "CPF",
        "address": {"country": "Brasil", "country_iso": "BR"},
    }
    return buyer | ({"checkout_phone": purchase.phone} if purchase.phone else {})


def _commissions(centavos: int) -> list[dict[str, Any]]:
    fee = round(centavos * HOTMART_FEE_PERCENT / 100)
    shares = (("MARKETPLACE", fee), ("PRODUCER", centavos - fee))
    return [{"value": part / 100, "source": source, "currency_value": "BRL"} for source, part in shares]


def _purchase(purchase: Purchase, status: str) -> dict[str, Any]:
    price = _money(purchase.offer.price_centavos)
    return {
        "transaction": purchase.transaction,
        "status": status,
        "order_date": purchase.ordered_at,
        "approved_date": purchase.ordered_at + 1_000,
        "date_next_charge": purchase.next_charge_at,
        "recurrence_number": purchase.recurrence_number,
        "subscription_anticipation_purchase": False,
        "is_funnel": False,
        "business_model": "I",
        "invoice_by": "HOTMART",
        "full_price": price,
        "price": price,
        "original_offer_price": price,
        "checkout_country": {"name": "Brasil", "iso": "BR"},
        "order_bump": {"is_order_bump": False},
        "origin": {"src": "sandbox", "sck": f"sandbox_{purchase.id}"},
        "offer": {"code": purchase.offer_code},
        "payment": {"type": "CREDIT_CARD", "installments_number": 1},
    }


def _purchase_event(event: str, status: str, *, subscription: str = "ACTIVE") -> Callable[[Purchase, int], Event]:
    def build(purchase: Purchase, now_ms: int) -> Event:
        data = {
            "product": _product(purchase),
            "affiliates": [{"affiliate_code": "", "name": ""}],
            "buyer": _buyer(purchase),
            "producer": _PRODUCER,
            "commissions": _commissions(purchase.offer.price_centavos),
            "purchase": _purchase(purchase, status),
            "subscription": {
                "status": subscription,
                "plan": _plan(purchase.offer),
                "subscriber": {"code": purchase.subscriber_code},
            },
        }
        return _envelope(event, now_ms, data)

    return build


approved = _purchase_event("PURCHASE_APPROVED", "APPROVED")


def _renew(purchase: Purchase, now_ms: int) -> Event:
    """A renewal is an approval with a new transaction and a higher recurrence number."""
    purchase.transaction = new_transaction()
    purchase.recurrence_number += 1
    purchase.ordered_at = now_ms
    purchase.next_charge_at = a_month_later(purchase.next_charge_at)
    return approved(purchase, now_ms)


def _phone_parts(phone: str) -> dict[str, str]:
    digits = "".join(character for character in phone if character.isdigit())
    national = digits[2:] if len(digits) > 11 and digits.startswith("55") else digits
    return {"dddPhone": "", "phone": "", "dddCell": national[:2], "cell": national[2:]}


def _cancel(purchase: Purchase, now_ms: int) -> Event:
    """No buyer and no purchase here; access lasts until the date of the next charge."""
    data = {
        "date_next_charge": purchase.next_charge_at,
        "cancellation_date": now_ms,
        "actual_recurrence_value": purchase.offer.price_centavos / 100,
        "product": _short_product(),
        "subscriber": {
            "code": purchase.subscriber_code,
            "name": purchase.name,
            "email": purchase.email,
            "phone": _phone_parts(purchase.phone),
        },
        "subscription": {"id": 990000 + purchase.id, "plan": _plan(purchase.offer)},
    }
    return _envelope("SUBSCRIPTION_CANCELLATION", now_ms, data)


def switch_plan(purchase: Purchase, now_ms: int, *, to: str) -> Event:
    """Another offer from now on; the new plan is the one marked `current`."""
    old, purchase.offer_code = purchase.offer, to
    plans = [
        _plan(offer) | {"offer": {"key": offer.code}, "current": offer is purchase.offer}
        for offer in (old, purchase.offer)
    ]
    data = {
        "switch_plan_date": now_ms,
        "subscription": {
            "subscriber_code": purchase.subscriber_code,
            "status": "ACTIVE",
            "date_next_charge": purchase.next_charge_at,
            "product": _short_product(),
            "user": {"email": purchase.email},
        },
        "plans": plans,
    }
    return _envelope("SWITCH_PLAN", now_ms, data)


def _day(epoch_ms: int) -> int:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).day


def _shift_charge_date(purchase: Purchase, now_ms: int) -> Event:
    old = purchase.next_charge_at
    purchase.next_charge_at = old + DAYS_A_NEW_DATE_SHIFTS * _DAY_MS
    data = {
        "subscriber": {"name": purchase.name, "email": purchase.email, "code": purchase.subscriber_code},
        "subscription": {
            "product": _short_product(),
            "status": "ACTIVE",
            "old_charge_day": _day(old),
            "new_charge_day": _day(purchase.next_charge_at),
            "date_next_charge": purchase.next_charge_at,
        },
        "plan": _plan(purchase.offer) | {"offer": {"code": purchase.offer_code}},
    }
    return _envelope("UPDATE_SUBSCRIPTION_CHARGE_DATE", now_ms, data)


# Action of the shop's buttons -> (label, builder). `switch` and `resend` need more: see `Hotmart.act`.
ACTIONS: dict[str, tuple[str, Callable[[Purchase, int], Event]]] = {
    "renew": ("Renovar", _renew),
    "complete": ("Completar", _purchase_event("PURCHASE_COMPLETE", "COMPLETED")),
    "cancel": ("Cancelar assinatura", _cancel),
    "charge-date": ("Mudar a data de cobrança", _shift_charge_date),
    "delay": ("Atrasar", _purchase_event("PURCHASE_DELAYED", "DELAYED", subscription="DELAYED")),
    "protest": ("Contestar", _purchase_event("PURCHASE_PROTEST", "DISPUTE")),
    "refund": (
        "Reembolsar",
        _purchase_event("PURCHASE_REFUNDED", "REFUNDED", subscription="CANCELLED_BY_SELLER"),
    ),
    "chargeback": (
        "Chargeback",
        _purchase_event("PURCHASE_CHARGEBACK", "CHARGEBACK", subscription="INACTIVE"),
    ),
}


def other_offers(purchase: Purchase) -> list[Offer]:
    """The plans a purchase could be switched to."""
    return [offer for offer in OFFERS.values() if offer.code != purchase.offer_code]
