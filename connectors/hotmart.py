"""Hotmart's webhook, version 2.0.0, read without I/O. Facts: commerce reference, section 1.

The sender is known by a static token only (header `X-HOTMART-HOTTOK`; tests and some old deliveries repeat
it in the body): no signature, no time stamp. Deliveries repeat and come in any order: `event_id` is the key,
`created_at` the order. Documentation and deliveries spell things differently; both are read, and a field
that is missing or odd is empty. What to do about an event is `services.accounts`' to say.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qs

from connectors.reading import (
    NOTHING,
    at,
    dict_at,
    header,
    int_at,
    is_true,
    json_of,
    list_at,
    moment_at,
    storable,
    text_at,
)
from core.phone import normalise

TOKEN_HEADER: Final = "X-HOTMART-HOTTOK"
VERSION: Final = "2.0.0"
_MOST_CENTAVOS: Final = 10**14

# Documented spelling -> the one seen in deliveries.
_STATUS_SPELLINGS: Final = {
    "CANCELLED": "CANCELED",
    "COMPLETE": "COMPLETED",
    "PRINTED_BILLET": "BILLET_PRINTED",
    "OVERDUE": "DELAYED",
}
_EVENT_SPELLINGS: Final = {
    "PURCHASE_CANCELLED": "PURCHASE_CANCELED",
    "PURCHASE_COMPLETED": "PURCHASE_COMPLETE",
    "PURCHASE_REFUND_REQUESTED": "PURCHASE_PROTEST",
}
_V1_FIELDS: Final = frozenset({"hottok", "callback_type", "transaction", "prod", "hotkey"})


class UnreadableReason(StrEnum):
    NOT_JSON = "not_json"
    OLD_VERSION = "old_version"
    NOT_AN_EVENT = "not_an_event"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A body that is no v2 event. `message` is for the owner of the Hotmart account."""

    reason: UnreadableReason
    message: str


@dataclass(frozen=True, slots=True)
class HotmartPlan:
    """A subscription plan; `offer_code` only where the event names it."""

    id: str
    name: str
    offer_code: str = ""


@dataclass(frozen=True, slots=True)
class HotmartEvent:
    """One event. Ids are text whatever Hotmart sent; "" and None mean "not said". `status` is the purchase's,
    in the spelling of real deliveries. `buyer_phone` is canonical digits, "" when nothing sensible came.
    `date_next_charge` is when the paid time ends. `price_centavos` is in `currency`'s hundredths. For
    SWITCH_PLAN, `plan` is the old one and `new_plan` the new."""

    event_id: str
    event: str
    created_at: datetime | None
    version: str = VERSION
    product_id: str = ""
    product_name: str = ""
    offer_code: str = ""
    transaction: str = ""
    status: str = ""
    subscriber_code: str = ""
    subscription_status: str = ""
    plan: HotmartPlan | None = None
    new_plan: HotmartPlan | None = None
    buyer_email: str = ""
    buyer_name: str = ""
    buyer_phone: str = ""
    recurrence_number: int | None = None
    approved_at: datetime | None = None
    date_next_charge: datetime | None = None
    cancelled_at: datetime | None = None
    price_centavos: int | None = None
    currency: str = ""
    payment_type: str = ""
    is_order_bump: bool = False
    parent_transaction: str = ""
    source_code: str = ""

    @property
    def is_subscription(self) -> bool:
        return bool(self.subscriber_code or self.plan)


def verify(headers: Mapping[str, str], body_token: str, expected: str) -> bool:
    """Whether the caller knows our hottok, in constant time. The header counts; `body_token` (see there) only
    where there is none. Without an expected token nobody is believed."""
    given = header(headers, TOKEN_HEADER) or body_token
    matches = hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))
    return matches and bool(expected)


def body_token(body: bytes) -> str:
    """The `hottok` inside a body of either version, "" for none."""
    found = json_of(body)
    return _form(body).get("hottok", "") if found is NOTHING else text_at(found, "hottok")


def read_event(body: bytes) -> HotmartEvent | Unreadable:
    """The event in a webhook's body; never raises. Unknown events come through with what could be read."""
    envelope = json_of(body)
    if envelope is NOTHING:
        return _not_json(body)
    name = text_at(envelope, "event").strip().upper()
    data = at(envelope, "data")
    if not name or not isinstance(data, dict):
        return Unreadable(UnreadableReason.NOT_AN_EVENT, "O aviso da Hotmart não traz um evento; nada a fazer.")
    version = text_at(envelope, "version") or VERSION
    if version.startswith("1"):
        return _old_version()
    return _event(envelope, data, event=_EVENT_SPELLINGS.get(name, name), version=version, body=body)


def _not_json(body: bytes) -> Unreadable:
    if len(_form(body).keys() & _V1_FIELDS) >= 2:
        return _old_version()
    return Unreadable(UnreadableReason.NOT_JSON, "O aviso não pôde ser lido: o corpo não é JSON.")


def _old_version() -> Unreadable:
    return Unreadable(
        UnreadableReason.OLD_VERSION,
        "A Hotmart está enviando a versão 1.0.0; lá, em Ferramentas > Webhook, escolha a versão 2.0.0.",
    )


def _form(body: bytes) -> dict[str, str]:
    """The fields of a v1 postback (form-encoded); of anything else, harmless nonsense."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=200)
    except ValueError:
        return {}
    return {storable(name): storable(values[0]) for name, values in fields.items()}


def _event(envelope: dict[str, Any], data: dict[str, Any], *, event: str, version: str, body: bytes) -> HotmartEvent:
    purchase = dict_at(data, "purchase")
    subscription = dict_at(data, "subscription")
    product = dict_at(data, "product") or dict_at(subscription, "product")
    plan, new_plan = _plans(data, subscription)
    price = dict_at(purchase, "price") or dict_at(purchase, "full_price")
    status = text_at(purchase, "status").upper()
    return HotmartEvent(
        event_id=text_at(envelope, "id") or _made_id(body),
        event=event,
        created_at=moment_at(envelope, "creation_date") or moment_at(envelope, "creationDate"),
        version=version,
        product_id=text_at(product, "id"),
        product_name=text_at(product, "name"),
        offer_code=_offer_code(data, purchase),
        transaction=text_at(purchase, "transaction"),
        status=_STATUS_SPELLINGS.get(status, status),
        subscriber_code=_subscriber_code(data, subscription),
        subscription_status=text_at(subscription, "status").upper(),
        plan=plan,
        new_plan=new_plan,
        buyer_email=_first(data, ("buyer", "email"), ("subscriber", "email"), *_USER_EMAILS).strip().lower(),
        buyer_name=_first(data, ("buyer", "name"), ("subscriber", "name"), ("user", "name")).strip(),
        buyer_phone=_phone(data),
        recurrence_number=int_at(purchase, "recurrence_number"),
        approved_at=_moment(purchase, "approved_date"),
        date_next_charge=_next_charge(data, purchase, subscription),
        cancelled_at=_moment(data, "cancellation_date"),
        price_centavos=_centavos(at(price, "value") if price else at(data, "actual_recurrence_value")),
        currency=text_at(price, "currency_value"),
        payment_type=text_at(purchase, "payment", "type").upper(),
        is_order_bump=is_true(at(purchase, "order_bump", "is_order_bump")),
        parent_transaction=text_at(purchase, "order_bump", "parent_purchase_transaction"),
        source_code=text_at(purchase, "origin", "sck") or text_at(purchase, "origin", "src"),
    )


_USER_EMAILS: Final = (("user", "email"), ("subscription", "user", "email"))


def _made_id(body: bytes) -> str:
    """Without an id of Hotmart's, the same body is the same event."""
    return "sha256:" + hashlib.sha256(body).hexdigest()


def _first(data: dict[str, Any], *paths: tuple[str, ...]) -> str:
    return next((found for path in paths if (found := text_at(data, *path))), "")


def _offer_code(data: dict[str, Any], purchase: dict[str, Any]) -> str:
    return text_at(purchase, "offer", "code") or _first(data, ("offer", "code"), ("plan", "offer", "code"))


def _subscriber_code(data: dict[str, Any], subscription: dict[str, Any]) -> str:
    inside = text_at(subscription, "subscriber", "code") or text_at(subscription, "subscriber_code")
    return inside or text_at(data, "subscriber", "code")


def _plans(data: dict[str, Any], subscription: dict[str, Any]) -> tuple[HotmartPlan | None, HotmartPlan | None]:
    """The plan, and the one switched to: in SWITCH_PLAN's list the new one is marked `current`."""
    single = _plan(dict_at(subscription, "plan")) or _plan(dict_at(data, "plan"))
    listed = [one for one in list_at(data, "plans") if isinstance(one, dict)]
    new = next((_plan(one) for one in listed if is_true(one.get("current"))), None)
    old = next((_plan(one) for one in listed if not is_true(one.get("current"))), None)
    return single or old, new


def _plan(found: dict[str, Any]) -> HotmartPlan | None:
    plan = HotmartPlan(
        text_at(found, "id"),
        text_at(found, "name"),
        text_at(found, "offer", "code") or text_at(found, "offer", "key"),
    )
    return plan if plan.id or plan.name else None


def _next_charge(data: dict[str, Any], purchase: dict[str, Any], subscription: dict[str, Any]) -> datetime | None:
    for place in (purchase, subscription, data):
        found = _moment(place, "date_next_charge") or _moment(place, "dateNextCharge")
        if found is not None:
            return found
    return None


def _moment(place: dict[str, Any], name: str) -> datetime | None:
    """Epoch milliseconds, or ISO text as some deliveries write it (UTC where it names no offset)."""
    found = moment_at(place, name)
    if found is not None:
        return found
    try:
        parsed = datetime.fromisoformat(text_at(place, name))
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _phone(data: dict[str, Any]) -> str:
    """Hotmart doesn't say which field holds the DDD, and splits the subscriber's number: the first
    combination that is a real number."""
    buyer = dict_at(data, "buyer")
    parts = dict_at(data, "subscriber", "phone")
    code, number = text_at(buyer, "checkout_phone_code"), text_at(buyer, "checkout_phone")
    candidates = (
        number,
        code + number,
        text_at(buyer, "phone"),
        text_at(parts, "dddCell") + text_at(parts, "cell"),
        text_at(parts, "dddPhone") + text_at(parts, "phone"),
        text_at(data, "subscriber", "phone"),
    )
    found = (normalise(one) for one in candidates if one)
    return next((phone.digits for phone in found if phone is not None), "")


def _centavos(value: Any) -> int | None:
    """A decimal amount in hundredths; None for what is no sane amount."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    amount = Decimal(value)
    # Checked before multiplying: 1e999999 would fill the memory with zeros.
    if not amount.is_finite() or amount.adjusted() > 14 or not 0 <= amount * 100 < _MOST_CENTAVOS:
        return None
    return int((amount * 100).to_integral_value())
