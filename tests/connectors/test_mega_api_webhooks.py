"""What Mega API tells us, from bytes: answers of people, echoes, receipts, connection changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.whatsapp import (
    Account,
    ConnectionChange,
    ConnectionStatus,
    Inbound,
    MediaKind,
    MediaRef,
    Receipt,
    ReceiptStatus,
    connector,
)

MEGA = connector("mega_api")
ACCOUNT = Account("https://apistart01.example.com/", "megastart-exemplo01", {"token": "tok-1"})


def events(body: Any) -> list[Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(MEGA.read_webhook({}, raw))


TEXT = {
    "instance_key": "megastart-exemplo01",
    "jid": "5511900000099@s.whatsapp.net",
    "messageType": "conversation",
    "key": {"remoteJid": "5511900000001@s.whatsapp.net", "fromMe": False, "id": "AC00EXEMPLO0001"},
    "messageTimestamp": 1790000000,
    "pushName": "Maria",
    "broadcast": False,
    "message": {"conversation": "Quero saber o preco"},
}
ACK = {
    "instance_key": "megastart-exemplo01",
    "messageType": "message.ack",
    "key": {"remoteJid": "5511900000001@s.whatsapp.net", "fromMe": True, "id": "3EB0AA11BB22CC33DD44"},
    "update": {"status": 3},
}


def test_an_answer_of_a_person_arrives_whole() -> None:
    assert events(TEXT) == [
        Inbound(
            phone="5511900000001",
            chat_id="5511900000001@s.whatsapp.net",
            provider_message_id="AC00EXEMPLO0001",
            text="Quero saber o preco",
            name="Maria",
            at=datetime.fromtimestamp(1790000000, UTC),
            instance_key="megastart-exemplo01",
        )
    ]


def test_an_event_is_found_in_its_wrappers() -> None:
    inner = {k: v for k, v in TEXT.items() if k != "instance_key"}
    assert events({"instance_key": "megastart-exemplo01", "data": inner}) == events(TEXT)
    assert events({"instance_key": "megastart-exemplo01", "data": [inner]}) == events(TEXT)
    assert events({"instance_key": "megastart-exemplo01", "messages": [inner, inner]}) == events(TEXT) * 2


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"extendedTextMessage": {"text": "oi"}}, "oi"),
        ({"imageMessage": {"caption": "foto"}}, "foto"),
        ({"ephemeralMessage": {"message": {"conversation": "some"}}}, "some"),
        ({"viewOnceMessage": {"message": {"videoMessage": {"caption": "uma vez"}}}}, "uma vez"),
        ({"buttonsResponseMessage": {"selectedDisplayText": "Sim"}}, "Sim"),
        ({"conversation": "a\x00b\ud800"}, "ab"),
        ({"locationMessage": {"degreesLatitude": 1}}, ""),
        ({"conversation": 12}, "12"),
    ],
)
def test_text_is_found_wherever_it_is(message: dict[str, Any], text: str) -> None:
    assert [one.text for one in events(TEXT | {"message": message})] == [text]


def test_a_received_file_keeps_what_its_download_needs() -> None:
    audio = {
        "url": "u",
        "mimetype": "audio/ogg",
        "mediaKey": "k",
        "directPath": "/v",
        "ptt": True,
        "seconds": 3,
    }
    (one,) = events(TEXT | {"messageType": "audioMessage", "message": {"audioMessage": audio}})
    assert one.media == MediaRef(
        MediaKind.VOICE,
        "audio/ogg",
        url="u",
        keys={"mediaKey": "k", "directPath": "/v", "url": "u", "mimetype": "audio/ogg"},
    )
    (one,) = events(TEXT | {"message": {"documentMessage": {"title": "nota.pdf"}}})
    assert (one.media.kind, one.media.file_name) == (MediaKind.DOCUMENT, "nota.pdf")


def test_our_own_messages_are_echoes_and_answers_name_their_question() -> None:
    (echo,) = events(TEXT | {"key": TEXT["key"] | {"fromMe": True}})  # type: ignore[operator]
    assert echo.is_echo and echo.phone == "5511900000001" and echo.name == ""
    quoted = {"extendedTextMessage": {"text": "sim", "contextInfo": {"stanzaId": "3EB0AA"}}}
    (answer,) = events(TEXT | {"message": quoted})
    assert answer.reply_to == "3EB0AA"


@pytest.mark.parametrize(
    ("jid", "phone"),
    [
        ("5511900000001:12@s.whatsapp.net", "5511900000001"),
        ("5511900000001@c.us", "5511900000001"),
        ("123456789012345@lid", ""),
    ],
)
def test_a_person_is_known_by_phone_or_by_a_hidden_id(jid: str, phone: str) -> None:
    (one,) = events(TEXT | {"key": {"remoteJid": jid, "id": "A", "fromMe": False}})
    assert (one.phone, one.chat_id) == (phone, jid)


@pytest.mark.parametrize("jid", ["1203630000@g.us", "status@broadcast", "1@newsletter", "", "@s.whatsapp.net", "x"])
def test_groups_and_channels_are_ignored(jid: str) -> None:
    assert events(TEXT | {"key": {"remoteJid": jid, "id": "A", "fromMe": False}}) == []


@pytest.mark.parametrize("message", [{}, {"protocolMessage": {}}, {"reactionMessage": {"text": "👍"}}, None, "x"])
def test_what_carries_no_words_is_ignored(message: Any) -> None:
    assert events(TEXT | {"message": message}) == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, ReceiptStatus.FAILED),
        (2, ReceiptStatus.SENT),
        ("2", ReceiptStatus.SENT),
        (3, ReceiptStatus.DELIVERED),
        (4, ReceiptStatus.READ),
        (5, ReceiptStatus.READ),
        ("delivery_ack", ReceiptStatus.DELIVERED),
    ],
)
def test_receipts_move_the_message(status: object, expected: ReceiptStatus) -> None:
    (one,) = events(ACK | {"update": {"status": status}})
    assert isinstance(one, Receipt)
    assert (one.provider_message_id, one.status) == ("3EB0AA11BB22CC33DD44", expected)
    assert one.instance_key == "megastart-exemplo01"
    assert (one.error is not None) is (expected is ReceiptStatus.FAILED)


@pytest.mark.parametrize("update", [{"status": 1}, {"status": 99}, {"status": None}, {}, None, {"status": [3]}])
def test_receipts_that_say_nothing_are_ignored(update: Any) -> None:
    assert events(ACK | {"update": update}) == []


def test_receipts_of_other_peoples_messages_are_ignored() -> None:
    assert events(ACK | {"key": {"id": "A", "fromMe": False}}) == []
    assert events(ACK | {"key": {"fromMe": True}}) == []


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("phone_connected", ConnectionStatus.CONNECTED),
        ("phone_disconnected", ConnectionStatus.DISCONNECTED),
        ("something_new", ConnectionStatus.UNKNOWN),
    ],
)
def test_connection_changes(said: str, status: ConnectionStatus) -> None:
    body = {"messageType": "connection_update", "message": said, "jid": "5511900000099:1@s.whatsapp.net"}
    assert events(body) == [ConnectionChange(status, "5511900000099", said)]


def test_a_webhook_is_believed_for_its_secret_and_its_instance() -> None:
    body = json.dumps(TEXT).encode()
    verify = MEGA.verify_webhook
    assert verify(ACCOUNT, "segredo", {}, "segredo", body)
    assert not verify(ACCOUNT, "segredo", {}, "outro", body)
    assert not verify(ACCOUNT, "segredo", {}, "", body)
    assert not verify(ACCOUNT, "", {}, "", body)
    assert not verify(ACCOUNT, "segredo", {}, "segredé\ud800", body)
    assert not verify(Account("x", "other", {}), "segredo", {}, "segredo", body)
    assert verify(ACCOUNT, "segredo", {}, "segredo", b"not json: stored and flagged, not refused")
    nameless = json.dumps({"messageType": "connection_update", "message": "phone_connected"}).encode()
    assert verify(ACCOUNT, "segredo", {}, "segredo", nameless)
