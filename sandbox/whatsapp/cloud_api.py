"""WhatsApp Cloud API, as `/cloud/v23.0/...`: Meta's official way.

Any phone number id works with any non-empty bearer token; the token of the first call must match afterwards. Numbers
are connected at once: there is no QR. Free text outside 24 hours of the contact's last message is refused (131047);
the templates of `cloud_templates.py` always go. An address for webhooks is called with Meta's GET handshake before it
is taken, and webhooks are signed with the app secret below.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import aiohttp
from aiohttp import web

from sandbox.clock import now_ms
from sandbox.dialect import Refused, Route
from sandbox.magic import FAILED
from sandbox.misbehaviour import RETRY_AFTER_SECONDS
from sandbox.verdict import Verdict
from sandbox.whatsapp.cloud_templates import TEMPLATES, filled_in
from sandbox.whatsapp.fields import digits_of, json_object, object_in, photo, text_in, web_address_in
from sandbox.whatsapp.gateway import Gateway, Outgoing
from sandbox.whatsapp.phones import Instance, Message

APP_SECRET = "sandbox-app-secret"
MEDIA_TYPES = frozenset({"image", "video", "audio", "document", "sticker"})
STATUSES = {FAILED: "failed", 2: "sent", 3: "delivered", 4: "read"}
WINDOW = timedelta(hours=24)
_NOT_IN_IDS = re.compile(r"[^0-9A-Za-z]")
_CODE = re.compile(r"\(#(\d+)\)")
_CODE_OF_STATUS = {401: 190, 403: 10, 429: 130429, 500: 131000}
_REFUSALS = {
    Verdict.BROKEN: (500, "(#131000) Something went wrong"),
    Verdict.THROTTLED: (429, "(#130429) Rate limit hit"),
    Verdict.UNAUTHORISED: (401, "(#190) Error validating access token"),
    Verdict.OFFLINE: (400, "(#133010) Phone number not registered"),
    Verdict.REFUSED_WITH_200: (200, "(#131000) Something went wrong"),
    Verdict.UNKNOWN_NUMBER: (400, "(#131026) Message undeliverable"),
    Verdict.WINDOW_CLOSED: (400, "(#131047) Re-engagement message"),
}


class CloudApi(Gateway):
    """The dialect; every method below `routes` is one call of the provider."""

    name: ClassVar[str] = "cloud"
    title: ClassVar[str] = "WhatsApp Cloud API"
    prefix: ClassVar[str] = "/cloud"
    is_echoing: ClassVar[bool] = False

    def routes(self) -> list[Route]:
        """The calls Leads Infinitos uses. A phone number, an account and a file share one kind of path."""
        root = r"/{version:v\d+\.\d+}"
        return [
            Route("GET", "/files/{id}", self.download),
            Route("POST", root + "/{key}/messages", self.send, decides=True),
            Route("POST", root + "/{key}/media", self.upload),
            Route("POST", root + "/{key}/register", self.succeed),
            Route("POST", root + "/{account}/subscribed_apps", self.subscribe),
            Route("GET", root + "/{account}/message_templates", self.list_templates),
            Route("GET", root + "/{key}", self.show),
            Route("POST", root + "/{key}", self.set_webhook),
        ]

    def refuse(self, status: int, message: str) -> web.Response:
        """Meta's error object; its code stands in the message as `(#code)`, or follows from the status."""
        found = _CODE.match(message)
        code = int(found[1]) if found else _CODE_OF_STATUS.get(status, 100)
        error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Asandbox"}
        details = {"messaging_product": "whatsapp", "details": message}
        return web.json_response({"error": error | {"error_data": details}}, status=status)

    def addresses(self) -> dict[str, str]:
        """What the app needs to know to check the signature."""
        return {"cloud_app_secret": APP_SECRET}

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Send a text, a file or a template."""
        instance = self._instance(request)
        data = await json_object(request)
        if data.get("messaging_product") != "whatsapp":
            raise Refused(400, "(#100) The parameter messaging_product is required.")
        phone, kind = digits_of(data.get("to")), text_in(data, "type")
        content, reference = object_in(data, kind), text_in(data, "biz_opaque_callback_data", is_required=False)
        text, media = self._content(kind, content)
        return await self.take(request, instance, Outgoing(phone, text, kind, media, reference))

    async def upload(self, request: web.Request) -> web.Response:
        """Keep a file; its id says what it is."""
        self._instance(request)
        if request.content_type != "multipart/form-data":
            raise Refused(400, "(#100) The parameter file is required.")
        form = await request.post()
        file = form.get("file")
        if not isinstance(file, web.FileField) or form.get("messaging_product") != "whatsapp":
            raise Refused(400, "(#100) The parameter file is required.")
        content = file.file.read()
        return web.json_response({"id": f"up{hashlib.sha256(content).hexdigest()[:20]}"})

    async def show(self, request: web.Request) -> web.Response:
        """A phone number, or where a received file lies."""
        key = request.match_info["key"]
        if not key.isdigit():
            return self._show_file(request, key)
        instance = self._instance(request)
        shown = {
            "id": key,
            "display_phone_number": f"+{instance.number[:2]} {instance.number[2:4]} {instance.number[4:]}",
            "verified_name": f"Sandbox {key}",
            "quality_rating": "GREEN",
            "name_status": "APPROVED",
            "code_verification_status": "VERIFIED",
            "status": "CONNECTED" if instance.is_connected else "OFFLINE",
        }
        return web.json_response(shown)

    async def set_webhook(self, request: web.Request) -> web.Response:
        """This number's own address; an empty one takes it away."""
        instance = self._instance(request)
        said = object_in(await json_object(request), "webhook_configuration")
        if said.get("override_callback_uri"):
            await self._shake_hands(said)
        instance.webhook_url = str(said.get("override_callback_uri", ""))
        instance.is_webhook_on = bool(instance.webhook_url)
        self.world.remember()
        return web.json_response({"success": True})

    async def subscribe(self, request: web.Request) -> web.Response:
        """Subscribe the app to an account; an address for all its numbers is tried and then not needed here."""
        self._token(request)
        said = await json_object(request)
        if said.get("override_callback_uri"):
            await self._shake_hands(said)
        return web.json_response({"success": True})

    async def succeed(self, request: web.Request) -> web.Response:
        """Register a number: it is registered."""
        self.connect(self._instance(request), is_connected=True)
        return web.json_response({"success": True})

    async def list_templates(self, request: web.Request) -> web.Response:
        """The account's templates, in pages."""
        self._token(request)
        limit, after = request.query.get("limit", "100"), request.query.get("after", "0")
        if not limit.isdigit() or not after.isdigit():
            raise Refused(400, "(#100) Invalid parameter")
        start, end = int(after), int(after) + max(1, int(limit))
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(end)}}
        if end < len(TEMPLATES):
            paging["next"] = f"{self.world.base_url}{request.path}?limit={limit}&after={end}"
        return web.json_response({"data": TEMPLATES[start:end], "paging": paging})

    async def download(self, request: web.Request) -> web.Response:
        """A file a contact sent."""
        self._token(request)
        return web.Response(body=photo(request.match_info["id"]), content_type="image/png")

    def message_id(self) -> str:
        """Meta's ids."""
        return "wamid." + secrets.token_hex(16).upper()

    def inbound_id(self) -> str:
        """The same for a contact's."""
        return self.message_id()

    def objection(self, instance: Instance, outgoing: Outgoing) -> Verdict | None:
        """Only a template may go when the contact has been silent for 24 hours."""
        if outgoing.kind == "template":
            return None
        since = datetime.now(UTC) - WINDOW
        heard = (one for one in instance.chats.get(outgoing.phone, ()) if not one.is_ours)
        is_open = any(datetime.fromisoformat(one.at) > since for one in heard)
        return None if is_open else Verdict.WINDOW_CLOSED

    def answer_accepted(self, message: Message) -> web.Response:
        """200 with `messages[0].id`: accepted, not delivered."""
        contacts = [{"input": message.phone, "wa_id": message.phone}]
        sent = {"id": message.id, "message_status": "accepted"}
        return web.json_response({"messaging_product": "whatsapp", "contacts": contacts, "messages": [sent]})

    def answer_refused(self, verdict: Verdict, message: Message) -> web.Response:
        """Meta's error object."""
        if verdict is Verdict.GARBAGE:
            return web.Response(body=b'<html>\xff\xfe{"messages": [{"id', content_type="application/json")
        answer = self.refuse(*_REFUSALS[verdict])
        if verdict is Verdict.THROTTLED:
            answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return answer

    def receipt_event(self, instance: Instance, message: Message, ack: int) -> dict[str, Any]:
        """One status; a failed one says why."""
        status = {
            "id": message.id,
            "status": STATUSES[ack],
            "timestamp": str(now_ms() // 1000),
            "recipient_id": message.phone,
        }
        if message.reference:
            status["biz_opaque_callback_data"] = message.reference
        reason = {"code": 131026, "title": "Message undeliverable", "message": "Message undeliverable"}
        return self._event(instance, statuses=[status | ({"errors": [reason]} if ack == FAILED else {})])

    def inbound_event(self, instance: Instance, message: Message) -> dict[str, Any]:
        """A text, or an image with a caption."""
        content: dict[str, Any] = {"body": message.text}
        if message.kind == "image":
            file = {"id": _file_id(message.id), "mime_type": "image/png", "sha256": "sandbox"}
            content = file | ({"caption": message.text} if message.text else {})
        one = {
            "from": message.phone,
            "id": message.id,
            "timestamp": str(now_ms() // 1000),
            "type": message.kind,
            message.kind: content,
        }
        person = {"profile": {"name": f"Contato {message.phone[-4:]}"}, "wa_id": message.phone}
        return self._event(instance, contacts=[person], messages=[one])

    def connection_event(self, instance: Instance) -> None:
        """Meta says nothing: its status call does."""
        return

    def webhook_headers(self, instance: Instance, body: bytes) -> dict[str, str]:
        """The signature over the raw body."""
        signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
        return {"X-Hub-Signature-256": f"sha256={signature}"}

    def signs(self, instance: Instance) -> bool:
        """Always."""
        return True

    def echo_event(self, instance: Instance, message: Message) -> dict[str, Any]:
        """`smb_message_echoes`, as for numbers that are also used in the Business app."""
        one = {"from": instance.number, "to": message.phone, "id": message.id, "timestamp": str(now_ms() // 1000)}
        event = self._event(instance, message_echoes=[one | {"type": "text", "text": {"body": message.text}}])
        event["entry"][0]["changes"][0]["field"] = "smb_message_echoes"
        return event

    def _event(self, instance: Instance, **value: Any) -> dict[str, Any]:
        metadata = {"display_phone_number": instance.number, "phone_number_id": instance.key}
        change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
        return {"object": "whatsapp_business_account", "entry": [{"id": "100000000000001", "changes": [change]}]}

    def _content(self, kind: str, content: Mapping[str, Any]) -> tuple[str, str]:
        """What the contact reads, and the file."""
        if kind == "text":
            return text_in(content, "body"), ""
        if kind == "template":
            return filled_in(content), ""
        if kind not in MEDIA_TYPES:
            raise Refused(400, "(#131051) Unsupported message type")
        file = text_in(content, "id") if "id" in content else web_address_in(content, "link")
        return text_in(content, "caption", is_required=False), file

    def _show_file(self, request: web.Request, media_id: str) -> web.Response:
        self._token(request)
        content = photo(media_id)
        where = f"{self.world.base_url}{self.prefix}/files/{media_id}"
        shown = {"messaging_product": "whatsapp", "url": where, "mime_type": "image/png", "id": media_id}
        digest = hashlib.sha256(content).hexdigest()
        return web.json_response(shown | {"sha256": digest, "file_size": len(content)})

    async def _shake_hands(self, said: Mapping[str, Any]) -> None:
        """Meta's GET: the address must give the challenge back."""
        url, challenge = web_address_in(said, "override_callback_uri"), str(secrets.randbelow(10**9))
        token = text_in(said, "verify_token")
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": challenge}
        try:
            async with self.world.courier.session.get(url, params=query, allow_redirects=False) as answer:
                is_given_back = answer.status == 200 and (await answer.text()).strip() == challenge
        except (aiohttp.ClientError, TimeoutError, ValueError):
            is_given_back = False
        if not is_given_back:
            raise Refused(400, "(#2200) Callback verification failed")

    def _token(self, request: web.Request) -> str:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token.strip():
            raise Refused(401, "(#190) Error validating access token")
        return token.strip()

    def _instance(self, request: web.Request) -> Instance:
        key, token = request.match_info["key"], self._token(request)
        if not key.isdigit():
            raise Refused(404, "(#100) Unsupported request. Object with this ID does not exist")
        instance = self.phones.find(key)
        if instance is None:
            instance = self.phones.find_or_create(key, token)
            instance.is_connected = True
            self.world.remember()
        if instance.token != token:
            raise Refused(401, "(#190) Error validating access token")
        return instance


def _file_id(message_id: str) -> str:
    return "in" + _NOT_IN_IDS.sub("", message_id)
