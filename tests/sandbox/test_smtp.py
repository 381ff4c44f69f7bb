"""The mailbox catches every e-mail, shows it safely, and refuses its magic recipients."""

import smtplib
from email.message import EmailMessage

import pytest

from tests.support.sandbox_process import SandboxProcess

LINK = "http://127.0.0.1:8000/reset-password/abc123"


def mail(to: str = "maria@example.com", *, with_html: bool = True) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Leads Infinitos <ola@example.com>"
    message["To"] = to
    message["Subject"] = "Bem-vinda à casa ✓"
    message.set_content(f"Olá, Maria!\nEscolha sua senha: {LINK}.\n")
    if with_html:
        message.add_alternative(
            f'<p style="color:red">Olá</p><script>alert(1)</script><a href="{LINK}">senha</a>', subtype="html"
        )
    return message


def deliver(sandbox: SandboxProcess, message: EmailMessage, *, to: str | None = None) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as server:
        server.send_message(message, to_addrs=to)


def test_a_mail_lands_in_the_ledger_with_both_parts(sandbox: SandboxProcess) -> None:
    deliver(sandbox, mail())
    (entry,) = sandbox.ledger("smtp")
    assert (entry["from"], entry["to"], entry["subject"]) == (
        "ola@example.com",
        "maria@example.com",
        "Bem-vinda à casa ✓",
    )
    assert LINK in entry["text"]
    assert 'href="' + LINK in entry["html"]
    assert (entry["accepted"], entry["answered"], entry["recipients"]) == (True, True, ["maria@example.com"])


def test_the_text_is_shown_with_clickable_links(sandbox: SandboxProcess) -> None:
    deliver(sandbox, mail())
    assert "Bem-vinda à casa" in sandbox.get("/sandbox/mailbox").text
    page = sandbox.get("/sandbox/mailbox/1").text
    assert f'<a href="{LINK}" rel="noreferrer">{LINK}</a>.' in page
    assert "<script>alert" not in page


def test_markup_in_the_text_is_shown_not_run(sandbox: SandboxProcess) -> None:
    message = mail(with_html=False)
    message.set_content("<img src=x onerror=alert(1)> http://a.example.com/?q=1&b=2 <b>fim</b>")
    deliver(sandbox, message)
    page = sandbox.get("/sandbox/mailbox/1").text
    assert "&lt;img src=x" in page
    assert "&lt;b&gt;fim&lt;/b&gt;" in page
    assert 'href="http://a.example.com/?q=1&amp;b=2"' in page


def test_the_html_is_locked_in_its_own_frame(sandbox: SandboxProcess) -> None:
    deliver(sandbox, mail())
    page = sandbox.get("/sandbox/mailbox/1").text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    frame = sandbox.get("/sandbox/mailbox/1/html")
    policy = frame.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert frame.text.startswith('<base target="_blank">')


@pytest.mark.parametrize(("local_part", "code"), [("bounce", 550), ("later", 451)])
def test_magic_recipients_are_refused(sandbox: SandboxProcess, local_part: str, code: int) -> None:
    address = f"{local_part}@example.com"
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        deliver(sandbox, mail(address))
    assert refused.value.recipients[address][0] == code
    (entry,) = sandbox.ledger("smtp")
    assert (entry["to"], entry["accepted"], entry["outcome"]) == (address, False, str(code))


def test_a_failing_mail_server_accepts_nothing(sandbox: SandboxProcess) -> None:
    sandbox.control("smtp", fail=1)
    with pytest.raises(smtplib.SMTPDataError):
        deliver(sandbox, mail())
    assert sandbox.summary("smtp")["accepted"] == 0


def test_a_silent_mail_server_has_accepted(sandbox: SandboxProcess) -> None:
    sandbox.control("smtp", silent=1, hang_ms=200)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        deliver(sandbox, mail())
    (entry,) = sandbox.ledger("smtp")
    assert (entry["accepted"], entry["answered"]) == (True, False)


def test_any_user_and_password_sign_in(sandbox: SandboxProcess) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as server:
        server.login("anybody", "anything")
        server.send_message(mail(with_html=False))
    assert "Sem parte de HTML" in sandbox.get("/sandbox/mailbox/1").text


def test_a_mail_in_an_unknown_charset_is_still_readable(sandbox: SandboxProcess) -> None:
    raw = b"From: a@example.com\r\nSubject: x\r\nContent-Type: text/plain; charset=klingon\r\n\r\nnuqneH\r\n"
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as server:
        server.sendmail("a@example.com", ["b@example.com", "c@example.com"], raw)
    (entry,) = sandbox.ledger("smtp")
    assert entry["text"].strip() == "nuqneH"
    assert entry["to"] == "b@example.com, c@example.com"


def test_the_list_can_be_searched(sandbox: SandboxProcess) -> None:
    for name in ("ana", "bia"):
        deliver(sandbox, mail(f"{name}@example.com"))
    page = sandbox.get("/sandbox/mailbox?q=ANA@").text
    assert "ana@example.com" in page
    assert "bia@example.com" not in page


def test_a_mail_that_is_gone_is_a_404(sandbox: SandboxProcess) -> None:
    assert sandbox.get("/sandbox/mailbox/7").status_code == 404
    assert sandbox.get("/sandbox/mailbox/0").status_code == 404
