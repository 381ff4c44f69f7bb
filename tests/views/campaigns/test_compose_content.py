"""Files and approved templates in the form, without JavaScript."""

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.http import configure
from services import campaigns
from services.instances import seal_credentials, templates_of
from tests.support import media as sample
from tests.support.campaigns import add_campaign, add_list, add_number
from tests.support.page_client import PageClient
from tests.support.sandbox_process import SandboxProcess
from tests.support.world import TenantHandle
from tests.views.campaigns.conftest import Work

KEY = "200000000000009"


@pytest.fixture(autouse=True)
def private_hosts() -> Iterator[None]:
    configure(allow_private_hosts=True)
    yield


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess() as running:
        yield running


def official(session: Session, tenant: TenantHandle, sandbox: SandboxProcess) -> int:
    """A number of Cloud API at the simulator."""
    secrets = {"access_token": "a", "app_secret": "s", "waba_id": "100000000000001"}
    return add_number(
        session,
        tenant.id,
        name="Oficial",
        connector="cloud_api",
        base_url=sandbox.addresses["cloud"] + "/v23.0",
        instance_key=KEY,
        sealed_credentials=seal_credentials(tenant.id, KEY, secrets),
    )


def picture(number: int = 1) -> tuple[io.BytesIO, str]:
    return io.BytesIO(sample.png(number)), "fachada.png"


def media_ids(page: str) -> list[str]:
    """What the form carries for each variation."""
    return re.findall(r'name="media" value="(\d*)"', page)


def messages_of(work: Work, tenant: TenantHandle, address: str) -> Any:
    campaign_id = int(re.search(r"/campaigns/(\d+)", address)[1])  # type: ignore[index]
    with work() as session:
        return campaigns.input_of(session, campaigns.campaign_of(session, tenant.id, campaign_id)).messages


def test_a_file_is_chosen_seen_and_sent_along(owner: PageClient, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        people, number = add_list(session, tenant.id), add_number(session, tenant.id)
    form = owner.get("/campaigns/new").text
    assert 'enctype="multipart/form-data"' in form and 'type="file"' in form
    said = {"name": "Com foto", "lists": people, "instances": number, "messages": "Oi {nome}", "exit_line": "1"}
    answer = owner.post("/campaigns/new", said | {"file.0": picture(), "media": ""})
    assert answer.status_code == 303
    (message,) = messages_of(work, tenant, answer.location)
    assert message.text == "Oi {nome}" and message.media_id
    check = owner.get(answer.location).text
    assert f'src="/media/{message.media_id}"' in check
    assert "Enviar 3 mensagens" in check


def test_a_chosen_file_survives_every_other_button(owner: PageClient) -> None:
    owner.get("/campaigns/new")
    page = owner.post("/campaigns/new", {"messages": "Oi", "file.0": picture(2), "add_message": "1"}).text
    first, second = media_ids(page)
    assert first and not second
    assert f'src="/media/{first}"' in page, "the bubble shows it"
    page = owner.post("/campaigns/new", {"messages": ["Oi", "Olá"], "media": [first, ""], "name": ""}).text
    assert media_ids(page) == [first, ""], "also when something else is missing"
    page = owner.post(
        "/campaigns/new", {"messages": ["Oi", "Olá"], "media": [first, ""], "file.1": picture(3), "remove_message": "0"}
    ).text
    (left,) = media_ids(page)
    assert left and left != first
    page = owner.post("/campaigns/new", {"messages": ["Olá"], "media": [left], "remove_file": "0"}).text
    assert media_ids(page) == [""]


def test_a_file_that_cannot_be_sent_is_told_beside_what_was_typed(owner: PageClient) -> None:
    owner.get("/campaigns/new")
    bad = (io.BytesIO(b"MZ\x90 nada"), "foto.png")
    answer = owner.post("/campaigns/new", {"name": "Volta", "messages": "Oi gente", "file.0": bad})
    assert answer.status_code == 422
    assert "JPG ou PNG" in answer.text and "Oi gente" in answer.text and 'value="Volta"' in answer.text


def test_nobody_sends_the_file_of_another_account(
    owner: PageClient, work: Work, sign_in: Callable[..., PageClient], make_tenant: Callable[..., TenantHandle]
) -> None:
    owner.get("/campaigns/new")
    page = owner.post("/campaigns/new", {"messages": "Oi", "file.0": picture(4), "add_file": "1"}).text
    (mine,) = media_ids(page)
    stranger = sign_in(make_tenant())
    stranger.get("/campaigns/new")
    answer = stranger.post("/campaigns/new", {"name": "x", "messages": "Oi", "media": mine})
    assert answer.status_code == 422
    assert "não existe mais" in answer.text and f'src="/media/{mine}"' not in answer.text


def test_templates_are_read_from_the_provider_chosen_and_filled_in(
    owner: PageClient, work: Work, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    assert "Modelo aprovado" not in owner.get("/campaigns/new").text, "nobody without an official number is asked"
    with work() as session:
        people, number = add_list(session, tenant.id, 2), official(session, tenant, sandbox)
    page = owner.get("/campaigns/new").text
    assert 'data-figure="templates" data-value="0"' in page
    said = {"name": "Oferta", "lists": people, "instances": number, "messages": "Oi {nome}"}
    page = owner.post("/campaigns/new", said | {"template": "", "refresh_templates": "1"}).text
    assert 'data-figure="templates" data-value="4"' in page, "the two that aren't approved can't be chosen"
    assert 'value="oferta_inicial|pt_BR"' in page and "oferta_pausada" not in page
    page = owner.post("/campaigns/new", said | {"template": "oferta_inicial|pt_BR", "choose_template": "0"}).text
    assert 'name="field.0.1"' in page and 'name="field.0.2"' in page
    unfilled = owner.post("/campaigns/new", said | {"template": "oferta_inicial|pt_BR", "field.0.1": "{nome}"})
    assert 'data-status="incomplete_template"' in owner.get(unfilled.location).text

    fields = {"template": "oferta_inicial|pt_BR", "field.0.1": "{primeiro nome}", "field.0.2": "20%"}
    answer = owner.post("/campaigns/new", said | fields)
    check = owner.get(answer.location).text
    assert "Olá Pessoa, esta semana você tem 20% de desconto. Quer saber mais?" in check
    assert "Enviar 2 mensagens" in check
    edit = owner.get(answer.location.replace("/check", "/edit")).text
    assert re.search(r'name="field\.0\.1" value="\{primeiro nome\}"', edit)


def test_without_a_template_the_check_says_what_an_official_number_may_not(
    owner: PageClient, work: Work, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    with work() as session:
        numbers = [official(session, tenant, sandbox), add_number(session, tenant.id)]
        made = add_campaign(session, tenant.id, messages=["Oi"], instances=numbers).id
    page = owner.get(f"/campaigns/{made}/check").text
    assert 'data-status="no_template"' in page
    assert 'data-figure="outside" data-value="3"' in page
    assert 'data-action="start"' not in page
    assert owner.post(f"/campaigns/{made}/start").status_code in (303, 422)
    with work() as session:
        assert campaigns.campaign_of(session, tenant.id, made).started_at is None


def test_a_list_that_cannot_be_read_leaves_what_was_known(
    owner: PageClient, work: Work, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    with work() as session:
        number = official(session, tenant, sandbox)
    owner.get("/campaigns/new")
    owner.post("/campaigns/new", {"messages": "Oi", "refresh_templates": "1"})
    with work() as session:
        known = len(templates_of(session, tenant.id, [number]))
        campaigns.choices_of(session, tenant.id).instances[0].base_url = "http://127.0.0.1:9"
    answer = owner.post("/campaigns/new", {"messages": "Oi", "refresh_templates": "1"})
    assert answer.status_code == 422 and "Não foi possível falar com o provedor" in answer.text
    with work() as session:
        assert len(templates_of(session, tenant.id, [number])) == known == 6


def test_a_viewer_may_not_add_a_file(viewer: PageClient) -> None:
    viewer.get("/campaigns")
    assert viewer.post("/campaigns/new", {"messages": "Oi", "file.0": picture(5)}).status_code == 403
