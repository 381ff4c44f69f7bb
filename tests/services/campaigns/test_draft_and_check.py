"""Composing a campaign and the check before sending."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, update
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from models.accounts import DailyUsage
from models.campaigns import Campaign, CampaignStatus, ContactStatus, RotationMode
from models.instances import InstanceStatus
from models.leads import Lead
from models.states import NotAllowedNow
from services import campaigns
from services.campaigns import MessageInput, Obstacle, Reason
from services.instances import set_pace_floor
from tests.support.campaigns import NOW, add_campaign, add_list, add_number, launched, move_contacts, suppress
from tests.support.world import TenantHandle


def problems_of(session: Session, tenant: TenantHandle, **said: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as refusal:
        add_campaign(session, tenant.id, **said)
    return refusal.value.fields


def check(session: Session, tenant: TenantHandle, campaign_id: int) -> campaigns.Verdict:
    return campaigns.check_campaign(session, tenant.id, campaign_id, NOW)


def test_what_is_said_is_kept(session: Session, tenant: TenantHandle) -> None:
    made = add_campaign(
        session, tenant.id, name="  Volta\x00 às aulas ", messages=["Oi {nome}\r\n", "  ", "Olá!"], daily_limit=50,
        rotation_mode=RotationMode.BALANCED, fallbacks={"Nome": " amigo "}, interval_min_ms=20_000,
    )  # fmt: skip
    said = campaigns.input_of(session, campaigns.campaign_of(session, tenant.id, made.id))
    assert (said.name, said.daily_limit) == ("Volta às aulas", 50)
    assert said.messages == (MessageInput("Oi {nome}"), MessageInput("Olá!"))
    assert said.rotation_mode is RotationMode.BALANCED
    assert said.fallbacks == {"nome": "amigo"}
    assert made.status is CampaignStatus.DRAFT


def test_saying_nothing_of_hours_gets_the_careful_ones(session: Session, tenant: TenantHandle) -> None:
    said = campaigns.CampaignInput(name="Sem horário")
    made = campaigns.create_campaign(session, tenant.id, said, actor=None, now=NOW)
    assert made.window == campaigns.DEFAULT_WINDOW
    assert made.exit_line is True
    assert add_campaign(session, tenant.id, window=None).window is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"messages": ["x" * 4097]}, "messages"),
        ({"messages": ["Oi {nome"]}, "messages"),
        ({"messages": ["x"] * 21}, "messages"),
        ({"interval_min_ms": -1}, "interval_min_ms"),
        ({"interval_min_ms": 60_000, "interval_max_ms": 50_000}, "interval_max_ms"),
        ({"interval_min_ms": 14_999}, "interval_min_ms"),
        ({"daily_limit": 0}, "daily_limit"),
        ({"repeat_guard_days": 999}, "repeat_guard_days"),
        ({"schedule_at": NOW - timedelta(minutes=1)}, "schedule_at"),
        ({"window": {"days": []}}, "window"),
        ({"lists": [987_654_321]}, "lists"),
        ({"instances": [987_654_321]}, "instances"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(
    session: Session, tenant: TenantHandle, said: dict[str, Any], field: str
) -> None:
    assert list(problems_of(session, tenant, **said)) == [field]


def test_the_pace_floor_does_not_bind_sandbox_numbers(session: Session, tenant: TenantHandle) -> None:
    sandbox = add_number(session, tenant.id, is_sandbox=True)
    assert add_campaign(session, tenant.id, instances=[sandbox], interval_min_ms=0).interval_min_ms == 0
    both = [sandbox, add_number(session, tenant.id)]
    assert "15 segundos" in problems_of(session, tenant, instances=both, interval_min_ms=0)["interval_min_ms"][0]


def test_only_drafts_and_paused_campaigns_change(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id)
    with pytest.raises(NotAllowedNow):
        campaigns.update_campaign(session, tenant.id, campaign_id, {"name": "Outro"}, actor=None, now=NOW)
    campaigns.pause_campaign(session, tenant.id, campaign_id, actor=None)
    campaigns.update_campaign(session, tenant.id, campaign_id, {"name": "Outro"}, actor=None, now=NOW)
    assert campaigns.campaign_of(session, tenant.id, campaign_id).name == "Outro"


def test_once_launched_the_audience_and_its_variables_are_history(session: Session, tenant: TenantHandle) -> None:
    people = add_list(session, tenant.id, [{"name": "Ana", "city": "Recife"}])
    campaign_id = launched(session, tenant.id, lists=[people], messages=["{nome} de {cidade}"])
    campaigns.pause_campaign(session, tenant.id, campaign_id, actor=None)

    def change(**changes: Any) -> None:
        campaigns.update_campaign(session, tenant.id, campaign_id, changes, actor=None, now=NOW)

    for refused in ({"lists": [add_list(session, tenant.id, 1, first=50)]}, {"messages": ["{categoria}"]},
                    {"messages": ["{telefone}"]}, {"messages": []}, {"instances": []}):  # fmt: skip
        with pytest.raises(InvalidInput):
            change(**refused)
    change(messages=["{cidade|aí}, {nome}! {telefone|}"])
    assert campaigns.preview_or_404(session, tenant.id, campaign_id, 1, NOW).text.startswith("Recife, Ana!")


def test_an_edit_keeps_the_ids_of_the_variations_that_stay(session: Session, tenant: TenantHandle) -> None:
    made = add_campaign(session, tenant.id, messages=["um", "dois", "três"])
    before = [one.id for one in campaigns.parts_of(session, tenant.id, made.id).messages]
    campaigns.update_campaign(session, tenant.id, made.id, {"messages": ["um!", "dois"]}, actor=None, now=NOW)
    after = campaigns.parts_of(session, tenant.id, made.id).messages
    assert [one.id for one in after] == before[:2]
    assert [one.content for one in after] == ["um!", "dois"]


def test_a_copy_is_a_draft_with_everything_but_people_and_schedule(session: Session, tenant: TenantHandle) -> None:
    original = add_campaign(session, tenant.id, schedule_at=NOW + timedelta(days=1), messages=["a", "b"])
    copy = campaigns.duplicate_campaign(session, tenant.id, original.id, actor=None, now=NOW)
    said = campaigns.input_of(session, copy)
    assert (copy.name, copy.schedule_at) == ("Volta às aulas (cópia)", None)
    assert said.messages == (MessageInput("a"), MessageInput("b"))
    assert said.lists == campaigns.input_of(session, original).lists


def test_the_check_counts_who_receives_and_who_does_not(session: Session, tenant: TenantHandle) -> None:
    people = [{"name": "Ana"}, {"name": ""}, {"name": "Caio"}, {"name": ""}]
    suppress(session, tenant.id, 3)
    made = add_campaign(session, tenant.id, lists=[add_list(session, tenant.id, people)])
    verdict = check(session, tenant, made.id)
    assert verdict.recipients == 1
    assert verdict.left_out == {Reason.OPT_OUT: 1, Reason.MISSING_VARIABLE: 2}
    assert verdict.total == 4
    (empty,) = verdict.empty_variables
    assert (empty.name, empty.count, len(empty.examples)) == ("nome", 2, 2)
    assert verdict.can_start


def test_a_given_fallback_is_shown_beside_those_who_get_it(session: Session, tenant: TenantHandle) -> None:
    people = add_list(session, tenant.id, [{"name": "Ana"}, {"name": ""}])
    made = add_campaign(session, tenant.id, lists=[people], fallbacks={"nome": "tudo bem"})
    verdict = check(session, tenant, made.id)
    assert verdict.recipients == 2
    assert [(one.count, one.fallback) for one in verdict.empty_variables] == [(1, "tudo bem")]


def test_an_unknown_variable_blocks_whatever_its_fallback(session: Session, tenant: TenantHandle) -> None:
    made = add_campaign(session, tenant.id, messages=["Oi {nome}, {prosedimento|tudo}"])
    verdict = check(session, tenant, made.id)
    assert verdict.unknown_variables == ["prosedimento"]
    assert verdict.obstacles == [Obstacle.UNKNOWN_VARIABLE]
    assert not verdict.can_schedule


def test_a_disconnected_number_stops_a_start_but_not_a_schedule(session: Session, tenant: TenantHandle) -> None:
    number = add_number(session, tenant.id, status=InstanceStatus.DISCONNECTED)
    made = add_campaign(session, tenant.id, instances=[number])
    verdict = check(session, tenant, made.id)
    assert verdict.obstacles == [Obstacle.NO_CONNECTED_NUMBER]
    assert verdict.can_schedule
    assert not verdict.can_start


def test_an_audience_of_nobody_blocks(session: Session, tenant: TenantHandle) -> None:
    made = add_campaign(session, tenant.id, lists=[add_list(session, tenant.id, 0)])
    assert check(session, tenant, made.id).obstacles == [Obstacle.NOBODY]


def test_the_quota_left_today_is_what_plan_and_campaign_allow(session: Session, tenant: TenantHandle) -> None:
    session.add(DailyUsage(tenant_id=tenant.id, day=date(2026, 11, 23), messages_reserved=19_990))
    made = add_campaign(session, tenant.id, lists=[add_list(session, tenant.id, 30)], daily_limit=100)
    verdict = check(session, tenant, made.id)
    assert (verdict.quota.left_today, verdict.quota.day_limit) == (10, 100)
    assert verdict.exceeds_today
    assert verdict.forecast.days == 2


def test_the_forecast_knows_zones_health_and_warm_up(session: Session, tenant: TenantHandle) -> None:
    """At 20h30 in São Paulo half an hour of a message a minute is left there, and an hour and a half in Manaus."""
    evening = NOW + timedelta(hours=8, minutes=30)
    people = add_list(session, tenant.id, 50)
    pace = {"min_interval_ms": 60_000, "max_interval_ms": 60_000, "warm_up": False}
    hours = dict(campaigns.DEFAULT_WINDOW)
    well = add_number(session, tenant.id, **pace)
    made = add_campaign(session, tenant.id, lists=[people], instances=[well], window=hours)
    ends_at = campaigns.check_campaign(session, tenant.id, made.id, evening).forecast.ends_at
    assert ends_at == datetime(2026, 11, 24, 12, 18, tzinfo=UTC)
    moved = func.replace(Lead.phone, "5511", "5592")
    session.execute(update(Lead).where(Lead.tenant_id == tenant.id).values(phone=moved, phone_key=moved))
    assert campaigns.check_campaign(session, tenant.id, made.id, evening).forecast.ends_at == evening + timedelta(
        minutes=49
    )
    ill = add_number(session, tenant.id, **pace, health_score=40)
    new = add_number(session, tenant.id, **pace | {"warm_up": True}, first_connected_at=NOW)
    for numbers, days in (([ill], 0), ([new], 3)):
        other = add_campaign(session, tenant.id, lists=[people], instances=numbers)
        assert campaigns.check_campaign(session, tenant.id, other.id, NOW).forecast.days == days


def test_the_preview_walks_over_those_who_receive(session: Session, tenant: TenantHandle) -> None:
    people = [{"name": "Ana Maria"}, {"name": ""}, {"name": "Caio"}]
    made = add_campaign(
        session, tenant.id, lists=[add_list(session, tenant.id, people)], messages=["Oi {primeiro nome}, {nome}!"]
    )
    first = campaigns.preview_or_404(session, tenant.id, made.id, 1, NOW)
    assert (first.total, first.previous_row, first.next_row) == (2, None, 2)
    assert first.parts == [("Oi ", False), ("Ana", True), (", ", False), ("Ana Maria", True), ("!", False)]
    assert first.text == "Oi Ana, Ana Maria!" + campaigns.EXIT_LINE
    last = campaigns.preview_or_404(session, tenant.id, made.id, 99, NOW)
    assert (last.row, last.name, last.next_row) == (2, "Caio", None)


def test_the_preview_shows_the_variation_the_person_will_get(session: Session, tenant: TenantHandle) -> None:
    made = add_campaign(
        session, tenant.id, lists=[add_list(session, tenant.id, 12)], messages=["A {nome}", "B {nome}", "C {nome}"]
    )
    shown = [campaigns.preview_or_404(session, tenant.id, made.id, row, NOW) for row in range(1, 13)]
    for one in shown:
        assert one.variation == campaigns.variation_of(made.id, one.phone, 3) + 1
        assert one.text.startswith("ABC"[one.variation - 1])
    assert len({one.variation for one in shown}) == 3


def test_the_figures_of_the_dashboard_are_those_of_the_rows(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, lists=[add_list(session, tenant.id, 10)])
    move_contacts(session, tenant.id, campaign_id, ContactStatus.READ, count=4, sent_at=NOW)
    move_contacts(session, tenant.id, campaign_id, ContactStatus.FAILED, count=1)
    campaigns.add_deal(session, tenant.id, campaign_id, 1, actor=None)
    figures = campaigns.overview(session, tenant.id)
    assert (figures.leads, figures.messages_sent, figures.active_campaigns, figures.closed_deals) == (10, 4, 1, 1)
    assert (figures.success_rate, figures.conversion_rate) == (80.0, 25.0)
    nothing = campaigns.overview(session, tenant.id, date(2020, 1, 1), date(2020, 1, 31))
    assert (nothing.leads, nothing.messages_sent, nothing.closed_deals) == (0, 0, 0)


def test_the_analytics_tell_what_became_of_each_variation(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, messages=["a", "b"], lists=[add_list(session, tenant.id, 6)])
    first, second = (one.id for one in campaigns.parts_of(session, tenant.id, campaign_id).messages)
    took = {"sent_at": NOW, "claimed_at": NOW - timedelta(milliseconds=250)}
    move_contacts(session, tenant.id, campaign_id, ContactStatus.READ, count=2, message_id=first, **took)
    move_contacts(session, tenant.id, campaign_id, ContactStatus.SENT, count=1, message_id=second, **took)
    move_contacts(
        session, tenant.id, campaign_id, ContactStatus.FAILED, count=2, message_id=second, failed_at=NOW,
        reason="no_such_number", error="O número não tem WhatsApp.",
    )  # fmt: skip
    found = campaigns.analytics_of(session, tenant.id, campaign_id, NOW)
    assert [(one.sent, one.read, one.failed) for one in found.by_message] == [(2, 2, 0), (1, 0, 2)]
    assert [(one.reason, one.count) for one in found.top_errors] == [("no_such_number", 2)]
    assert found.mean_duration_ms == 250


def test_the_cards_are_searched_filtered_and_paged(session: Session, tenant: TenantHandle) -> None:
    for number in range(5):
        add_campaign(session, tenant.id, name=f"Promo 10% {number}", lists=[], instances=[])
    other = add_campaign(session, tenant.id, name="Lembrete", lists=[], instances=[])
    session.execute(
        update(Campaign)
        .where(Campaign.tenant_id == tenant.id, Campaign.id == other.id)
        .values(status=CampaignStatus.CANCELLED)
    )
    assert len(campaigns.cards_of(session, tenant.id, search="10%").items) == 5
    assert len(campaigns.cards_of(session, tenant.id, search="promo").items) == 5
    cancelled = campaigns.cards_of(session, tenant.id, statuses=[CampaignStatus.CANCELLED])
    assert [card.campaign.name for card in cancelled.items] == ["Lembrete"]
    first = campaigns.cards_of(session, tenant.id, limit=4)
    second = campaigns.cards_of(session, tenant.id, limit=4, cursor=first.next_cursor)
    names = [card.campaign.name for page in (first, second) for card in page.items]
    assert names == ["Lembrete", *(f"Promo 10% {number}" for number in (4, 3, 2, 1, 0))]
    assert second.next_cursor is None


def test_contacts_are_found_by_state_name_and_phone_and_exported(session: Session, tenant: TenantHandle) -> None:
    people = [{"name": "=Ana()"}, {"name": "Bia"}, {"name": "Caio"}]
    campaign_id = launched(session, tenant.id, lists=[add_list(session, tenant.id, people)])
    move_contacts(session, tenant.id, campaign_id, ContactStatus.SENT, count=1, sent_at=NOW)

    def found(**how: str) -> list[str]:
        return [one.name for one in campaigns.contacts_of(session, tenant.id, campaign_id, **how).items]  # type: ignore[arg-type]

    assert found(status="sent") == ["=Ana()"]
    assert found(status="pending") == ["Bia", "Caio"]
    assert found(search="bi") == ["Bia"]
    assert found(search="(11) 90000-0003") == ["Caio"]
    rows = campaigns.export_page(session, tenant.id, campaign_id).items
    assert len(campaigns.EXPORT_HEADER) == len(rows[0])
    assert rows[0][:3] == ("(11) 90000-0001", "'=Ana()", "sent")


def test_the_forecast_keeps_to_the_floor_of_plan_and_connector(session: Session, tenant: TenantHandle) -> None:
    number = add_number(session, tenant.id, min_interval_ms=60_000, max_interval_ms=60_000, warm_up=False)
    made = add_campaign(session, tenant.id, lists=[add_list(session, tenant.id, 7)], instances=[number])
    before = campaigns.check_campaign(session, tenant.id, made.id, NOW).forecast
    set_pace_floor(session, "infinito", "mega_api", 600_000)
    after = campaigns.check_campaign(session, tenant.id, made.id, NOW).forecast
    assert (before.ends_at, after.ends_at) == (NOW + timedelta(minutes=6), NOW + timedelta(minutes=60))
