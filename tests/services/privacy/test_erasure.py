"""Forgetting one person: from every place, without a trace, without a figure changing."""

import io
import json
import zipfile
from typing import Any

import pytest
from sqlalchemy import LargeBinary, String, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import Enum

import models  # noqa: F401 - registers the tables
from core.clock import utcnow
from core.db import Base
from core.errors import InvalidInput
from core.tenancy import tenant_scope
from models.audit import AuditEvent
from models.campaigns import CampaignContact, CampaignCounts, ContactStatus
from models.instances import InboxStatus, WebhookDelivery
from models.leads import Lead, LeadImport, LeadList, Suppression
from models.privacy import PrivacyErasure
from models.states import NotAllowedNow
from services import campaigns, privacy
from services.campaigns import Resend
from tests.services.privacy.conftest import ANA, BIA, HEADER, KEY, OTHER, TRACES, Held
from tests.support.lead_files import Importer, csv_of

TEXTS = (String, JSONB, LargeBinary, ARRAY)


def text_columns() -> dict[str, list[str]]:
    """Table -> its columns that can hold a word, of every table of a tenant. States are words of ours."""
    return {
        name: [
            column.name
            for column in table.columns
            if isinstance(column.type, TEXTS) and not isinstance(column.type, Enum)
        ]
        for name, table in Base.metadata.tables.items()
        if "tenant_id" in table.c
    }


def test_every_place_that_can_hold_a_word_is_erased_or_kept_for_a_reason() -> None:
    named = privacy.GONE.keys() | privacy.KEPT.keys()
    unnamed = {
        f"{table}.{column}"
        for table, columns in text_columns().items()
        for column in columns
        if table not in privacy.GONE and f"{table}.{column}" not in privacy.KEPT
    }
    assert unnamed == set(), "say in services/privacy/catalogue.py what forgetting somebody does to these"
    there = {f"{table}.{column}" for table, columns in text_columns().items() for column in columns}
    assert named - there - text_columns().keys() == set(), "these are no more"


def erase(held: Held, typed: str = "(11) 98765-0001") -> PrivacyErasure:
    with tenant_scope(held.tenant.id), held.factory.begin() as session:
        person = privacy.read_person(typed)
        made = privacy.request_erasure(session, held.tenant.id, person, actor=held.tenant.owner_id)
        privacy.erase_soon(session, held.tenant.id, made, utcnow())
        return made


def traces(held: Held, session: Session) -> list[str]:
    """table.column for every text of the account that says a word of her."""
    found = []
    for table, columns in text_columns().items():
        for column in columns:
            said = f'lower("{column}"::text)'
            if isinstance(Base.metadata.tables[table].c[column].type, LargeBinary):
                said = f"lower(encode({column}, 'escape'))"
            rows = session.execute(
                text(f"SELECT {said} FROM {table} WHERE tenant_id = :tenant"),
                {"tenant": held.tenant.id},
            )
            found += [f"{table}.{column}: {row[0]}" for row in rows if row[0] and any(t in row[0] for t in TRACES)]
    return found


def counts(held: Held, session: Session) -> dict[str, Any]:
    row = session.get_one(CampaignCounts, (held.tenant.id, held.campaign_id))
    return {c.name: getattr(row, c.name) for c in CampaignCounts.__table__.columns}


@pytest.mark.parametrize("typed", ["(11) 98765-0001", "1187650001", "Ana.Quaresma@example.com"])
def test_nothing_says_a_word_of_the_forgotten_and_the_figures_stay(held: Held, typed: str) -> None:
    with tenant_scope(held.tenant.id), held.factory() as session:
        before = counts(held, session)
        assert len({one.partition(".")[0] for one in traces(held, session)}) >= 12, "she is everywhere"
    done = erase(held, typed)
    assert (done.status, done.sealed_person) == ("done", None)
    with tenant_scope(held.tenant.id), held.factory() as session:
        assert traces(held, session) == []
        assert counts(held, session) == before
        rows = session.execute(
            select(CampaignContact.status, func.count())
            .where(CampaignContact.tenant_id == held.tenant.id)
            .group_by(CampaignContact.status)
        ).all()
        assert dict(rows) == {ContactStatus.FAILED: 1, ContactStatus.PENDING: 1}
        imports = session.scalars(select(LeadImport).where(LeadImport.tenant_id == held.tenant.id)).all()
        assert sum(problem["count"] for one in imports for problem in one.problems) == 1


def test_others_are_left_as_they_were(held: Held) -> None:
    erase(held)
    with tenant_scope(held.tenant.id), held.factory() as session:
        assert session.scalars(select(Lead.phone_key).where(Lead.tenant_id == held.tenant.id)).all() == [OTHER]
        held_of_bia = privacy.counted(privacy.holdings_of(session, held.tenant.id, privacy.read_person(OTHER)))
    assert held_of_bia == {
        "leads": 1, "lead_lists": 1, "campaign_contacts": 1, "direct_messages": 1, "conversations": 1,
        "inbox_messages": 1, "number_checks": 1, "webhook_inbox": 1,
    }  # fmt: skip


def test_the_list_counts_one_less_and_a_file_does_not_bring_her_back(held: Held) -> None:
    erase(held)
    importer = Importer(held.factory, held.tenant.id)
    found = importer.send(csv_of(ANA, BIA, header=HEADER))
    assert (found.created, found.updated, found.suppressed) == (0, 1, 1)
    with tenant_scope(held.tenant.id), held.factory() as session:
        assert session.scalars(select(LeadList.lead_count).where(LeadList.tenant_id == held.tenant.id)).all() == [1]
        kept = session.scalars(select(Suppression).where(Suppression.tenant_id == held.tenant.id)).all()
        assert all(one.is_hashed for one in kept)
        assert traces(held, session) == []


def test_twice_changes_nothing_more(held: Held) -> None:
    erase(held)
    again = erase(held)
    assert (again.status, again.removed) == ("done", {})
    with tenant_scope(held.tenant.id), held.factory() as session:
        kept = session.scalars(select(Suppression).where(Suppression.tenant_id == held.tenant.id)).all()
        assert len(kept) == 2, "phone and e-mail, once each"


def test_the_audit_says_that_it_was_done_and_not_to_whom(held: Held) -> None:
    erase(held)
    with tenant_scope(held.tenant.id), held.factory() as session:
        rows = session.scalars(select(AuditEvent).where(AuditEvent.tenant_id == held.tenant.id)).all()
    mine = [(one.action, one.actor_user_id) for one in rows if one.action.startswith("privacy.")]
    assert mine == [("privacy.request_erasure", held.tenant.owner_id), ("privacy.erase", held.tenant.owner_id)]


def test_while_a_message_leaves_or_a_call_waits_the_work_waits_and_nothing_new_is_sent(held: Held) -> None:
    with tenant_scope(held.tenant.id), held.factory.begin() as session:
        row = session.scalars(
            select(CampaignContact).where(
                CampaignContact.tenant_id == held.tenant.id, CampaignContact.phone_key == OTHER
            )
        ).one()
        row_id = row.id
        body = f'{{"from": "{OTHER}"}}'.encode()
        session.add(WebhookDelivery(tenant_id=held.tenant.id, instance_id=held.instance_id, body=body))
    waiting = erase(held, OTHER)
    assert waiting.status == "waiting" and waiting.sealed_person and OTHER not in waiting.sealed_person
    with tenant_scope(held.tenant.id), held.factory.begin() as session:
        assert (
            session.scalars(
                select(CampaignContact.status).where(
                    CampaignContact.tenant_id == held.tenant.id, CampaignContact.id == row_id
                )
            ).one()
            is ContactStatus.SUPPRESSED
        )
        assert (counts(held, session)["pending"], counts(held, session)["suppressed"]) == (0, 1)
        for call in session.scalars(select(WebhookDelivery).where(WebhookDelivery.tenant_id == held.tenant.id)):
            call.status = InboxStatus.APPLIED
    from jobs.privacy import erase as job

    assert job(held.tenant.id, waiting.id)
    with tenant_scope(held.tenant.id), held.factory() as session:
        assert privacy.holdings_of(session, held.tenant.id, privacy.read_person(OTHER)).keys() == {"suppressions"}


def test_a_forgotten_row_is_not_sent_again(held: Held) -> None:
    erase(held)
    tenant_id = held.tenant.id
    with tenant_scope(tenant_id), held.factory() as session, pytest.raises(NotAllowedNow, match="nenhuma mensagem"):
        campaigns.resend(session, tenant_id, held.campaign_id, Resend.FAILED, actor=None)


def test_the_file_holds_everything_and_opens_as_json_and_csv(held: Held) -> None:
    with tenant_scope(held.tenant.id), held.factory.begin() as session:
        person = privacy.read_person("11987650001")
        content = privacy.export_person(session, held.tenant.id, person, actor=None, now=utcnow())
    archive = zipfile.ZipFile(io.BytesIO(content))
    told = json.loads(archive.read("dados.json"))["dados"]
    assert told.keys() == {
        "leads", "lead_lists", "lead_import_changes", "lead_import_rejects", "suppressions", "campaign_contacts",
        "direct_messages", "conversations", "inbox_messages", "number_checks", "webhook_inbox", "outgoing_emails",
    }  # fmt: skip
    assert told["inbox_messages"][0]["body"] == "segredo da Ana Quaresma"
    assert len(told["lead_import_rejects"]) == 2
    assert "Oi Ana Quaresma" in archive.read("campanhas.csv").decode("utf-8-sig")
    assert "bia" not in json.dumps(told).lower()
    assert len(archive.namelist()) == 2 + len(told)


def test_a_strangers_account_holds_nothing(held: Held, make_tenant: Any) -> None:
    other = make_tenant()
    with tenant_scope(other.id), held.factory() as session:
        assert privacy.holdings_of(session, other.id, privacy.read_person(KEY)) == {}


@pytest.mark.parametrize("typed", ["", "123", "ana@", "fulana"])
def test_who_is_neither_phone_nor_e_mail_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        privacy.read_person(typed)
    assert list(refused.value.fields) == ["person"]
