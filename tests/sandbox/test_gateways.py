"""Evolution, WAHA and Cloud API in the sandbox: their own shapes, their own checks, and what survives a restart."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import WebhookReceiver, eventually

PHONE = "5511900000001"
NUMBER = "/cloud/v23.0/200000000000002"
KEYS = {
    "evolution": {"apikey": "k"},
    "waha": {"X-Api-Key": "k"},
    "cloud": {"Authorization": "Bearer k"},
}
TEXTS: dict[str, tuple[str, dict[str, Any]]] = {
    "evolution": ("/evolution/message/sendText/demo-loja", {"number": PHONE, "text": "Olá"}),
    "waha": ("/waha/api/sendText", {"session": "demo-loja", "chatId": f"{PHONE}@c.us", "text": "Olá"}),
    "cloud": (
        f"{NUMBER}/messages",
        {
            "messaging_product": "whatsapp",
            "to": PHONE,
            "type": "template",
            "template": {"name": "boas_vindas", "language": {"code": "pt_BR"}},
        },
    ),
}
BOOKS = tuple(TEXTS)


def call(sandbox: SandboxProcess, method: str, path: str, book: str, **options: Any) -> requests.Response:
    headers = KEYS[book] | options.pop("headers", {})
    return requests.request(method, sandbox.url + path, headers=headers, timeout=10, **options)


def send(sandbox: SandboxProcess, book: str, **changes: Any) -> requests.Response:
    path, body = TEXTS[book]
    return call(sandbox, "POST", path, book, json=body | changes)


def message_of(book: str, answer: requests.Response) -> str:
    """Where each provider puts its sentence."""
    body = answer.json()
    if book == "cloud":
        return str(body["error"]["message"])
    return str(body["response"]["message"][0] if book == "evolution" else body["message"])


@pytest.mark.parametrize("book", BOOKS)
def test_a_message_is_in_the_ledger_under_the_id_of_the_answer(sandbox: SandboxProcess, book: str) -> None:
    answer = send(sandbox, book)
    (entry,) = sandbox.ledger(book)
    assert (entry["to"], entry["accepted"]) == (PHONE, True)
    assert entry["provider_message_id"] in answer.text
    assert answer.status_code == (200 if book == "cloud" else 201)


@pytest.mark.parametrize("book", BOOKS)
def test_no_key_and_another_key_are_refused_in_the_providers_shape(sandbox: SandboxProcess, book: str) -> None:
    send(sandbox, book)
    path, body = TEXTS[book]
    (name,) = KEYS[book]
    for value in ("", "Bearer outro"):
        answer = requests.post(sandbox.url + path, json=body, headers={name: value}, timeout=10)
        assert answer.status_code == 401
        assert message_of(book, answer)


@pytest.mark.parametrize(
    ("book", "changes"),
    [
        ("evolution", {"number": "12"}),
        ("evolution", {"number": "1203@g.us"}),
        ("evolution", {"text": ""}),
        ("waha", {"chatId": f"{PHONE}@s.whatsapp.net"}),
        ("waha", {"text": None}),
        ("cloud", {"to": "x"}),
        ("cloud", {"type": "dance", "dance": {}}),
        ("cloud", {"messaging_product": "sms"}),
        ("cloud", {"type": "image", "image": {"link": "ftp://x"}}),
    ],
)
def test_nonsense_is_a_400_and_not_in_the_ledger(sandbox: SandboxProcess, book: str, changes: dict[str, Any]) -> None:
    answer = send(sandbox, book, **changes)
    assert answer.status_code == 400
    assert message_of(book, answer)
    assert sandbox.ledger(book) == []


@pytest.mark.parametrize("book", BOOKS)
def test_a_body_that_is_no_object_and_an_unknown_call_are_told_apart(sandbox: SandboxProcess, book: str) -> None:
    path, _ = TEXTS[book]
    assert call(sandbox, "POST", path, book, data="[").status_code == 400
    assert call(sandbox, "POST", path, book, json=[1]).status_code == 400
    assert call(sandbox, "POST", f"/{book}/no/such/call", book, json={}).status_code == 404


@pytest.mark.parametrize("book", ["evolution", "waha"])
def test_an_instance_must_be_made_first(sandbox: SandboxProcess, book: str) -> None:
    path = {"evolution": "/evolution/instance/connectionState/nova", "waha": "/waha/api/sessions/nova"}[book]
    assert call(sandbox, "GET", path, book).status_code == 404


@pytest.mark.parametrize("book", BOOKS)
def test_switches_work_for_every_gateway(sandbox: SandboxProcess, book: str) -> None:
    sandbox.control(book, fail=1)
    assert send(sandbox, book).status_code == 500
    sandbox.control(book, fail=0, throttle=1)
    assert send(sandbox, book).status_code == 429
    sandbox.control(book, throttle=0, drop=1)
    with pytest.raises(requests.ConnectionError):
        send(sandbox, book)
    assert [entry["accepted"] for entry in sandbox.ledger(book)] == [False, False]


def test_evolution_sends_only_the_events_asked_for(sandbox: SandboxProcess, receiver: WebhookReceiver) -> None:
    sandbox.control("evolution", receipt_delay_ms=[0, 0, 0])
    webhook = {"url": f"{receiver.url}/h", "headers": {"X-A": "b"}, "events": ["MESSAGES_UPDATE"]}
    answer = call(sandbox, "POST", "/evolution/webhook/set/demo-loja", "evolution", json={"webhook": webhook})
    assert answer.status_code == 201
    send(sandbox, "evolution")
    assert eventually(lambda: len(receiver.received) == 3)
    assert {one.payload["event"] for one in receiver.received} == {"messages.update"}
    assert {one.headers["X-A"] for one in receiver.received} == {"b"}


def test_a_webhook_without_sense_is_refused(sandbox: SandboxProcess) -> None:
    for webhook in (
        {},
        {"url": "ftp://x"},
        {"url": "http://x", "headers": ["x"]},
        {"url": "http://x", "enabled": "yes"},
    ):
        path = "/evolution/webhook/set/demo-loja"
        assert call(sandbox, "POST", path, "evolution", json={"webhook": webhook}).status_code == 400
    configs: tuple[dict[str, Any], ...] = ({"webhooks": {"a": 1}}, {"webhooks": [{"url": "nada"}]}, {"webhooks": ["x"]})
    for config in configs:
        assert call(sandbox, "PUT", "/waha/api/sessions/demo-loja", "waha", json={"config": config}).status_code == 400


def test_everything_that_signs_webhooks_comes_back_after_a_restart(tmp_path: Path, receiver: WebhookReceiver) -> None:
    hook = {"url": f"{receiver.url}/h", "events": ["message.any"], "hmac": {"key": "segredo"}}
    with SandboxProcess("--data-dir", str(tmp_path)) as first:
        config = {"config": {"webhooks": [hook]}}
        assert call(first, "PUT", "/waha/api/sessions/demo-loja", "waha", json=config).ok
    with SandboxProcess("--data-dir", str(tmp_path)) as second:
        second.post(f"/sandbox/phones/waha/demo-loja/{PHONE}/reply", data={"text": "Oi"}).raise_for_status()
        (heard,) = eventually(lambda: receiver.received)
        assert heard.headers["X-Webhook-Hmac-Algorithm"] == "sha512"


def test_the_official_number_wants_an_upload_to_be_a_form(sandbox: SandboxProcess) -> None:
    path = f"{NUMBER}/media"
    assert call(sandbox, "POST", path, "cloud", json={}).status_code == 400
    form = {"messaging_product": "whatsapp", "type": "image/png"}
    assert call(sandbox, "POST", path, "cloud", data=form, files={"x": b"1"}).status_code == 400
    answer = call(sandbox, "POST", path, "cloud", data=form, files={"file": ("a.png", b"1", "image/png")})
    assert answer.json()["id"]


def test_templates_come_in_pages(sandbox: SandboxProcess) -> None:
    path = "/cloud/v23.0/100000000000001/message_templates"
    names: list[str] = []
    after = ""
    while True:
        query = {"limit": "4"} | ({"after": after} if after else {})
        page = call(sandbox, "GET", path, "cloud", params=query).json()
        names += [one["name"] for one in page["data"]]
        if "next" not in page["paging"]:
            break
        after = page["paging"]["cursors"]["after"]
    assert len(names) == len(set(names)) == 6
    assert call(sandbox, "GET", path, "cloud", params={"limit": "x"}).status_code == 400


def test_a_contact_sends_a_photo_from_the_page(sandbox: SandboxProcess) -> None:
    send(sandbox, "waha")
    chat = f"/sandbox/phones/waha/demo-loja/{PHONE}"
    assert 'data-action="reply-image"' in sandbox.get(chat).text
    assert sandbox.post(f"{chat}/reply", data={"kind": "image", "text": ""}).status_code == 200
    assert "📎 image" in sandbox.get(chat).text
    assert sandbox.post(f"{chat}/reply", data={"kind": "dance", "text": "x"}).status_code == 400
    assert sandbox.post(f"{chat}/reply", data={"text": ""}).status_code == 400


def test_the_pages_and_the_first_line_name_every_gateway(sandbox: SandboxProcess) -> None:
    page = sandbox.get("/sandbox/").text
    for title in ("Mega API", "Evolution API", "WAHA", "WhatsApp Cloud API"):
        assert title in page
    assert sandbox.addresses["cloud"] == f"{sandbox.url}/cloud"
    assert sandbox.addresses["cloud_app_secret"] == "sandbox-app-secret"
    assert json.dumps(sandbox.addresses)
