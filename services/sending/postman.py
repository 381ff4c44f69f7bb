"""Step 4, one message: let the connector build the request, put it on the wire, let the connector read the answer.

Holds no database connection. Whatever goes wrong ends in an answer: what surely did not leave is a refusal, anything
later is unclear.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog

from connectors.whatsapp import (
    Account,
    Media,
    RefusalCode,
    Refused,
    SendOutcome,
    Sent,
    Unclear,
    WhatsAppConnector,
    connector,
)
from core.http_async import AsyncTransport
from core.http_messages import HttpAnswer, HttpRequest, redacted
from services.instances import open_account
from services.sending.content import Said, for_provider, refuse, request_of
from services.sending.files import Files
from services.sending.words import AnswerTo, Channel, Parcel, ParcelT

log = structlog.get_logger()
BUILT_IN_PASSING: Final = 256 * 1024
"""A larger file's request is built in a thread: base64 of 16 MB would stop all other messages for 50 ms."""


@dataclass(slots=True)
class Accounts:
    """Unsealed accounts, remembered while their row stays as it was: unsealing costs 20 us."""

    _known: dict[int, tuple[tuple[str, str, str], Account]] = field(default_factory=dict)

    def of(self, view: Channel) -> Account:
        """The account of a number; raises when its credentials can't be read."""
        version = (view.base_url, view.instance_key, view.sealed_credentials)
        known = self._known.get(view.instance_id)
        if known is None or known[0] != version:
            known = (version, open_account(view.tenant_id, *version))
            self._known[view.instance_id] = known
        return known[1]


@dataclass(slots=True)
class Postman:
    """Sends claimed messages over one warm pool."""

    transport: AsyncTransport
    clock: Callable[[], datetime]
    longest_seconds: float
    files: Files
    accounts: Accounts = field(default_factory=Accounts)

    async def deliver(self, one: ParcelT, view: Channel) -> AnswerTo[ParcelT]:
        """One message out, its answer back. Raises only when cancelled."""
        opened = self._open(one, view)
        if not isinstance(opened, tuple):
            return AnswerTo(one, opened, self.clock(), 0)
        provider, account = opened
        if one.media_id is None and one.template is None:
            return await self._post(one, provider, self._build(one, opened, Said(one.text)))
        said = for_provider(provider, Said(one.text, one.media_id, one.template))
        if not said.needs_file or said.media_id is None:
            return await self._post(one, provider, self._build(one, opened, said))
        place = (one.tenant_id, one.instance_id)
        async with self.files.at_hand(provider, account, place, said.media_id) as file:
            if isinstance(file, Refused):
                return AnswerTo(one, file, self.clock(), 0)
            if len(file.content) < BUILT_IN_PASSING:
                request = self._build(one, opened, said, file)
            else:
                request = await asyncio.to_thread(self._build, one, opened, said, file)
            answer = await self._post(one, provider, request)
        if isinstance(answer.outcome, Refused) and answer.outcome.code is RefusalCode.MEDIA_REJECTED:
            self.files.rejected(file)
        return answer

    async def _post(
        self, one: ParcelT, provider: WhatsAppConnector, request: HttpRequest | Refused
    ) -> AnswerTo[ParcelT]:
        if isinstance(request, Refused):
            return AnswerTo(one, request, self.clock(), 0)
        started = time.monotonic()
        answer = await self.transport.send(request)
        duration_ms = int((time.monotonic() - started) * 1000)
        outcome = self._read(provider, answer)
        if isinstance(outcome, Sent):
            return AnswerTo(one, outcome, self.clock(), duration_ms, answer)
        return AnswerTo(one, outcome, self.clock(), duration_ms, answer, redacted(request))

    def _open(self, one: Parcel, view: Channel) -> tuple[WhatsAppConnector, Account] | Refused:
        if one.is_closed:
            return refuse(RefusalCode.WINDOW_CLOSED)
        try:
            return connector(view.connector), self.accounts.of(view)
        except Exception as error:
            # Whatever is wrong with the stored account, it is the number's fault and never the message's.
            log.warning("account_not_opened", instance_id=view.instance_id, error=type(error).__name__)
            return refuse(RefusalCode.BAD_CREDENTIALS)

    def _build(
        self, one: Parcel, opened: tuple[WhatsAppConnector, Account], said: Said, file: Media | None = None
    ) -> HttpRequest | Refused:
        provider, account = opened
        to = one.phone if provider.info.is_official else one.recipient_id or one.phone
        try:
            request = request_of(provider, account, to, said, file=file, reference=one.reference)
        except Exception:
            # A connector's own mistake: nothing left, and the other messages must go on.
            log.exception("request_not_built", reference=one.reference, connector=provider.info.name)
            return refuse(RefusalCode.REJECTED)
        if isinstance(request, HttpRequest) and request.timeout_seconds > self.longest_seconds:
            return replace(request, timeout_seconds=self.longest_seconds)
        return request

    def _read(self, provider: WhatsAppConnector, answer: HttpAnswer) -> SendOutcome:
        try:
            return provider.read_send(answer)
        except Exception:
            log.exception("answer_not_read")
            return Unclear("unreadable_answer")
