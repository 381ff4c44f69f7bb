"""Every connector against its provider in the sandbox, over HTTP: send, ledger, webhook, verify, read."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
import requests

from connectors.whatsapp import (
    AlreadyConnected,
    ConnectionChange,
    ConnectionStatus,
    Done,
    FileAt,
    FileContent,
    Inbound,
    InstanceState,
    Media,
    MediaKind,
    NumberCheck,
    PairingCode,
    QrCode,
    Receipt,
    ReceiptStatus,
    RefusalCode,
    Refused,
    Sent,
    Template,
    TemplatePage,
    TemplateStatus,
    Unclear,
    Uploaded,
    connector_names,
)
from core.http import configure
from tests.connectors.provider_at_sandbox import SECRET, Provider
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import WebhookReceiver, eventually

PHONE = "5511900000001"
PNG = b"\x89PNG\r\n\x1a\n-a picture-"
UNOFFICIAL = ("mega_api", "evolution", "waha")


@pytest.fixture(scope="session")
def running_receiver() -> Iterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def receiver(running_receiver: WebhookReceiver) -> WebhookReceiver:
    configure(allow_private_hosts=True)
    running_receiver.clear()
    return running_receiver


@pytest.fixture(params=connector_names())
def provider(request: pytest.FixtureRequest, sandbox: SandboxProcess, receiver: WebhookReceiver) -> Provider:
    return Provider.at(request.param, sandbox, receiver)


@pytest.fixture(params=UNOFFICIAL)
def gateway(request: pytest.FixtureRequest, sandbox: SandboxProcess, receiver: WebhookReceiver) -> Provider:
    return Provider.at(request.param, sandbox, receiver)


@pytest.fixture
def cloud(sandbox: SandboxProcess, receiver: WebhookReceiver) -> Provider:
    return Provider.at("cloud_api", sandbox, receiver)


def test_a_text_goes_and_its_receipts_come_back(provider: Provider) -> None:
    provider.listen()
    provider.may_write_to(PHONE)
    outcome = provider.sent(PHONE)
    (entry,) = provider.ledger()
    assert (entry["to"], entry["text"], entry["accepted"]) == (PHONE, "Olá Maria", True)
    assert outcome.provider_message_id == entry["provider_message_id"]

    assert eventually(lambda: len(provider.events(Receipt)) == 3)
    receipts = provider.events(Receipt)
    assert [one.status for one in receipts] == [ReceiptStatus.SENT, ReceiptStatus.DELIVERED, ReceiptStatus.READ]
    assert {one.provider_message_id for one in receipts} == {outcome.provider_message_id}
    assert {one.instance_key for one in receipts} == {provider.account.instance_key}
    assert all(PHONE in one.recipient_id for one in receipts)


def test_every_webhook_is_verified_as_its_provider_signs_it(provider: Provider) -> None:
    provider.listen()
    provider.may_write_to(PHONE)
    provider.sent(PHONE)
    assert eventually(lambda: len(provider.events(Receipt)) == 3)
    for one in provider.receiver.received:
        assert provider.verifies(one)
    forged = provider.receiver.received[0]
    if provider.connector.info.is_official:
        assert not provider.verifies(forged, body=forged.body + b" ")
    else:
        assert not provider.verifies(forged, secret="outro")


@pytest.mark.parametrize("name", ["evolution", "waha"])
def test_a_message_we_sent_is_recognised_when_the_provider_repeats_it(
    name: str, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    provider = Provider.at(name, sandbox, receiver)
    provider.listen()
    outcome = provider.sent(PHONE)
    (echo,) = eventually(lambda: provider.events(Inbound))
    assert (echo.is_echo, echo.phone, echo.text) == (True, PHONE, "Olá Maria")
    assert echo.provider_message_id == outcome.provider_message_id


@pytest.mark.parametrize(
    ("ending", "code", "permanent"),
    [
        ("0401", RefusalCode.BAD_CREDENTIALS, False),
        ("0404", RefusalCode.NOT_ON_WHATSAPP, True),
        ("0429", RefusalCode.RATE_LIMITED, False),
        ("0200", RefusalCode.PROVIDER_ERROR, False),
    ],
)
def test_what_was_surely_not_taken_is_refused(
    provider: Provider, ending: str, code: RefusalCode, permanent: bool
) -> None:
    outcome = provider.send_text(f"551190000{ending}")
    assert isinstance(outcome, Refused), outcome
    assert (outcome.code, outcome.permanent) == (code, permanent)
    assert outcome.retry_after_seconds == (2.0 if ending == "0429" else None)
    assert [entry["accepted"] for entry in provider.ledger()] == [False]


@pytest.mark.parametrize("ending", ["0201", "0104"])
def test_what_may_have_been_taken_is_unclear(provider: Provider, ending: str) -> None:
    assert isinstance(provider.send_text(f"551190000{ending}"), Unclear)


def test_an_error_500_is_unclear_unless_its_body_says_otherwise(provider: Provider) -> None:
    outcome = provider.send_text("5511900000500")
    if provider.connector.info.is_official:
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.permanent) == (RefusalCode.PROVIDER_ERROR, False)
    else:
        assert isinstance(outcome, Unclear)


def test_a_message_that_fails_later_says_so_by_webhook(provider: Provider) -> None:
    provider.listen()
    phone = "5511900000410"
    provider.may_write_to(phone)
    outcome = provider.sent(phone)
    assert eventually(lambda: len(provider.events(Receipt)) == 2)
    sent, failed = provider.events(Receipt)
    assert (sent.status, failed.status) == (ReceiptStatus.SENT, ReceiptStatus.FAILED)
    assert failed.provider_message_id == outcome.provider_message_id
    assert failed.error is not None
    assert provider.ledger()[0]["status"] == -1


def test_a_person_answers_and_we_read_it(provider: Provider) -> None:
    provider.listen()
    provider.hear_from(PHONE, "Quero saber o preço 😀")
    (heard,) = eventually(lambda: provider.events(Inbound))
    assert (heard.phone, heard.text, heard.is_echo) == (PHONE, "Quero saber o preço 😀", False)
    assert heard.name == "Contato 0001"
    assert heard.instance_key == provider.account.instance_key
    assert heard.at is not None


def test_a_photo_a_person_sends_can_be_fetched(provider: Provider) -> None:
    provider.listen()
    provider.hear_from(PHONE, "Minha fachada", kind="image")
    (heard,) = eventually(lambda: provider.events(Inbound))
    assert (heard.text, heard.media.kind) == ("Minha fachada", MediaKind.IMAGE)
    read, ask = provider.connector.read_download, provider.connector.download
    file = read(provider.call(ask(provider.account, heard.media)))
    if isinstance(file, FileAt):
        there = type(heard.media)(heard.media.kind, url=file.url)
        file = read(provider.call(ask(provider.account, there)))
    assert isinstance(file, FileContent), file
    assert file.content.startswith(b"\x89PNG") and file.mime == "image/png"


@pytest.mark.parametrize(
    ("kind", "mime", "name"),
    [
        (MediaKind.IMAGE, "image/png", "a.png"),
        (MediaKind.VIDEO, "video/mp4", "a.mp4"),
        (MediaKind.AUDIO, "audio/mpeg", "a.mp3"),
        (MediaKind.VOICE, "audio/ogg", "a.ogg"),
        (MediaKind.DOCUMENT, "application/pdf", "catálogo.pdf"),
    ],
)
def test_each_kind_of_file_goes_by_address_and_inline(
    provider: Provider, kind: MediaKind, mime: str, name: str
) -> None:
    provider.may_write_to(PHONE)
    there = Media(kind, mime, name, url="https://cdn.example.com/arquivo")
    here = Media(kind, mime, name, content=PNG)
    if provider.connector.info.uploads_files:
        uploaded = provider.connector.read_upload(provider.call(provider.connector.upload(provider.account, here)))
        assert isinstance(uploaded, Uploaded), uploaded
        here = Media(kind, mime, name, provider_id=uploaded.provider_id)
    for media in (there, here):
        request = provider.connector.send_media(provider.account, PHONE, media, caption="Veja")
        assert isinstance(provider.connector.read_send(provider.call(request)), Sent)
    by_address, inline = provider.ledger()
    assert by_address["media"] == "https://cdn.example.com/arquivo"
    assert inline["media"] and inline["media"] != by_address["media"]
    if kind in {MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.DOCUMENT}:
        assert {by_address["text"], inline["text"]} == {"Veja"}


def test_a_number_check_names_the_address_to_send_to(gateway: Provider) -> None:
    def check(phone: str) -> object:
        return gateway.connector.read_check(gateway.call(gateway.connector.check_number(gateway.account, phone)))

    assert check("5511900000404") == NumberCheck(False)
    found = check("5531987650009")
    assert isinstance(found, NumberCheck) and found.recipient_id.startswith("553187650009@")
    assert isinstance(gateway.send_text(found.recipient_id), Sent)
    assert gateway.ledger()[-1]["to"] == "553187650009"


def test_an_instance_is_made_connected_and_logged_out(
    gateway: Provider, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    one = Provider.at(gateway.connector.info.name, sandbox, receiver, f"loja-{secrets.token_hex(4)}")
    speak, account = one.connector, one.account
    if speak.info.creates_instances:
        for _ in range(2):
            assert speak.read_create(one.call(speak.create(account))) == Done()
    one.listen()
    qr = speak.read_qr(one.call(speak.qr(account)))
    assert isinstance(qr, QrCode) and qr.png.startswith(b"\x89PNG")
    assert isinstance(speak.read_qr(one.call(speak.pairing_code(account, PHONE))), PairingCode)
    assert isinstance(one.send_text(PHONE), Refused)

    sandbox.post(f"/sandbox/instances/{account.instance_key}/connect").raise_for_status()
    assert speak.read_qr(one.call(speak.qr(account))) == AlreadyConnected()
    state = speak.read_status(one.call(speak.status(account)))
    assert isinstance(state, InstanceState) and state.status is ConnectionStatus.CONNECTED
    assert speak.read_restart(one.call(speak.restart(account))) == Done()

    assert speak.read_logout(one.call(speak.logout(account))) == Done()
    gone = speak.read_status(one.call(speak.status(account)))
    assert isinstance(gone, InstanceState) and gone.status is not ConnectionStatus.CONNECTED
    assert eventually(lambda: len(one.events(ConnectionChange)) == 2)
    changes = one.events(ConnectionChange)
    assert [change.status for change in changes] == [ConnectionStatus.CONNECTED, ConnectionStatus.DISCONNECTED]
    assert all(change.phone.startswith("5511900") for change in changes)


def test_an_unknown_instance_and_a_wrong_key_are_told_apart(sandbox: SandboxProcess, receiver: WebhookReceiver) -> None:
    for name in ("evolution", "waha"):
        nobody = Provider.at(name, sandbox, receiver, "ninguem")
        answer = nobody.connector.read_status(nobody.call(nobody.connector.status(nobody.account)))
        assert isinstance(answer, Refused) and answer.code is RefusalCode.INSTANCE_NOT_FOUND


def test_a_sleeping_session_says_so_and_can_be_woken(sandbox: SandboxProcess, receiver: WebhookReceiver) -> None:
    waha = Provider.at("waha", sandbox, receiver)
    waha.call(waha.connector.status(waha.account))
    stop = sandbox.addresses["waha"] + "/api/sessions/demo-loja/stop"
    assert requests.post(stop, headers={"X-Api-Key": "k"}, timeout=10).status_code == 201
    asleep = waha.connector.read_qr(waha.call(waha.connector.qr(waha.account)))
    assert isinstance(asleep, Refused) and asleep.provider_code == "session_stopped"
    assert waha.connector.read_restart(waha.call(waha.connector.restart(waha.account))) == Done()
    assert isinstance(waha.send_text(PHONE), Sent)


def test_free_text_waits_for_the_person_but_a_template_does_not(cloud: Provider) -> None:
    outcome = cloud.send_text(PHONE)
    assert isinstance(outcome, Refused) and outcome.code is RefusalCode.WINDOW_CLOSED
    template = Template("oferta_inicial", body=("Maria", "20%"))
    request = cloud.connector.send_template(cloud.account, PHONE, template, reference="msg-7")
    assert isinstance(cloud.connector.read_send(cloud.call(request)), Sent)
    assert cloud.ledger()[-1]["text"] == "Olá Maria, esta semana você tem 20% de desconto. Quer saber mais?"
    cloud.hear_from(PHONE, "Oi")
    assert isinstance(cloud.send_text(PHONE), Sent)


@pytest.mark.parametrize(
    ("template", "code"),
    [
        (Template("nunca_existiu"), RefusalCode.TEMPLATE_INVALID),
        (Template("oferta_em_analise", body=("Maria",)), RefusalCode.TEMPLATE_INVALID),
        (Template("oferta_inicial", body=("Maria",)), RefusalCode.TEMPLATE_INVALID),
        (Template("oferta_inicial", language="en_US", body=("a", "b")), RefusalCode.TEMPLATE_INVALID),
        (Template("oferta_pausada", body=("Maria",)), RefusalCode.TEMPLATE_PAUSED),
    ],
)
def test_a_template_that_cannot_go_stops_the_campaign(cloud: Provider, template: Template, code: RefusalCode) -> None:
    outcome = cloud.connector.read_send(cloud.call(cloud.connector.send_template(cloud.account, PHONE, template)))
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.stops_campaign) == (code, True)


def test_named_fields_and_a_picture_on_top_fill_a_template(cloud: Provider) -> None:
    named = Template("lembrete", body=("Maria", "10h"), body_names=("nome", "horario"))
    photo = Media(MediaKind.IMAGE, "image/png", "a.png", url="https://cdn.example.com/a.png")
    for template in (named, Template("oferta_com_foto", body=("Maria",), header_media=photo)):
        outcome = cloud.connector.read_send(cloud.call(cloud.connector.send_template(cloud.account, PHONE, template)))
        assert isinstance(outcome, Sent), outcome


def test_the_accounts_templates_are_listed(cloud: Provider) -> None:
    page = cloud.connector.read_templates(cloud.call(cloud.connector.templates(cloud.account)))
    assert isinstance(page, TemplatePage) and page.next_cursor == ""
    found = {one.name: one for one in page.items}
    assert found["oferta_inicial"].fields == ("1", "2")
    assert found["lembrete"].fields == ("nome", "horario")
    assert found["oferta_com_foto"].header == "image"
    assert found["oferta_pausada"].status is TemplateStatus.PAUSED


def test_a_receipt_brings_our_own_reference_back(cloud: Provider) -> None:
    cloud.listen()
    cloud.may_write_to(PHONE)
    cloud.sent(PHONE)
    assert eventually(lambda: len(cloud.events(Receipt)) == 3)
    assert {one.reference for one in cloud.events(Receipt)} == {"msg-1029"}


def test_an_address_nobody_answers_at_is_refused(cloud: Provider) -> None:
    for url in (f"{cloud.receiver.url}/x/outro-segredo", "http://127.0.0.1:9/x"):
        for request in (
            cloud.connector.set_webhook(cloud.account, url=url, secret=SECRET),
            cloud.connector.create(cloud.account, url=url, secret=SECRET),
        ):
            outcome = cloud.connector.read_set_webhook(cloud.call(request))
            assert isinstance(outcome, Refused) and outcome.code is RefusalCode.WEBHOOK_UNREACHABLE


def test_an_official_number_is_connected_without_a_code(cloud: Provider) -> None:
    assert cloud.connector.read_create(cloud.call(cloud.connector.create(cloud.account))) == Done()
    state = cloud.connector.read_status(cloud.call(cloud.connector.status(cloud.account)))
    assert isinstance(state, InstanceState)
    assert (state.status, state.phone[:7]) == (ConnectionStatus.CONNECTED, "5511900")
    path = f"/sandbox/instances/{cloud.account.instance_key}/disconnect"
    cloud.sandbox.post(path).raise_for_status()
    outcome = cloud.send_text(PHONE)
    assert isinstance(outcome, Refused) and outcome.code is RefusalCode.NOT_REGISTERED
