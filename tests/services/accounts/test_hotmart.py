"""Hotmart's deliveries become tenants and licences, whatever the order and however often."""

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import system_scope
from models.accounts import HotmartEvent, HotmartEventStatus, Licence, LicenceSource, PlanMapping, User
from models.outgoing import OutgoingEmail
from services import subscriptions
from services.accounts import (
    apply_hotmart_event,
    entitlement_of,
    map_product,
    open_hotmart_events,
    remove_from_directory,
    replay_unmapped_events,
    store_hotmart_event,
)
from tests.support.hotmart import Subscription, envelope, new_code, one_off
from tests.support.world import TenantHandle

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = NOW + 30 * DAY


@pytest.fixture(autouse=True)
def listeners_and_plans(factory: sessionmaker[Session]) -> None:
    """Every offer of these tests buys the plan of its name."""
    subscriptions.subscribe_all()
    with system_scope("test"), factory.begin() as session:
        for plan in ("starter", "pro", "infinito"):
            map_product(session, "4810001", plan, offer_code=plan)


@pytest.fixture
def buyer() -> Subscription:
    """A subscription of somebody nobody knows yet."""
    return Subscription(f"compra-{secrets.token_hex(6)}@example.com")


Deliver = Callable[..., list[HotmartEventStatus | None]]


@pytest.fixture
def deliver(factory: sessionmaker[Session]) -> Deliver:
    """Store each body and apply it at once, as webhook and job do."""

    def delivered(*bodies: bytes) -> list[HotmartEventStatus | None]:
        return [_deliver(factory, body) for body in bodies]

    return delivered


def _deliver(factory: sessionmaker[Session], body: bytes) -> HotmartEventStatus | None:
    with system_scope("test"), factory.begin() as session:
        stored_id = store_hotmart_event(session, body)
    with system_scope("test"), factory.begin() as session:
        return apply_hotmart_event(session, stored_id, NOW) if stored_id else None


def licence_of(session: Session, key: str) -> Licence:
    return session.scalars(select(Licence).where(Licence.external_key == key)).one()


def facts(session: Session, key: str) -> tuple[object, ...]:
    one = licence_of(session, key)
    return (one.plan_slug, one.paid_until, one.grace_until, one.is_cancelled, one.is_disputed, one.ended_at)


def test_a_purchase_makes_a_tenant_its_owner_and_a_licence(
    buyer: Subscription, deliver: Deliver, system_session: Session
) -> None:
    assert deliver(buyer.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH)) == [HotmartEventStatus.APPLIED]
    licence = licence_of(system_session, buyer.code)
    owner = system_session.scalars(select(User).where(User.tenant_id == licence.tenant_id)).one()
    assert (licence.plan_slug, licence.paid_until, licence.source) == ("pro", MONTH, LicenceSource.HOTMART)
    assert (owner.email, owner.role, owner.password_hash, owner.name) == (buyer.email, "owner", None, "Maria Silva")
    assert entitlement_of(system_session, licence.tenant_id, NOW).daily_messages == 2000


def test_the_owner_is_sent_one_welcome_with_a_link_however_often_the_event_comes(
    buyer: Subscription, deliver: Deliver, system_session: Session
) -> None:
    approval = buyer.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH)
    complete = buyer.purchase("PURCHASE_COMPLETE", NOW + 7 * DAY, next_charge=MONTH)
    deliver(approval, approval, complete)
    letters = system_session.scalars(select(OutgoingEmail).where(OutgoingEmail.recipient == buyer.email)).all()
    assert len(letters) == 1
    assert "/reset-password/" in letters[0].text_body


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_any_order_of_arrival_ends_in_the_same_licence(
    order: tuple[int, ...], buyer: Subscription, deliver: Deliver, system_session: Session
) -> None:
    bodies = [
        buyer.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH),
        buyer.switch_plan(NOW + DAY, to_offer="infinito", next_charge=MONTH),
        buyer.charge_date(NOW + 2 * DAY, next_charge=MONTH + 10 * DAY),
        buyer.purchase("PURCHASE_PROTEST", NOW + 3 * DAY),
    ]
    deliver(*(bodies[number] for number in order), *bodies)
    end = MONTH + 10 * DAY
    assert facts(system_session, buyer.code) == ("infinito", end, end + 7 * DAY, False, True, None)


def test_a_refund_that_arrives_first_still_ends_the_licence(
    buyer: Subscription, deliver: Deliver, system_session: Session
) -> None:
    deliver(buyer.purchase("PURCHASE_REFUNDED", NOW + DAY), buyer.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH))
    assert licence_of(system_session, buyer.code).end_reason == "refunded"


def test_a_cancellation_without_buyer_or_purchase_finds_its_licence(
    buyer: Subscription, deliver: Deliver, system_session: Session
) -> None:
    deliver(
        buyer.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH), buyer.cancellation(NOW + DAY, next_charge=MONTH)
    )
    assert facts(system_session, buyer.code)[1:4] == (MONTH, None, True)


def test_a_second_purchase_by_the_same_person_adds_a_licence_and_a_refund_ends_only_its_own(
    buyer: Subscription, deliver: Deliver, system_session: Session
) -> None:
    other = Subscription(buyer.email.upper(), offer="infinito")
    deliver(
        buyer.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH),
        other.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH),
    )
    tenant_id = licence_of(system_session, buyer.code).tenant_id
    assert licence_of(system_session, other.code).tenant_id == tenant_id
    assert entitlement_of(system_session, tenant_id, NOW).plan.slug == "infinito"
    system_session.rollback()
    deliver(other.purchase("PURCHASE_REFUNDED", NOW + DAY))
    found = entitlement_of(system_session, tenant_id, NOW + DAY)
    assert (found.plan.slug, found.is_live) == ("pro", True)


def test_a_one_off_purchase_has_no_end(deliver: Deliver, system_session: Session) -> None:
    transaction = f"HP{new_code()}"
    deliver(one_off("PURCHASE_APPROVED", NOW, email=f"{transaction}@example.com", transaction=transaction))
    assert licence_of(system_session, transaction).has_no_end


def test_a_known_customer_keeps_their_account(tenant: TenantHandle, deliver: Deliver, system_session: Session) -> None:
    subscription = Subscription(tenant.email)
    deliver(subscription.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH))
    assert licence_of(system_session, subscription.code).tenant_id == tenant.id


def test_a_renewal_finds_its_licence_although_the_person_signs_in_with_another_email_now(
    buyer: Subscription, deliver: Deliver, system_session: Session, factory: sessionmaker[Session]
) -> None:
    deliver(buyer.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH))
    before = licence_of(system_session, buyer.code)
    owner = system_session.scalars(select(User.id).where(User.tenant_id == before.tenant_id)).one()
    with system_scope("test"), factory.begin() as session:
        remove_from_directory(session, "email", tenant_id=before.tenant_id, target_id=owner)
    deliver(buyer.purchase("PURCHASE_APPROVED", MONTH, next_charge=MONTH + 30 * DAY, transaction="HP-RENEWED"))
    tenants = select(Licence.tenant_id).where(Licence.external_key == buyer.code)
    assert system_session.scalars(tenants).all() == [before.tenant_id]


def test_an_unmapped_purchase_waits_and_is_applied_once_mapped(
    deliver: Deliver, system_session: Session, factory: sessionmaker[Session]
) -> None:
    unknown = Subscription(f"{new_code()}@example.com", product_id=f"9{secrets.randbelow(10**9)}", offer="nova")
    assert deliver(unknown.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH)) == [HotmartEventStatus.UNMAPPED]
    with system_scope("test"), factory.begin() as session:
        map_product(session, str(unknown.product_id), "starter")
        assert replay_unmapped_events(session) >= 1
    stored = system_session.scalars(select(HotmartEvent.id).where(HotmartEvent.licence_key == unknown.code)).one()
    assert apply_hotmart_event(system_session, stored, NOW) is HotmartEventStatus.APPLIED
    assert licence_of(system_session, unknown.code).plan_slug == "starter"


def test_the_most_telling_mapping_wins(session: Session) -> None:
    from services.accounts import plan_bought

    product = f"8{secrets.randbelow(10**9)}"
    map_product(session, product, "starter")
    map_product(session, product, "infinito", offer_code="anual")
    assert plan_bought(session, product, ("anual",)) == "infinito"
    assert plan_bought(session, product, ("outra", "700009")) == "starter"
    assert plan_bought(session, f"{product}0", ()) in (None, *_any_product(session))


def _any_product(session: Session) -> list[str]:
    return list(session.scalars(select(PlanMapping.plan_slug).where(PlanMapping.product_id == "*")))


@pytest.mark.parametrize(
    "event",
    ["PURCHASE_BILLET_PRINTED", "PURCHASE_EXPIRED", "PURCHASE_CANCELED", "CLUB_FIRST_ACCESS", "SOMETHING_NEW"],
)
def test_events_without_effect_are_kept_and_ignored(
    event: str, buyer: Subscription, deliver: Deliver, system_session: Session
) -> None:
    assert deliver(buyer.purchase(event, NOW)) == [HotmartEventStatus.IGNORED]
    assert system_session.scalar(select(Licence.id).where(Licence.external_key == buyer.code)) is None


def test_a_purchase_without_a_usable_email_is_flagged_and_swept(deliver: Deliver, system_session: Session) -> None:
    nameless = Subscription("isto não é um e-mail")
    assert deliver(nameless.purchase("PURCHASE_APPROVED", NOW)) == [HotmartEventStatus.FAILED]
    stored = system_session.scalars(select(HotmartEvent).where(HotmartEvent.licence_key == nameless.code)).one()
    assert "e-mail" in (stored.problem or "")
    assert stored.id in open_hotmart_events(system_session, datetime.now(UTC) + DAY, limit=10_000)


@pytest.mark.parametrize("body", [b"", b"{", b"\x00\xff", b"[1]", b'{"event": 7}', b"hottok=x&transaction=HP1"])
def test_a_body_that_cannot_be_read_is_stored_and_flagged(body: bytes, system_session: Session) -> None:
    salted = body + b" " * secrets.randbelow(200)
    stored_id = store_hotmart_event(system_session, salted)
    stored = system_session.get(HotmartEvent, stored_id)
    assert stored is not None
    assert (stored.body, stored.status) == (salted, HotmartEventStatus.UNREADABLE)
    assert stored.problem


def test_two_first_purchases_at_once_make_one_tenant(
    buyer: Subscription, factory: sessionmaker[Session], system_session: Session
) -> None:
    """The second is applied while the first has made its tenant and not committed yet."""
    other = Subscription(buyer.email)
    answers: list[HotmartEventStatus | None] = []
    second_body = other.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH)
    second = threading.Thread(target=lambda: answers.append(_deliver(factory, second_body)))
    with system_scope("test"), factory.begin() as session:
        stored_id = store_hotmart_event(session, buyer.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH))
        assert stored_id is not None
        answers.append(apply_hotmart_event(session, stored_id, NOW))
        second.start()
        second.join(0.5)
    second.join()
    assert answers == [HotmartEventStatus.APPLIED] * 2
    assert licence_of(system_session, buyer.code).tenant_id == licence_of(system_session, other.code).tenant_id


def test_an_event_with_an_unknown_shape_raises_nothing(deliver: Deliver) -> None:
    odd = {"purchase": [], "subscription": "x", "buyer": None, "product": 7}
    assert deliver(envelope("PURCHASE_APPROVED", NOW, odd)) == [HotmartEventStatus.IGNORED]


def test_hopeless_events_dont_stand_before_new_ones_in_the_sweep(deliver: Deliver, system_session: Session) -> None:
    hopeless, new = Subscription("isto não é um e-mail"), Subscription(f"{new_code()}@example.com")
    deliver(hopeless.purchase("PURCHASE_APPROVED", NOW))
    tried = system_session.scalars(select(HotmartEvent.id).where(HotmartEvent.licence_key == hopeless.code)).one()
    waiting = store_hotmart_event(system_session, new.purchase("PURCHASE_APPROVED", NOW, next_charge=MONTH))
    assert waiting is not None
    swept = open_hotmart_events(system_session, datetime.now(UTC) + DAY, limit=10_000)
    assert swept.index(waiting) < swept.index(tried)
