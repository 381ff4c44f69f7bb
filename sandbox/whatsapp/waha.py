"""WAHA, as `/waha/api/...`: a server of one's own, speaking as its NOWEB engine does.

A session has to be created first (any key may; the key of the creation must match afterwards), but those whose
name starts with `demo-` exist and work at once. Webhooks are signed with HMAC-SHA512 when the session was given a
key. The vendor names no answer for a number without WhatsApp: the sandbox's 422 is its own invention.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from sandbox.clock import now_ms
from sandbox.dialect import Refused, Route
from sandbox.magic import FAILED, magic_for
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

FILE_KINDS = {"sendImage": "image", "sendFile": "document", "sendVideo": "video", "sendVoice": "ptt"}
ACKS = {FAILED: (-1, "ERROR"), 1: (0, "PENDING"), 2: (1, "SERVER"), 3: (2, "DEVICE"), 4: (3, "READ")}
WORKING, SCAN_QR_CODE, STOPPED = "WORKING", "SCAN_QR_CODE", "STOPPED"
_REFUSALS = {
    Verdict.BROKEN: (500, "internal error (sandbox)"),
    Verdict.THROTTLED: (429, "too many requests (sandbox)"),
    Verdict.UNAUTHORISED: (401, "Unauthorized"),
    Verdict.UNKNOWN_NUMBER: (422, "the number is not on WhatsApp"),
}


def _chat(phone: str) -> str:
    return f"{phone}@c.us"


def _phone_in(data: Mapping[str, Any]) -> str:
    chat = data.get("chatId")
    if not isinstance(chat, str) or not chat.endswith("@c.us"):
        raise Refused(400, "chatId must end in @c.us")
    return digits_of(chat, "chatId")


class Waha(Gateway):
    """The dialect; every method below `routes` is one call of the provider."""

    name: ClassVar[str] = "waha"
    title: ClassVar[str] = "WAHA"
    prefix: ClassVar[str] = "/waha"

    def routes(self) -> list[Route]:
        """The calls Leads Infinitos uses, and those a person uses to look."""
        files = [Route("POST", f"/api/{path}", self.send_file, decides=True) for path in FILE_KINDS]
        words = ("start", "stop", "restart")
        switches = [Route("POST", f"/api/sessions/{{key}}/{word}", self.switch) for word in words]
        return [
            Route("POST", "/api/sendText", self.send_text, decides=True),
            *files,
            Route("GET", "/api/contacts/check-exists", self.check),
            Route("GET", "/api/sessions", self.list_sessions),
            Route("POST", "/api/sessions", self.create),
            Route("GET", "/api/sessions/{key}", self.show),
            Route("PUT", "/api/sessions/{key}", self.update),
            Route("DELETE", "/api/sessions/{key}", self.delete),
            *switches,
            Route("POST", "/api/sessions/{key}/logout", self.log_out),
            Route("GET", "/api/files/{file}", self.download),
            Route("GET", "/api/{key}/auth/qr", self.qr_code),
            Route("POST", "/api/{key}/auth/request-code", self.pairing),
        ]

    def refuse(self, status: int, message: str) -> web.Response:
        """`{"message", "statusCode"}`; engine failures (500) have a longer shape."""
        if status < 500:
            return web.json_response({"message": message, "statusCode": status}, status=status)
        failure = {"statusCode": status, "exception": {"message": message}, "request": {}, "version": {}}
        return web.json_response(failure, status=status)

    async def send_text(self, request: web.Request) -> web.StreamResponse:
        """Send a text."""
        data = await json_object(request)
        instance = self._instance(request, text_in(data, "session"))
        return await self.take(request, instance, Outgoing(_phone_in(data), text_in(data, "text")))

    async def send_file(self, request: web.Request) -> web.StreamResponse:
        """Send a file by address or inline; the ledger keeps the address, or size and hash."""
        data = await json_object(request)
        instance = self._instance(request, text_in(data, "session"))
        kind, file = FILE_KINDS[request.path.rpartition("/")[2]], object_in(data, "file")
        if "url" in file:
            what = web_address_in(file, "url")
        else:
            what = described_base64(text_in(file, "mimetype"), text_in(file, "data"), "file.data")
        caption = text_in(data, "caption", is_required=False)
        return await self.take(request, instance, Outgoing(_phone_in(data), caption, kind, what))

    async def check(self, request: web.Request) -> web.Response:
        """Whether a number exists, and the chat to send to."""
        instance = self._instance(request, request.query.get("session", ""))
        if not instance.is_connected:
            return self._not_working(instance)
        phone = digits_of(request.query.get("phone"), "phone")
        magic = magic_for(phone)
        if magic.verdict is Verdict.UNKNOWN_NUMBER:
            return web.json_response({"numberExists": False})
        real = without_ninth_digit(phone) if magic.has_short_jid else phone
        return web.json_response({"numberExists": True, "chatId": _chat(real)})

    async def list_sessions(self, request: web.Request) -> web.Response:
        """The sessions of this key."""
        key = self._api_key(request)
        return web.json_response([self._session(one) for one in self.phones if one.token == key])

    async def create(self, request: web.Request) -> web.Response:
        """Make a session; it starts unless told otherwise."""
        data = await json_object(request)
        name = text_in(data, "name")
        if self.phones.find(name) is not None:
            raise Refused(422, f"Session '{name}' already exists. Use PUT to update it.")
        instance = self.phones.find_or_create(name, self._api_key(request))
        instance.settings["is_stopped"] = data.get("start") is False
        if isinstance(data.get("config"), dict):
            self._configure(instance, data["config"])
        self.world.remember()
        return web.json_response(self._session(instance), status=201)

    async def show(self, request: web.Request) -> web.Response:
        """One session."""
        return web.json_response(self._session(self._named(request)))

    async def update(self, request: web.Request) -> web.Response:
        """Replace the whole configuration."""
        instance = self._named(request)
        self._configure(instance, object_in(await json_object(request), "config"))
        self.world.remember()
        return web.json_response(self._session(instance))

    async def delete(self, request: web.Request) -> web.Response:
        """Forget the session."""
        self.phones.forget(self._named(request).key)
        self.world.remember()
        return web.json_response({})

    async def switch(self, request: web.Request) -> web.Response:
        """Start, stop or restart; a stopped session keeps its phone and comes back with it."""
        instance = self._named(request)
        settings = instance.settings
        is_stop = request.path.endswith("/stop")
        if is_stop and not settings.get("is_stopped"):
            settings["had_phone"] = instance.is_connected
        settings["is_stopped"] = is_stop
        self.connect(instance, is_connected=not is_stop and (instance.is_connected or settings.get("had_phone", False)))
        self.world.remember()
        return web.json_response(self._session(instance), status=201)

    async def log_out(self, request: web.Request) -> web.Response:
        """Disconnect the number."""
        instance = self._named(request)
        instance.settings["had_phone"] = False
        self.connect(instance, is_connected=False)
        return web.json_response(self._session(instance), status=201)

    async def download(self, request: web.Request) -> web.Response:
        """A file a contact sent."""
        self._api_key(request)
        message_id = request.match_info["file"].partition(".")[0]
        return web.Response(body=photo(message_id), content_type="image/png")

    async def qr_code(self, request: web.Request) -> web.Response:
        """The QR code: a PNG, or base64 for those who accept JSON."""
        instance = self._named(request)
        if instance.is_connected or instance.settings.get("is_stopped"):
            return self._not_working(instance, expected=SCAN_QR_CODE)
        instance.is_qr_shown = True
        data = qr_png_data_url(instance.key, turn()).partition(",")[2]
        if request.headers.get("Accept") == "application/json":
            return web.json_response({"mimetype": "image/png", "data": data})
        return web.Response(body=base64.b64decode(data), content_type="image/png")

    async def pairing(self, request: web.Request) -> web.Response:
        """A code to type on the phone in place of the QR code."""
        instance = self._named(request)
        digits_of((await json_object(request)).get("phoneNumber"), "phoneNumber")
        if instance.is_connected or instance.settings.get("is_stopped"):
            return self._not_working(instance, expected=SCAN_QR_CODE)
        instance.is_qr_shown = True
        return web.json_response({"code": pairing_code(instance.key, turn())}, status=201)

    def answer_accepted(self, message: Message) -> web.Response:
        """201 with the raw object of the NOWEB engine."""
        key = {"remoteJid": f"{message.phone}@s.whatsapp.net", "fromMe": True, "id": message.id}
        body = {"key": key, "message": {"conversation": message.text}, "messageTimestamp": now_ms() // 1000}
        return web.json_response(body | {"status": "PENDING"}, status=201)

    def answer_refused(self, verdict: Verdict, message: Message) -> web.Response:
        """422 while the session doesn't work, 500 for engine failures."""
        if verdict is Verdict.GARBAGE:
            return web.Response(body=b'<html>\xff\xfe{"key": {"id', content_type="application/json")
        if verdict is Verdict.REFUSED_WITH_200:
            return web.json_response({"error": "message not sent"})
        if verdict is Verdict.OFFLINE:
            return self._not_working(None)
        answer = self.refuse(*_REFUSALS[verdict])
        if verdict is Verdict.THROTTLED:
            answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return answer

    def receipt_event(self, instance: Instance, message: Message, ack: int) -> dict[str, Any]:
        """`message.ack` with the long form of the id."""
        number, name = ACKS[ack]
        chat = _chat(message.phone)
        payload = {"id": f"true_{chat}_{message.id}", "from": chat, "participant": None, "fromMe": True}
        return self._event(instance, "message.ack", payload | {"ack": number, "ackName": name})

    def echo_event(self, instance: Instance, message: Message) -> dict[str, Any]:
        """`message.any` of our own."""
        return self._message(instance, message, is_ours=True)

    def inbound_event(self, instance: Instance, message: Message) -> dict[str, Any]:
        """`message.any`: a text, or an image with a caption."""
        return self._message(instance, message, is_ours=False)

    def connection_event(self, instance: Instance) -> dict[str, Any]:
        """`session.status`."""
        payload = {"status": self._status(instance), "statuses": [{"status": self._status(instance)}]}
        return self._event(instance, "session.status", payload)

    def webhook_headers(self, instance: Instance, body: bytes) -> dict[str, str]:
        """Request id and time, and the signature when there is a key."""
        headers = {"X-Webhook-Request-Id": secrets.token_hex(13), "X-Webhook-Timestamp": str(now_ms())}
        key = instance.settings.get("hmac_key")
        if not key:
            return headers
        signature = hmac.new(key.encode(), body, hashlib.sha512).hexdigest()
        return headers | {"X-Webhook-Hmac": signature, "X-Webhook-Hmac-Algorithm": "sha512"}

    def signs(self, instance: Instance) -> bool:
        """When the session was given a key."""
        return bool(instance.settings.get("hmac_key"))

    def wants(self, instance: Instance, payload: dict[str, Any]) -> bool:
        """Only what was asked for."""
        return payload["event"] in instance.settings.get("events", [])

    def _message(self, instance: Instance, message: Message, *, is_ours: bool) -> dict[str, Any]:
        chat, me = _chat(message.phone), _chat(instance.number)
        is_file = message.kind != "text"
        place = f"{self.world.base_url}{self.prefix}/api/files/{message.id}.png"
        media = {"url": place, "mimetype": "image/png", "filename": None} if is_file and not is_ours else None
        payload = {
            "id": f"{'true' if is_ours else 'false'}_{chat}_{message.id}",
            "timestamp": now_ms() // 1000,
            "from": me if is_ours else chat,
            "to": chat if is_ours else me,
            "fromMe": is_ours,
            "source": "api" if is_ours else "app",
            "body": message.text,
            "hasMedia": is_file,
            "media": media,
            "_data": {"pushName": "" if is_ours else f"Contato {message.phone[-4:]}"},
        }
        return self._event(instance, "message.any", payload)

    def _event(self, instance: Instance, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": f"evt_{secrets.token_hex(13)}",
            "timestamp": now_ms(),
            "event": event,
            "session": instance.key,
            "me": {"id": _chat(instance.number), "pushName": f"Sandbox {instance.key}"},
            "payload": payload,
            "engine": "NOWEB",
            "environment": {"version": "2026.7.1", "engine": "NOWEB", "tier": "CORE"},
        }

    def _status(self, instance: Instance) -> str:
        if instance.settings.get("is_stopped"):
            return STOPPED
        return WORKING if instance.is_connected else SCAN_QR_CODE

    def _session(self, instance: Instance) -> dict[str, Any]:
        me = {"id": _chat(instance.number), "pushName": f"Sandbox {instance.key}"} if instance.is_connected else None
        config = {"webhooks": [{"url": instance.webhook_url}] if instance.is_webhook_on else []}
        engine = {"engine": "NOWEB"}
        return {"name": instance.key, "status": self._status(instance), "config": config, "me": me, "engine": engine}

    def _not_working(self, instance: Instance | None, *, expected: str = WORKING) -> web.Response:
        status = self._status(instance) if instance else SCAN_QR_CODE
        what = {"error": "Session status is not as expected.", "session": instance.key if instance else ""}
        return web.json_response(what | {"status": status, "expected": [expected]}, status=422)

    def _api_key(self, request: web.Request) -> str:
        key = request.headers.get("X-Api-Key", "").strip()
        if not key:
            raise Refused(401, "Unauthorized")
        return key

    def _named(self, request: web.Request) -> Instance:
        return self._instance(request, request.match_info["key"])

    def _instance(self, request: web.Request, name: str) -> Instance:
        key = self._api_key(request)
        if self.phones.find(name) is None and not name.startswith("demo-"):
            raise Refused(404, "Session not found")
        instance = self.phones.find_or_create(name, key)
        if instance.token != key:
            raise Refused(401, "Unauthorized")
        return instance

    def _configure(self, instance: Instance, config: Mapping[str, Any]) -> None:
        webhooks = config.get("webhooks") or []
        if not isinstance(webhooks, list) or not all(isinstance(one, dict) for one in webhooks):
            raise Refused(400, "config.webhooks must be a list of objects")
        first = webhooks[0] if webhooks else {}
        secret = first.get("hmac")
        instance.webhook_url = web_address_in(first, "url") if first else ""
        instance.is_webhook_on = bool(first)
        instance.settings["events"] = list(first.get("events") or [])
        instance.settings["hmac_key"] = text_in(secret, "key") if isinstance(secret, dict) else ""
