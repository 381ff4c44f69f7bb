"""Small steps of the journeys, in a person's words, over Playwright's page."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

PASSWORD = "uma senha bem comprida"
SAMPLE_ROWS = 1000
BAD_ROWS = 10
GOOD_ROWS = SAMPLE_ROWS - BAD_ROWS


def phone_of(number: int) -> str:
    """A made-up mobile whose last four digits mean nothing special to the sandbox."""
    return f"119{10_000_000 + number * 10_007 % 80_000_000:08d}"[:7] + f"{1000 + number % 8999:04d}"


def write_messy_csv(path: Path) -> set[str]:
    """1,000 rows, `;`-separated, cp1252, phones in the forms people use -> the phones of the good rows in E.164."""
    forms = ("({ddd}) {a}-{b}", "{ddd}{a}{b}", "+55 {ddd} {a} {b}", "0{ddd} {a}-{b}", "55{ddd}{a}{b}")
    lines = ["Nome;Telefone;Cidade;Observação"]
    phones = set()
    for number in range(GOOD_ROWS):
        digits = f"11{90_000_000 + number:09d}"[:2] + f"9{number // 10 + 1000:04d}{1001 + number * 7 % 8000:04d}"
        ddd, first, last = digits[:2], digits[2:7], digits[7:]
        phones.add("55" + digits)
        phone = forms[number % len(forms)].format(ddd=ddd, a=first, b=last)
        lines.append(f"Ana Conceição {number};{phone};São Paulo;já é cliente")
    lines += [f"Sem Número {number};não tem;Santos;" for number in range(BAD_ROWS)]
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    return phones


def figure(page: Page, name: str) -> int:
    """A figure of the page, as the number it stands for."""
    return int(float(page.locator(f'[data-figure="{name}"]').first.get_attribute("data-value") or "0"))


def buy(page: Page, sandbox_url: str, *, name: str, email: str, plan: str) -> None:
    """Buy a licence in the sandbox's shop."""
    page.goto(f"{sandbox_url}/sandbox/shop")
    page.fill("[name=name]", name)
    page.fill("[name=email]", email)
    page.check(f"[name=offer][value={plan}]")
    page.get_by_role("button", name=re.compile("Comprar")).click()


def link_from_mail(page: Page, sandbox_url: str, email: str) -> str:
    """Wait for the welcome e-mail, open it, and return the link in it."""
    page.goto(f"{sandbox_url}/sandbox/mailbox")
    row = page.get_by_text(email).first
    for _attempt in range(40):
        if row.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(row).to_be_visible()
    page.get_by_role("link", name=re.compile("Leads Infinitos|senha", re.I)).first.click()
    address = page.locator('a[href*="/reset-password/"]').first.get_attribute("href")
    assert address is not None
    return address
