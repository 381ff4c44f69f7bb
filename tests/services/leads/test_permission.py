"""Where the permission to write came from: said with a file, kept with each person, the strongest wins."""

from datetime import timedelta

import pytest

from core.clock import utcnow
from core.errors import InvalidInput
from core.tenancy import system_scope, tenant_scope
from models.accounts import Tenant
from models.leads import Lead
from services import leads
from tests.support.lead_files import Importer, csv_of

ANA = "Ana;11900000001"
HEAD = "nome;telefone"
KEY = "5511900000001"


def told(source: str = "", day: str = "", proof: str = "") -> leads.Permission:
    return leads.read_permission(source, day, proof)


def of_ana(importer: Importer) -> tuple[str, str, str, str]:
    lead: Lead = importer.leads()[KEY]
    day = lead.consent_at.date().isoformat() if lead.consent_at else ""
    return str(lead.legal_basis), lead.consent_source, day, lead.consent_proof


def send(importer: Importer, basis: str, permission: leads.Permission, *rows: str) -> int:
    content = csv_of(*(rows or (ANA,)), header=HEAD)
    return importer.send(content, legal_basis=basis, permission=permission).id


def test_what_is_said_of_a_file_is_kept_with_its_people(importer: Importer) -> None:
    send(importer, "consent", told("  feira  de maio ", "2026-05-10", "https://example.com/prova"))
    assert of_ana(importer) == ("consent", "feira de maio", "2026-05-10", "https://example.com/prova")


def test_a_stronger_basis_brings_its_own_source_date_and_proof(importer: Importer) -> None:
    send(importer, "legitimate_interest", told("lista da associação", "2025-01-02", "ata 7"))
    send(importer, "consent", told("formulário do site", "", "registro 9"))
    assert of_ana(importer) == ("consent", "formulário do site", "", "registro 9")


def test_a_weaker_basis_changes_nothing(importer: Importer) -> None:
    send(importer, "customer", told("caixa", "2026-02-03", "nota 12"))
    send(importer, "legitimate_interest", told("internet", "2026-06-01", "outra"), "Ana Maria;11900000001")
    assert of_ana(importer) == ("customer", "caixa", "2026-02-03", "nota 12")
    assert importer.leads()[KEY].name == "Ana Maria"


def test_the_same_basis_only_fills_what_nobody_had_said(importer: Importer) -> None:
    send(importer, "customer", told("caixa"))
    send(importer, "customer", told("outro lugar", "2026-02-03", "nota 12"))
    assert of_ana(importer) == ("customer", "caixa", "2026-02-03", "nota 12")


def test_the_undo_brings_the_old_permission_back(importer: Importer) -> None:
    send(importer, "customer", told("caixa", "2026-02-03", "nota 12"))
    newer = send(importer, "consent", told("formulário do site"))
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.undo_import(session, importer.tenant_id, newer, actor=None)
    assert of_ana(importer) == ("customer", "caixa", "2026-02-03", "nota 12")


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("consent_source", {"source": "x" * 201}),
        ("consent_proof", {"proof": "x" * 501}),
        ("consent_at", {"day": (utcnow() + timedelta(days=2)).date().isoformat()}),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(importer: Importer, field: str, said: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        send(importer, "consent", told(**said))
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize("day", ["31/02/2026", "ontem", "2026-02-30"])
def test_a_date_that_is_none_is_refused(day: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        told(day=day)
    assert list(refused.value.fields) == ["consent_at"]


def test_an_account_can_ask_for_the_proof_of_every_consent(importer: Importer) -> None:
    with system_scope("test"), importer.factory.begin() as session:
        session.get_one(Tenant, importer.tenant_id).needs_consent_proof = True
    with pytest.raises(InvalidInput) as refused:
        send(importer, "consent", told("formulário"))
    assert list(refused.value.fields) == ["consent_proof"]
    send(importer, "customer", told("caixa"))
    send(importer, "consent", told("formulário", proof="registro 9"))
    assert of_ana(importer)[0] == "consent"
