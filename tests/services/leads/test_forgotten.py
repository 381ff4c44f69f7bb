"""Forgotten people stay left alone: known again by a hash, not saved again, in no campaign."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from core import crypto
from core.clock import utcnow
from core.config import get_settings
from core.tenancy import system_scope, tenant_scope
from models.campaigns import CampaignContact, ContactStatus
from models.leads import Suppression
from models.privacy import PlatformSecret
from services import campaigns, leads
from services.leads import hashing
from tests.support.campaigns import NOW, add_campaign, add_list, launched, phone
from tests.support.lead_files import Importer, csv_of
from tests.support.world import TenantHandle

ANA = "Ana;11900000001;ana@example.com"
BIA = "Bia;11900000002;"
HEAD = "nome;telefone;email"
KEY = "5511900000001"


def forget(importer: Importer, **who: str) -> None:
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.forget_for_good(session, importer.tenant_id, reason="privacy", **who)


def everything(importer: Importer) -> list[Suppression]:
    with tenant_scope(importer.tenant_id), importer.factory() as session:
        return list(session.scalars(select(Suppression).where(Suppression.tenant_id == importer.tenant_id)))


def test_what_stays_says_nothing_of_the_person(importer: Importer) -> None:
    forget(importer, phone_key=KEY)
    forget(importer, email="ana@example.com")
    kept = everything(importer)
    assert [one.is_hashed for one in kept] == [True, True]
    told = " ".join(f"{one.phone} {one.phone_key} {one.email}" for one in kept)
    assert "11900000001" not in told and "ana" not in told


def test_a_file_does_not_bring_a_forgotten_person_back(importer: Importer) -> None:
    forget(importer, phone_key=KEY)
    found = importer.send(csv_of(ANA, BIA, ANA, header=HEAD))
    assert (found.created, found.suppressed, found.duplicates, found.total) == (1, 1, 1, 3)
    assert set(importer.leads()) == {"5511900000002"}
    again = importer.send(csv_of(ANA, BIA, header=HEAD))
    assert (again.created, again.updated, again.suppressed) == (0, 1, 1)


def test_neither_does_a_file_with_their_e_mail_and_another_phone(importer: Importer) -> None:
    forget(importer, email="Ana@Example.com")
    found = importer.send(csv_of("Ana;11900000009;ANA@example.com", BIA, header=HEAD))
    assert (found.created, found.suppressed) == (1, 1)
    assert set(importer.leads()) == {"5511900000002"}


def test_a_stranger_account_may_still_know_the_person(importer: Importer, make_tenant: object) -> None:
    forget(importer, phone_key=KEY)
    other = Importer(importer.factory, make_tenant().id)  # type: ignore[operator]
    assert other.send(csv_of(ANA, header=HEAD)).created == 1


def test_who_was_left_alone_stays_so_by_hash_when_their_list_is_purged(importer: Importer) -> None:
    found = importer.send(csv_of(ANA, BIA, header=HEAD))
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.suppress(session, importer.tenant_id, "11900000001", "opt_out", "reply")
        leads.suppress(session, importer.tenant_id, "11900000077", "opt_out", "reply")
        leads.delete_list(session, importer.tenant_id, found.list_id or 0, with_leads=True, actor=None, now=utcnow())
    later = utcnow() + timedelta(minutes=11)
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        assert leads.purge_list(session, importer.tenant_id, found.list_id or 0, now=later)
    kept = {one.phone: (one.is_hashed, one.reason, one.source) for one in everything(importer)}
    assert kept == {None: (True, "opt_out", "reply"), "5511900000077": (False, "opt_out", "reply")}
    assert importer.send(csv_of(ANA, header=HEAD)).suppressed == 1


def test_they_are_found_by_their_whole_phone_or_e_mail_alone(importer: Importer) -> None:
    forget(importer, phone_key=KEY)
    forget(importer, email="ana@example.com")
    with tenant_scope(importer.tenant_id), importer.factory() as session:
        tenant_id = importer.tenant_id
        assert len(leads.page_of_suppressions(session, tenant_id, query="(11) 90000-0001").items) == 1
        assert len(leads.page_of_suppressions(session, tenant_id, query="ana@example.com").items) == 1
        assert leads.page_of_suppressions(session, tenant_id, query="90000-0001").items == []
        assert leads.is_suppressed(session, tenant_id, KEY)
        assert not leads.is_suppressed(session, tenant_id, "5511900000002")


def test_a_lead_written_in_another_way_is_left_out_of_a_launch(session: Session, tenant: TenantHandle) -> None:
    leads.forget_for_good(session, tenant.id, phone_key=phone(1), reason="privacy")
    campaign = add_campaign(session, tenant.id, lists=[add_list(session, tenant.id, 2)])
    frozen = campaigns.launch_campaign(session, tenant.id, campaign.id, actor=None, now=NOW)
    assert (frozen.pending, frozen.suppressed) == (1, 1)
    rows = session.execute(
        select(CampaignContact.phone, CampaignContact.status).where(CampaignContact.tenant_id == tenant.id)
    )
    assert {row.phone: row.status for row in rows} == {
        phone(1): ContactStatus.SUPPRESSED,
        phone(2): ContactStatus.PENDING,
    }


def test_the_hash_outlives_a_change_of_the_ring(
    importer: Importer, factory: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(importer, phone_key=KEY)
    old = get_settings().encryption_keys
    fresh = "k9:" + "A" * 43 + "="

    def use(ring: str) -> None:
        monkeypatch.setitem(os.environ, "ENCRYPTION_KEYS", ring)
        for cache in (get_settings, crypto.key_ring, hashing._of_sealed):
            cache.cache_clear()

    try:
        use(f"{fresh},{old}")
        with system_scope("test"), factory.begin() as session:
            assert leads.reseal(session) == 1
            assert session.scalars(select(PlatformSecret.sealed)).one().startswith("k9:")
        use(fresh)
        assert importer.send(csv_of(ANA, header=HEAD)).suppressed == 1
    finally:
        use(f"{old},{fresh}")
        with system_scope("test"), factory.begin() as session:
            leads.reseal(session)
        use(old)


def test_two_at_once_make_one_key(fresh_database: tuple[str, sessionmaker[Session]]) -> None:
    with system_scope("test"), fresh_database[1].begin() as session:
        first = hashing.hasher(session).phone(KEY)
        assert hashing.hasher(session).phone(KEY) == first
        assert session.execute(text("SELECT count(*) FROM platform_secrets")).scalar_one() == 1


def test_who_stands_in_a_campaign_stays_on_the_list_in_the_clear_when_their_lead_is_deleted(importer: Importer) -> None:
    """The sender asks for the number itself: a hash would let what still waits for them go."""
    importer.send(csv_of(ANA, BIA, header=HEAD))
    ids = {number: lead.id for number, lead in importer.leads().items()}
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        launched(session, importer.tenant_id)
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        other = leads.add_lead(
            session, importer.tenant_id, "11900000777", "consent", leads.PersonInput(), actor=None, now=utcnow()
        )
        for number in ("11900000001", "11900000777"):
            leads.suppress_entry(session, importer.tenant_id, leads.Entry(phone=number), actor=None)
        leads.delete_leads(session, importer.tenant_id, [ids[KEY], other.id])
    assert {one.phone_key for one in everything(importer) if not one.is_hashed} == {KEY}
    assert len(everything(importer)) == 2
