"""The one SMTP door: `deliver(address, message)` -> what became of it, never an exception.

`SMTP_URL`: `smtps://user:password@host:port` speaks TLS from the first byte; `smtp://` uses STARTTLS where the server
offers it and insists on it before a password, except on this machine (the sandbox); `smtp+starttls://` insists always.
"""

import smtplib
import ssl
import time
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from typing import Final
from urllib.parse import unquote, urlsplit

from prometheus_client import Counter

TIMEOUT_SECONDS: Final = 20
DEFAULT_PORTS: Final = {"smtp": 587, "smtp+starttls": 587, "smtps": 465}
THIS_MACHINE: Final = {"localhost", "127.0.0.1", "::1"}
MAILS: Final = Counter("leads_mails_total", "E-mails handed to the SMTP server", ["outcome"])


class Outcome(StrEnum):
    """`refused` will never work (5xx); `deferred` may, later."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the server said; `reason` never holds the address's password."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """A parsed `SMTP_URL`."""

    scheme: str
    host: str
    port: int
    user: str
    password: str


class NoSmtpAddress(ValueError):
    """`SMTP_URL` is empty or not one of the three schemes."""


def parse_smtp_url(url: str) -> SmtpAddress:
    """The parts of `SMTP_URL`; NoSmtpAddress says what is wrong."""
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise NoSmtpAddress("SMTP_URL must be smtp://, smtps:// or smtp+starttls:// with a host")
    return SmtpAddress(
        parts.scheme,
        parts.hostname,
        parts.port or DEFAULT_PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def deliver(url: str, message: EmailMessage) -> Delivery:
    """Hand one message to the server. Takes 20 s a step at the most; raises nothing the network can cause."""
    started = time.monotonic()
    try:
        _send(parse_smtp_url(url), message)
        delivery = Delivery(Outcome.DELIVERED)
    except NoSmtpAddress as problem:
        delivery = Delivery(Outcome.DEFERRED, str(problem))
    except smtplib.SMTPRecipientsRefused as refusal:
        code, words = next(iter(refusal.recipients.values()))
        delivery = _refusal(code, words)
    except smtplib.SMTPAuthenticationError as refusal:
        # Our own account is wrong, not the recipient: it will be mended, and the message must still be there then.
        delivery = Delivery(Outcome.DEFERRED, f"{refusal.smtp_code} authentication refused")
    except smtplib.SMTPResponseException as refusal:
        delivery = _refusal(refusal.smtp_code, refusal.smtp_error)
    except (smtplib.SMTPException, OSError, ValueError) as problem:
        delivery = Delivery(Outcome.DEFERRED, f"{type(problem).__name__} after {time.monotonic() - started:.1f} s")
    MAILS.labels(delivery.outcome).inc()
    return delivery


def _send(address: SmtpAddress, message: EmailMessage) -> None:
    with _connected(address) as server:
        if address.user:
            server.login(address.user, address.password)
        server.send_message(message)


def _connected(address: SmtpAddress) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if address.scheme == "smtps":
        return smtplib.SMTP_SSL(address.host, address.port, timeout=TIMEOUT_SECONDS, context=context)
    server = smtplib.SMTP(address.host, address.port, timeout=TIMEOUT_SECONDS)
    server.ehlo()
    must_encrypt = address.scheme == "smtp+starttls" or (address.user and address.host not in THIS_MACHINE)
    if must_encrypt or (server.has_extn("starttls") and address.host not in THIS_MACHINE):
        server.starttls(context=context)
        server.ehlo()
    return server


def _refusal(code: int, words: bytes | str) -> Delivery:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    outcome = Outcome.REFUSED if 500 <= code < 600 else Outcome.DEFERRED
    return Delivery(outcome, f"{code} {text}"[:300])
