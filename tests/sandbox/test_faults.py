"""The outages and the lies of `POST /sandbox/control`, in all four WhatsApp dialects."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.sandbox.gateway_clients import BOOKS, GatewayClient
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import WebhookReceiver, eventually

PHONE = "5511900002001"
OTHER = "5511900002002"
SECRET = "segredo"


@pytest.fixture(params=BOOKS)
def gateway(request: pytest.FixtureRequest, sandbox: SandboxProcess, receiver: WebhookReceiver) -> GatewayClient:
    """A connected number with a webhook at each provider in turn; receipts leave at once."""
    sandbox.control(request.param, receipt_delay_ms=[0, 0, 0])
    made = GatewayClient(sandbox.url, request.param)
    made.set_webhook(f"{receiver.url}/webhooks/whatsapp/{SECRET}")
    return made


@pytest.mark.parametrize(
    ("switches", "status", "is_accepted"),
    [
        ({"fail": 1}, 500, False),
        ({"throttle": 1}, 429, False),
        ({"throttle_bare": 1}, 429, False),
        ({"error_body": 1}, 200, False),
        ({"garbage": 1}, 200, True),
        ({"empty": 1}, 201, True),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_answered_and_whether_the_message_was_taken(
    gateway: GatewayClient, sandbox: SandboxProcess, switches: dict[str, Any], status: int, is_accepted: bool
) -> None:
    sandbox.control(gateway.book, **switches)
    answer = gateway.send(PHONE)
    (entry,) = sandbox.ledger(gateway.book)
    assert (answer.status_code, entry["accepted"]) == (status, is_accepted)
    assert ("Retry-After" in answer.headers) == ("throttle" in switches)


def test_an_error_body_is_in_the_providers_own_words(gateway: GatewayClient, sandbox: SandboxProcess) -> None:
    sandbox.control(gateway.book, error_body=1)
    assert gateway.send(PHONE).json()["error"]


def test_garbage_is_no_json_and_empty_is_empty(gateway: GatewayClient, sandbox: SandboxProcess) -> None:
    sandbox.control(gateway.book, garbage=1)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        gateway.send(PHONE).json()
    sandbox.control(gateway.book, garbage=0, empty=1)
    assert gateway.send(OTHER).content == b""


@pytest.mark.parametrize(("switch", "is_accepted"), [("hang", False), ("silent", True)])
def test_a_time_out_before_and_after_accepting(
    gateway: GatewayClient, sandbox: SandboxProcess, switch: str, is_accepted: bool
) -> None:
    sandbox.control(gateway.book, hang_ms=5_000, **{switch: 1})
    with pytest.raises(requests.ReadTimeout):
        gateway.send(PHONE, seconds=0.4)
    (entry,) = sandbox.ledger(gateway.book)
    assert (entry["accepted"], entry["answered"]) == (is_accepted, False)


def test_a_slow_drip_is_accepted_at_once_and_takes_its_time(gateway: GatewayClient, sandbox: SandboxProcess) -> None:
    sandbox.control(gateway.book, drip=1, drip_ms=5)
    began = time.monotonic()
    answer = gateway.send(PHONE)
    assert time.monotonic() - began > 0.004 * len(answer.content)
    assert sandbox.ledger(gateway.book)[0]["provider_message_id"] in answer.text


def test_receipts_may_come_before_the_answer(
    gateway: GatewayClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    sandbox.control(gateway.book, early=1, receipt_delay_ms=[60_000, 60_000, 60_000])
    gateway.send(PHONE)
    assert len(gateway.receipts(receiver)) == 3


def test_duplicates_come_as_often_as_asked(
    gateway: GatewayClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    sandbox.control(gateway.book, duplicate=1, copies=10, reorder=1)
    gateway.send(PHONE)
    assert eventually(lambda: len(gateway.receipts(receiver)) == 30)


def test_an_echo_may_be_all_that_is_ever_heard(
    gateway: GatewayClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    sandbox.control(gateway.book, echo_only=1)
    gateway.send(PHONE)
    sandbox.control(gateway.book, echo_only=0)
    gateway.send(OTHER)
    assert eventually(lambda: len(gateway.receipts(receiver)) == 3)
    first = sandbox.ledger(gateway.book)[0]
    mine = [one for one in receiver.received if first["provider_message_id"] in one.body.decode()]
    assert len(mine) == 1
    assert gateway.text in mine[0].body.decode()


def test_a_stray_receipt_names_a_message_nobody_sent(
    gateway: GatewayClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    sandbox.control(gateway.book, stray=1)
    gateway.send(PHONE)
    assert eventually(lambda: len(gateway.receipts(receiver)) == 4)
    known = sandbox.ledger(gateway.book)[0]["provider_message_id"]
    (stray,) = [one for one in gateway.receipts(receiver) if known not in one.body.decode()]
    assert PHONE not in stray.body.decode()


def test_forged_receipts_come_under_a_wrong_secret_and_about_others_messages(
    gateway: GatewayClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    other = GatewayClient(sandbox.url, gateway.book, number=2)
    other.send(OTHER)
    theirs = sandbox.ledger(gateway.book)[0]["provider_message_id"]
    sandbox.control(gateway.book, forge=1, receipt_delay_ms=[60_000, 60_000, 60_000])
    gateway.send(PHONE)
    ours = sandbox.ledger(gateway.book)[1]["provider_message_id"]
    is_signing = gateway.book in ("waha", "cloud")
    assert eventually(lambda: len(gateway.receipts(receiver)) == 2 + is_signing)
    wrong_path = [one for one in gateway.receipts(receiver) if not one.path.endswith(SECRET)]
    right_path = [one for one in gateway.receipts(receiver) if one.path.endswith(SECRET)]
    assert [ours in one.body.decode() for one in wrong_path] == [True]
    assert sorted(theirs in one.body.decode() for one in right_path) == [False] * is_signing + [True]
    for one in right_path:
        assert gateway.is_signed(one) == (theirs in one.body.decode())


def test_a_closed_port_refuses_and_opens_again(sandbox: SandboxProcess) -> None:
    gateway = GatewayClient(sandbox.url, "mega")
    assert gateway.send(PHONE).status_code == 200
    sandbox.control("*", closed_ms=700)
    assert eventually(lambda: is_refused(lambda: sandbox.get("/sandbox/control")))
    assert is_refused(lambda: gateway.send(OTHER))
    assert eventually(lambda: not is_refused(lambda: sandbox.get("/sandbox/control")))
    assert gateway.send(OTHER).status_code == 200
    assert [entry["to"] for entry in sandbox.ledger("mega")] == [PHONE, OTHER]


def is_refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except requests.ConnectionError:
        return True
    return False


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "mega", "closed_ms": 100},
        {"provider": "*", "closed_ms": -1},
        {"provider": "*", "closed_ms": "1"},
        {"provider": "mega", "copies": 0},
        {"provider": "mega", "copies": 2.5},
        {"provider": "hotmart", "forge": 1},
    ],
)
def test_nonsense_is_refused(sandbox: SandboxProcess, body: dict[str, Any]) -> None:
    assert sandbox.post("/sandbox/control", json=body).status_code == 400


def test_the_page_knows_the_new_switches(sandbox: SandboxProcess) -> None:
    page = sandbox.get("/sandbox/").text
    for name in ("throttle_bare", "error_body", "drip_ms", "echo_only", "copies", "forge"):
        assert f'id="mega-{name}"' in page
    form = {"provider": "mega", "copies": "4", "forge": "0,5"}
    assert sandbox.post("/sandbox/control/form", data=form).status_code == 200
    shown = sandbox.get("/sandbox/control").json()["providers"]["mega"]
    assert (shown["copies"], shown["forge"]) == (4, 0.5)
    assert sandbox.post("/sandbox/control/form", data={"provider": "*", "closed_ms": "300"}).status_code == 200
    assert eventually(lambda: is_refused(lambda: sandbox.get("/sandbox/")))
    assert eventually(lambda: not is_refused(lambda: sandbox.get("/sandbox/")))
