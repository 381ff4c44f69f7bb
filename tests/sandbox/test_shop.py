"""The pretend shop: Hotmart's events in the exact shapes of the reference, kept when the app is down."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.conftest import HOTTOK
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import WebhookReceiver, free_port

ORDER = {"offer": "pro", "name": "Maria Exemplo", "email": "maria@example.com", "phone": "11900000001"}
DAY_MS = 86_400_000

PURCHASE_PATHS = {
    "product.id": int, "product.ucode": str, "product.name": str, "product.warranty_date": str,
    "product.support_email": str, "product.has_co_production": bool, "product.is_physical_product": bool,
    "affiliates.0.affiliate_code": str, "affiliates.0.name": str,
    "buyer.email": str, "buyer.name": str, "buyer.first_name": str, "buyer.last_name": str,
    "buyer.checkout_phone": str, "buyer.document": str, "buyer.document_type": str,
    "buyer.address.country": str, "buyer.address.country_iso": str,
    "producer.name": str, "producer.document": str, "producer.legal_nature": str,
    "commissions.0.value": float, "commissions.0.source": str, "commissions.0.currency_value": str,
    "commissions.1.value": float, "commissions.1.source": str, "commissions.1.currency_value": str,
    "purchase.transaction": str, "purchase.status": str, "purchase.order_date": int,
    "purchase.approved_date": int, "purchase.date_next_charge": int, "purchase.recurrence_number": int,
    "purchase.subscription_anticipation_purchase": bool, "purchase.is_funnel": bool,
    "purchase.business_model": str, "purchase.invoice_by": str,
    "purchase.full_price.value": float, "purchase.full_price.currency_value": str,
    "purchase.price.value": float, "purchase.price.currency_value": str,
    "purchase.original_offer_price.value": float, "purchase.original_offer_price.currency_value": str,
    "purchase.checkout_country.name": str, "purchase.checkout_country.iso": str,
    "purchase.order_bump.is_order_bump": bool, "purchase.origin.src": str, "purchase.origin.sck": str,
    "purchase.offer.code": str, "purchase.payment.type": str, "purchase.payment.installments_number": int,
    "subscription.status": str, "subscription.plan.id": int, "subscription.plan.name": str,
    "subscription.subscriber.code": str,
}  # fmt: skip
OTHER_PATHS = {
    "cancel": {
        "date_next_charge", "cancellation_date", "actual_recurrence_value", "product.id", "product.name",
        "subscriber.code", "subscriber.name", "subscriber.email", "subscriber.phone.dddPhone",
        "subscriber.phone.phone", "subscriber.phone.dddCell", "subscriber.phone.cell",
        "subscription.id", "subscription.plan.id", "subscription.plan.name",
    },
    "switch": {
        "switch_plan_date", "subscription.subscriber_code", "subscription.status",
        "subscription.date_next_charge", "subscription.product.id", "subscription.product.name",
        "subscription.user.email", "plans.0.id", "plans.0.name", "plans.0.offer.key", "plans.0.current",
        "plans.1.id", "plans.1.name", "plans.1.offer.key", "plans.1.current",
    },
    "charge-date": {
        "subscriber.name", "subscriber.email", "subscriber.code", "subscription.product.id",
        "subscription.product.name", "subscription.status", "subscription.old_charge_day",
        "subscription.new_charge_day", "subscription.date_next_charge", "plan.id", "plan.name",
        "plan.offer.code",
    },
}  # fmt: skip


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, type]]:
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if pairs is None:
        yield path.removeprefix("."), type(value)
        return
    for key, inner in pairs:
        yield from leaves(inner, f"{path}.{key}")


def buy(sandbox: SandboxProcess, **changes: str) -> dict[str, Any]:
    answer = sandbox.post("/sandbox/shop/buy", json=ORDER | changes)
    assert answer.status_code == 200, answer.text
    bought: dict[str, Any] = answer.json()
    return bought


def press(sandbox: SandboxProcess, bought: dict[str, Any], action: str, **body: str) -> dict[str, Any]:
    answer = sandbox.post(f"/sandbox/shop/purchases/{bought['purchase']['id']}/{action}", json=body)
    assert answer.status_code == 200, answer.text
    event: dict[str, Any] = answer.json()["event"]
    return event


def test_a_purchase_posts_the_full_event_with_the_secret(sandbox: SandboxProcess, receiver: WebhookReceiver) -> None:
    bought = buy(sandbox)
    (post,) = receiver.received
    assert bought["http_status"] == 200
    assert (post.path, post.headers["X-HOTMART-HOTTOK"]) == ("/webhooks/hotmart", HOTTOK)
    assert post.payload == bought["event"]
    assert set(post.payload) == {"id", "creation_date", "event", "version", "data"}
    assert (post.payload["event"], post.payload["version"]) == ("PURCHASE_APPROVED", "2.0.0")
    assert dict(leaves(post.payload["data"])) == PURCHASE_PATHS


def test_the_event_says_what_was_bought(sandbox: SandboxProcess) -> None:
    data = buy(sandbox, offer="starter")["event"]["data"]
    assert data["product"]["id"] == 4810001
    assert data["subscription"]["plan"] == {"id": 700001, "name": "Starter"}
    assert data["purchase"]["offer"]["code"] == "starter"
    assert (data["purchase"]["status"], data["purchase"]["recurrence_number"]) == ("APPROVED", 1)
    assert data["purchase"]["price"]["value"] == 47.0
    assert sum(part["value"] for part in data["commissions"]) == pytest.approx(47.0)
    days = (data["purchase"]["date_next_charge"] - data["purchase"]["order_date"]) / DAY_MS
    assert 28 <= days <= 31


def test_without_a_phone_the_field_is_absent(sandbox: SandboxProcess) -> None:
    assert "checkout_phone" not in buy(sandbox, phone="")["event"]["data"]["buyer"]


@pytest.mark.parametrize(
    ("action", "event", "status"),
    [
        ("complete", "PURCHASE_COMPLETE", "COMPLETED"),
        ("delay", "PURCHASE_DELAYED", "DELAYED"),
        ("protest", "PURCHASE_PROTEST", "DISPUTE"),
        ("refund", "PURCHASE_REFUNDED", "REFUNDED"),
        ("chargeback", "PURCHASE_CHARGEBACK", "CHARGEBACK"),
    ],
)
def test_purchase_events_keep_the_transaction(sandbox: SandboxProcess, action: str, event: str, status: str) -> None:
    bought = buy(sandbox)
    sent = press(sandbox, bought, action)
    assert (sent["event"], sent["data"]["purchase"]["status"]) == (event, status)
    assert sent["data"]["purchase"]["transaction"] == bought["purchase"]["transaction"]
    assert sent["id"] != bought["event"]["id"]
    assert set(dict(leaves(sent["data"]))) == set(PURCHASE_PATHS)


def test_a_renewal_is_an_approval_with_a_new_transaction(sandbox: SandboxProcess) -> None:
    bought = buy(sandbox)
    renewal = press(sandbox, bought, "renew")["data"]
    first = bought["event"]["data"]
    assert renewal["purchase"]["status"] == "APPROVED"
    assert renewal["purchase"]["recurrence_number"] == 2
    assert renewal["purchase"]["transaction"] != first["purchase"]["transaction"]
    assert renewal["subscription"]["subscriber"] == first["subscription"]["subscriber"]
    assert renewal["purchase"]["date_next_charge"] > first["purchase"]["date_next_charge"]


@pytest.mark.parametrize(
    ("action", "event"),
    [
        ("cancel", "SUBSCRIPTION_CANCELLATION"),
        ("switch", "SWITCH_PLAN"),
        ("charge-date", "UPDATE_SUBSCRIPTION_CHARGE_DATE"),
    ],
)
def test_subscription_events_have_their_own_shapes(sandbox: SandboxProcess, action: str, event: str) -> None:
    sent = press(sandbox, buy(sandbox), action, offer="infinito")
    assert sent["event"] == event
    assert set(dict(leaves(sent["data"]))) == OTHER_PATHS[action]


def test_a_change_of_plan_marks_the_new_one(sandbox: SandboxProcess) -> None:
    bought = buy(sandbox)
    plans = press(sandbox, bought, "switch", offer="infinito")["data"]["plans"]
    assert [(plan["name"], plan["current"]) for plan in plans] == [("Pro", False), ("Infinito", True)]
    assert press(sandbox, bought, "renew")["data"]["subscription"]["plan"]["name"] == "Infinito"


def test_resending_sends_the_very_same_event(sandbox: SandboxProcess, receiver: WebhookReceiver) -> None:
    press(sandbox, buy(sandbox), "resend")
    first, second = receiver.received
    assert first.payload == second.payload


def test_the_duplicate_switch_sends_events_twice(sandbox: SandboxProcess, receiver: WebhookReceiver) -> None:
    sandbox.control("hotmart", duplicate=1)
    buy(sandbox)
    assert len(receiver.received) == 2


def test_the_ledger_keeps_event_and_answer(sandbox: SandboxProcess, receiver: WebhookReceiver) -> None:
    receiver.status = 401
    bought = buy(sandbox)
    (entry,) = sandbox.ledger("hotmart")
    assert entry["payload"] == bought["event"]
    assert (entry["http_status"], entry["answer"], entry["accepted"]) == (401, "taken", False)


def test_an_error_of_the_app_keeps_the_purchase_for_later(sandbox: SandboxProcess, receiver: WebhookReceiver) -> None:
    receiver.status = 503
    page = sandbox.post("/sandbox/shop/buy", data=ORDER)
    assert "foi guardada" in page.text
    assert "503" in page.text
    receiver.status = 200
    again = sandbox.post("/sandbox/shop/purchases/1/resend")
    assert "recebido, HTTP 200" in again.text


def test_an_app_that_is_down_keeps_the_purchase_too() -> None:
    with SandboxProcess("--app-url", f"http://127.0.0.1:{free_port()}") as lonely:
        page = lonely.post("/sandbox/shop/buy", data=ORDER)
        assert "o aplicativo não está no ar" in page.text
        assert "maria@example.com" in lonely.get("/sandbox/shop/purchases").text


def test_a_purchase_by_form_shows_the_next_step(sandbox: SandboxProcess, receiver: WebhookReceiver) -> None:
    page = sandbox.post("/sandbox/shop/buy", data=ORDER)
    assert "/sandbox/mailbox?q=maria%40example.com" in page.text
    assert len(receiver.received) == 1


@pytest.mark.parametrize("change", [{"offer": "gold"}, {"name": " "}, {"email": "maria"}, {"email": "@example.com"}])
def test_a_bad_order_is_refused_with_a_sentence(
    sandbox: SandboxProcess, receiver: WebhookReceiver, change: dict[str, str]
) -> None:
    answer = sandbox.post("/sandbox/shop/buy", json=ORDER | change)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].endswith(".")
    page = sandbox.post("/sandbox/shop/buy", data=ORDER | change)
    assert (page.status_code, 'role="alert"' in page.text) == (400, True)
    assert receiver.received == []


@pytest.mark.parametrize("path", ["9/renew", "1/dance", "1/switch"])
def test_an_unknown_button_is_a_400(sandbox: SandboxProcess, path: str) -> None:
    buy(sandbox)
    assert sandbox.post(f"/sandbox/shop/purchases/{path}", json={}).status_code == 400
