"""Every page: valid HTML, marked as the sandbox, clean for a strict policy, usable without JavaScript."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
import pytest

from tests.sandbox.mega_client import MegaClient
from tests.sandbox.test_apify import Client
from tests.sandbox.test_shop import buy
from tests.sandbox.test_smtp import deliver, mail
from tests.support.sandbox_process import SandboxProcess

PHONE = "5511900000001"
PAGES = [
    "/sandbox/",
    "/sandbox/phones",
    "/sandbox/phones/mega/demo-loja",
    "/sandbox/phones/mega/megastart-loja",
    f"/sandbox/phones/mega/demo-loja/{PHONE}",
    "/sandbox/mailbox",
    "/sandbox/mailbox/1",
    "/sandbox/shop",
    "/sandbox/shop/purchases",
    "/sandbox/maps",
    "/sandbox/maps/1",
    "/sandbox/ledger",
    "/sandbox/ledger?provider=apify",
    "/sandbox/ledger?provider=hotmart",
    "/sandbox/ledger?provider=smtp",
]


@pytest.fixture
def lively(sandbox: SandboxProcess, mega: MegaClient) -> SandboxProcess:
    mega.send(PHONE, "Olá <script>alert(1)</script>")
    MegaClient(sandbox.mega_url, "megastart-loja").call("GET", "/rest/instance/qrcode_base64/{key}")
    deliver(sandbox, mail())
    buy(sandbox)
    Client(sandbox).start()
    return sandbox


def elements(text: str, name: str = "*") -> Iterator[Element]:
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    return (element for element in tree.iter() if isinstance(element.tag, str) and name in ("*", element.tag))


@pytest.mark.parametrize("path", [*PAGES, "/sandbox/nada"])
def test_a_page_is_valid_marked_and_free_of_inline_code(lively: SandboxProcess, path: str) -> None:
    answer = lively.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == (404 if path.endswith("nada") else 200)
    assert "nada aqui é real" in answer.text
    found = list(elements(answer.text))
    assert len([element for element in found if element.tag == "h1"]) == 1
    attributes = {name for element in found for name in element.attrib}
    assert [name for name in attributes if name.startswith("on") or name == "style"] == []
    assert all(element.get("src") for element in found if element.tag == "script")
    assert not [element for element in found if element.tag == "style" or element.get("http-equiv")]
    identifiers = [element.get("id") for element in found if element.get("id")]
    assert len(identifiers) == len(set(identifiers))
    labelled = {element.get("for") for element in found if element.tag == "label"}
    fields = [element for element in found if element.tag == "input" and element.get("type") != "hidden"]
    assert [field.get("name") for field in fields if field.get("id") not in labelled] == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_carries_a_strict_policy(lively: SandboxProcess, path: str) -> None:
    headers = lively.get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_every_link_of_the_index_leads_somewhere(lively: SandboxProcess) -> None:
    links = {element.get("href", "") for element in elements(lively.get("/sandbox/").text, "a")}
    ours = sorted(link for link in links if link.startswith("/"))
    assert len(ours) >= 6
    assert [link for link in ours if lively.get(link).status_code != 200] == []
    assert lively.get("/sandbox/static/sandbox.css").status_code == 200
    assert "javascript" in lively.get("/sandbox/static/live.js").headers["Content-Type"]


def test_a_waiting_phone_connects_with_its_button(lively: SandboxProcess) -> None:
    page = lively.get("/sandbox/phones").text
    assert "Ler o QR code com o celular" in page
    after = lively.post("/sandbox/phones/mega/megastart-loja/connect")
    assert 'data-status="connected"' in after.text
    assert "Desconectar" in after.text


def test_chats_are_paged_and_searched_by_phone(sandbox: SandboxProcess, mega: MegaClient) -> None:
    for number in range(25):
        mega.send(f"55119000011{number:02d}")
    first = sandbox.get("/sandbox/phones/mega/demo-loja").text
    assert "+5511900001124" in first
    assert "+5511900001103" not in first
    assert "+5511900001103" in sandbox.get("/sandbox/phones/mega/demo-loja?page=2").text
    found = sandbox.get("/sandbox/phones/mega/demo-loja?q=01103").text
    assert "+5511900001103" in found
    assert "+5511900001104" not in found


def test_a_chat_shows_its_last_fifty_messages(sandbox: SandboxProcess, mega: MegaClient) -> None:
    for number in range(60):
        mega.send(PHONE, f"mensagem {number:02d}!")
    page = sandbox.get(f"/sandbox/phones/mega/demo-loja/{PHONE}").text
    assert "mensagem 10!" in page
    assert "mensagem 09!" not in page


def test_a_form_from_another_site_is_refused(lively: SandboxProcess) -> None:
    answer = lively.post("/sandbox/reset/form", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert len(lively.ledger("mega")) == 1
    lively.post("/sandbox/reset/form").raise_for_status()
    assert lively.ledger("mega") == []


@pytest.mark.parametrize("path", ["/sandbox/phones/mega/nobody", "/sandbox/phones/nobody/x"])
def test_an_unknown_phone_is_a_404_with_a_sentence(sandbox: SandboxProcess, path: str) -> None:
    answer = sandbox.get(path)
    assert (answer.status_code, answer.json()["error"]["message"][-1]) == (404, ".")


def test_the_root_leads_to_the_sandbox(sandbox: SandboxProcess) -> None:
    assert sandbox.get("/").url == f"{sandbox.url}/sandbox/"
