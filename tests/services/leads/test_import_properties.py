"""What holds for any file at all."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.tenancy import tenant_scope
from models.leads import ImportStatus
from services import leads
from tests.support.lead_files import Importer, counts_of, csv_of

PHONES = st.one_of(
    st.integers(0, 12).map(lambda n: f"119{n:08d}"),
    st.integers(0, 12).map(lambda n: f"(11) 9{n // 10_000:04d}-{n % 10_000:04d}"),
    st.integers(0, 3).map(lambda n: f"11 8000-000{n}"),
    st.sampled_from(["", "123", "sem número", "08007001234", "=1+1", "00 000", "+351 912 345 678"]),
)
# One odd character in a text; a file made of control characters alone is refused as no text, which is right.
ODD = st.sampled_from(["", "", "", "\x00", "\x1f", "\u200b", "\u202e", "\x85", "\t", "\\", "'", "=", "👩\u200d👧"])
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='";'), max_size=12)
TEXTS = st.tuples(ODD, WORDS, ODD).map("".join)
STATUSES = st.sampled_from(["1", "1.0", " 1 ", "0", "", "sim"])
ROWS = st.lists(st.tuples(TEXTS, PHONES, STATUSES, TEXTS), min_size=1, max_size=40)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def file_of(rows: list[tuple[str, str, str, str]]) -> bytes:
    lines = [";".join(f'"{cell}"' for cell in row) for row in rows]
    return csv_of(*lines, header="nome;telefone;status;recado")


@QUICK
@given(rows=ROWS)
def test_the_six_counts_add_up_for_any_messy_file(importer: Importer, rows: list[tuple[str, str, str, str]]) -> None:
    found = importer.send(file_of(rows))
    assert found.status in {ImportStatus.FINISHED, ImportStatus.FAILED}
    assert sum(counts_of(found).values()) == found.total == len(rows)
    assert sum(problem["count"] for problem in found.problems) == found.invalid


@QUICK
@given(rows=ROWS)
def test_importing_twice_leaves_what_importing_once_left(
    importer: Importer, rows: list[tuple[str, str, str, str]]
) -> None:
    first = importer.send(file_of(rows))
    before = {phone: (lead.name, lead.extra, lead.updated_at) for phone, lead in importer.leads().items()}
    again = importer.send(file_of(rows))
    assert {phone: (lead.name, lead.extra, lead.updated_at) for phone, lead in importer.leads().items()} == before
    assert again.created == 0
    assert again.updated == first.created + first.updated
    for name in ("total", "duplicates", "invalid", "not_selected", "suppressed"):
        assert getattr(again, name) == getattr(first, name)


@QUICK
@given(rows=ROWS, seed=st.integers())
def test_the_order_of_the_rows_does_not_matter(
    importer: Importer, make_tenant, rows: list[tuple[str, str, str, str]], seed: int
) -> None:
    shuffled = random.Random(seed).sample(rows, len(rows))
    one, other = (Importer(importer.factory, make_tenant().id) for _ in range(2))
    first, second = one.send(file_of(rows)), other.send(file_of(shuffled))
    assert set(one.leads()) == set(other.leads())
    assert counts_of(first) == counts_of(second)


def people_of(importer: Importer) -> dict[str, tuple[str, dict[str, str], str]]:
    return {phone: (lead.name, lead.extra, lead.legal_basis) for phone, lead in importer.leads().items()}


@QUICK
@given(rows=ROWS, more=ROWS)
def test_an_undo_restores_what_was_there(
    importer: Importer, rows: list[tuple[str, str, str, str]], more: list[tuple[str, str, str, str]]
) -> None:
    first = importer.send(file_of(rows), list_name="Primeira")
    before = people_of(importer)
    members = importer.members(first.list_id) if first.list_id else set()
    second = importer.send(file_of(more), list_name="Primeira", legal_basis="consent")
    if second.status is ImportStatus.FINISHED:
        with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
            leads.undo_import(session, importer.tenant_id, second.id, actor=None)
    assert people_of(importer) == before
    assert (importer.members(first.list_id) if first.list_id else set()) == members


CHOICES = st.lists(
    st.sampled_from(["phone", "phone2", "name", "email", "variable", "ignore", "status"]), min_size=4, max_size=4
)


@QUICK
@given(rows=ROWS, chosen=CHOICES)
def test_with_any_columns_the_counts_add_up_and_only_the_confirmation_writes(
    importer: Importer, rows: list[tuple[str, str, str, str]], chosen: list[str]
) -> None:
    before = set(importer.leads())
    import_id = importer.upload_guided(file_of(rows))
    try:
        importer.choose(import_id, *(leads.Choice(kind) for kind in chosen))
    except leads.WrongChoices:
        assert importer.result(import_id).status is ImportStatus.MAPPING
        return
    held = importer.work(import_id)
    assert held.status is ImportStatus.READY
    assert sum(counts_of(held).values()) == held.total == len(rows)
    assert set(importer.leads()) == before
    people = held.created + held.updated + held.suppressed
    assert bool(held.failure) == (people == 0)
    if people:
        importer.confirm(import_id)
        done = importer.work(import_id)
        assert done.status is ImportStatus.FINISHED
        assert counts_of(done) == counts_of(held), "nothing happened in between, so the verdict was the result"
        assert len(importer.leads()) == len(before) + done.created
