"""Evolution API v2, as `/evolution/...`: a server of one's own over Baileys.

An instance has to be created first (any key may; the key of the creation must match afterwards), but those whose
name starts with `demo-` exist and are connected at once. A send through a closed socket answers the 400 "Connection
Closed" of the original. Webhooks carry the custom headers they were configured with and no signature.
"""

import base64
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from sandbox.clock import now_iso, now_ms
from sandbox.dialect import Refused, Route
from sandbox.magic import FAILED, magic_for
from sandbox.misbehaviour import RETRY_AFTER_SECONDS
from sandbox.verdict import Verdict
from sandbox.whatsapp.fields import (
    described_base64,
    digits_of,
    is_web_address,
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

MEDIA_TYPES = ("image", "document", "video", "audio")
ACKS = {FAILED: "ERROR", 1: "PENDING", 2: "SERVER_ACK", 3: "DELIVERY_ACK", 4: "READ"}
_ERRORS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests"}
_REFUSALS = {
    Verdict.BROKEN: (500, "internal error (sandbox)"),
    Verdict.THROTTLED: (429, "too many requests (sandbox)"),
    Verdict.UNAUTHORISED: (401, "Unauthorized"),
    Verdict.OFFLINE: (400, "Error: Connection Closed"),
}


def _jid(phone: str) -> str:
    return f"{phone}@s.whatsapp.net"


def _error(status: int, message: object) -> web.Response:
    name = _ERRORS.get(status, "Internal Server Error")
    return web.json_response({"status": status, "error": name, "response": {"message": [message]}}, status=status)


class Evolution(Gateway):
    """The dialect; every method below `routes` is one call of the provider."""

    name: ClassVar[str] = "evolution"
    title: ClassVar[str] = "Evolution API"
    prefix: ClassVar[str] = "/evolution"

    def routes(self) -> list[Route]:
        """The calls Leads Infinitos uses, and those a person uses to look."""
        return [
            Route("POST", "/message/sendText/{key}", self.send_text, decides=True),
            Route("POST", "/message/sendMedia/{key}", self.send_media, decides=True),
            Route("POST", "/message/sendWhatsAppAudio/{key}", self.send_voice, decides=True),
            Route("POST", "/chat/whatsappNumbers/{key}", self.check),
            Route("POST", "/chat/getBase64FromMediaMessage/{key}", self.download),
            Route("POST", "/instance/create", self.create),
            Route("GET", "/instance/connect/{key}", self.show_code),
            Route("GET", "/instance/connectionState/{key}", self.state),
            Route("GET", "/instance/fetchInstances", self.fetch_instances),
            Route("DELETE", "/instance/logout/{key}", self.log_out),
            Route("DELETE", "/instance/delete/{key}", self.delete),
            Route("POST", "/instance/restart/{key}", self.state),
            Route("POST", "/webhook/set/{key}", self.set_webhook),
            Route("GET", "/webhook/find/{key}", self.find_webhook),
        ]

    def refuse(self, status: int, message: str) -> web.Response:
        """`{"status", "error", "response": {"message": [...]}}`."""
        return _error(status, message)

    async def send_text(self, request: web.Request) -> web.StreamResponse:
        """Send a text."""
        instance = self._instance(request)
        data = await json_object(request)
        outgoing = Outgoing(digits_of(data.get("number"), "number"), text_in(data, "text"))
        return await self.take(request, instance, outgoing)

    async def send_media(self, request: web.Request) -> web.StreamResponse:
        """Send a file by address or inline; the ledger keeps the address, or size and hash."""
        instance = self._instance(request)
        data = await json_object(request)
        kind = data.get("mediatype")
        if kind not in MEDIA_TYPES:
            raise Refused(400, "mediatype is not one of enum values: " + ",".join(MEDIA_TYPES))
        phone, caption = digits_of(data.get("number"), "number"), text_in(data, "caption", is_required=False)
        file = self._file(data, "media", text_in(data, "mimetype", is_required=False))
        return await self.take(request, instance, Outgoing(phone, caption, kind, file))

    async def send_voice(self, request: web.Request) -> web.StreamResponse:
        """Send a voice note."""
        instance = self._instance(request)
        data = await json_object(request)
        phone = digits_of(data.get("number"), "number")
        return await self.take(request, instance, Outgoing(phone, "", "ptt", self._file(data, "audio", "audio/ogg")))

    async def check(self, request: web.Request) -> web.Response:
        """Which numbers exist, and their real JIDs."""
        instance = self._instance(request)
        numbers = (await json_object(request)).get("numbers")
        if not isinstance(numbers, list):
            raise Refused(400, 'requires property "numbers"')
        if not instance.is_connected:
            raise Refused(400, "Error: Connection Closed")
        return web.json_response([self._checked(digits_of(number, "numbers")) for number in numbers])

    async def download(self, request: web.Request) -> web.Response:
        """A file a contact sent, by the message's key."""
        self._instance(request)
        key = object_in(object_in(await json_object(request), "message"), "key")
        message_id = text_in(key, "id")
        content = base64.b64encode(photo(message_id)).decode()
        found = {"mediaType": "imageMessage", "fileName": f"{message_id}.png", "mimetype": "image/png"}
        return web.json_response(found | {"base64": content}, status=201)

    async def create(self, request: web.Request) -> web.Response:
        """Make an instance; its token is the key it was made with."""
        data = await json_object(request)
        key = text_in(data, "instanceName")
        if data.get("integration") != "WHATSAPP-BAILEYS":
            raise Refused(400, "Invalid integration")
        if self.phones.find(key) is not None:
            raise Refused(403, f'This name "{key}" is already in use.')
        instance = self.phones.find_or_create(key, self._api_key(request))
        if isinstance(data.get("webhook"), dict):
            self._configure(instance, data["webhook"])
        self.world.remember()
        made = {"instanceName": key, "instanceId": key, "integration": "WHATSAPP-BAILEYS", "status": "connecting"}
        return web.json_response({"instance": made, "hash": instance.token, "settings": {}}, status=201)

    async def show_code(self, request: web.Request) -> web.Response:
        """The QR code, with a pairing code too when a number is given."""
        instance = self._instance(request)
        if instance.is_connected:
            return await self.state(request)
        instance.is_qr_shown = True
        number = request.query.get("number")
        code = pairing_code(key=instance.key, at_turn=turn()).replace("-", "") if number else None
        picture = qr_png_data_url(instance.key, turn())
        return web.json_response({"pairingCode": code, "code": "2@sandbox", "base64": picture, "count": 1})

    async def state(self, request: web.Request) -> web.Response:
        """`open`, `connecting` while a code is shown, or `close`."""
        instance = self._instance(request)
        return web.json_response({"instance": {"instanceName": instance.key, "state": self._state(instance)}})

    async def fetch_instances(self, request: web.Request) -> web.Response:
        """The instances of this key."""
        key, name = self._api_key(request), request.query.get("instanceName")
        rows = [
            {
                "name": one.key,
                "connectionStatus": self._state(one),
                "ownerJid": _jid(one.number) if one.is_connected else None,
                "profileName": f"Sandbox {one.key}",
                "token": one.token,
            }
            for one in self.phones
            if one.token == key and name in (None, one.key)
        ]
        return web.json_response(rows)

    async def log_out(self, request: web.Request) -> web.Response:
        """Disconnect the number; 400 when it isn't connected."""
        instance = self._instance(request)
        if not instance.is_connected:
            raise Refused(400, f'The "{instance.key}" instance is not connected')
        self.connect(instance, is_connected=False)
        return self._success("Instance logged out")

    async def delete(self, request: web.Request) -> web.Response:
        """Forget the instance."""
        self.phones.forget(self._instance(request).key)
        self.world.remember()
        return self._success("Instance deleted")

    async def set_webhook(self, request: web.Request) -> web.Response:
        """Where events go, which of them, and with which headers."""
        instance = self._instance(request)
        self._configure(instance, object_in(await json_object(request), "webhook"))
        self.world.remember()
        return web.json_response(self._webhook(instance), status=201)

    async def find_webhook(self, request: web.Request) -> web.Response:
        """What was configured."""
        return web.json_response(self._webhook(self._instance(request)))

    def answer_accepted(self, message: Message) -> web.Response:
        """201 with the id in `key.id`."""
        return web.json_response(self._sent(message), status=201)

    def answer_refused(self, verdict: Verdict, message: Message) -> web.Response:
        """The error shape of the middleware; an unknown number is named in it."""
        if verdict is Verdict.GARBAGE:
            return web.Response(body=b'<html>\xff\xfe{"key": {"id', content_type="application/json")
        if verdict is Verdict.REFUSED_WITH_200:
            return web.json_response({"error": True, "message": "message not sent"})
        if verdict is Verdict.UNKNOWN_NUMBER:
            return _error(400, {"jid": _jid(message.phone), "exists": False, "number": message.phone})
        answer = self.refuse(*_REFUSALS[verdict])
        if verdict is Verdict.THROTTLED:
            answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return answer

    def receipt_event(self, instance: Instance, message: Message, ack: int) -> dict[str, Any]:
        """`messages.update`; `messageId` is the server's own id, `keyId` is WhatsApp's."""
        address = {"keyId": message.id, "remoteJid": _jid(message.phone), "fromMe": True, "participant": None}
        return self._event(
            instance, "messages.update", {**address, "messageId": f"cm{message.id.lower()}", "status": ACKS[ack]}
        )

    def echo_event(self, instance: Instance, message: Message) -> dict[str, Any]:
        """`send.message`."""
        return self._event(instance, "send.message", self._sent(message))

    def inbound_event(self, instance: Instance, message: Message) -> dict[str, Any]:
        """`messages.upsert`: a text, or an image with a caption."""
        content: dict[str, Any] = {"conversation": message.text}
        if message.kind == "image":
            where = f"https://mmg.example.com/{message.id}"
            content = {"imageMessage": {"caption": message.text, "mimetype": "image/png", "url": where}}
        data = {
            "key": {"remoteJid": _jid(message.phone), "fromMe": False, "id": message.id},
            "pushName": f"Contato {message.phone[-4:]}",
            "status": "DELIVERY_ACK",
            "message": content,
            "messageType": next(iter(content)),
            "messageTimestamp": now_ms() // 1000,
            "source": "android",
        }
        return self._event(instance, "messages.upsert", data)

    def connection_event(self, instance: Instance) -> dict[str, Any]:
        """`connection.update`: open, or close for a log-out (401)."""
        state, reason = ("open", 200) if instance.is_connected else ("close", 401)
        data = {"instance": instance.key, "state": state, "statusReason": reason, "wuid": _jid(instance.number)}
        return self._event(instance, "connection.update", data)

    def webhook_headers(self, instance: Instance, body: bytes) -> dict[str, str]:
        """The custom headers of the configuration."""
        return dict(instance.settings.get("headers", {}))

    def wants(self, instance: Instance, payload: dict[str, Any]) -> bool:
        """An empty list of events means all."""
        events = instance.settings.get("events", [])
        return not events or payload["event"].upper().replace(".", "_") in events

    def _event(self, instance: Instance, event: str, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "event": event,
            "instance": instance.key,
            "data": data | {"instanceId": instance.key},
            "destination": instance.webhook_url,
            "date_time": now_iso(),
            "sender": _jid(instance.number),
            "server_url": self.world.base_url + self.prefix,
            "apikey": instance.token,
        }

    def _sent(self, message: Message) -> dict[str, Any]:
        what = {"text": "conversation", "ptt": "audioMessage"}.get(message.kind, f"{message.kind}Message")
        content = {"conversation": message.text} if message.kind == "text" else {what: {"caption": message.text}}
        return {
            "key": {"remoteJid": _jid(message.phone), "fromMe": True, "id": message.id},
            "pushName": "Voce",
            "status": "PENDING",
            "message": content,
            "messageType": what,
            "messageTimestamp": now_ms() // 1000,
            "source": "unknown",
        }

    def _checked(self, number: str) -> dict[str, Any]:
        magic = magic_for(number)
        exists = magic.verdict is not Verdict.UNKNOWN_NUMBER
        real = without_ninth_digit(number) if magic.has_short_jid else number
        return {"jid": _jid(real), "exists": exists, "number": number}

    def _file(self, data: Mapping[str, Any], name: str, mime: str) -> str:
        value = text_in(data, name)
        return value if is_web_address(value) else described_base64(mime, value, "Owned media must be a url or base64")

    def _state(self, instance: Instance) -> str:
        if instance.is_connected:
            return "open"
        return "connecting" if instance.is_qr_shown else "close"

    def _success(self, message: str) -> web.Response:
        return web.json_response({"status": "SUCCESS", "error": False, "response": {"message": message}})

    def _api_key(self, request: web.Request) -> str:
        key = request.headers.get("apikey", "").strip()
        if not key:
            raise Refused(401, "Unauthorized")
        return key

    def _instance(self, request: web.Request) -> Instance:
        """First whether it exists (404), then the key (401), as the original does."""
        name = request.match_info["key"]
        if self.phones.find(name) is None and not name.startswith("demo-"):
            raise Refused(404, f'The "{name}" instance does not exist')
        key = self._api_key(request)
        instance = self.phones.find_or_create(name, key)
        if instance.token != key:
            raise Refused(401, "Unauthorized")
        return instance

    def _configure(self, instance: Instance, webhook: Mapping[str, Any]) -> None:
        headers, events = webhook.get("headers") or {}, webhook.get("events") or []
        is_sound = isinstance(headers, dict) and isinstance(events, list)
        if not is_sound or not isinstance(webhook.get("enabled", True), bool):
            raise Refused(400, "webhook is not of a type(s) object")
        instance.webhook_url = web_address_in(webhook, "url")
        instance.is_webhook_on = webhook.get("enabled", True)
        instance.settings |= {"headers": headers, "events": events}

    def _webhook(self, instance: Instance) -> dict[str, Any]:
        return {"url": instance.webhook_url, "enabled": instance.is_webhook_on, **instance.settings}
