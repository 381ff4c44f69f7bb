"""Shapes that come from the Baileys library and so appear in every provider built on it (Mega API, Evolution,
WAHA's NOWEB engine)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final

from connectors.reading import at, dict_at, is_true, moment_at, text_at
from connectors.whatsapp.words import Inbound, MediaKind, MediaRef, ReceiptStatus, RefusalCode

PEOPLE_SUFFIXES: Final = ("s.whatsapp.net", "c.us")
HIDDEN_SUFFIX: Final = "lid"

# Message status as number or name; 1 (pending) is no news. 0 and 5 by analogy, unconfirmed by the vendors.
ACKS: Final = {
    "0": ReceiptStatus.FAILED,
    "ERROR": ReceiptStatus.FAILED,
    "2": ReceiptStatus.SENT,
    "SERVER_ACK": ReceiptStatus.SENT,
    "3": ReceiptStatus.DELIVERED,
    "DELIVERY_ACK": ReceiptStatus.DELIVERED,
    "4": ReceiptStatus.READ,
    "READ": ReceiptStatus.READ,
    "5": ReceiptStatus.READ,
    "PLAYED": ReceiptStatus.READ,
}

# Carries no words of a person.
SILENT_TYPES: Final = frozenset(
    {
        "protocolMessage",
        "reactionMessage",
        "senderKeyDistributionMessage",
        "pollUpdateMessage",
        "encReactionMessage",
        "keepInChatMessage",
    }
)
_WRAPPERS: Final = (
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "documentWithCaptionMessage",
    "editedMessage",
)
_TEXT_PATHS: Final = (
    ("conversation",),
    ("extendedTextMessage", "text"),
    ("imageMessage", "caption"),
    ("videoMessage", "caption"),
    ("documentMessage", "caption"),
    ("buttonsResponseMessage", "selectedDisplayText"),
    ("templateButtonReplyMessage", "selectedDisplayText"),
    ("listResponseMessage", "title"),
)
_MEDIA_TYPES: Final = {
    "imageMessage": MediaKind.IMAGE,
    "videoMessage": MediaKind.VIDEO,
    "audioMessage": MediaKind.AUDIO,
    "documentMessage": MediaKind.DOCUMENT,
    "stickerMessage": MediaKind.STICKER,
}

# What these gateways say in free text. First match wins: a sentence about the instance often names the
# number too.
MESSAGE_CODES: Final[tuple[tuple[re.Pattern[str], RefusalCode], ...]] = tuple(
    (re.compile(words, re.IGNORECASE), code)
    for words, code in (
        (r"\bban(?:ned|ido)?\b|restrict|restrit", RefusalCode.RESTRICTED),
        (
            r"not connected|disconnect|desconect|n[aã]o (?:est[aá] )?conectad|connection (?:was )?closed"
            r"|logged ?out|not logged|scan the qr|phone_disconnected",
            RefusalCode.INSTANCE_DISCONNECTED,
        ),
        (
            r"inst[aâ]nc\w*\b.*(?:not found|not exist|invalid|n[aã]o encontrad)",
            RefusalCode.INSTANCE_NOT_FOUND,
        ),
        (
            r"unauthori[sz]ed|forbidden|(?:invalid|wrong|missing) token|token inv[aá]lido",
            RefusalCode.BAD_CREDENTIALS,
        ),
        (r"too many|rate.?limit|muitas (?:mensagens|requisi)", RefusalCode.RATE_LIMITED),
        (
            r"not (?:on|registered (?:on|in)) whatsapp|number (?:does not|doesn't|not) exist"
            r"|exists.{0,4}false"
            r"|n[aã]o (?:tem|possui|est[aá] no) whatsapp|n[uú]mero n[aã]o existe",
            RefusalCode.NOT_ON_WHATSAPP,
        ),
        (r"invalid (?:number|phone|jid)|n[uú]mero inv[aá]lido", RefusalCode.BAD_NUMBER),
        (
            r"(?:download|fetch|upload)\w* (?:the )?(?:media|file)|invalid (?:media|mime|file)",
            RefusalCode.MEDIA_REJECTED,
        ),
    )
)
_TIMED_OUT: Final = re.compile(r"tim(?:ed|e)[ -]?out", re.IGNORECASE)


def code_of_words(said: str) -> RefusalCode | None:
    """Our code for a gateway's error text, None for an unknown one."""
    return next((code for words, code in MESSAGE_CODES if words.search(said)), None)


def speaks_of_time_out(said: str) -> bool:
    return bool(_TIMED_OUT.search(said))


def jid_of(to: str) -> str:
    """The address of a person: a JID as it is, digits with the suffix put on."""
    return to if "@" in to else f"{to}@s.whatsapp.net"


def is_person(jid: str) -> bool:
    """A one-to-one chat; groups, broadcasts, channels and empty addresses are not."""
    name, _, suffix = jid.partition("@")
    return bool(name) and suffix in {*PEOPLE_SUFFIXES, HIDDEN_SUFFIX}


def phone_of(jid: str) -> str:
    """Digits of a person's JID without the device part; "" for hidden ids and everything else."""
    name, _, suffix = jid.partition("@")
    digits = name.partition(":")[0]
    known = suffix in PEOPLE_SUFFIXES and digits.isascii() and digits.isdecimal() and len(digits) <= 15
    return digits if known else ""


def unwrapped(message: dict[str, Any]) -> dict[str, Any]:
    """The message inside disappearing, view-once, captioned and edited ones."""
    for _ in range(4):
        inner = next((dict_at(message, w, "message") for w in _WRAPPERS if dict_at(message, w)), None)
        if not inner:
            break
        message = inner
    return message


def text_of(message: dict[str, Any]) -> str:
    """What the person wrote or pressed, a caption included."""
    return next((found for path in _TEXT_PATHS if (found := text_at(message, *path))), "")


def reply_to_of(message: dict[str, Any]) -> str:
    """Id of the message this one answers, "" for none."""
    replies = (text_at(part, "contextInfo", "stanzaId") for part in message.values() if isinstance(part, dict))
    return next((found for found in replies if found), "")


def media_of(message: dict[str, Any]) -> MediaRef | None:
    for name, kind in _MEDIA_TYPES.items():
        part = dict_at(message, name)
        if part:
            voice = kind is MediaKind.AUDIO and is_true(at(part, "ptt"))
            return MediaRef(
                MediaKind.VOICE if voice else kind,
                text_at(part, "mimetype"),
                text_at(part, "fileName") or text_at(part, "title"),
                text_at(part, "url"),
                {key: text_at(part, key) for key in ("mediaKey", "directPath", "url", "mimetype")},
            )
    return None


def inbound_of(one: dict[str, Any], instance_key: str) -> Inbound | None:
    """A message with `key`, `message`, `pushName`, `messageTimestamp`; None for what no person wrote to us
    alone. Behind a hidden id the phone is taken from `remoteJidAlt`, where a provider gives it."""
    chat_id = text_at(one, "key", "remoteJid")
    message_id = text_at(one, "key", "id")
    message = unwrapped(dict_at(one, "message"))
    if not message_id or not is_person(chat_id) or not message.keys() - SILENT_TYPES:
        return None
    is_echo = is_true(at(one, "key", "fromMe"))
    return Inbound(
        phone_of(chat_id) or phone_of(text_at(one, "key", "remoteJidAlt")),
        chat_id,
        message_id,
        text_of(message),
        "" if is_echo else text_at(one, "pushName"),
        media_of(message),
        moment_at(one, "messageTimestamp"),
        is_echo,
        reply_to_of(message),
        instance_key,
    )


def read_data_url(text: str) -> tuple[str, bytes] | None:
    """MIME type and bytes of a base64 data URL (or of bare base64, with no type); None when it is neither."""
    head, comma, encoded = text.partition(",") if text.startswith("data:") else ("data:", ",", text)
    if not comma:
        return None
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return head.removeprefix("data:").partition(";")[0], content
