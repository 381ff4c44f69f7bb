"""No byte a provider can send makes a connector raise, and no text that leaves one is unfit for storage."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import reading
from connectors.whatsapp import Account, Sent, connector, connector_names
from core.http_messages import HttpResponse

CONNECTORS = [connector(name) for name in connector_names()]
READERS = (
    "read_send",
    "read_create",
    "read_status",
    "read_qr",
    "read_check",
    "read_set_webhook",
    "read_logout",
    "read_download",
    "read_upload",
    "read_templates",
    "read_restart",
)

# Words providers use, so that the fuzz gets past the first look-up.
KEYS = [
    "error",
    "message",
    "messageData",
    "key",
    "id",
    "remoteJid",
    "fromMe",
    "status",
    "instance",
    "user",
    "qrcode",
    "pairingCode",
    "exists",
    "jid",
    "data",
    "messages",
    "messageType",
    "update",
    "conversation",
    "audioMessage",
    "contextInfo",
    "ephemeralMessage",
    "messageTimestamp",
    "low",
    "instance_key",
    "ptt",
    "stanzaId",
    "event",
    "response",
    "state",
    "keyId",
    "base64",
    "payload",
    "session",
    "from",
    "to",
    "body",
    "media",
    "hasMedia",
    "mimetype",
    "ack",
    "_data",
    "replyTo",
    "numberExists",
    "chatId",
    "entry",
    "changes",
    "field",
    "value",
    "statuses",
    "contacts",
    "type",
    "text",
    "image",
    "url",
    "mime_type",
    "code",
    "errors",
    "metadata",
    "phone_number_id",
    "user_preferences",
    "wa_id",
    "message_template_name",
    "components",
    "buttons",
    "paging",
]
VALUES = [
    "message.ack",
    "message.any",
    "messages",
    "messages.upsert",
    "messages.update",
    "connection.update",
    "session.status",
    "user_preferences",
    "message_template_status_update",
    "image",
    "stop",
    "failed",
    "BODY",
    "{{1}}",
    "true_5511900000001@c.us_3EB0",
    "connection_update",
    "5511900000001@s.whatsapp.net",
    "1@lid",
    "data:image/png;base64,AAAA",
    "connected",
    "3",
    "\x00",
    "\ud800",
    "",
    "ERROR",
    "true",
    "not connected",
    "-",
    "--1",
    "999999999999999999999999999999",
]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(VALUES),
    st.text(max_size=20),
    st.sampled_from([10**30, -1, 1790000000, 1790000000000, 3]),
)
keys = st.one_of(st.sampled_from(KEYS), st.text(max_size=8))
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=6)),
    max_leaves=25,
)
bodies = st.one_of(st.binary(max_size=200), documents.map(lambda d: json.dumps(d).encode("utf-8")))
answers = st.builds(
    HttpResponse,
    st.sampled_from([200, 200, 200, 201, 204, 301, 400, 401, 404, 429, 500, 999]),
    st.dictionaries(st.sampled_from(["retry-after", "date", "x"]), st.text(max_size=20), max_size=2),
    bodies,
)


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts_in(getattr(value, field.name))
    elif isinstance(value, Mapping):
        yield from texts_in(list(value.items()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_in(one)


def assert_storable(value: Any) -> None:
    for text in texts_in(value):
        assert "\x00" not in text
        text.encode("utf-8")


@pytest.mark.parametrize("one", CONNECTORS, ids=connector_names())
@pytest.mark.parametrize("reader", READERS)
@given(answer=answers)
def test_no_answer_makes_a_reader_raise(one: Any, reader: str, answer: HttpResponse) -> None:
    outcome = getattr(one, reader)(answer)
    assert_storable(outcome)
    if isinstance(outcome, Sent):
        assert 200 <= answer.status < 300
        assert outcome.provider_message_id != ""


@pytest.mark.parametrize("one", CONNECTORS, ids=connector_names())
@given(body=bodies, token=st.text(max_size=9), headers=st.dictionaries(st.text(max_size=9), st.text(max_size=9)))
def test_no_webhook_makes_a_connector_raise(one: Any, body: bytes, token: str, headers: dict[str, str]) -> None:
    assert_storable(one.read_webhook(headers, body))
    account = Account("https://h.example.com", "k", {})
    assert one.verify_webhook(account, "a-secret-nobody-guesses", headers, token, body) is False


# Whole calls of each provider: damaged in one place they get deeper into a reader than any invented document.
WHOLE = [
    {
        "event": "messages.upsert",
        "instance": "k",
        "data": {
            "key": {"remoteJid": "1@lid", "remoteJidAlt": "5511900000001@s.whatsapp.net", "id": "A", "fromMe": False},
            "message": {"imageMessage": {"caption": "x", "contextInfo": {"stanzaId": "B"}, "url": "u"}},
            "messageTimestamp": {"low": 1790000000},
        },
    },
    {"event": "messages.update", "instance": "k", "data": {"keyId": "A", "status": "READ", "fromMe": True}},
    {"event": "connection.update", "instance": "k", "data": {"state": "close", "statusReason": 401, "wuid": "1@c.us"}},
    {
        "event": "message.any",
        "session": "k",
        "payload": {
            "id": "true_5511900000001@c.us_3EB0",
            "timestamp": 1790000000,
            "body": "x",
            "hasMedia": True,
            "media": {"url": "u", "mimetype": "audio/ogg", "filename": None},
            "replyTo": {"id": "true_1@c.us_A"},
            "_data": {"pushName": "x", "message": {"conversation": "x"}},
        },
    },
    {"event": "message.ack", "session": "k", "payload": {"id": "true_1@c.us_A", "ack": 3, "fromMe": True}},
    {"event": "session.status", "session": "k", "me": {"id": "1@c.us"}, "payload": {"status": "WORKING"}},
    {
        "entry": [
            {
                "id": "1",
                "changes": [
                    {
                        "field": "messages",
                        "value": {
                            "metadata": {"phone_number_id": "2"},
                            "contacts": [{"wa_id": "55", "profile": {"name": "x"}}],
                            "messages": [{"from": "55", "id": "A", "type": "image", "image": {"id": "7"}}],
                            "statuses": [{"id": "A", "status": "failed", "errors": [{"code": 131026}]}],
                        },
                    },
                    {"field": "user_preferences", "value": {"user_preferences": [{"wa_id": "55", "value": "stop"}]}},
                    {
                        "field": "message_template_status_update",
                        "value": {"event": "PAUSED", "message_template_name": "x"},
                    },
                ],
            }
        ]
    },
    {"data": [{"name": "x", "components": [{"type": "BODY", "text": "{{1}}"}, {"type": "BUTTONS", "buttons": [{}]}]}]},
    {"response": {"message": [{"exists": False}]}},
]


def places_in(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places_in(inner, (*place, key))


def replaced(value: Any, place: tuple[Any, ...], by: Any) -> Any:
    if not place:
        return by
    copy = value.copy()
    copy[place[0]] = replaced(value[place[0]], place[1:], by)
    return copy


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    whole = draw(st.sampled_from(WHOLE))
    place = draw(st.sampled_from(list(places_in(whole))))
    return json.dumps(replaced(whole, place, draw(documents))).encode("utf-8")


@pytest.mark.parametrize("one", CONNECTORS, ids=connector_names())
@given(body=damaged(), status=st.sampled_from([200, 201, 400, 422, 500]))
def test_no_damage_to_a_whole_call_makes_a_connector_raise(one: Any, body: bytes, status: int) -> None:
    assert_storable(one.read_webhook({}, body))
    one.storable_webhook(body)
    for reader in READERS:
        assert_storable(getattr(one, reader)(HttpResponse(status, {}, body)))


@given(documents, st.lists(st.one_of(keys, st.integers(-3, 3)), max_size=4))
def test_reading_gives_emptiness_instead_of_errors(document: Any, path: list[str | int]) -> None:
    assert_storable(reading.text_at(document, *path))
    assert isinstance(reading.dict_at(document, *path), dict)
    assert isinstance(reading.list_at(document, *path), list)
    moment = reading.moment_at(document, *path)
    assert moment is None or moment.tzinfo is not None
    number = reading.int_at(document, *path)
    assert number is None or isinstance(number, int)


@given(st.dictionaries(st.sampled_from(["Retry-After", "Date"]), st.text(max_size=40)))
def test_a_wait_is_a_sane_number_or_nothing(headers: dict[str, str]) -> None:
    wait = reading.retry_after_seconds(headers)
    assert wait is None or 0 <= wait <= 86_400


def test_moments_are_seconds_or_milliseconds() -> None:
    in_seconds = reading.moment_at(1790000000)
    assert in_seconds is not None and in_seconds.year == 2026
    assert reading.moment_at("1790000000000") == in_seconds
    assert reading.moment_at({"low": 1790000000}) == in_seconds
    assert [reading.moment_at(x) for x in (0, -5, 10**17, "soon", True, None)] == [None] * 6
