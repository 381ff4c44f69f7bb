"""The SMTP inbox: takes every e-mail, delivers none, and shows them at `/sandbox/mailbox`.

Magic recipients: `bounce@...` is refused with 550 (for good), `later@...` with 451 (try again later).
"""

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, ClassVar

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from sandbox.dialect import Dialect
from sandbox.ledger import Entry
from sandbox.mail import mailbox

MAGIC_RECIPIENTS = {
    "bounce": "550 5.1.1 mailbox does not exist (sandbox)",
    "later": "451 4.2.1 mailbox busy, try again later (sandbox)",
}
MOST_BYTES = 16 * 1024 * 1024
_NOTHING_READ: dict[str, Any] = {"from_name": "", "subject": "", "text": "", "html": "", "attachments": []}


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):  # a charset nobody knows
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def read_mail(content: bytes) -> dict[str, Any]:
    """What a person sees of a mail: from, subject, text, html and the names of the attachments."""
    mail = message_from_bytes(content, policy=policy.default)
    name, address = parseaddr(str(mail.get("From", "")))
    return {
        "from": address,
        "from_name": name,
        "subject": str(mail.get("Subject", "")),
        "text": _body(mail, "plain"),
        "html": _body(mail, "html"),
        "attachments": [part.get_filename("") for part in mail.iter_attachments()],
    }


class Smtp(Dialect):
    """The dialect: a listener of its own beside HTTP, and one ledger entry per mail or refused recipient."""

    name: ClassVar[str] = "smtp"
    title: ClassVar[str] = "Correio (SMTP)"
    switches: ClassVar[frozenset[str]] = frozenset({"latency_ms", "fail", "silent", "hang_ms", "seed"})

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self._server: asyncio.Server | None = None
        self.port = 0

    def pages(self) -> list[web.RouteDef]:
        """The mailbox."""
        return mailbox.pages(self)

    async def start(self) -> None:
        """Listen on the SMTP port."""
        options = self.world.options
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, options.host, options.smtp_port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening; a session in the middle of a mail is cut."""
        if self._server is not None:
            self._server.close()

    def addresses(self) -> dict[str, str]:
        """The form `SMTP_URL` takes."""
        return {"smtp": f"smtp://{self.world.options.host}:{self.port}"}

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse the magic recipients, take everybody else."""
        local_part = address.partition("@")[0].lower()
        refusal = MAGIC_RECIPIENTS.get(local_part)
        if refusal is not None:
            self._write(envelope, [address], {}, accepted=False, outcome=refusal[:3])
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Take the mail, unless a switch says otherwise."""
        behaviour = self.world.behaviour
        switches = behaviour.of(self.name)
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = read_mail(content)
        if behaviour.hits(self.name, "fail"):
            self._write(envelope, envelope.rcpt_tos, mail, accepted=False, outcome="451")
            return "451 4.3.0 local error (sandbox)"
        entry = self._write(envelope, envelope.rcpt_tos, mail, accepted=True, outcome="250")
        if behaviour.hits(self.name, "silent"):
            await asyncio.sleep(switches.hang_ms / 1000)
            if server.transport is not None:
                server.transport.close()
        await asyncio.sleep(switches.latency_ms / 1000)
        self.world.ledger.amend(self.name, entry, answered=True)
        return "250 OK"

    def _session(self) -> SMTP:
        return SMTP(
            self,
            data_size_limit=MOST_BYTES,
            hostname="sandbox",
            ident="sandbox",
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=True),
        )

    def _write(
        self, envelope: Envelope, recipients: list[str], mail: dict[str, Any], *, accepted: bool, outcome: str
    ) -> Entry:
        return self.world.ledger.append(
            self.name,
            to=", ".join(recipients),
            recipients=list(recipients),
            mail_from=envelope.mail_from,
            accepted=accepted,
            answered=not accepted,
            outcome=outcome,
            **(_NOTHING_READ | {"from": envelope.mail_from} | mail),
        )
