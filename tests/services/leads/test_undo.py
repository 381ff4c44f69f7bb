"""An import is taken back as one action, until a campaign has used it."""

import pytest

from core.clock import utcnow
from core.tenancy import tenant_scope
from jobs.leads import undo_import as undo_job
from models.campaigns import Campaign, CampaignContact, CampaignList
from models.leads import ImportStatus, Lead, LeadImport
from services import leads
from tests.support.lead_files import Importer, csv_of

HEAD = "nome;telefone;cidade"
ANA = "Ana;11900000001;Campinas"
BIA = "Bia;11900000002;Santos"


def undo(importer: Importer, found: LeadImport) -> leads.Undone:
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        return leads.undo_import(session, importer.tenant_id, found.id, actor=None)


def facts(importer: Importer) -> dict[str, tuple[int, str, str, dict[str, str]]]:
    return {phone: (lead.id, lead.name, lead.city, lead.extra) for phone, lead in importer.leads().items()}


def test_an_undo_restores_everything_as_it_was(importer: Importer) -> None:
    first = importer.send(csv_of(ANA, BIA, header=HEAD))
    before, members = facts(importer), importer.members(first.list_id or 0)
    second = importer.send(csv_of("Ana Maria;11900000001;Valinhos;x", "Cau;11900000003;;y", header=HEAD + ";plano"))
    assert facts(importer) != before
    done = undo(importer, second)
    assert (done.removed, done.left_list, done.restored, done.kept_changes) == (1, 1, 1, 0)
    assert facts(importer) == before
    assert importer.members(first.list_id or 0) == members
    assert importer.result(second.id).status is ImportStatus.UNDONE


def test_the_list_an_import_made_goes_with_it(importer: Importer) -> None:
    found = importer.send(csv_of(ANA, header=HEAD))
    undo(importer, found)
    assert importer.leads() == {}
    with tenant_scope(importer.tenant_id), importer.factory() as session:
        assert leads.all_lists(session, importer.tenant_id) == []
    assert importer.send(csv_of(ANA, header=HEAD)).created == 1, "the name is free again"


def test_people_whom_another_list_holds_stay(importer: Importer) -> None:
    first = importer.send(csv_of(ANA, BIA, header=HEAD))
    importer.send(csv_of(ANA, header=HEAD), list_name="VIP")
    undo(importer, first)
    assert set(importer.leads()) == {"5511900000001"}


def test_a_change_somebody_made_afterwards_is_worth_more_than_the_undo(importer: Importer) -> None:
    importer.send(csv_of(ANA, header=HEAD))
    second = importer.send(csv_of("Ana Maria;11900000001;", header=HEAD))
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        session.query(Lead).filter(Lead.tenant_id == importer.tenant_id).update(
            {"name": "Ana, corrigida à mão", "updated_at": utcnow()}
        )
    done = undo(importer, second)
    assert (done.restored, done.kept_changes) == (0, 1)
    assert importer.leads()["5511900000001"].name == "Ana, corrigida à mão"


def test_only_the_newest_import_of_a_list_can_be_undone(importer: Importer) -> None:
    first = importer.send(csv_of(ANA, header=HEAD))
    second = importer.send(csv_of(BIA, header=HEAD))
    with pytest.raises(leads.CannotUndo, match="mais nova"):
        undo(importer, first)
    undo(importer, second)
    undo(importer, first)
    assert importer.leads() == {}


def test_what_a_campaign_has_used_stays(importer: Importer) -> None:
    found = importer.send(csv_of(ANA, header=HEAD))
    lead = importer.leads()["5511900000001"]
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        campaign = Campaign(tenant_id=importer.tenant_id, name="Volta às aulas")
        session.add(campaign)
        session.flush()
        ids = {"tenant_id": importer.tenant_id, "campaign_id": campaign.id}
        session.add(CampaignList(**ids, list_id=found.list_id))
        session.add(CampaignContact(**ids, phone=lead.phone, phone_key=lead.phone_key, lead_id=lead.id))
    with pytest.raises(leads.CannotUndo, match="campanha"):
        undo(importer, found)
    assert undo_job(importer.tenant_id, found.id) == "cannot_undo"
    assert set(importer.leads()) == {"5511900000001"}


def test_an_undo_is_done_once(importer: Importer) -> None:
    found = importer.send(csv_of(ANA, header=HEAD))
    assert undo_job(importer.tenant_id, found.id) == "undone"
    with pytest.raises(leads.CannotUndo):
        undo(importer, found)


def test_a_failed_import_has_nothing_to_undo(importer: Importer) -> None:
    found = importer.send(csv_of("Ana;1;", header=HEAD))
    with pytest.raises(leads.CannotUndo, match="concluída"):
        undo(importer, found)
