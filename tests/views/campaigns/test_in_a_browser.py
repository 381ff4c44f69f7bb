"""The campaigns' pages in a real browser: chips, the bubble that follows, counters that move, no barrier (axe)."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from core.clock import utcnow
from models.campaigns import ContactStatus
from tests.support import chromium
from tests.support.campaigns import add_campaign, add_list, add_number, launched, move_contacts
from tests.support.world import TenantHandle
from tests.views.campaigns.conftest import Work

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium.executable(), args=chromium.FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture
def visit(browser: Browser, address: str, tenant: TenantHandle) -> Iterator[Callable[..., Page]]:
    """`visit(**context options)` -> a page of the owner, signed in; at the end no console may have been written to."""
    told: list[str] = []
    contexts: list[Any] = []

    def opened(**options: Any) -> Page:
        context = browser.new_context(base_url=address, locale="pt-BR", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto("/login")
        page.fill("[name=email]", tenant.email)
        page.fill("[name=password]", tenant.password)
        page.click("button.btn-primary")
        page.wait_for_url("**/dashboard")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert told == []


def test_a_chip_writes_its_variable_and_the_bubble_follows(
    visit: Callable[..., Page], work: Work, tenant: TenantHandle
) -> None:
    with work() as session:
        add_list(session, tenant.id, [{"name": "Ana", "extra": {"pet": "Bidu"}}])
        add_number(session, tenant.id)
    page = visit()
    page.goto("/campaigns/new")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.fill("#f-name", "Banho e tosa")
    page.fill("#f-messages-1", "Oi ")
    page.click("[data-insert='{pet}']")
    page.keyboard.type("!")
    expect(page.locator("#draft-preview mark")).to_have_text("Bidu")
    page.click("[data-action=add-variation]")
    expect(page.locator("textarea[name=messages]")).to_have_count(2)
    expect(page.locator("#f-messages-1")).to_have_value("Oi {pet}!")
    page.check("input[name=lists]")
    page.locator("#f-name").press("Enter")
    expect(page.locator("button.btn-primary")).to_have_text("Enviar 1 mensagem")


def test_the_counters_move_by_themselves(visit: Callable[..., Page], work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        campaign_id = launched(session, tenant.id)
    page = visit()
    page.goto(f"/campaigns/{campaign_id}")
    expect(page.locator("[data-figure=sent]")).to_have_text("0")
    with work() as session:
        move_contacts(session, tenant.id, campaign_id, ContactStatus.SENT, count=2, sent_at=utcnow())
    expect(page.locator("[data-figure=sent]")).to_have_text("2", timeout=15_000)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_stands_in_anybodys_way(
    visit: Callable[..., Page], work: Work, tenant: TenantHandle, theme: str, width: int
) -> None:
    with work() as session:
        running = launched(session, tenant.id)
        message = {"message_id": 1, "sent_at": utcnow(), "claimed_at": utcnow()}
        move_contacts(session, tenant.id, running, ContactStatus.READ, count=1, **message)
        move_contacts(session, tenant.id, running, ContactStatus.FAILED, count=1)
        people = add_list(session, tenant.id, [{"name": "Ana"}, {"name": ""}], first=50)
        draft = add_campaign(session, tenant.id, lists=[people], messages=["Oi {nome}", "Olá {nome}"]).id
        wrong = add_campaign(session, tenant.id, messages=["{prosedimento}"]).id
    page = visit(color_scheme=theme, viewport={"width": width, "height": 900})
    tabs = ("", "/contacts", "/logs", "/analytics")
    for path in ("/dashboard", "/campaigns", "/campaigns/new", f"/campaigns/{draft}/check", f"/campaigns/{wrong}/check",
                 f"/campaigns/{draft}", *(f"/campaigns/{running}{tab}" for tab in tabs)):  # fmt: skip
        page.goto(path)
        found = Axe().run(page)["violations"]
        assert found == [], f"{path}: {[(one['id'], one['nodes'][0]['html'][:200]) for one in found]}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is wider than the screen"
