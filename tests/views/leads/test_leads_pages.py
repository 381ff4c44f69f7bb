"""The pages of leads as owner, colleague and stranger meet them."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import tenant_scope
from services import leads
from tests.support.lead_files import HEADER, Importer, csv_of, thousand_rows
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle

SignIn = Callable[..., PageClient]
ANA = "Ana;(11) 90000-0001;ana@example.com;Campinas;Centro"


@pytest.fixture
def importer(factory: sessionmaker[Session], tenant: TenantHandle) -> Importer:
    return Importer(factory, tenant.id)


@pytest.fixture
def owner(sign_in: SignIn, tenant: TenantHandle) -> PageClient:
    return sign_in(tenant)


@pytest.fixture
def viewer(sign_in: SignIn, tenant: TenantHandle, make_user: Any) -> PageClient:
    return sign_in(make_user(tenant, role="viewer"))


@pytest.fixture
def stranger(sign_in: SignIn, make_tenant: Any) -> PageClient:
    return sign_in(make_tenant(name="Pet Feliz"))


def send(client: PageClient, content: bytes, filename: str = "clientes.csv", **said: str) -> Any:
    client.get("/leads/import")
    fields = {"list_name": "Clientes", "legal_basis": "customer"} | said
    return client.post("/leads/import", fields | {"file": (io.BytesIO(content), filename)})


def figure(page: str, name: str) -> int:
    found = re.search(rf'data-figure="{name}" data-value="(\d+)"', page)
    assert found, f"no figure {name}"
    return int(found.group(1))


def test_the_first_visit_says_what_to_do_and_shows_a_sample(owner: PageClient) -> None:
    page = owner.get("/leads").text
    assert "Importe sua primeira planilha" in page
    assert page.count("btn-primary") == 1
    sample = owner.http.get("/static/samples/leads-exemplo.csv")
    assert "telefone" in sample.get_data(as_text=True)


def test_refused_rows_are_shown_by_repair_and_can_be_downloaded(owner: PageClient, importer: Importer) -> None:
    found = importer.send(csv_of(ANA, "Bia;123;;;", "=cmd|' /C calc'!A0;456;;;"))
    page = owner.get(f"/leads/imports/{found.id}").text
    assert "linha 3" in page
    assert "Faltam dígitos" in page
    rejects = owner.http.get(f"/leads/imports/{found.id}/rejects").get_data(as_text=True)
    assert rejects.startswith("\ufefflinha;motivo;Nome;Telefone")
    assert "'=cmd|" in rejects


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"", 422, "vazio"),
        (HEADER.encode(), 422, "cabeçalho"),
        (b"a;b\n1;2\n", 422, "“a”, “b”"),
        (b"%PDF-1.7 ...", 415, "PDF"),
    ],
)
def test_a_hopeless_file_brings_the_form_back_with_a_sentence(
    owner: PageClient, importer: Importer, content: bytes, status: int, sentence: str
) -> None:
    answer = send(owner, content)
    assert answer.status_code == status
    assert sentence in answer.text
    assert 'value="Clientes"' in answer.text, "what was typed is kept"
    with tenant_scope(importer.tenant_id), importer.factory() as session:
        assert leads.recent_imports(session, importer.tenant_id) == []


def test_the_form_asks_for_list_and_legal_basis(owner: PageClient) -> None:
    answer = send(owner, csv_of(ANA), legal_basis="", list_name="")
    assert answer.status_code == 422
    assert "Dê um nome à lista" in answer.text
    assert "Diga por que" in answer.text


def test_without_a_file_the_form_says_so(owner: PageClient) -> None:
    owner.get("/leads/import")
    answer = owner.post("/leads/import", {"list_name": "x", "legal_basis": "customer"})
    assert (answer.status_code, "Escolha um arquivo" in answer.text) == (422, True)


def test_a_list_shows_searches_and_pages_its_people(owner: PageClient, importer: Importer) -> None:
    found = importer.send(thousand_rows())
    url = f"/leads/lists/{found.list_id}"
    first = owner.get(url).text
    assert len(re.findall(r'<tr data-id="', first)) == 30
    cursor = re.search(r"cursor=([\w-]+)", first)
    assert cursor
    second = owner.get(f"{url}?cursor={cursor.group(1)}").text
    assert not set(re.findall(r'<tr data-id="(\d+)"', first)) & set(re.findall(r'<tr data-id="(\d+)"', second))
    assert len(re.findall(r'<tr data-id="', owner.get(f"{url}?q=77+conceicao").text)) == 19, "all words, in any order"
    assert len(re.findall(r'<tr data-id="', owner.get(f"{url}?q=(11)+90777-0777").text)) == 1
    assert 'data-status="empty"' in owner.get(f"{url}?q=ninguem").text


def test_a_list_shows_only_its_own_people(owner: PageClient, importer: Importer) -> None:
    importer.send(csv_of(ANA))
    other = importer.send(csv_of("Bia;11900000002;;;"), list_name="VIP")
    page = owner.get(f"/leads/lists/{other.list_id}").text
    assert ("Bia" in page, "ana@example.com" in page) == (True, False)
    assert "Ana" not in owner.http.get(f"/leads/lists/{other.list_id}/export").get_data(as_text=True)


def test_a_person_leaves_the_list_and_comes_back(owner: PageClient, importer: Importer) -> None:
    found = importer.send(csv_of(ANA))
    lead = importer.leads()["5511900000001"]
    owner.get(f"/leads/lists/{found.list_id}")
    owner.post(f"/leads/lists/{found.list_id}/leads/{lead.id}/remove")
    assert importer.members(found.list_id or 0) == set()
    assert "Ana saiu da lista" in owner.get(f"/leads/lists/{found.list_id}").text
    owner.post(f"/leads/lists/{found.list_id}/leads/{lead.id}/put-back")
    assert importer.members(found.list_id or 0) == {lead.id}
    assert figure(owner.get(f"/leads/lists/{found.list_id}").text, "lead_count") == 1


def test_a_deleted_list_comes_back_with_the_toast(owner: PageClient, importer: Importer) -> None:
    found = importer.send(csv_of(ANA))
    owner.get("/leads")
    owner.post(f"/leads/lists/{found.list_id}/delete")
    page = owner.get("/leads").text
    assert f"/leads/lists/{found.list_id}/restore" in page
    assert owner.get(f"/leads/lists/{found.list_id}").status_code == 404
    owner.post(f"/leads/lists/{found.list_id}/restore")
    assert "Ana" in owner.get(f"/leads/lists/{found.list_id}").text


def test_an_import_is_taken_back_by_its_button(owner: PageClient, importer: Importer) -> None:
    found = importer.send(csv_of(ANA))
    assert "Desfazer a importação" in owner.get(f"/leads/imports/{found.id}").text
    owner.post(f"/leads/imports/{found.id}/undo")
    assert "Importação desfeita" in owner.get(f"/leads/imports/{found.id}").text
    assert importer.leads() == {}


def test_the_export_opens_in_a_spreadsheet_without_running_anything(owner: PageClient, importer: Importer) -> None:
    found = importer.send(csv_of("=1+1;11900000001;;;@SUM(A1)"))
    answer = owner.http.get(f"/leads/lists/{found.list_id}/export?format=csv")
    header, row = answer.get_data(as_text=True).splitlines()
    assert header == (
        "\ufeffnome;telefone;whatsapp_link;email;cidade;categoria;status;base_legal;consentimento_origem;"
        "consentimento_data;consentimento_comprovante;bairro"
    )
    assert row == "'=1+1;(11) 90000-0001;https://wa.me/5511900000001;;;;1;customer;;;;'@SUM(A1)"
    sheet = owner.http.get(f"/leads/lists/{found.list_id}/export?format=xlsx")
    assert sheet.get_data()[:2] == b"PK"
    assert owner.http.get(f"/leads/lists/{found.list_id}/export?format=doc").status_code == 404


def test_somebody_is_left_alone_and_let_back(owner: PageClient, importer: Importer) -> None:
    owner.get("/leads/suppressions")
    owner.post("/leads/suppressions", {"phone": "11 90000-0001", "reason": "pediu"})
    page = owner.get("/leads/suppressions").text
    assert "(11) 90000-0001" in page
    found = importer.send(csv_of(ANA))
    assert found.suppressed == 1
    assert 'data-status="suppressed"' in owner.get(f"/leads/lists/{found.list_id}").text
    entry = re.search(r'<tr data-id="(\d+)"', page)
    assert entry
    owner.post(f"/leads/suppressions/{entry.group(1)}/delete")
    assert 'data-status="empty"' in owner.get("/leads/suppressions").text


def test_a_bad_number_is_refused_beside_its_field(owner: PageClient) -> None:
    owner.get("/leads/suppressions")
    answer = owner.post("/leads/suppressions", {"phone": "123"})
    assert (answer.status_code, "Faltam dígitos" in answer.text) == (422, True)


def test_a_file_of_numbers_is_left_alone_at_once(owner: PageClient) -> None:
    owner.get("/leads/suppressions")
    content = csv_of("11900000001;0", "11 90000-0001;1", "x;1", "11900000002;0", header="telefone;status")
    owner.post("/leads/suppressions/import", {"file": (io.BytesIO(content), "nao-me-ligue.csv")})
    assert "2 contatos entraram, 1 já estavam ou se repetiam, 1 linhas" in owner.get("/leads/suppressions").text


PAGES = ["/leads/lists/{list}", "/leads/imports/{import}", "/leads/imports/{import}/live"]
FILES = ["/leads/lists/{list}/export", "/leads/imports/{import}/rejects"]
DEEDS = [
    "/leads/lists/{list}/delete",
    "/leads/lists/{list}/restore",
    "/leads/lists/{list}/leads/{lead}/remove",
    "/leads/lists/{list}/leads/{lead}/put-back",
    "/leads/imports/{import}/undo",
    "/leads/imports/{import}/confirm",
]


@pytest.fixture
def addresses(importer: Importer) -> Callable[[str], str]:
    found = importer.send(csv_of(ANA))
    lead = importer.leads()["5511900000001"]
    return lambda pattern: pattern.format(**{"list": found.list_id, "import": found.id, "lead": lead.id})


@pytest.mark.parametrize("pattern", PAGES + FILES)
def test_a_stranger_finds_nothing_and_the_owner_everything(
    owner: PageClient, stranger: PageClient, addresses: Callable[[str], str], pattern: str
) -> None:
    assert owner.get(addresses(pattern)).status_code == 200
    assert stranger.get(addresses(pattern)).status_code == 404


@pytest.mark.parametrize("pattern", DEEDS)
def test_a_stranger_changes_nothing_and_a_viewer_may_not(
    stranger: PageClient, viewer: PageClient, addresses: Callable[[str], str], importer: Importer, pattern: str
) -> None:
    url = addresses(pattern)
    stranger.get("/leads")
    assert stranger.post(url).status_code == 404
    viewer.get("/leads")
    assert viewer.post(url).status_code == 403
    assert set(importer.leads()) == {"5511900000001"}


def test_a_viewer_reads_and_sees_no_buttons_to_change(viewer: PageClient, addresses: Callable[[str], str]) -> None:
    page = viewer.get(addresses("/leads/lists/{list}")).text
    assert "Ana" in page
    assert "Tirar da lista" not in page
    assert "Importar" not in page
    assert viewer.get("/leads/import").status_code == 403
    assert viewer.get(addresses("/leads/lists/{list}/export")).status_code == 403


def test_a_strangers_suppression_is_not_there(owner: PageClient, stranger: PageClient) -> None:
    owner.get("/leads/suppressions")
    owner.post("/leads/suppressions", {"phone": "11 90000-0001"})
    entry = re.search(r'<tr data-id="(\d+)"', owner.get("/leads/suppressions").text)
    assert entry
    assert 'data-status="empty"' in stranger.get("/leads/suppressions").text
    assert stranger.post(f"/leads/suppressions/{entry.group(1)}/delete").status_code == 404


def test_without_a_licence_nothing_is_taken_in(sign_in: SignIn, make_tenant: Any) -> None:
    client = sign_in(make_tenant(plan=""))
    answer = send(client, csv_of(ANA))
    assert answer.status_code == 403
    assert "licença" in answer.text


def test_several_are_left_alone_at_once_and_downloaded(owner: PageClient, viewer: PageClient) -> None:
    owner.get("/leads/suppressions")
    refused = owner.post("/leads/suppressions", {"phone": "11 90000-0001\n123\nBia@example.com", "reason": "pediram"})
    assert refused.status_code == 422
    assert "Ninguém foi incluído ainda" in refused.text and "“123”" in refused.text
    assert "Bia@example.com" in refused.text, "nothing typed is lost"
    assert 'data-status="empty"' in owner.get("/leads/suppressions").text
    owner.post("/leads/suppressions", {"phone": "11 90000-0001\nBia@example.com\n(11) 90000-0001", "reason": "pediram"})
    page = owner.get("/leads/suppressions").text
    assert "2 contatos não recebem mais nada" in page and "1 já estava na lista" in page
    lines = owner.http.get("/leads/suppressions/export").get_data(as_text=True).splitlines()
    assert [line.split(";")[:4] for line in lines[1:]] == [
        ["(11) 90000-0001", "", "pediram", "manual"],
        ["", "bia@example.com", "pediram", "manual"],
    ]
    assert viewer.http.get("/leads/suppressions/export").status_code == 403


def test_a_forgotten_person_is_on_the_list_without_a_name(
    owner: PageClient, factory: sessionmaker[Session], tenant: TenantHandle
) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        leads.forget_for_good(session, tenant.id, email="ana@example.com", reason="privacy")
    page = owner.get("/leads/suppressions").text
    assert 'data-status="forgotten"' in page and "ana@" not in page
    assert 'data-status="forgotten"' in owner.get("/leads/suppressions?q=ana@example.com").text
    assert "ana" not in owner.http.get("/leads/suppressions/export").get_data(as_text=True)
