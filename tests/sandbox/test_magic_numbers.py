"""The last four digits of a phone choose what happens; every ending does what its line says."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox import magic
from tests.sandbox.mega_client import MegaClient
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import WebhookReceiver, eventually


def phone(ending: str) -> str:
    return f"551190000{ending}"


def only_entry(sandbox: SandboxProcess) -> dict[str, Any]:
    (entry,) = sandbox.ledger("mega")
    return entry


@pytest.mark.parametrize(
    ("ending", "status"), [("0200", 200), ("0401", 401), ("0404", 400), ("0429", 429), ("0500", 500)]
)
def test_refusals_are_answered_and_never_accepted(
    mega: MegaClient, sandbox: SandboxProcess, ending: str, status: int
) -> None:
    answer = mega.send(phone(ending))
    assert answer.status_code == status
    assert answer.json()["error"] is True
    entry = only_entry(sandbox)
    assert (entry["accepted"], entry["answered"], entry["status"]) == (False, True, None)
    assert entry["provider_message_id"] is None


def test_0429_says_when_to_come_back(mega: MegaClient) -> None:
    assert int(mega.send(phone("0429")).headers["Retry-After"]) > 0


def test_0404_does_not_exist_for_the_number_check_either(mega: MegaClient) -> None:
    assert mega.check(phone("0404")).json() == {"exists": False}


def test_0201_is_accepted_but_its_answer_cannot_be_read(mega: MegaClient, sandbox: SandboxProcess) -> None:
    answer = mega.send(phone("0201"))
    assert answer.status_code == 200
    with pytest.raises(ValueError):
        answer.json()
    assert only_entry(sandbox)["accepted"] is True


@pytest.mark.parametrize(("ending", "is_accepted"), [("0408", True), ("0409", False)])
def test_timeouts_differ_only_in_the_ledger(
    mega: MegaClient, sandbox: SandboxProcess, ending: str, is_accepted: bool
) -> None:
    with pytest.raises(requests.ReadTimeout):
        mega.send(phone(ending), seconds=0.4)
    entry = only_entry(sandbox)
    assert (entry["accepted"], entry["answered"]) == (is_accepted, False)


def test_0104_is_reset_without_an_answer(mega: MegaClient, sandbox: SandboxProcess) -> None:
    with pytest.raises(requests.ConnectionError):
        mega.send(phone("0104"))
    entry = only_entry(sandbox)
    assert (entry["accepted"], entry["answered"]) == (False, False)


@pytest.mark.parametrize(("ending", "last_ack"), [("0000", 4), ("1234", 4), ("0007", 3), ("0666", 2), ("0408", 4)])
def test_receipts_go_as_far_as_the_number_says(
    mega_with_webhook: MegaClient,
    receiver: WebhookReceiver,
    sandbox: SandboxProcess,
    ending: str,
    last_ack: int,
) -> None:
    try:
        mega_with_webhook.send(phone(ending), seconds=0.4)
    except requests.ReadTimeout:
        assert ending == "0408"
    expected = list(range(2, last_ack + 1))
    assert eventually(lambda: len(receiver.of_type("message.ack")) >= len(expected))
    assert [event["update"]["status"] for event in receiver.of_type("message.ack")] == expected
    assert only_entry(sandbox)["status"] == last_ack


def test_0410_is_sent_and_fails_later(
    mega_with_webhook: MegaClient, receiver: WebhookReceiver, sandbox: SandboxProcess
) -> None:
    assert mega_with_webhook.send(phone("0410")).status_code == 200
    assert eventually(lambda: len(receiver.of_type("message.ack")) == 2)
    assert [event["update"]["status"] for event in receiver.of_type("message.ack")] == [2, 0]
    assert (only_entry(sandbox)["accepted"], only_entry(sandbox)["status"]) == (True, -1)


def test_what_failed_stays_failed_whatever_the_order(
    mega_with_webhook: MegaClient, receiver: WebhookReceiver, sandbox: SandboxProcess
) -> None:
    sandbox.control("mega", reorder=1)
    mega_with_webhook.send(phone("0410"))
    assert eventually(lambda: len(receiver.of_type("message.ack")) == 2)
    assert [event["update"]["status"] for event in receiver.of_type("message.ack")] == [0, 2]
    assert only_entry(sandbox)["status"] == -1


@pytest.mark.parametrize(("ending", "words"), [("0999", "SAIR"), ("0888", "Quero saber mais")])
def test_some_numbers_reply(mega_with_webhook: MegaClient, receiver: WebhookReceiver, ending: str, words: str) -> None:
    mega_with_webhook.send(phone(ending))
    (event,) = eventually(lambda: receiver.of_type("conversation"))
    assert event["message"] == {"conversation": words}
    assert event["key"]["remoteJid"] == f"{phone(ending)}@s.whatsapp.net"
    assert event["key"]["fromMe"] is False
    assert event["instance_key"] == "demo-loja"
    assert isinstance(event["messageTimestamp"], int)


def test_a_magic_number_is_stronger_than_the_switches(mega: MegaClient, sandbox: SandboxProcess) -> None:
    sandbox.control("mega", fail=1)
    assert mega.send(phone("0404")).status_code == 400


@pytest.mark.parametrize("place", [lambda sandbox: magic.__doc__, lambda sandbox: sandbox.get("/sandbox/").text])
def test_every_ending_is_documented(sandbox: SandboxProcess, place: Callable[[SandboxProcess], str]) -> None:
    text = place(sandbox)
    assert [ending for ending in magic.MAGIC if ending not in text] == []
