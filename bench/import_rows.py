"""An import from upload to written list, against PostgreSQL taking the same rows already parsed.

The worker's job runs in a process of its own (`python -m bench.import_child`), so that its memory is its own.
"""

import csv
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg2
import python_calamine
import xlsxwriter
from sqlalchemy.orm import Session

from bench.measure import Measure
from bench.world import ROOT, World, add_tenant, running_world, session_on
from core.clock import utcnow
from core.db import make_engine
from core.phone import DDDS
from core.tenancy import tenant_scope
from services import leads

ROWS: Final = 200_000
FULL_ROWS: Final = 1_000_000
XLSX_ROWS: Final = 50_000
FULL_XLSX_ROWS: Final = 200_000
HEADER: Final = ("Nome", "Telefone", "E-mail", "Cidade", "Bairro", "Valor")
MERGE: Final = """
INSERT INTO leads (tenant_id, phone, phone_key, name, email, city, extra, legal_basis)
SELECT {tenant}, phone, phone_key, name, email, city, extra, 'customer' FROM parsed ORDER BY phone_key
ON CONFLICT (tenant_id, phone_key) DO UPDATE SET name = excluded.name, email = excluded.email,
    city = excluded.city, extra = leads.extra || excluded.extra, updated_at = now()
"""
PARSED: Final = """
CREATE TEMPORARY TABLE parsed (phone text, phone_key text, name text, email text, city text, extra jsonb)
ON COMMIT DROP
"""
SHAPES: Final = ("({0}) {1}-{2}", "{0}{1}{2}", "+55 {0} {1}-{2}", "55{0}{1}{2}", "0{0} {1} {2}")


def run(rows: int = 0, *, full: bool = False) -> list[Measure]:
    """Rows a second of a CSV (new, then the same file again) and of an XLSX; `rows` sets the CSV's size."""
    rows = rows or (FULL_ROWS if full else ROWS)
    sheet_rows = FULL_XLSX_ROWS if full else min(XLSX_ROWS, rows)
    with tempfile.TemporaryDirectory(prefix="leads-bench-") as folder, running_world() as world:
        text, sheet = Path(folder) / "leads.csv", Path(folder) / "leads.xlsx"
        people = list(make_people(rows))
        write_csv(text, people)
        write_xlsx(sheet, people[:sheet_rows])
        with world.database() as url:
            return csv_measures(world, url, text, rows) + xlsx_measures(world, url, sheet, sheet_rows)


def csv_measures(world: World, url: str, path: Path, rows: int) -> list[Measure]:
    """The whole path twice, between two rounds of its yardsticks."""
    parsed = parsed_rows(path)
    copied, merged = copy_seconds(url, parsed), merge_seconds(url, parsed)
    with session_on(url) as session:
        tenant = add_tenant(session)
    first = import_file(world, url, tenant, path)
    again = import_file(world, url, tenant, path)
    copied, merged = min(copied, copy_seconds(url, parsed)), min(merged, merge_seconds(url, parsed))
    speed, unit = rows / first["seconds"], f"rows/s of {rows:,}"
    return [
        Measure("import_csv", speed, unit, "COPY into staging and one merge", merged / first["seconds"], 0.40),
        Measure("import_csv_raw_copy", speed, unit, "COPY into an indexed table", copied / first["seconds"], 0.15),
        Measure(
            "import_csv_again", rows / again["seconds"], unit, "first import", first["seconds"] / again["seconds"], 1
        ),
        Measure("import_csv_memory", first["peak_mb"], "MB", target=200, is_at_most=True),
    ]


def xlsx_measures(world: World, url: str, path: Path, rows: int) -> list[Measure]:
    """The whole path of a workbook against calamine merely reading it."""
    with session_on(url) as session:
        tenant = add_tenant(session)
    began = time.perf_counter()
    with python_calamine.CalamineWorkbook.from_path(path) as book:
        assert sum(1 for _ in book.get_sheet_by_index(0).iter_rows()) == rows + 1
    reading = time.perf_counter() - began
    done = import_file(world, url, tenant, path)
    return [
        Measure(
            "import_xlsx",
            rows / done["seconds"],
            f"rows/s of {rows:,}",
            "calamine reading",
            reading / done["seconds"],
            0.15,
        ),
        Measure("import_xlsx_memory", done["peak_mb"], "MB"),
    ]


def import_file(world: World, url: str, tenant: int, path: Path) -> dict[str, Any]:
    """Upload in this process, the worker's job in another -> {seconds, peak_mb, status}."""
    engine = make_engine(url)
    try:
        with tenant_scope(tenant), Session(engine) as session:
            import_id = _upload(session, tenant, path)
    finally:
        engine.dispose()
    command = [sys.executable, "-m", "bench.import_child", str(tenant), str(import_id)]
    found = subprocess.run(
        command, cwd=ROOT, env=world.environment(url), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    outcome: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    assert outcome["outcome"] == "finished", outcome
    return outcome


def _upload(session: Session, tenant: int, path: Path) -> int:
    with path.open("rb") as stream:
        upload = leads.receive_upload(stream, path.name, tenant_id=tenant, mapping={}, max_bytes=10**9)
    new = leads.NewImport(upload=upload, legal_basis="customer", list_name="Bench")
    import_id = leads.create_import(session, tenant, new, actor=None, now=utcnow()).id
    session.commit()
    return import_id


def copy_seconds(url: str, parsed: bytes) -> float:
    """Raw COPY into a table with the columns and indexes of `leads`, without policies or foreign keys."""
    with session_on(url) as session:
        tenant = add_tenant(session)
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    try:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_leads (LIKE leads INCLUDING ALL)")
        cursor.execute("ALTER TABLE bench_leads ALTER legal_basis SET DEFAULT 'customer'")
        cursor.execute(f"ALTER TABLE bench_leads ALTER tenant_id SET DEFAULT {tenant}")
        connection.commit()
        began = time.perf_counter()
        cursor.copy_expert(
            "COPY bench_leads (phone, phone_key, name, email, city, extra) FROM STDIN", io.BytesIO(parsed), 1 << 20
        )
        connection.commit()
        return time.perf_counter() - began
    finally:
        connection.close()


def merge_seconds(url: str, parsed: bytes) -> float:
    """COPY into a temporary table and one merge into `leads` itself, sorted, as a new tenant."""
    with session_on(url) as session:
        tenant = add_tenant(session)
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    try:
        cursor = connection.cursor()
        began = time.perf_counter()
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", (str(tenant),))
        cursor.execute(PARSED)
        cursor.copy_expert("COPY parsed FROM STDIN", io.BytesIO(parsed), 1 << 20)
        cursor.execute(MERGE.format(tenant=tenant))
        connection.commit()
        return time.perf_counter() - began
    finally:
        connection.close()


def parsed_rows(path: Path) -> bytes:
    """The file's rows as a careful program would hand them to COPY: parsed, normalised, each person once."""
    from core.phone import normalise

    seen, lines = set(), []
    with path.open(encoding="utf-8", newline="") as stream:
        for name, phone, email, city, quarter, value in list(csv.reader(stream, delimiter=";"))[1:]:
            found = normalise(phone)
            if found is None or found.key in seen:
                continue
            seen.add(found.key)
            extra = json.dumps({"bairro": quarter, "valor": value}, ensure_ascii=False)
            lines.append(f"{found.digits}\t{found.key}\t{name}\t{email}\t{city}\t{extra}\n")
    return "".join(lines).encode()


def make_people(count: int) -> Iterator[tuple[str, ...]]:
    """Messy rows: five ways to write a number, 1 % without one, 3 % repeated, in no order."""
    chance = random.Random(7)
    ddds = sorted(DDDS)
    for number in range(count):
        known = number if chance.random() > 0.03 else chance.randrange(max(number, 1))
        serial = (known * 7_919) % 9_999_991
        shape = chance.choice(SHAPES)
        phone = shape.format(ddds[known % len(ddds)], f"9{9000 + serial // 10_000 % 1000}", f"{serial % 10_000:04d}")
        yield (
            f"José Conceição {known}",
            phone if chance.random() > 0.01 else chance.choice(("", "123", "sem telefone")),
            f"pessoa{known}@example.com",
            "São Paulo",
            f"Bairro {known % 500}",
            f"{known % 900},90",
        )


def write_csv(path: Path, people: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(HEADER)
        writer.writerows(people)


def write_xlsx(path: Path, people: list[tuple[str, ...]]) -> None:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    for line, row in enumerate([HEADER, *people]):
        for at, cell in enumerate(row):
            sheet.write_string(line, at, cell)
    book.close()


if __name__ == "__main__":
    for one in run(int(os.environ.get("ROWS", "0"))):
        print(one, one.ok)
