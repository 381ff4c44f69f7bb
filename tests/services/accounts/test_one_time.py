"""Links that work once."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import utcnow
from core.signing import sign
from models.accounts import OneTimeToken, TokenPurpose
from services.accounts import (
    LinkIsOver,
    WeakPassword,
    load_person,
    owner_of_link,
    person_of_cookie,
    read_one_time_link,
    use_one_time_link,
)
from services.accounts.api_keys import create_api_key, create_sign_in_key, find_api_key, person_of_key
from services.accounts.one_time import create_one_time_link
from tests.support.world import TenantHandle

PASSWORD = "meu gato come às sete"


def link(session: Session, tenant: TenantHandle, purpose: TokenPurpose = TokenPurpose.RESET_PASSWORD) -> str:
    return create_one_time_link(session, tenant.id, tenant.owner_id, purpose, utcnow())


def test_a_link_changes_the_password_once_and_ends_older_sessions(session: Session, tenant: TenantHandle) -> None:
    before = load_person(session, tenant.id, tenant.owner_id)
    assert before is not None
    claim = read_one_time_link(link(session, tenant))
    after = use_one_time_link(session, claim, PASSWORD, utcnow())
    assert after.session_epoch == before.session_epoch + 1
    assert person_of_cookie(session, tenant.id, tenant.owner_id, before.session_epoch) is None
    with pytest.raises(LinkIsOver):
        use_one_time_link(session, claim, PASSWORD, utcnow())


def test_a_new_password_signs_programs_out_and_leaves_named_keys(session: Session, tenant: TenantHandle) -> None:
    person = load_person(session, tenant.id, tenant.owner_id)
    assert person is not None
    signed_in, _ = create_sign_in_key(session, person, utcnow())
    named = create_api_key(session, tenant.id, tenant.owner_id, name="loja")
    session.commit()

    use_one_time_link(session, read_one_time_link(link(session, tenant)), PASSWORD, utcnow())

    assert [works(session, key) for key in (signed_in, named)] == [False, True]


def test_looking_at_a_link_does_not_burn_it(session: Session, tenant: TenantHandle) -> None:
    claim = read_one_time_link(link(session, tenant))
    for _ in range(3):
        assert owner_of_link(session, claim, utcnow()).email == tenant.email


def test_a_weak_password_leaves_the_link_working(session: Session, tenant: TenantHandle) -> None:
    claim = read_one_time_link(link(session, tenant))
    with pytest.raises(WeakPassword):
        use_one_time_link(session, claim, "curta", utcnow())
    use_one_time_link(session, claim, PASSWORD, utcnow())


@pytest.mark.parametrize(
    ("purpose", "life"),
    [(TokenPurpose.RESET_PASSWORD, timedelta(hours=1)), (TokenPurpose.CHOOSE_PASSWORD, timedelta(days=7))],
)
def test_a_link_ends_by_itself(purpose: TokenPurpose, life: timedelta, session: Session, tenant: TenantHandle) -> None:
    claim = read_one_time_link(link(session, tenant, purpose))
    assert owner_of_link(session, claim, utcnow() + life - timedelta(minutes=1)).purpose is purpose
    with pytest.raises(LinkIsOver):
        owner_of_link(session, claim, utcnow() + life)


def test_a_newer_link_replaces_the_older(session: Session, tenant: TenantHandle) -> None:
    older = read_one_time_link(link(session, tenant))
    session.flush()
    newer = read_one_time_link(link(session, tenant))
    with pytest.raises(LinkIsOver):
        owner_of_link(session, older, utcnow())
    owner_of_link(session, newer, utcnow())


@pytest.mark.parametrize("text", ["", "abc", "eyJ0IjoxfQ.AAAA", sign({"t": 1, "u": 1, "s": "x"}, purpose="another")])
def test_what_we_did_not_sign_is_no_link(text: str) -> None:
    with pytest.raises(LinkIsOver):
        read_one_time_link(text)


def test_only_the_secrets_hash_is_stored(session: Session, tenant: TenantHandle) -> None:
    claim = read_one_time_link(link(session, tenant))
    session.flush()
    stored = session.scalars(select(OneTimeToken.token_hash).where(OneTimeToken.tenant_id == tenant.id)).all()
    assert claim.secret not in stored
    assert all(len(one) == 64 for one in stored)


def works(session: Session, key: str) -> bool:
    found = find_api_key(session, key)
    return found is not None and person_of_key(session, found, key, utcnow()) is not None
