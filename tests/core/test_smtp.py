"""The SMTP door: every way a server can answer, and that a password never travels in the clear."""

import socket
import threading
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from core.smtp import NoSmtpAddress, Outcome, SmtpAddress, deliver, parse_smtp_url


def message(to: str = "ana@example.com") -> EmailMessage:
    made = EmailMessage()
    made["From"] = "casa@example.com"
    made["To"] = to
    made["Subject"] = "Olá"
    made.set_content("Olá, Ana!\n")
    return made


class Server:
    """Answers each step as told."""

    def __init__(self) -> None:
        self.on_recipient = "250 OK"
        self.on_data = "250 OK"
        self.taken: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.on_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.on_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        return self.on_data


@pytest.fixture
def running() -> Iterator[tuple[Server, str]]:
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=0)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()
    yield handler, f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


def test_a_message_is_handed_over(running: tuple[Server, str]) -> None:
    handler, url = running
    assert deliver(url, message()).outcome is Outcome.DELIVERED
    assert handler.taken[0].rcpt_tos == ["ana@example.com"]


@pytest.mark.parametrize(
    ("step", "says", "outcome"),
    [
        ("on_recipient", "550 no such person", Outcome.REFUSED),
        ("on_recipient", "450 busy", Outcome.DEFERRED),
        ("on_data", "554 spam", Outcome.REFUSED),
        ("on_data", "451 later", Outcome.DEFERRED),
    ],
)
def test_a_refusal_for_good_is_told_from_one_for_now(
    step: str, says: str, outcome: Outcome, running: tuple[Server, str]
) -> None:
    handler, url = running
    setattr(handler, step, says)
    delivery = deliver(url, message())
    assert (delivery.outcome, says[:3] in delivery.reason) == (outcome, True)


def test_a_server_that_hangs_up_or_talks_nonsense_is_tried_later() -> None:
    for greeting in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=_greet_and_leave, args=(listening, greeting))
            thread.start()
            delivery = deliver(f"smtp://127.0.0.1:{listening.getsockname()[1]}", message())
            thread.join()
        assert delivery.outcome is Outcome.DEFERRED


def _greet_and_leave(listening: socket.socket, greeting: bytes) -> None:
    connection, _ = listening.accept()
    connection.sendall(greeting)
    connection.close()


def test_nobody_listening_is_tried_later() -> None:
    assert deliver("smtp://127.0.0.1:1", message()).outcome is Outcome.DEFERRED


def test_encryption_that_was_asked_for_is_never_left_out(running: tuple[Server, str]) -> None:
    handler, url = running
    delivery = deliver(url.replace("smtp://", "smtp+starttls://"), message())
    assert delivery.outcome is Outcome.DEFERRED
    assert handler.taken == []


@pytest.mark.parametrize("url", ["", "http://example.com", "smtp://", "mail.example.com:25"])
def test_an_address_that_is_none_is_said_and_tried_later(url: str) -> None:
    with pytest.raises(NoSmtpAddress):
        parse_smtp_url(url)
    assert "SMTP_URL" in deliver(url, message()).reason


def test_an_address_has_its_parts() -> None:
    assert parse_smtp_url("smtps://ana%40example.com:s%3Acret@smtp.example.com") == SmtpAddress(
        "smtps", "smtp.example.com", 465, "ana@example.com", "s:cret"
    )
