"""The whole import in a real browser against everything `make run` starts: a good file, a half-bad one and a hopeless
one, with JavaScript and without."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import journey
from tests.support import chromium
from tests.support.stack import RunningStack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.xdist_group("stack")]
SIGN_IN = re.compile(r"Clínica Sorriso Claro: (\S+) / (\S+)")
WAIT_MS = 60_000
BOTH_WAYS = pytest.mark.parametrize("has_script", [True, False], ids=["script", "no-script"])
GOOD = [
    "Rosa;(19) 98888-0001;Campinas;Taquaral",
    "Iara;19988880002;Campinas;Cambuí",
    "Davi;+55 19 98888-0003;Valinhos;",
]
HALF_BAD = [*GOOD, "Sem número;;Campinas;", "Curto;123;Campinas;", "DDD;(20) 98888-0004;;", "De novo;19 98888 0001;;"]
HEAD = "nome;telefone;cidade;bairro"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=chromium.executable(), args=chromium.FLAGS)
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, stack: RunningStack, has_script: bool) -> Iterator[Page]:
    """The demonstration's clinic, signed in. Nothing may be written to the console."""
    messages: list[str] = []
    context = browser.new_context(locale="pt-BR", java_script_enabled=has_script)
    context.on("console", lambda message: messages.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: messages.append(str(error.error)))
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    found = SIGN_IN.search(stack.said)
    assert found is not None
    page.goto(f"{stack.url}/login")
    page.fill("[name=email]", found[1])
    page.fill("[name=password]", found[2])
    page.locator("button.btn-primary").click()
    page.wait_for_url("**/dashboard")
    yield page
    context.close()
    assert [text for text in messages if "Failed to load resource" not in text] == []


def sheet(folder: Path, *rows: str, head: str = HEAD) -> Path:
    path = folder / "clientes.csv"
    path.write_text("\n".join([head, *rows, ""]), encoding="cp1252")
    return path


def status(page: Page, wanted: str) -> None:
    expect(page.locator(f'main [data-status="{wanted}"]').first).to_be_visible(timeout=WAIT_MS)


def figures(page: Page, *names: str) -> list[int]:
    return [journey.figure(page, name) for name in names]


@BOTH_WAYS
def test_a_good_file(page: Page, stack: RunningStack, tmp_path: Path, has_script: bool) -> None:
    name = f"Boa {has_script}"
    journey.send_file(page, stack, sheet(tmp_path, *GOOD), name)
    expect(page.locator("h1")).to_have_text("O que é cada coluna?")
    page.locator("[name=column-4]").select_option("ignore")
    expect(page.locator("[name=name-4]")).to_be_hidden()
    page.locator("[name=column-4]").select_option("variable")
    page.fill("[name=name-4]", "onde mora")
    if has_script:
        assert Axe().run(page)["violations"] == []
    journey.act(page, "choose-columns")
    status(page, "ready")
    assert sum(figures(page, "created", "updated")) == 3
    button = page.locator("main button.btn-primary")
    expect(button).to_have_text(re.compile("Importar 3 pessoas"))
    if has_script:
        assert Axe().run(page)["violations"] == []
    button.click()
    status(page, "finished")
    expect(page.locator("main code").first).to_have_text("{onde_mora}")
    journey.act(page, "show-list")
    expect(page.locator("h1")).to_have_text(name)
    assert journey.figure(page, "lead_count") == 3
    page.go_back()
    journey.act(page, "open-undo-import")
    journey.act(page, "undo-import")
    status(page, "undone")


@BOTH_WAYS
def test_a_half_bad_file(page: Page, stack: RunningStack, tmp_path: Path, has_script: bool) -> None:
    journey.send_file(page, stack, sheet(tmp_path, *HALF_BAD), f"Meia {has_script}")
    journey.act(page, "choose-columns")
    status(page, "ready")
    assert figures(page, "total", "invalid", "duplicates") == [7, 3, 1]
    assert sum(figures(page, "created", "updated", "suppressed")) == 3
    for code, row in (
        ("empty", "linha 5"),
        ("too_short", "linha 6, coluna telefone: “123”"),
        ("unknown_ddd", "linha 7"),
    ):
        expect(page.locator(f'[data-problem="{code}"]')).to_contain_text(row)
    with page.expect_download() as download:
        journey.act(page, "rejects")
    assert Path(download.value.path()).read_text(encoding="utf-8-sig").count("\n") == 4

    address = page.url
    page.goto(f"{stack.url}/leads/import")
    row = page.locator(f'#waiting tr[data-id="{address.rsplit("/", 1)[1]}"]')
    row.locator('[data-action="continue-import"]').click()
    expect(page).to_have_url(address)
    journey.act(page, "show-columns")
    page.locator("[name=column-3]").select_option("ignore")
    journey.act(page, "choose-columns")
    status(page, "ready")
    journey.act(page, "open-discard-import")
    journey.act(page, "discard-import")
    expect(page).to_have_url(f"{stack.url}/leads/import")
    expect(row).to_have_count(0)


@BOTH_WAYS
def test_a_hopeless_file(page: Page, stack: RunningStack, tmp_path: Path, has_script: bool) -> None:
    path = tmp_path / "foto.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    journey.send_file(page, stack, path, "Sem jeito")
    expect(page.locator("#f-file-error")).to_contain_text("é uma imagem")
    expect(page.locator("[name=list_name]")).to_have_value("Sem jeito")
    expect(page.locator("[name=legal_basis][value=customer]")).to_be_checked()

    rows = [f"Pessoa {n};12{n};Campinas;" for n in range(5)]
    journey.send_file(page, stack, sheet(tmp_path, *rows), "Sem jeito")
    journey.act(page, "choose-columns")
    status(page, "ready")
    expect(page.locator("main [role=alert]")).to_contain_text("Nenhuma linha pôde ser aproveitada")
    assert figures(page, "invalid", "created") == [5, 0]
    expect(page.locator('[data-action="confirm"]')).to_have_count(0)
    expect(page.locator("main .btn-primary")).to_have_text(re.compile("Mudar as colunas"))


@BOTH_WAYS
def test_rows_pasted_from_a_spreadsheet(page: Page, stack: RunningStack, has_script: bool) -> None:
    page.goto(f"{stack.url}/leads/import")
    page.locator("summary", has_text="cole da sua planilha").click()
    page.fill("[name=pasted]", "Cliente\tZap\nNina\t19 97777-0001\n")
    page.fill("[name=list_name]", f"Coladas {has_script}")
    page.check("[name=legal_basis][value=customer]")
    journey.act(page, "import")
    journey.act(page, "choose-columns")
    status(page, "ready")
    journey.act(page, "confirm")
    status(page, "finished")
    assert sum(figures(page, "created", "updated")) == 1
