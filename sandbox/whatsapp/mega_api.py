"""Mega API, as `GET/POST /mega/rest/...`: an unofficial Brazilian gateway.

Any instance key works with any non-empty bearer token; the token of the first call must match afterwards. New
instances wait for their QR code, those whose key starts with `demo-` are connected at once. A send through an
instance that isn't connected answers 403 (the vendor's status is not known; 401/403 mean "pause the
channel").
"""

import base64
import re
from collections.abc import Mapping
from html import escape
from typing import Any, ClassVar

from aiohttp import web

from sandbox.clock import now_ms
from sandbox.dialect import Refused, Route
from sandbox.magic import magic_for
from sandbox.misbehaviour import RETRY_AFTER_SECONDS
from sandbox.verdict import Verdict
from sandbox.whatsapp.fields import (
    described_base64,
    digits_of,
    json_object,
    object_in,
    photo,
    text_in,
    web_address_in,
    without_ninth_digit,
)
from sandbox.whatsapp.gateway import Gateway, Outgoing
from sandbox.whatsapp.phones import Instance, Message
from sandbox.whatsapp.qr import pairing_code, qr_png_data_url, turn

MEDIA_TYPES = frozenset({"image", "video", "audio", "ptt", "document"})
PRESENCES = frozenset({"composing", "recording", "available", "unavailable", "pause"})
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)[^,]{0,80};base64,", re.ASCII)
_REFUSALS = {
    Verdict.BROKEN: (500, "internal error (sandbox)"),
    Verdict.THROTTLED: (429, "too many requests (sandbox)"),
    Verdict.UNAUTHORISED: (401, "unauthorized"),
    Verdict.OFFLINE: (403, "instance is not connected"),
    Verdict.REFUSED_WITH_200: (200, "message not sent"),
    Verdict.UNKNOWN_NUMBER: (400, "the number is not on WhatsApp"),
}


def _jid(phone: str) -> str:
    return f"{phone}@s.whatsapp.net"


def _described_inline(data: Mapping[str, Any]) -> str:
    value = text_in(data, "base64")
    head = _DATA_URL.match(value)
    if head is None:
        raise Refused(400, "base64 must be a data URL")
    return described_base64(head[1], value[head.end() :], "base64")


async def _message_data(request: web.Request) -> dict[str, Any]:
    return object_in(await json_object(request), "messageData")


class MegaApi(Gateway):
    """The dialect; every method below `routes` is one call of the provider."""

    name: ClassVar[str] = "mega"
    title: ClassVar[str] = "Mega API"
    prefix: ClassVar[str] = "/mega"
    is_echoing: ClassVar[bool] = False

    def routes(self) -> list[Route]:
        """The calls Leads Infinitos uses."""
        return [
            Route("POST", "/rest/sendMessage/{key}/text", self.send_text, decides=True),
            Route("POST", "/rest/sendMessage/{key}/mediaUrl", self.send_media_url, decides=True),
            Route("POST", "/rest/sendMessage/{key}/mediaBase64", self.send_media_inline, decides=True),
            Route("GET", "/rest/instance/{key}", self.status),
            Route("GET", "/rest/instance/qrcode_base64/{key}", self.qr_code),
            Route("GET", "/rest/instance/qrcode/{key}", self.qr_page),
            Route("GET", "/rest/instance/pairingCode/{key}", self.pairing),
            Route("GET", "/rest/instance/isOnWhatsApp/{key}", self.is_on_whatsapp),
            Route("DELETE", "/rest/instance/{key}/logout", self.log_out),
            Route("DELETE", "/rest/instance/{key}/restart", self.restart),
            Route("POST", "/rest/instance/downloadMediaMessage/{key}", self.download),
            Route("POST", "/rest/chat/{key}/presenceUpdateChat", self.presence),
            Route("POST", "/rest/webhook/{key}/configWebhook", self.set_webhook),
            Route("GET", "/rest/webhook/{key}", self.read_webhook),
        ]

    async def send_text(self, request: web.Request) -> web.StreamResponse:
        """Send a text."""
        instance = self._instance(request)
        data = await _message_data(request)
        return await self.take(request, instance, Outgoing(digits_of(data.get("to")), text_in(data, "text")))

    async def send_media_url(self, request: web.Request) -> web.StreamResponse:
        """Send a file the gateway would fetch itself (the sandbox doesn't)."""
        instance = self._instance(request)
        data = await _message_data(request)
        return await self.take(request, instance, self._media(data, web_address_in(data, "url")))

    async def send_media_inline(self, request: web.Request) -> web.StreamResponse:
        """Send a file inside the request; the ledger keeps its size and hash."""
        instance = self._instance(request)
        data = await _message_data(request)
        return await self.take(request, instance, self._media(data, _described_inline(data)))

    async def status(self, request: web.Request) -> web.Response:
        """Whether the number is connected, and as whom."""
        instance = self._instance(request)
        shown: dict[str, Any] = {"key": instance.key, "status": "disconnected"}
        if instance.is_connected:
            name = f"Sandbox {instance.key}"
            user = {"id": f"{instance.number}:3@s.whatsapp.net", "name": name, "verifiedName": name}
            shown |= {"status": "connected", "user": user}
        return web.json_response({"error": False, "message": "", "instance": shown})

    async def qr_code(self, request: web.Request) -> web.Response:
        """The QR code as a PNG, another one every 20 s."""
        return web.json_response({"error": False, "qrcode": self._qr(self._instance(request))})

    async def qr_page(self, request: web.Request) -> web.Response:
        """The same as an HTML image."""
        picture = escape(self._qr(self._instance(request)))
        return web.Response(text=f'<img src="{picture}" alt="QR code">', content_type="text/html")

    async def pairing(self, request: web.Request) -> web.Response:
        """A code to type on the phone in place of the QR code."""
        instance = self._instance(request)
        digits_of(request.query.get("phoneNumber"))
        self._expect_waiting(instance)
        return web.json_response({"pairingCode": pairing_code(instance.key, turn())})

    async def is_on_whatsapp(self, request: web.Request) -> web.Response:
        """Whether a number exists, and its real JID."""
        instance = self._instance(request)
        if not instance.is_connected:
            raise Refused(403, "instance is not connected")
        phone = digits_of(request.query.get("jid"))
        magic = magic_for(phone)
        if magic.verdict is Verdict.UNKNOWN_NUMBER:
            return web.json_response({"exists": False})
        short = without_ninth_digit(phone) if magic.has_short_jid else phone
        return web.json_response({"exists": True, "jid": _jid(short)})

    async def log_out(self, request: web.Request) -> web.Response:
        """Disconnect the number."""
        self.connect(self._instance(request), is_connected=False)
        return web.json_response({"error": False, "message": "logged out"})

    async def restart(self, request: web.Request) -> web.Response:
        """Start the instance anew; it stays as connected as it was."""
        self._instance(request)
        return web.json_response({"error": False, "message": "restarted"})

    async def download(self, request: web.Request) -> web.Response:
        """A file a contact sent, by the keys of its webhook."""
        self._instance(request)
        keys = object_in(await json_object(request), "messageKeys")
        content = base64.b64encode(photo(text_in(keys, "mediaKey"))).decode()
        return web.json_response({"error": False, "message": "", "data": f"data:image/png;base64,{content}"})

    async def presence(self, request: web.Request) -> web.Response:
        """ "typing..." and the like; nothing to see in the sandbox."""
        self._instance(request)
        body = await json_object(request)
        if body.get("option") not in PRESENCES:
            raise Refused(400, f"option must be one of {', '.join(sorted(PRESENCES))}")
        digits_of(body.get("to"))
        return web.json_response({"error": False, "message": "presence updated"})

    async def set_webhook(self, request: web.Request) -> web.Response:
        """Where receipts, replies and connection changes of this instance go."""
        instance = self._instance(request)
        data = await _message_data(request)
        is_on = data.get("webhookEnabled", True)
        if not isinstance(is_on, bool):
            raise Refused(400, "messageData.webhookEnabled must be true or false")
        instance.webhook_url = web_address_in(data, "webhookUrl") if is_on or data.get("webhookUrl") else ""
        instance.is_webhook_on = is_on
        self.world.remember()
        return web.json_response({"error": False, "message": "webhook configured", **self._webhook(instance)})

    async def read_webhook(self, request: web.Request) -> web.Response:
        """What was configured."""
        return web.json_response({"error": False, "message": "", **self._webhook(self._instance(request))})

    def answer_accepted(self, message: Message) -> web.Response:
        """The provider's id of the message stands in `messageData.key.id`."""
        key = {"remoteJid": _jid(message.phone), "fromMe": True, "id": message.id}
        return web.json_response(
            {
                "error": False,
                "message": "message sent",
                "messageData": {"key": key, "status": "PENDING"},
            }
        )

    def answer_refused(self, verdict: Verdict, message: Message) -> web.Response:
        """`{"error": true, "message": ...}` with the status of the verdict."""
        if verdict is Verdict.GARBAGE:
            return web.Response(body=b'<html>\xff\xfe{"error": fal', content_type="application/json")
        answer = self.refuse(*_REFUSALS[verdict])
        if verdict is Verdict.THROTTLED:
            answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return answer

    def receipt_event(self, instance: Instance, message: Message, ack: int) -> dict[str, Any]:
        """`message.ack` with `update.status` 2, 3 or 4; 0 for a failure is an assumption of the reference."""
        return self._event(
            instance,
            "message.ack",
            key={"remoteJid": _jid(message.phone), "fromMe": True, "id": message.id},
            update={"status": max(ack, 0)},
        )

    def echo_event(self, instance: Instance, message: Message) -> dict[str, Any]:
        """Our own text as `conversation` with `fromMe`, the form of what is typed on the phone."""
        return self._event(
            instance,
            "conversation",
            key={"remoteJid": _jid(message.phone), "fromMe": True, "id": message.id},
            messageTimestamp=now_ms() // 1000,
            message={"conversation": message.text},
        )

    def inbound_event(self, instance: Instance, message: Message) -> dict[str, Any]:
        """`conversation`, a plain text, or `imageMessage` with a caption."""
        content: dict[str, Any] = {"conversation": message.text}
        if message.kind == "image":
            where = {"url": f"https://mmg.example.com/{message.id}", "directPath": f"/{message.id}"}
            keys = {"mediaKey": message.id, "mimetype": "image/png", **where}
            content = {"imageMessage": {"caption": message.text, **keys}}
        return self._event(
            instance,
            next(iter(content)),
            key={"remoteJid": _jid(message.phone), "fromMe": False, "id": message.id},
            messageTimestamp=now_ms() // 1000,
            pushName=f"Contato {message.phone[-4:]}",
            broadcast=False,
            message=content,
        )

    def connection_event(self, instance: Instance) -> dict[str, Any]:
        """`connection_update`; the name of the disconnected one is an assumption of the reference."""
        what = "phone_connected" if instance.is_connected else "phone_disconnected"
        return self._event(instance, "connection_update", message=what, pushName=f"Sandbox {instance.key}")

    def _event(self, instance: Instance, kind: str, **fields: Any) -> dict[str, Any]:
        return {"instance_key": instance.key, "jid": _jid(instance.number), "messageType": kind, **fields}

    def _instance(self, request: web.Request) -> Instance:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        key = request.match_info["key"]
        if scheme != "Bearer" or not token.strip():
            raise Refused(401, "unauthorized")
        instance = self.phones.find(key)
        if instance is None:
            instance = self.phones.find_or_create(key, token.strip())
            self.world.remember()
        if instance.token != token.strip():
            raise Refused(401, "unauthorized")
        return instance

    def _media(self, data: Mapping[str, Any], media: str) -> Outgoing:
        kind = data.get("type")
        if kind not in MEDIA_TYPES:
            raise Refused(400, f"messageData.type must be one of {', '.join(sorted(MEDIA_TYPES))}")
        return Outgoing(digits_of(data.get("to")), text_in(data, "caption", is_required=False), kind, media)

    def _expect_waiting(self, instance: Instance) -> None:
        if instance.is_connected:
            raise Refused(200, "the user is already logged in")
        instance.is_qr_shown = True

    def _qr(self, instance: Instance) -> str:
        self._expect_waiting(instance)
        return qr_png_data_url(instance.key, turn())

    def _webhook(self, instance: Instance) -> dict[str, Any]:
        return {"messageData": {"webhookUrl": instance.webhook_url, "webhookEnabled": instance.is_webhook_on}}
