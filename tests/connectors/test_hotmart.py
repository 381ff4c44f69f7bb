"""Hotmart's webhook from bytes: every sample of the reference, both spellings, and whatever else may come."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hotmart import (
    HotmartEvent,
    HotmartPlan,
    Unreadable,
    UnreadableReason,
    body_token,
    read_event,
)


def ms(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1000, UTC)


PRODUCT = {"id": 4810001, "name": "Licença Pro"}
PLAN = {"id": 700001, "name": "Pro mensal"}

APPROVED: dict[str, Any] = {
    "id": "5c0a7d52-3f0e-4a53-9a61-1f4f2f1c9b10",
    "creation_date": 1767225630000,
    "event": "PURCHASE_APPROVED",
    "version": "2.0.0",
    "data": {
        "product": {**PRODUCT, "warranty_date": "2026-01-08T00:00:00Z", "has_co_production": False},
        "affiliates": [{"affiliate_code": "", "name": ""}],
        "buyer": {
            "email": "Maria@Example.com",
            "name": "Maria Silva",
            "checkout_phone": "11900000001",
            "address": {"country": "Brasil", "country_iso": "BR"},
        },
        "commissions": [{"value": 10.6, "source": "MARKETPLACE", "currency_value": "BRL"}],
        "purchase": {
            "transaction": "HP0000000001",
            "status": "APPROVED",
            "order_date": 1767225600000,
            "approved_date": 1767225625000,
            "date_next_charge": 1769904000000,
            "recurrence_number": 1,
            "full_price": {"value": 99.9, "currency_value": "BRL"},
            "price": {"value": 97.0, "currency_value": "BRL"},
            "order_bump": {"is_order_bump": False},
            "origin": {"src": "bot", "sck": "click_9f2c"},
            "offer": {"code": "abc123de", "coupon_code": "BEMVINDO"},
            "payment": {"type": "PIX", "installments_number": 1},
        },
        "subscription": {"status": "ACTIVE", "plan": PLAN, "subscriber": {"code": "A1B2C3D4"}},
    },
}


def read(body: Any) -> HotmartEvent:
    event = read_event(body if isinstance(body, bytes) else json.dumps(body).encode())
    assert isinstance(event, HotmartEvent), event
    return event


def unreadable(body: bytes) -> UnreadableReason:
    found = read_event(body)
    assert isinstance(found, Unreadable), found
    assert found.message.endswith(".")
    return found.reason


def with_purchase(**changes: Any) -> dict[str, Any]:
    data = APPROVED["data"]
    return APPROVED | {"data": data | {"purchase": data["purchase"] | changes}}


def with_buyer(**buyer: Any) -> dict[str, Any]:
    return APPROVED | {"data": APPROVED["data"] | {"buyer": buyer}}


def test_an_approved_purchase_is_read_whole() -> None:
    assert read(APPROVED) == HotmartEvent(
        event_id="5c0a7d52-3f0e-4a53-9a61-1f4f2f1c9b10",
        event="PURCHASE_APPROVED",
        created_at=ms(1767225630000),
        version="2.0.0",
        product_id="4810001",
        product_name="Licença Pro",
        offer_code="abc123de",
        transaction="HP0000000001",
        status="APPROVED",
        subscriber_code="A1B2C3D4",
        subscription_status="ACTIVE",
        plan=HotmartPlan("700001", "Pro mensal"),
        buyer_email="maria@example.com",
        buyer_name="Maria Silva",
        buyer_phone="5511900000001",
        recurrence_number=1,
        approved_at=ms(1767225625000),
        date_next_charge=ms(1769904000000),
        price_centavos=9700,
        currency="BRL",
        payment_type="PIX",
        source_code="click_9f2c",
    )
    assert read(APPROVED).is_subscription


def test_a_one_off_purchase_has_no_end() -> None:
    data = {k: v for k, v in APPROVED["data"].items() if k != "subscription"}
    purchase = {k: v for k, v in data["purchase"].items() if k not in {"date_next_charge", "recurrence_number"}}
    event = read(APPROVED | {"data": data | {"purchase": purchase}})
    assert (event.is_subscription, event.date_next_charge, event.plan) == (False, None, None)
    assert (event.recurrence_number, event.transaction) == (None, "HP0000000001")


def test_an_order_bump_names_its_parent() -> None:
    event = read(with_purchase(order_bump={"is_order_bump": True, "parent_purchase_transaction": "HP0000000001"}))
    assert (event.is_order_bump, event.parent_transaction) == (True, "HP0000000001")


def test_an_abandoned_cart_has_only_a_person_and_an_offer() -> None:
    event = read(
        {
            "id": "0e0f9a4e-6a0c-4c64-9c35-7c1b1d2e3f40",
            "creation_date": 1767225700000,
            "event": "PURCHASE_OUT_OF_SHOPPING_CART",
            "version": "2.0.0",
            "data": {
                "affiliate": False,
                "product": PRODUCT,
                "buyer": {"name": "João Lima", "email": "joao@example.com", "phone": "21900000002"},
                "offer": {"code": "abc123de"},
                "checkout_country": {"name": "Brasil", "iso": "BR"},
            },
        }
    )
    assert (event.buyer_phone, event.offer_code, event.transaction) == ("5521900000002", "abc123de", "")


def test_a_cancelled_subscription_keeps_its_paid_date() -> None:
    event = read(
        {
            "id": "7b1e0f55-2b7e-4f17-8a7d-90aabbccdd01",
            "creation_date": 1767300000000,
            "event": "SUBSCRIPTION_CANCELLATION",
            "version": "2.0.0",
            "data": {
                "date_next_charge": 1769904000000,
                "cancellation_date": 1767299990000,
                "actual_recurrence_value": 97.0,
                "product": PRODUCT,
                "subscriber": {
                    "code": "A1B2C3D4",
                    "name": "Maria Silva",
                    "email": "maria@example.com",
                    "phone": {"dddPhone": "", "phone": "", "dddCell": "11", "cell": "900000001"},
                },
                "subscription": {"id": 990001, "plan": PLAN},
            },
        }
    )
    assert (event.date_next_charge, event.cancelled_at) == (ms(1769904000000), ms(1767299990000))
    assert (event.subscriber_code, event.buyer_email) == ("A1B2C3D4", "maria@example.com")
    assert (event.buyer_phone, event.price_centavos) == ("5511900000001", 9700)
    assert event.plan == HotmartPlan("700001", "Pro mensal")


def test_a_switched_plan_names_the_old_and_the_new() -> None:
    event = read(
        {
            "id": "3c1c7c50-8a53-4b8f-8df9-001122334455",
            "creation_date": 1767400000000,
            "event": "SWITCH_PLAN",
            "version": "2.0.0",
            "data": {
                "switch_plan_date": 1767399990000,
                "subscription": {
                    "subscriber_code": "A1B2C3D4",
                    "status": "ACTIVE",
                    "date_next_charge": 1769904000000,
                    "product": PRODUCT,
                    "user": {"email": "maria@example.com"},
                },
                "plans": [
                    {**PLAN, "offer": {"key": "abc123de"}, "current": False},
                    {"id": 700002, "name": "Pro anual", "offer": {"key": "xyz987ab"}, "current": True},
                ],
            },
        }
    )
    assert event.plan == HotmartPlan("700001", "Pro mensal", "abc123de")
    assert event.new_plan == HotmartPlan("700002", "Pro anual", "xyz987ab")
    assert (event.subscriber_code, event.buyer_email) == ("A1B2C3D4", "maria@example.com")
    assert (event.product_id, event.date_next_charge) == ("4810001", ms(1769904000000))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date_next_charge", 1770681600000),
        ("dateNextCharge", "2026-02-10T00:00:00Z"),
        ("dateNextCharge", "2026-02-09T21:00:00-03:00"),
        ("dateNextCharge", "2026-02-10"),
    ],
)
def test_a_moved_charge_date_is_read_in_both_styles(name: str, value: object) -> None:
    event = read(
        {
            "id": "a9f3c0de-0000-4000-8000-abcdefabcdef",
            "creationDate": 1767500000000,
            "event": "UPDATE_SUBSCRIPTION_CHARGE_DATE",
            "version": "2.0.0",
            "data": {
                "subscriber": {"name": "Maria Silva", "email": "maria@example.com", "code": "A1B2C3D4"},
                "subscription": {"product": PRODUCT, "status": "ACTIVE", name: value},
                "plan": {**PLAN, "offer": {"code": "abc123de"}},
            },
        }
    )
    assert event.created_at == ms(1767500000000)
    assert event.date_next_charge == ms(1770681600000)
    assert (event.subscriber_code, event.offer_code) == ("A1B2C3D4", "abc123de")
    assert event.plan == HotmartPlan("700001", "Pro mensal", "abc123de")


def test_events_of_the_members_area_come_through() -> None:
    first = read(
        {
            "id": "11111111-2222-4333-8444-555555555555",
            "creationDate": 1767225900000,
            "event": "CLUB_FIRST_ACCESS",
            "version": "2.0.0",
            "data": {"product": PRODUCT, "user": {"name": "Maria Silva", "email": "maria@example.com"}},
        }
    )
    assert (first.created_at, first.buyer_email) == (ms(1767225900000), "maria@example.com")
    module = read(
        {
            "id": "66666666-7777-4888-8999-000000000000",
            "creation_date": 1767825900000,
            "event": "CLUB_MODULE_COMPLETED",
            "data": {"product": {"id": "4810001"}, "module": {"id": "mOd01"}},
        }
    )
    assert (module.product_id, module.event) == ("4810001", "CLUB_MODULE_COMPLETED")


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        ("COMPLETE", "COMPLETED"),
        ("COMPLETED", "COMPLETED"),
        ("cancelled", "CANCELED"),
        ("PRINTED_BILLET", "BILLET_PRINTED"),
        ("OVERDUE", "DELAYED"),
        ("DISPUTE", "DISPUTE"),
        ("UNDER_ANALISYS", "UNDER_ANALISYS"),
        (None, ""),
    ],
)
def test_both_spellings_of_a_status_are_one(sent: object, read_as: str) -> None:
    assert read(with_purchase(status=sent)).status == read_as


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        ("PURCHASE_REFUND_REQUESTED", "PURCHASE_PROTEST"),
        ("purchase_cancelled", "PURCHASE_CANCELED"),
        ("PURCHASE_COMPLETED", "PURCHASE_COMPLETE"),
        ("SOMETHING_OF_2027", "SOMETHING_OF_2027"),
    ],
)
def test_event_names_are_unified_and_unknown_ones_pass(sent: str, read_as: str) -> None:
    assert read(APPROVED | {"event": sent}).event == read_as


@pytest.mark.parametrize(
    ("buyer", "phone"),
    [
        ({"checkout_phone": "11900000001", "checkout_phone_code": "55"}, "5511900000001"),
        ({"checkout_phone": "900000001", "checkout_phone_code": "11"}, "5511900000001"),
        ({"checkout_phone": "900000001", "checkout_phone_code": "5511"}, "5511900000001"),
        ({"checkout_phone": "900000001"}, ""),
        ({"checkout_phone": 11900000001}, "5511900000001"),
        ({"phone": "+351 912 345 678"}, "351912345678"),
        ({"checkout_phone": "call me"}, ""),
        ({}, ""),
    ],
)
def test_the_phone_is_what_makes_a_real_number(buyer: dict[str, Any], phone: str) -> None:
    assert read(with_buyer(**buyer)).buyer_phone == phone


@pytest.mark.parametrize(
    ("value", "centavos"),
    [
        (b"97", 9700),
        (b"97.9", 9790),
        (b"0", 0),
        (b"0.07", 7),
        (b"19.999", 2000),
        (b"-5", None),
        (b"NaN", None),
        (b"Infinity", None),
        (b"1e999999", None),
        (b"true", None),
        (b'"97"', None),
        (b"null", None),
        (b"9" * 40, None),
    ],
)
def test_money_is_exact_or_absent(value: bytes, centavos: int | None) -> None:
    body = json.dumps(with_purchase(price={"value": "@@", "currency_value": "BRL"})).encode()
    assert read(body.replace(b'"@@"', value)).price_centavos == centavos


def test_missing_objects_are_emptiness() -> None:
    event = read({"event": "PURCHASE_APPROVED", "data": {}})
    assert (event.created_at, event.transaction, event.buyer_email, event.price_centavos) == (
        None,
        "",
        "",
        None,
    )
    nulls = {"buyer": None, "purchase": [], "subscription": "x", "product": 7, "plans": {"a": 1}}
    assert read({"event": "X", "data": nulls}).product_id == ""


def test_a_body_without_id_is_known_by_its_bytes() -> None:
    body = b'{"event":"PURCHASE_APPROVED","data":{}}'
    assert read(body).event_id == read(body).event_id
    assert read(body).event_id.startswith("sha256:")
    assert read(body).event_id != read(body + b" ").event_id


V1 = b"hottok=segredo&prod=4810001&email=maria%40example.com&transaction=HP0000000001&status=approved"


def test_the_old_version_is_refused_with_what_to_change() -> None:
    found = read_event(V1)
    assert isinstance(found, Unreadable) and found.reason is UnreadableReason.OLD_VERSION
    assert "2.0.0" in found.message
    assert unreadable(json.dumps(APPROVED | {"version": "1.0.0"}).encode()) is UnreadableReason.OLD_VERSION


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xff", b"<xml/>", b"[" * 100_000, b"a=1&b=2"])
def test_what_is_no_json_says_so(body: bytes) -> None:
    assert unreadable(body) is UnreadableReason.NOT_JSON


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'"x"', b'{"event":"X"}', b'{"event":"","data":{}}'])
def test_json_without_an_event_says_so(body: bytes) -> None:
    assert unreadable(body) is UnreadableReason.NOT_AN_EVENT


KEYS = """
buyer purchase subscription plans plan product id name email phone subscriber code offer price value current
date_next_charge creation_date status checkout_phone order_bump recurrence_number approved_date
"""
names = st.one_of(st.sampled_from(KEYS.split()), st.text(max_size=6))
documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.just("\x00\ud800")),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=8)),
    max_leaves=30,
)


@given(st.one_of(st.binary(max_size=300), documents.map(lambda d: json.dumps(d).encode())))
def test_no_body_raises(body: bytes) -> None:
    read_event(body)
    body_token(body)


@given(st.dictionaries(names, documents, max_size=8), documents)
def test_no_event_raises_and_all_its_text_can_be_stored(data: dict[str, Any], created: Any) -> None:
    event = read({"event": "PURCHASE_APPROVED", "creation_date": created, "data": data})
    for value in dataclasses.astuple(event):
        assert "\x00" not in str(value)
        str(value).encode("utf-8")
    assert event.created_at is None or event.created_at.tzinfo is not None
