"""What messages through official numbers cost, and that nobody is told 0 for a price that isn't known."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.tenancy import tenant_scope
from models.campaigns import ContactStatus
from services import campaigns
from services.campaigns import FollowUpInput, Price
from services.campaigns.cost import Sendings, category_of, cost_of, country_of, price_of, shared_out
from tests.support.campaigns import NOW, add_campaign, add_list, add_number, give_template, move_contacts
from tests.support.world import TenantHandle

DAY = date(2026, 11, 23)
OLD, NEW = date(2026, 1, 1), date(2026, 11, 1)
PRICES = [
    Price("marketing", "BR", OLD, "USD", 60_000),
    Price("marketing", "BR", NEW, "USD", 62_500),
    Price("marketing", "*", NEW, "USD", 90_000),
    Price("utility", "BR", date(2027, 1, 1), "BRL", 50_000),
]


def test_the_newest_valid_price_of_the_country_counts_and_else_everybodys() -> None:
    assert price_of(PRICES, "marketing", "BR", DAY) == PRICES[1]
    assert price_of(PRICES, "marketing", "BR", NEW - timedelta(days=1)) == PRICES[0]
    assert price_of(PRICES, "marketing", "PT", DAY) == PRICES[2]
    assert price_of(PRICES, "marketing", "PT", OLD) is None
    assert price_of(PRICES, "utility", "BR", DAY) is None


def test_an_unknown_price_is_told_and_never_zero() -> None:
    found = cost_of([Sendings("marketing", "BR", DAY, 1000), Sendings("service", "BR", DAY, 7)], PRICES)
    assert found.totals == {"USD": 62_500_000}
    assert (found.unpriced, found.messages) == (7, 1007)
    assert [(one.category, one.total_micros) for one in found.charges] == [("marketing", 62_500_000), ("service", None)]
    assert cost_of([Sendings("service", "BR", DAY, 7)], []).totals == {}


@given(st.lists(st.tuples(st.sampled_from(["marketing", "utility", "service"]), st.sampled_from(["BR", "PT"]),
                          st.dates(OLD, date(2027, 6, 1)), st.integers(0, 10**6)), max_size=12))  # fmt: skip
def test_every_message_is_on_exactly_one_line(said: list[tuple[str, str, date, int]]) -> None:
    found = cost_of([Sendings(*one) for one in said], PRICES)
    assert found.messages == sum(one[3] for one in said)
    assert found.unpriced + sum(c.messages for c in found.charges if c.total_micros is not None) == found.messages
    assert sum(found.totals.values()) == sum(one.total_micros or 0 for one in found.charges)


@given(st.integers(0, 10**7), st.lists(st.sampled_from(["marketing", "utility", "service"]), min_size=1, max_size=20))
def test_variations_share_the_people_out(messages: int, categories: list[str]) -> None:
    assert sum(shared_out(messages, categories).values()) == messages


@pytest.mark.parametrize(
    ("phone", "country"),
    [("5511987654321", "BR"), ("351912345678", "PT"), ("12125550123", "US"), ("14165550123", "CA"), ("999", "ZZ")],
)
def test_the_country_is_told_by_the_phone(phone: str, country: str) -> None:
    assert country_of(phone) == country


def test_a_message_without_a_template_is_a_service_message() -> None:
    known = {("oferta", "pt_BR"): "MARKETING", ("aviso", "pt_BR"): "novidade"}
    assert category_of(None, known) == "service"
    assert category_of({"name": "oferta", "language": "pt_BR"}, known) == "marketing"
    assert category_of({"name": "oferta", "language": "en"}, known) == "unknown"
    assert category_of({"name": "aviso", "language": "pt_BR"}, known) == "unknown"


def enter(session: Session, *prices: Price) -> None:
    for price in prices:
        campaigns.set_price(session, price)


def test_the_check_tells_the_cost_of_the_campaign_and_its_steps(session: Session, tenant: TenantHandle) -> None:
    official = add_number(session, tenant.id, connector="cloud_api")
    people = add_list(session, tenant.id, 10)
    made = add_campaign(session, tenant.id, lists=[people], instances=[official])
    give_template(session, tenant.id, made.id, category="marketing")
    enter(session, *PRICES)
    found = campaigns.expected_cost(session, tenant.id, made.id, NOW)
    assert found is not None
    assert (found.totals, found.unpriced, found.is_most) == ({"USD": 625_000}, 0, False)
    campaigns.update_campaign(
        session, tenant.id, made.id, {"follow_ups": [FollowUpInput(2, ("oi",))]}, actor=None, now=NOW
    )
    with_step = campaigns.expected_cost(session, tenant.id, made.id, NOW)
    assert with_step is not None
    assert (with_step.totals, with_step.unpriced, with_step.is_most) == ({"USD": 625_000}, 10, True)


def test_without_an_official_number_there_is_no_cost(session: Session, tenant: TenantHandle) -> None:
    made = add_campaign(session, tenant.id)
    assert campaigns.expected_cost(session, tenant.id, made.id, NOW) is None


def test_the_report_counts_what_was_delivered_at_the_prices_of_its_days(session: Session, tenant: TenantHandle) -> None:
    official = add_number(session, tenant.id, connector="cloud_api")
    made = add_campaign(session, tenant.id, lists=[add_list(session, tenant.id, 6)], instances=[official])
    give_template(session, tenant.id, made.id, category="marketing")
    enter(session, *PRICES)
    message = campaigns.parts_of(session, tenant.id, made.id).messages[0].id
    campaigns.launch_campaign(session, tenant.id, made.id, actor=None, now=NOW)
    through = {"instance_id": official, "message_id": message, "sent_at": NOW}
    for status, count, day in (
        (ContactStatus.SENT, 1, DAY), (ContactStatus.DELIVERED, 2, OLD), (ContactStatus.READ, 1, DAY),
        (ContactStatus.FAILED, 1, DAY),
    ):  # fmt: skip
        move_contacts(session, tenant.id, made.id, status, count=count, claimed_day=day, **through)
    from services.campaigns.prices import cost_so_far

    found = cost_so_far(session, tenant.id, made.id, [official])
    assert found is not None
    assert found.totals == {"USD": 2 * 60_000 + 62_500}
    assert found.messages == 3
    assert cost_so_far(session, tenant.id, made.id, [add_number(session, tenant.id)]) is None


@pytest.mark.parametrize(
    "wrong",
    [
        Price("promo", "BR", DAY, "USD", 1),
        Price("utility", "BRA", DAY, "USD", 1),
        Price("utility", "BR", DAY, "USD", -1),
    ],
)
def test_a_price_that_cannot_be_is_refused(session: Session, tenant: TenantHandle, wrong: Price) -> None:
    with tenant_scope(tenant.id), pytest.raises(InvalidInput):
        campaigns.set_price(session, wrong)


def test_a_price_entered_again_is_corrected(session: Session, tenant: TenantHandle) -> None:
    enter(session, Price("utility", "br", DAY, "usd", 8_000), Price("utility", "BR", DAY, "USD", 6_800))
    mine = [one for one in campaigns.list_prices(session) if one.category == "utility" and one.valid_from == DAY]
    assert mine == [Price("utility", "BR", DAY, "USD", 6_800)]
