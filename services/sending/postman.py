"""Step 4, one message: let the connector build the request, put it on the wire, let the connector read the answer.

Holds no database connection. Whatever goes wrong ends in an answer: what surely did not leave is a refusal, anything
later is unclear.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from connectors.whatsapp import (
    RULES,
    Account,
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
from services.sending.words import AnswerTo, Channel, Parcel, ParcelT

log = structlog.get_logger()


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


def refuse(code: RefusalCode) -> Refused:
    rule = RULES[code]
    return Refused(code, rule.permanent, rule.pauses_instance, rule.message)


@dataclass(slots=True)
class Postman:
    """Sends claimed messages over one warm pool."""

    transport: AsyncTransport
    clock: Callable[[], datetime]
    longest_seconds: float
    accounts: Accounts = field(default_factory=Accounts)

    async def deliver(self, one: ParcelT, view: Channel) -> AnswerTo[ParcelT]:
        """One message out, its answer back. Raises only when cancelled."""
        built = self._build(one, view)
        if not isinstance(built, tuple):
            return AnswerTo(one, built, self.clock(), 0)
        provider, request = built
        started = time.monotonic()
        answer = await self.transport.send(request)
        duration_ms = int((time.monotonic() - started) * 1000)
        outcome = self._read(provider, answer)
        if isinstance(outcome, Sent):
            return AnswerTo(one, outcome, self.clock(), duration_ms, answer)
        return AnswerTo(one, outcome, self.clock(), duration_ms, answer, redacted(request))

    def _build(self, one: Parcel, view: Channel) -> tuple[WhatsAppConnector, HttpRequest] | Refused:
        try:
            provider = connector(view.connector)
            account = self.accounts.of(view)
        except Exception as error:
            # Whatever is wrong with the stored account, it is the number's fault and never the message's.
            log.warning("account_not_opened", instance_id=view.instance_id, error=type(error).__name__)
            return refuse(RefusalCode.BAD_CREDENTIALS)
        if one.media_id is not None or one.template is not None:
            # Never only half of a message: its text without its file would be another message.
            return refuse(RefusalCode.MEDIA_REJECTED if one.template is None else RefusalCode.TEMPLATE_INVALID)
        try:
            to = one.phone if provider.info.is_official else one.recipient_id or one.phone
            request = provider.send_text(account, to, one.text, reference=one.reference)
        except Exception:
            # A connector's own mistake: nothing left, and the other messages must go on.
            log.exception("request_not_built", reference=one.reference, connector=view.connector)
            return refuse(RefusalCode.REJECTED)
        if request.timeout_seconds > self.longest_seconds:
            request = replace(request, timeout_seconds=self.longest_seconds)
        return provider, request

    def _read(self, provider: WhatsAppConnector, answer: HttpAnswer) -> SendOutcome:
        try:
            return provider.read_send(answer)
        except Exception:
            log.exception("answer_not_read")
            return Unclear("unreadable_answer")
