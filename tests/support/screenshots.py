"""`python -m tests.support.screenshots [ADDRESS EMAIL PASSWORD]`: every page a customer has, both themes, desktop and
phone, into screenshots/. Without arguments it starts the demonstration in a home of its own and signs in as its clinic.
A page that scrolls sideways or writes to the console is told of at the end, and the exit code is 1."""

import re
import sys
import tempfile
from pathlib import Path
from typing import Final, cast

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support import chromium
from tests.support.stack import ROOT, RunningStack

FOLDER: Final = ROOT / "screenshots"
SIGN_IN: Final = re.compile(r"Clínica Sorriso Claro: (\S+) / (\S+)")
WIDTHS: Final = {"desktop": 1280, "phone": 390}
THEMES: Final = ("light", "dark")
FIXED: Final = {
    "dashboard": "/dashboard",
    "campaigns": "/campaigns",
    "campaign-new": "/campaigns/new",
    "leads": "/leads",
    "leads-people": "/leads/people",
    "leads-import": "/leads/import",
    "leads-duplicates": "/leads/duplicates",
    "leads-suppressions": "/leads/suppressions",
    "leads-extractions": "/leads/extractions",
    "leads-extraction-new": "/leads/extractions/new",
    "privacy": "/settings/privacy",
    "instances": "/instances",
    "inbox": "/inbox",
    "inbox-maybe": "/inbox?only=maybe",
    "notices": "/notices",
    "account": "/account",
}
OPEN_DETAILS: Final = "document.querySelectorAll('main details').forEach(one => { one.open = true })"
OVERFLOW: Final = "document.documentElement.scrollWidth - window.innerWidth"


def signed_in(browser: Browser, address: str, email: str, password: str) -> BrowserContext:
    context = browser.new_context(base_url=address, locale="pt-BR")
    page = context.new_page()
    page.goto("/login")
    page.fill("[name=email]", email)
    page.fill("[name=password]", password)
    page.locator("button.btn-primary").click()
    page.wait_for_url("**/dashboard")
    return context


def addresses(page: Page) -> dict[str, str]:
    """Name -> path of every page there is something to see on; what the data lacks is left out."""
    found = dict(FIXED)
    page.goto("/campaigns")
    for state in ("completed", "running", "scheduled"):
        badge = page.locator(f"[data-id]:has([data-status={state}]) a[href^='/campaigns/']").first
        if badge.count():
            path = str(badge.get_attribute("href")).split("?")[0]
            found[f"campaign-{state}"] = path
            if state == "scheduled":
                found["campaign-check"] = f"{path}/check"
            if state == "completed":
                found |= {f"campaign-{tab}": f"{path}/{tab}" for tab in ("analytics", "contacts", "logs")}
    pattern = {
        "contact": (found.get("campaign-contacts"), "a[href*='/contacts/']"),
        "conversation": ("/inbox", "a[href^='/inbox/']"),
        "lead": ("/leads/people", "[data-id] a[href^='/leads/people/']"),
        "instance": ("/instances", "[data-id] a[href^='/instances/']"),
    }
    for name, (where, links) in pattern.items():
        if where:
            page.goto(where)
            link = page.locator(links).first
            if link.count():
                found[name] = str(link.get_attribute("href"))
    return found


def photograph(browser: Browser, visit: BrowserContext, address: str, theme: str, size: str) -> list[str]:
    """All pages in one theme and size -> what is wrong with them."""
    context = browser.new_context(
        base_url=address,
        locale="pt-BR",
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": WIDTHS[size], "height": 900},
        storage_state=visit.storage_state(),
    )
    page, wrong = context.new_page(), cast("list[str]", [])
    page.on("console", lambda message: wrong.append(f"{page.url}: {message.text}"))
    for name, path in addresses(page).items():
        page.goto(path)
        page.evaluate(OPEN_DETAILS)
        page.screenshot(path=FOLDER / f"{name}-{size}-{theme}.png", full_page=True)
        if page.evaluate(OVERFLOW) > 0:
            wrong.append(f"{path} scrolls sideways ({size}, {theme})")
    context.close()
    return wrong


def take_all(address: str, email: str, password: str) -> list[str]:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium.executable(), args=chromium.FLAGS)
        visit = signed_in(browser, address, email, password)
        return [one for size in WIDTHS for theme in THEMES for one in photograph(browser, visit, address, theme, size)]


def main(arguments: list[str]) -> int:
    if arguments:
        wrong = take_all(*arguments)
    else:
        with tempfile.TemporaryDirectory() as home:
            Path(home).chmod(0o755)  # PostgreSQL's own user must reach its folder when this runs as root
            with RunningStack(Path(home)) as stack:
                found = SIGN_IN.search(stack.said)
                assert found is not None, stack.said
                wrong = take_all(stack.url, found[1], found[2])
    sys.stdout.writelines(f"{one}\n" for one in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
