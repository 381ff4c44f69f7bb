"""Tenants are kept apart twice: by the guard on every statement and by PostgreSQL itself."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, func, insert, make_url, select, text, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from core.db import Base, UnsafeDatabaseRole, make_engine, refuse_unsafe_role
from core.tenancy import ScopeChanged, TenantMissing, system_scope, tenant_scope
from models.leads import LeadList
from tests.support.services import superuser_password
from tests.support.world import TenantHandle

FENCED_WITHOUT_TENANT_ID = {"tenants", "hotmart_events"}
PLATFORM_TABLES = {
    "extraction_prices",
    "message_prices",
    "pace_floors",
    "plan_mappings",
    "plans",
    "platform_secrets",
    "platform_suppressions",
    "process_beats",
    "warm_up_stages",
}
MakeTenant = Callable[..., TenantHandle]


def add_list(factory: sessionmaker[Session], tenant: TenantHandle, name: str = "Clientes") -> int:
    with tenant_scope(tenant.id), factory.begin() as session:
        made = LeadList(tenant_id=tenant.id, name=name)
        session.add(made)
        session.flush()
        return made.id


def test_every_table_with_a_tenant_id_forces_a_policy(system_session: Session) -> None:
    rows = system_session.execute(
        text(
            """
            SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
                   (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid)
            FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
              AND (c.relname = ANY(:named)
                   OR EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'))
            """
        ),
        {"named": sorted(FENCED_WITHOUT_TENANT_ID)},
    ).all()
    assert len(rows) > 20
    assert [name for name, is_forced, policies in rows if not is_forced or policies != 1] == []


def test_every_table_is_either_fenced_or_known_to_hold_no_tenants_data() -> None:
    unfenced = {
        name
        for name, table in Base.metadata.tables.items()
        if "tenant_id" not in table.c and name not in FENCED_WITHOUT_TENANT_ID
    }
    assert unfenced == PLATFORM_TABLES


def test_tenant_id_leads_every_tenant_tables_primary_key() -> None:
    wrong = [
        name
        for name, table in Base.metadata.tables.items()
        if "tenant_id" in table.c and name != "directory" and next(iter(table.primary_key.columns)).name != "tenant_id"
    ]
    assert wrong == []


def test_with_the_explicit_filter_removed_the_other_tenants_rows_still_do_not_come(
    factory: sessionmaker[Session], make_tenant: MakeTenant
) -> None:
    ours, theirs = make_tenant(), make_tenant()
    add_list(factory, ours)
    add_list(factory, theirs)
    with tenant_scope(ours.id), factory() as session:
        found = session.execute(text("SELECT DISTINCT tenant_id FROM lead_lists")).scalars().all()
    assert found == [ours.id]


def test_without_a_scope_there_are_no_rows(factory: sessionmaker[Session], tenant: TenantHandle) -> None:
    add_list(factory, tenant)
    with factory() as session:
        assert session.execute(text("SELECT count(*) FROM lead_lists")).scalar() == 0


def test_a_scope_does_not_outlive_its_transaction_on_a_pooled_connection(
    factory: sessionmaker[Session], tenant: TenantHandle
) -> None:
    add_list(factory, tenant)
    with tenant_scope(tenant.id), factory() as session:
        assert session.execute(text("SELECT count(*) FROM lead_lists")).scalar() == 1
    with factory() as session:
        assert session.execute(text("SELECT count(*) FROM lead_lists")).scalar() == 0


def test_a_row_cannot_be_written_for_another_tenant(factory: sessionmaker[Session], make_tenant: MakeTenant) -> None:
    ours, theirs = make_tenant(), make_tenant()
    with tenant_scope(ours.id), factory() as session, pytest.raises(ProgrammingError, match="row-level security"):
        session.execute(insert(LeadList).values(tenant_id=theirs.id, name="Intrusa"))


def test_a_query_without_a_tenant_raises_before_it_reaches_the_database(
    factory: sessionmaker[Session], tenant: TenantHandle
) -> None:
    with tenant_scope(tenant.id), factory() as session:
        for statement in (
            select(LeadList),
            select(func.count()).select_from(LeadList),
            update(LeadList).values(name="x"),
            select(LeadList).where(LeadList.id == 1),
        ):
            with pytest.raises(TenantMissing):
                session.execute(statement)
        session.execute(select(LeadList).where(LeadList.tenant_id == tenant.id))


def test_a_transaction_cannot_change_hands(factory: sessionmaker[Session], make_tenant: MakeTenant) -> None:
    ours, theirs = make_tenant(), make_tenant()
    with factory() as session, tenant_scope(ours.id):
        session.execute(select(LeadList).where(LeadList.tenant_id == ours.id))
        with tenant_scope(theirs.id), pytest.raises(ScopeChanged):
            session.execute(select(LeadList).where(LeadList.tenant_id == theirs.id))


def test_hotmarts_raw_events_are_visible_to_the_system_alone(
    factory: sessionmaker[Session], tenant: TenantHandle
) -> None:
    with system_scope("test"), factory.begin() as session:
        session.execute(text("INSERT INTO hotmart_events (body) VALUES ('{}')"))
    with tenant_scope(tenant.id), factory() as session:
        assert session.execute(text("SELECT count(*) FROM hotmart_events")).scalar() == 0


def test_the_app_refuses_a_role_that_skips_row_level_security(
    factory: sessionmaker[Session], database_url: str
) -> None:
    engine = factory.kw["bind"]
    assert isinstance(engine, Engine)
    refuse_unsafe_role(engine)

    place = make_url(database_url)
    superuser = make_engine(place.set(username="postgres", password=superuser_password()))
    with pytest.raises(UnsafeDatabaseRole, match="postgres"):
        refuse_unsafe_role(superuser)
    superuser.dispose()


def test_audit_rows_cannot_be_changed_or_deleted(factory: sessionmaker[Session], tenant: TenantHandle) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        session.execute(
            text("INSERT INTO audit_events (tenant_id, action) VALUES (:tenant, 'test.write')"), {"tenant": tenant.id}
        )
    for statement in ("UPDATE audit_events SET action = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events"):
        with tenant_scope(tenant.id), factory() as session, pytest.raises(Exception, match="append-only"):
            session.execute(text(statement))
