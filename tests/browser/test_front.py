"""The front end's behaviours in a real browser, with and without JavaScript, against the throw-away app."""

import gzip
import re
from collections.abc import Callable, Iterator

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support import chromium
from tests.support.front_app import FrontApp

pytestmark = pytest.mark.browser
BUDGET_BYTES = 160 * 1024


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium.executable(), args=chromium.FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FrontApp, str]]:
    front = FrontApp()
    with front.running() as address:
        yield front, address


@pytest.fixture
def front(served: tuple[FrontApp, str]) -> FrontApp:
    served[0].forget()
    return served[0]


@pytest.fixture
def open_page(browser: Browser, front: FrontApp, served: tuple[FrontApp, str]) -> Iterator[Callable[..., Page]]:
    """`open_page("/url", **context options)`; at the end no page may have written to its console."""
    messages: list[str] = []
    contexts = []

    def opened(url: str, **options: object) -> Page:
        context = browser.new_context(base_url=served[1], locale="pt-BR", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(url)
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in messages if "Failed to load resource" not in text] == []


def test_a_live_block_follows_its_address_until_a_fragment_without_trigger(front, open_page):
    front.answers = ["10", "10", "20", "done"]
    page = open_page("/livepage")
    expect(page.locator("#one")).to_have_text("fim")
    expect(page.locator("#two")).to_have_text("fim")
    page.wait_for_timeout(600)
    assert front.polls == [None, '"10"', '"10"', '"20"']  # one poll for both blocks, each with the last ETag


def test_a_failed_poll_is_retried_and_the_block_says_that_it_is_stale(front, open_page):
    front.answers = ["500", "503", *["7"] * 20]
    page = open_page("/livepage")
    expect(page.locator("#one[data-stale]")).to_be_visible()
    expect(page.locator("#one")).to_have_text("7")
    expect(page.locator("#one[data-stale]")).to_have_count(0)


@pytest.mark.parametrize("status", ["401", "404"])
def test_polling_ends_when_the_session_or_the_object_is_gone(front, open_page, status):
    front.answers = [status]
    page = open_page("/livepage")
    page.wait_for_timeout(900)
    assert len(front.polls) == 1


def test_a_hidden_tab_does_not_poll_and_catches_up_when_shown(front, open_page):
    hide = "Object.defineProperty(document, 'hidden', {get: () => window.away !== false, configurable: true})"
    page = open_page("/livepage")
    page.evaluate(hide)
    page.wait_for_timeout(400)
    seen = len(front.polls)
    page.wait_for_timeout(900)
    assert len(front.polls) == seen
    page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(400)
    assert len(front.polls) > seen


def test_a_person_typing_in_a_live_block_is_not_interrupted(front, open_page):
    page = open_page("/livepage")
    page.evaluate("document.getElementById('one').innerHTML = '<input aria-label=nota>'")
    page.locator("#one input").fill("meio caminho")
    expect(page.locator("#two")).to_have_text("1")
    assert page.locator("#one input").input_value() == "meio caminho"


def upload(page: Page, name: str) -> None:
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": b"nome;fone\n" * 5000})
    page.get_by_role("button", name="Conferir").click()


@pytest.mark.parametrize("has_script", [True, False])
def test_an_upload_leads_on_or_comes_back_with_its_error(open_page, has_script):
    page = open_page("/upload", java_script_enabled=has_script)
    upload(page, "foto.png")
    expect(page.locator(".field-error")).to_contain_text("não é uma planilha")
    expect(page.get_by_role("button", name="Conferir")).to_be_enabled()
    upload(page, "leads.csv")
    expect(page).to_have_url(re.compile("/leads$"))


def test_the_chosen_file_is_named_with_its_size(open_page):
    page = open_page("/upload")
    page.set_input_files("input[type=file]", {"name": "leads.csv", "mimeType": "text/csv", "buffer": b"x" * 1_500_000})
    expect(page.locator("[data-upload-chosen]")).to_have_text("leads.csv · 1,5 MB")


def test_a_dangerous_deed_waits_for_its_name(front, open_page):
    page = open_page("/confirm")
    page.get_by_role("button", name="Excluir…").click()
    button = page.get_by_role("button", name="Excluir para sempre")
    expect(button).to_be_disabled()
    page.get_by_label("Para confirmar").fill("volta às aulas ")
    button.click()
    expect(page.locator("#room")).to_have_text("campaigns")
    assert front.posts[0]["confirm_name"] == "volta às aulas "


def test_a_dangerous_deed_works_without_script(front, open_page):
    page = open_page("/confirm", java_script_enabled=False)
    expect(page.locator("#del")).to_be_hidden()
    page.get_by_role("button", name="Excluir…").click()
    page.get_by_label("Para confirmar").fill("Volta às aulas")
    page.get_by_role("button", name="Excluir para sempre").click()
    assert front.posts[0]["confirm_name"] == "Volta às aulas"


@pytest.mark.parametrize("has_script", [True, False])
def test_a_small_deed_changes_its_block_in_place_or_reloads(front, open_page, has_script):
    page = open_page("/deals", java_script_enabled=has_script)
    page.evaluate("window.samePage = true")
    for count in ("1", "2"):
        page.get_by_role("button", name="Mais uma venda").click()
        expect(page.locator("#deals b")).to_have_text(count)
    assert page.evaluate("window.samePage === true") is has_script
    assert [post["delta"] for post in front.posts] == ["1", "1"]


def test_a_button_outside_any_form_carries_the_pages_token(front, open_page):
    page = open_page("/deals")
    page.get_by_role("button", name="Sem formulário").click()
    expect(page.locator("#deals b")).to_have_text("1")


def test_the_theme_follows_the_system_until_somebody_chooses(open_page):
    page = open_page("/campaigns", color_scheme="dark")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    page.get_by_role("button", name="Claro").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"
    expect(page.get_by_role("button", name="Claro")).to_have_attribute("aria-pressed", "true")


def test_without_script_the_theme_follows_the_system_too(open_page):
    background = "getComputedStyle(document.body).backgroundColor"
    dark = open_page("/campaigns", color_scheme="dark", java_script_enabled=False).evaluate(background)
    light = open_page("/campaigns", color_scheme="light", java_script_enabled=False).evaluate(background)
    assert dark != light


def test_keys_lead_to_search_rooms_and_help(open_page):
    page = open_page("/styleguide")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("gl")  # typing in a field is not a shortcut
    expect(page.locator("[data-search]")).to_have_value("gl")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts-help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page.locator("#room")).to_have_text("leads")


def test_the_phone_has_a_drawer_with_everything_even_without_script(open_page):
    page = open_page("/campaigns", viewport={"width": 360, "height": 740}, java_script_enabled=False)
    expect(page.locator(".bottom-bar")).to_be_visible()
    expect(page.locator("#sidebar")).to_be_hidden()
    page.get_by_role("button", name="Abrir o menu").click()
    page.locator("#sidebar").get_by_role("link", name="Números").click()
    expect(page.locator("#room")).to_have_text("instances")


def test_toasts_close_stay_and_take_back(front, open_page):
    page = open_page("/styleguide?toasts=1")
    expect(page.locator("[data-toast]")).to_have_count(3)
    page.locator("[data-toast=danger] [data-toast-close]").click()
    expect(page.locator("[data-toast]")).to_have_count(2)
    page.get_by_role("button", name="Desfazer").click()
    expect(page.locator("#room")).to_be_visible()
    assert front.posts[0]["csrf_token"]


def test_the_bubble_follows_the_writing(open_page):
    page = open_page("/preview")
    page.get_by_label("Mensagem").fill("Oi *você*")
    expect(page.locator("#bubble strong")).to_have_text("você")


def test_the_skip_link_is_the_first_stop_of_the_tab_key(open_page):
    page = open_page("/styleguide")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Pular para o conteúdo")).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("url", ["/styleguide?toasts=1", "/", "/error/404"])
def test_pages_are_accessible_and_fit_the_screen(open_page, url, width, theme):
    page = open_page(url, viewport={"width": width, "height": 800}, color_scheme=theme, reduced_motion="reduce")
    found = Axe().run(page)["violations"]
    assert [(rule["id"], [node["html"][:200] for node in rule["nodes"]][:3]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_first_visit_stays_within_the_weight_budget(front):
    client = front.app.test_client()
    html = client.get("/styleguide").text
    sources = [part.split('"')[0] for part in html.replace('href="', 'src="').split('src="')[1:]]
    files = {source.split("?")[0] for source in sources if source.split("?")[0].endswith((".css", ".js"))}
    files |= {f"/static/js/{name}.js" for name in ("theme", "live", "toasts", "upload-progress", "shortcuts", "csrf")}
    assert sum(len(gzip.compress(client.get(file).data)) for file in files) <= BUDGET_BYTES
