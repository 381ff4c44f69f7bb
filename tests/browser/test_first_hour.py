"""The main job in a real browser against everything `make run` starts: buy, e-mail, password, upload, connect, write,
send, watch; in the end the provider's own ledger agrees number by number."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser import journey
from tests.support import chromium
from tests.support.stack import RunningStack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420), pytest.mark.xdist_group("stack")]
TEXTS = [
    "Oi, {nome}! Aqui é da loja. Temos novidades em {cidade}.",
    "{nome}, tudo bem? Chegaram novidades. Quer ver?",
    "Olá, {nome}! Separamos algo para você.",
]


@pytest.fixture
def page() -> Iterator[Page]:
    """A visitor's browser. Nothing may be written to the console, our own pages' policy included."""
    messages: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium.executable(), args=chromium.FLAGS)
        context = browser.new_context(locale="pt-BR", viewport={"width": 1280, "height": 900})
        context.on("console", lambda message: messages.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: messages.append(str(error.error)))
        yield context.new_page()
        browser.close()
    assert messages == []


def accepted_phones(stack: RunningStack) -> dict[str, int]:
    """Phone -> times accepted, by the provider's ledger."""
    phones: dict[str, int] = stack.ledger_summary()["phones"]
    return phones


def wait_for_all(page: Page, stack: RunningStack, state: str, people: int) -> None:
    """Until the page shows everybody in this state. When it falls short, say which webhooks nobody took."""
    figure = page.locator(f'[data-figure="{state}"]').first
    try:
        expect(figure).to_have_attribute("data-value", str(people), timeout=180_000)
    except AssertionError as short:
        untaken = [line for line in stack.log("sandbox").splitlines() if "not taken" in line]
        raise AssertionError("\n".join([str(short), f"{len(untaken)} webhooks not taken", *untaken[:20]])) from short


def test_from_the_purchase_to_the_last_tick(stack: RunningStack, page: Page, tmp_path: Path) -> None:
    email = "dona.lucia@example.com"
    sheet = tmp_path / "clientes.csv"
    phones = journey.write_messy_csv(sheet)

    journey.buy(page, stack, name="Lojas Lúcia", email=email, plan="pro")
    journey.open_welcome(page, stack, email)
    journey.choose_password(page)
    if "/login" in page.url:
        page.fill("[name=email]", email)
        page.fill("[name=password]", journey.PASSWORD)
        page.locator("button.btn-primary").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(f"{stack.url}/dashboard")
    expect(page.locator("[data-action], a").first).to_be_visible()

    journey.import_leads(page, stack, sheet, "Clientes da loja")
    journey.connect_number(page, stack, "Balcão", "loja-balcao")
    journey.connect_number(page, stack, "Entregas", "loja-entregas")
    journey.write_campaign(page, stack, "Novidades", TEXTS)

    assert journey.figure(page, "recipients") == len(phones)
    button = page.locator("button.btn-primary")
    assert re.search(r"Enviar 990 mensagens", button.inner_text())
    button.click()

    for state in ("sent", "delivered", "read"):
        wait_for_all(page, stack, state, len(phones))
    expect(page.locator('[data-status="completed"]').first).to_be_visible(timeout=30_000)

    ledger = accepted_phones(stack)
    assert {phone: ledger.get(phone) for phone in phones} == dict.fromkeys(phones, 1)
    assert "Traceback" not in stack.log("sender") + stack.log("worker") + stack.log("web")


def test_the_demonstration_shows_a_finished_a_running_and_a_scheduled_campaign(stack: RunningStack, page: Page) -> None:
    found = re.search(r"Clínica Sorriso Claro: (\S+) / (\S+)", stack.said)
    assert found is not None
    page.goto(f"{stack.url}/login")
    page.fill("[name=email]", found[1])
    page.fill("[name=password]", found[2])
    page.locator("button.btn-primary").click()
    page.goto(f"{stack.url}/campaigns")
    for state in ("completed", "running", "scheduled"):
        expect(page.locator(f'[data-status="{state}"]').first).to_be_visible()


def test_the_health_check_knows_every_process(stack: RunningStack) -> None:
    answer = requests.get(f"{stack.url}/healthz", timeout=10)
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ("status", "database", "redis", "sender", "worker")} == {
        "status": "ok",
        "database": "ok",
        "redis": "ok",
        "sender": "ok",
        "worker": "ok",
    }
