"""The ledger is exact for what was accepted, can be read in parts, and survives a restart."""

import json
import smtplib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.sandbox.mega_client import MegaClient
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import WebhookReceiver, eventually


def phone(number: int) -> str:
    return f"55119{number:06d}11"


def send_or_lose(mega: MegaClient, to: str) -> int | None:
    try:
        return mega.send(to, seconds=0.5).status_code
    except requests.RequestException:
        return None


def test_the_ledger_counts_what_was_accepted_whatever_was_answered(mega: MegaClient, sandbox: SandboxProcess) -> None:
    sandbox.control("mega", fail=0.2, silent=0.2, seed=11)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: send_or_lose(mega, phone(number)), range(120)))
    figures = sandbox.summary("mega")
    entries = sandbox.ledger("mega")
    assert figures["accepted"] == answers.count(200) + answers.count(None)
    assert figures["refused"] == answers.count(500)
    assert sum(entry["answered"] for entry in entries) == answers.count(200) + answers.count(500)
    assert figures["duplicates"] == {}
    assert set(figures["phones"].values()) == {1}
    assert len({entry["provider_message_id"] for entry in entries if entry["accepted"]}) == figures["accepted"]


def test_a_phone_sent_to_twice_is_named(mega: MegaClient, sandbox: SandboxProcess) -> None:
    for number in (1, 2, 1):
        mega.send(phone(number))
    figures = sandbox.summary("mega")
    assert figures["phones"] == {phone(1): 2, phone(2): 1}
    assert figures["duplicates"] == {phone(1): 2}


def test_the_ledger_can_be_read_in_parts(mega: MegaClient, sandbox: SandboxProcess) -> None:
    for number in range(5):
        mega.send(phone(number))
    first = sandbox.get("/sandbox/ledger/mega?limit=2").json()
    assert ([item["to"] for item in first["items"]], first["total"]) == ([phone(0), phone(1)], 5)
    rest = sandbox.get(f"/sandbox/ledger/mega?since={first['next_since']}").json()
    assert [item["to"] for item in rest["items"]] == [phone(2), phone(3), phone(4)]
    assert rest["next_since"] is None


@pytest.mark.parametrize("query", ["since=x", "limit=-1", "since=1.5"])
def test_a_bad_page_is_a_400(sandbox: SandboxProcess, query: str) -> None:
    assert sandbox.get(f"/sandbox/ledger/mega?{query}").status_code == 400


def test_an_unknown_ledger_is_a_404(sandbox: SandboxProcess) -> None:
    assert sandbox.get("/sandbox/ledger/nobody").status_code == 404
    assert sandbox.get("/sandbox/ledger/nobody/summary").status_code == 404


def test_a_reset_of_one_provider_leaves_the_others(mega: MegaClient, sandbox: SandboxProcess) -> None:
    mega.send(phone(1))
    sandbox.control("mega", fail=1)
    sandbox.reset("smtp")
    assert len(sandbox.ledger("mega")) == 1
    sandbox.reset("mega")
    assert sandbox.summary("mega") == {
        "accepted": 0,
        "refused": 0,
        "phones": {},
        "duplicates": {},
        "calls": {},
    }
    assert mega.send(phone(1)).status_code == 200
    assert sandbox.ledger("mega")[0]["id"] == 1


@pytest.mark.parametrize("body", [{"provider": "nobody"}, {"instances": "yes"}, {"what": 1}])
def test_a_nonsense_reset_is_a_400(sandbox: SandboxProcess, body: dict[str, object]) -> None:
    assert sandbox.post("/sandbox/reset", json=body).status_code == 400


def test_everything_comes_back_after_a_restart(tmp_path: Path, receiver: WebhookReceiver) -> None:
    with SandboxProcess("--data-dir", str(tmp_path)) as first:
        mega = MegaClient(first.mega_url, "megastart-loja")
        mega.set_webhook(f"{receiver.url}/h")
        first.post("/sandbox/instances/megastart-loja/connect").raise_for_status()
        first.control("mega", receipt_delay_ms=[0, 0, 60_000])
        mega.send(phone(1))
        assert eventually(lambda: first.ledger("mega")[0]["status"] == 3)
        before = first.ledger("mega")

    with SandboxProcess("--data-dir", str(tmp_path)) as second:
        assert second.ledger("mega") == before
        mega = MegaClient(second.mega_url, "megastart-loja")
        assert mega.status().json()["instance"]["status"] == "connected"
        assert phone(1) in second.get("/sandbox/phones").text
        # The receipt still owed leaves after the usual three seconds.
        assert eventually(lambda: [each["update"]["status"] for each in receiver.of_type("message.ack")] == [2, 3, 4])
        mega.send(phone(2))
        assert [entry["id"] for entry in second.ledger("mega")] == [1, 2]


def test_a_half_written_line_costs_only_itself(tmp_path: Path) -> None:
    entry = {"at": "2026-01-01T00:00:00+00:00", "to": "a@example.com", "accepted": True, "answered": True}
    book = tmp_path / "ledger-smtp.jsonl"
    book.write_text(json.dumps({"id": 1, **entry}) + '\n{"id": 2, "to": "b@ex')
    with SandboxProcess("--data-dir", str(tmp_path)) as sandbox:
        assert [entry["id"] for entry in sandbox.ledger("smtp")] == [1]
        assert sandbox.summary("smtp")["accepted"] == 1
        with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as server:
            server.sendmail("a@example.com", ["c@example.com"], b"Subject: x\r\n\r\ny\r\n")
    assert json.loads(book.read_text().splitlines()[-1])["to"] == "c@example.com"
