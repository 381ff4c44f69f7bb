"""Steps of the first hour, in a person's words, over Playwright's page."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.support.stack import RunningStack

PASSWORD = "um gato dorme no telhado"
BAD_ROWS = 10
GOOD_ROWS = 990
FORMS = (
    "({ddd}) {first}-{last}",
    "{ddd}{first}{last}",
    "+55 {ddd} {first} {last}",
    "0{ddd} {first}-{last}",
    "55{ddd}{first}{last}",
)


def write_messy_csv(path: Path) -> set[str]:
    """1,000 rows, `;`-separated, cp1252, phones in the forms people use -> the good rows' phones in E.164. Their last
    four digits mean nothing special to the sandbox."""
    lines = ["Nome;Telefone;Cidade;Observação"]
    phones = set()
    for number in range(GOOD_ROWS):
        first, last = f"9{1000 + number // 8:04d}", f"{2000 + number * 7 % 7000:04d}"
        phones.add(f"5511{first}{last}")
        phone = FORMS[number % len(FORMS)].format(ddd="11", first=first, last=last)
        lines.append(f"Conceição {number};{phone};São Paulo;já é cliente")
    lines += [f"Sem Número {number};não tem;Santos;" for number in range(BAD_ROWS)]
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    return phones


def figure(page: Page, name: str) -> int:
    """A figure of the page, as the number it stands for."""
    return int(float(page.locator(f'[data-figure="{name}"]').first.get_attribute("data-value") or "0"))


def act(page: Page, action: str) -> None:
    """Press what does `action`."""
    page.locator(f'[data-action="{action}"]:visible').first.click()


def buy(page: Page, stack: RunningStack, *, name: str, email: str, plan: str) -> None:
    """Buy a licence in the sandbox's shop."""
    page.goto(f"{stack.sandbox_url}/sandbox/shop")
    page.check(f"[name=offer][value={plan}]")
    page.fill("main [name=name]", name)
    page.fill("main [name=email]", email)
    act(page, "buy")


def open_welcome(page: Page, stack: RunningStack, email: str) -> None:
    """Wait for the welcome e-mail in the sandbox's mailbox, and follow its link."""
    mail = page.locator(".mails li", has_text=email).first
    for _attempt in range(60):
        page.goto(f"{stack.sandbox_url}/sandbox/mailbox")
        if mail.count():
            break
        page.wait_for_timeout(500)
    mail.locator("a").first.click()
    page.goto(page.locator(f'main a[href^="{stack.url}"]').first.get_attribute("href") or "")


def choose_password(page: Page) -> None:
    """With the link of the e-mail; who isn't signed in by it signs in."""
    page.fill("[name=password]", PASSWORD)
    page.locator("button.btn-primary").click()


def import_leads(page: Page, stack: RunningStack, path: Path, list_name: str) -> None:
    """Upload, keep the columns as they were found, look at the verdict, confirm, and wait for the worker."""
    send_file(page, stack, path, list_name)
    act(page, "choose-columns")
    expect(page.locator('[data-status="ready"]').first).to_be_visible(timeout=60_000)
    act(page, "confirm")
    expect(page.locator('[data-status="finished"]').first).to_be_visible(timeout=60_000)


def send_file(page: Page, stack: RunningStack, path: Path, list_name: str) -> None:
    """The first page of the import; ends on its columns, or back on the form when the file is no good."""
    page.goto(f"{stack.url}/leads/import")
    page.set_input_files("[name=file]", path)
    page.fill("[name=list_name]", list_name)
    page.check("[name=legal_basis][value=customer]")
    act(page, "import")


def connect_number(page: Page, stack: RunningStack, name: str, key: str) -> None:
    """Add a number and read its QR code with the sandbox's phone, in another tab."""
    page.goto(f"{stack.url}/instances/new")
    act(page, "choose-mega_api")
    page.fill("[name=name]", name)
    page.fill("[name=instance_key]", key)
    page.locator('input[name^="credentials."]').first.fill(f"token-{key}")
    act(page, "create")
    expect(page.locator("img.qr")).to_be_visible()
    phones = page.context.new_page()
    phones.goto(f"{stack.sandbox_url}/sandbox/phones")
    waiting = phones.locator("section, article, li, div").filter(has_text=key).last
    expect(waiting).to_be_visible()
    phones.get_by_role("button", name=re.compile("Ler o QR code")).first.click()
    phones.close()
    expect(page.locator('[data-status="connected"]').first).to_be_visible(timeout=30_000)


def write_campaign(page: Page, stack: RunningStack, name: str, texts: list[str]) -> None:
    """All lists, all numbers, at any hour; ends on the check page."""
    page.goto(f"{stack.url}/campaigns/new")
    for _more in texts[1:]:
        act(page, "add-variation")
    page.fill("[name=name]", name)
    for place, text in enumerate(texts):
        page.locator("textarea[name=messages]").nth(place).fill(text)
    for box in page.locator("[name=lists], [name=instances]").all():
        box.check()
    page.check("[name=hours][value=always]")
    act(page, "save")
    page.wait_for_url(re.compile("/check"))
