"""Block lists as they come, an account's own and everybody's."""

import io

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.tenancy import system_scope
from models.leads import Suppression
from services import campaigns, leads
from tests.support.campaigns import NOW, add_campaign, add_list, phone
from tests.support.lead_files import Importer, csv_of, xlsx_of
from tests.support.world import TenantHandle

SAO_PAULO = range(11, 20)


def taken(session: Session, tenant: TenantHandle, content: bytes) -> tuple[leads.BlockListResult, set[str]]:
    done = leads.import_suppressions(session, tenant.id, io.BytesIO(content), "lista.txt", reason="", actor=None)
    rows = session.scalars(select(Suppression).where(Suppression.tenant_id == tenant.id))
    return done, {one.phone or one.email or "" for one in rows}


@pytest.mark.parametrize(
    "content",
    [
        csv_of(*(f"{ddd};9000000{ddd}" for ddd in SAO_PAULO), header="DDD;Telefone"),
        csv_of(*(f"0{ddd};9000000{ddd}" for ddd in SAO_PAULO), header="ddd;numero"),
        csv_of(*(f"({ddd}),9000000{ddd}" for ddd in SAO_PAULO), header="CODIGO DE AREA,LINHA"),
        csv_of(*(f"{ddd}9000000{ddd}" for ddd in SAO_PAULO[1:]), header="11900000011"),
        csv_of(*(f"{ddd};9000000{ddd}" for ddd in SAO_PAULO[1:]), header="11;900000011"),
        csv_of(*(f"{ddd}9000000{ddd}" for ddd in SAO_PAULO), header="telefone"),
    ],
    ids=["ddd+phone", "0ddd+number", "(ddd)+line", "one a line", "pairs without header", "whole"],
)
def test_the_forms_of_nao_me_ligue(session: Session, tenant: TenantHandle, content: bytes) -> None:
    done, there = taken(session, tenant, content)
    assert (done.added, done.already, done.invalid) == (9, 0, 0)
    assert there == {f"55{ddd}9000000{ddd}" for ddd in SAO_PAULO}


def test_a_workbook_of_any_ddd(session: Session, tenant: TenantHandle) -> None:
    content = xlsx_of([["DDD", "Número"], [21, 987654321], ["85", "34567890"], [99, "991234567"]])
    _done, there = taken(session, tenant, content)
    assert there == {"5521987654321", "558534567890", "5599991234567"}


def test_e_mails_alone_and_beside_phones(session: Session, tenant: TenantHandle) -> None:
    done, there = taken(session, tenant, b"ana@example.com\nBIA@example.com\nbia@example.com\n")
    assert (done.total, done.added, done.already) == (3, 2, 1)
    done, there = taken(session, tenant, csv_of("11900000001;ana@example.com", "x;y", header="telefone;email"))
    assert (done.total, done.added, done.already, done.invalid) == (2, 1, 1, 1)
    assert there == {"ana@example.com", "bia@example.com", "5511900000001"}


def test_documents_beside_the_phones_suppress_nobody(session: Session, tenant: TenantHandle) -> None:
    content = csv_of("11900000001;11987654321", header="telefone;cpf")
    _done, there = taken(session, tenant, content)
    assert there == {"5511900000001"}


def test_a_file_without_anybody_says_what_it_saw(session: Session, tenant: TenantHandle) -> None:
    with pytest.raises(leads.FileRefused, match="“nome”"):
        taken(session, tenant, b"nome;cidade\nAna;Campinas\n")


def test_everybodys_list_holds_in_import_audience_and_for_one(
    session: Session, importer: Importer, tenant: TenantHandle
) -> None:
    with system_scope("test"), importer.factory.begin() as system:
        assert leads.block_for_everybody(system, leads.Entry(phone="(11) 90000-0003", reason="ordem judicial"))
        assert not leads.block_for_everybody(system, leads.Entry(phone="11900000003"))
    try:
        found = importer.send(csv_of("Ana;11900000003", "Bia;11900000002", header="nome;telefone"))
        assert (found.suppressed, found.created) == (1, 1)
        campaign = add_campaign(session, tenant.id, lists=[add_list(session, tenant.id, 3)])
        assert campaigns.check_campaign(session, tenant.id, campaign.id, NOW).left_out == {"opt_out": 1}
        assert leads.is_suppressed(session, tenant.id, phone(3))
        assert leads.count_suppressions(session, tenant.id) == 0, "an account doesn't see it"
    finally:
        with system_scope("test"), importer.factory.begin() as system:
            assert leads.unblock_for_everybody(system, leads.Entry(phone="11900000003"))
    assert not leads.is_suppressed(session, tenant.id, phone(3))
