"""What will happen if I press send: who receives, who is left out and why, what stands in the way, when it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Subquery, func, literal, select
from sqlalchemy.orm import Session

from core.clock import day_in_zone
from core.zones import BRASILIA, ZONES, zone_of_column
from models.accounts import DailyUsage
from models.campaigns import Campaign, CampaignContact, CampaignDay, CampaignStatus, ContactStatus
from models.instances import Instance, InstanceStatus
from services.accounts import Entitlement, PlanLimits, entitlement_of
from services.campaigns.audience import Reason, Variables, audience, planned_for_many, read_variables
from services.campaigns.content_check import ContentVerdict, check_content
from services.campaigns.find import Parts, campaign_of, parts_of, texts_of_steps, zone_of_tenant
from services.campaigns.first_contacts import count_first_contacts
from services.campaigns.forecast import Channel, Forecast, Load, forecast
from services.campaigns.hours import read_hours
from services.campaigns.messages import texts_of
from services.campaigns.scraped import Grounds, counted_grounds, grounds_of, narrowed
from services.instances import floors_of, is_healthy, is_unofficial, stages_of, warm_up_day

EXAMPLES: Final = 3
COUNTED_MOST: Final = 50_000


class Obstacle(StrEnum):
    """Why a campaign can't start, in the order to clear them. `SENTENCES` has what to do about each."""

    NO_LICENCE = "no_live_licence"
    NO_LIST = "no_list"
    NO_MESSAGE = "no_message"
    UNKNOWN_VARIABLE = "unknown_variable"
    FILE_MISSING = "file_missing"
    NO_WORDS = "no_words"
    UNKNOWN_TEMPLATE = "unknown_template"
    INCOMPLETE_TEMPLATE = "incomplete_template"
    NO_TEMPLATE = "no_template"
    NOBODY = "nobody_receives"
    NO_NUMBER = "no_number"
    NO_CONNECTED_NUMBER = "no_connected_number"


SENTENCES: Final[Mapping[Obstacle, str]] = {
    Obstacle.NO_LICENCE: "Sua licença não está ativa, então os envios estão parados. Renove-a para enviar.",
    Obstacle.NO_MESSAGE: "A campanha ainda não tem mensagem. Escreva ao menos uma.",
    Obstacle.NO_LIST: "Nenhuma lista foi escolhida. Escolha para quem enviar.",
    Obstacle.NO_NUMBER: "Nenhum número de WhatsApp foi escolhido. Escolha por qual enviar.",
    Obstacle.NO_CONNECTED_NUMBER: "Nenhum dos números escolhidos está conectado. Conecte um deles e volte aqui.",
    Obstacle.UNKNOWN_VARIABLE: "Há variáveis que não são coluna de nenhuma pessoa das listas. Corrija o nome delas.",
    Obstacle.FILE_MISSING: "Um arquivo das mensagens não existe mais. Escolha outro.",
    Obstacle.NO_WORDS: "Uma variação só tem modelo aprovado, e há número que não usa modelos. Escreva também o texto.",
    Obstacle.UNKNOWN_TEMPLATE: (
        "Um modelo não está aprovado em todos os números oficiais escolhidos. Atualize a lista de modelos ou use outro."
    ),
    Obstacle.INCOMPLETE_TEMPLATE: "Faltam dados ou o arquivo que o modelo pede. Preencha todos os campos dele.",
    Obstacle.NO_TEMPLATE: (
        "Um número oficial só escreve a quem não respondeu nas últimas 24 horas com um modelo aprovado. "
        "Escolha um modelo em cada variação ou tire o número oficial."
    ),
    Obstacle.NOBODY: "Ninguém receberia esta campanha. Veja abaixo quem ficou de fora e por quê.",
}


@dataclass(frozen=True, slots=True)
class EmptyVariable:
    """A column that says nothing for some of the people: its canonical name and how the text spells it, how many, the
    first few of them, and the text they get instead ('' = none was given)."""

    key: str
    name: str
    count: int
    examples: Sequence[str]
    fallback: str


@dataclass(frozen=True, slots=True)
class Quota:
    """Messages of the tenant's present day: what plan and campaign still allow, and the plan's whole day."""

    left_today: int
    day_limit: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answers of the check page. `left_out` is by reason; `obstacles` in the order to clear them. `first_contacts`:
    recipients nobody wrote to before, counted where the exit line is off (a warning, no obstacle)."""

    recipients: int
    left_out: Mapping[Reason, int]
    unknown_variables: Sequence[str]
    empty_variables: Sequence[EmptyVariable]
    obstacles: Sequence[Obstacle]
    connected: Sequence[Instance]
    unconnected: Sequence[Instance]
    quota: Quota
    forecast: Forecast
    starts_at: datetime
    is_scheduled: bool
    first_contacts: int = 0
    content: ContentVerdict = field(default_factory=ContentVerdict)
    grounds: Grounds = field(default_factory=Grounds)

    @property
    def total(self) -> int:
        """Everybody in the lists, once each."""
        return self.recipients + sum(self.left_out.values())

    @property
    def can_start(self) -> bool:
        """Nothing stands in the way of sending now."""
        return not self.obstacles

    @property
    def can_schedule(self) -> bool:
        """Nothing but what may well be mended until then."""
        return not set(self.obstacles) - {Obstacle.NO_CONNECTED_NUMBER}

    @property
    def exceeds_today(self) -> bool:
        """More people than today's quota: the campaign goes on by itself on the days after."""
        return self.recipients > self.quota.left_today


def check_campaign(session: Session, tenant_id: int, campaign_id: int, now: datetime) -> Verdict:
    """Look at a campaign that has not been launched as it would be launched now. Five queries and one count, a
    few more where files or templates are used."""
    campaign = campaign_of(session, tenant_id, campaign_id)
    parts = parts_of(session, tenant_id, campaign_id)
    with planned_for_many(session, parts.lists):
        return _checked(session, campaign, parts, now)


def _checked(session: Session, campaign: Campaign, parts: Parts, now: datetime) -> Verdict:
    tenant_id = campaign.tenant_id
    variables = variables_of(session, campaign, parts)
    people = audience(campaign, variables, now)
    counted = _count(session, people, variables)
    entitlement = entitlement_of(session, tenant_id, now)
    zone = zone_of_tenant(session, tenant_id)
    grounds = grounds_of(campaign, counted)
    quota = narrowed(quota_of(session, campaign, entitlement, zone=zone, now=now), grounds)
    # What is scheduled already is looked at as if it were sent now: that is what its button would do.
    is_waiting = campaign.status in (CampaignStatus.DRAFT, CampaignStatus.PAUSED)
    starts_at = max(now, campaign.schedule_at) if campaign.schedule_at and is_waiting else now
    connected = [one for one in parts.instances if one.status is InstanceStatus.CONNECTED]
    verdict = Verdict(
        recipients=counted["pending"],
        left_out={reason: counted[reason] for reason in Reason if counted[reason]},
        unknown_variables=variables.unknown,
        empty_variables=_empty_variables(session, people, variables, campaign=campaign, counted=counted),
        obstacles=(),
        connected=connected,
        unconnected=[one for one in parts.instances if one not in connected],
        quota=quota,
        forecast=forecast_of(session, campaign, connected, quota, messages=counted["pending"],
                             by_zone={code: counted[f"zone_{code}"] for code in ZONES},
                             plan=entitlement.plan, zone=zone, starts_at=starts_at, now=now),
        starts_at=starts_at,
        is_scheduled=starts_at > now,
        first_contacts=0 if campaign.exit_line or grounds.scraped else count_first_contacts(session, tenant_id, people),
        content=check_content(session, parts, people, now),
        grounds=grounds,
    )  # fmt: skip
    obstacles = _obstacles(
        parts, entitlement, verdict.content, unknown=variables.unknown, is_nobody=not verdict.recipients
    )
    return replace(verdict, obstacles=obstacles)


def obstacles_to_launch(session: Session, campaign: Campaign, now: datetime) -> list[Obstacle]:
    """The same obstacles without counting the people, which costs as much again as writing them: whether there is
    anybody, the launch sees by itself."""
    parts = parts_of(session, campaign.tenant_id, campaign.id)
    variables = variables_of(session, campaign, parts)
    with planned_for_many(session, parts.lists):
        content = check_content(session, parts, audience(campaign, variables, now), now)
    entitlement = entitlement_of(session, campaign.tenant_id, now)
    return _obstacles(parts, entitlement, content, unknown=variables.unknown, is_nobody=False)


def forecast_remaining(
    session: Session, campaign: Campaign, instances: Sequence[Instance], *, messages: int, now: datetime
) -> Forecast:
    """When a launched campaign will be done with so many messages, through those of its numbers that may send now."""
    zone = zone_of_tenant(session, campaign.tenant_id)
    entitlement = entitlement_of(session, campaign.tenant_id, now)
    return forecast_of(
        session,
        campaign,
        instances,
        quota_of(session, campaign, entitlement, zone=zone, now=now),
        messages=messages,
        by_zone=pending_by_zone(session, campaign),
        plan=entitlement.plan,
        zone=zone,
        starts_at=now,
        now=now,
    )


def variables_of(session: Session, campaign: Campaign, parts: Parts) -> Variables:
    """What the texts of the campaign and of its follow-ups use, given the choice made for people without a value: who
    is written to must be able to get every step."""
    fallbacks = () if campaign.leave_out_incomplete else campaign.variable_fallbacks
    texts = [*texts_of(parts.messages), *texts_of_steps(session, campaign.tenant_id, campaign.id)]
    with planned_for_many(session, parts.lists):
        return read_variables(session, campaign.tenant_id, campaign.id, texts, fallbacks)


def quota_of(session: Session, campaign: Campaign, entitlement: Entitlement, *, zone: str, now: datetime) -> Quota:
    """What may still be sent on the tenant's present day, by plan and by the campaign's own limit."""
    tenant_id, today = campaign.tenant_id, day_in_zone(now, zone)
    used = session.scalar(
        select(DailyUsage.messages_reserved).where(DailyUsage.tenant_id == tenant_id, DailyUsage.day == today)
    )
    claimed = session.scalar(
        select(CampaignDay.claimed).where(
            CampaignDay.tenant_id == tenant_id,
            CampaignDay.campaign_id == campaign.id,
            CampaignDay.day == today,
            CampaignDay.instance_id == 0,
        )
    )
    plan = entitlement.daily_messages
    own = plan if campaign.daily_limit is None else campaign.daily_limit
    return Quota(max(0, min(plan - (used or 0), own - (claimed or 0))), min(plan, own))


def forecast_of(
    session: Session,
    campaign: Campaign,
    instances: Sequence[Instance],
    quota: Quota,
    *,
    messages: int,
    by_zone: Mapping[int, int],
    plan: PlanLimits,
    zone: str,
    starts_at: datetime,
    now: datetime,
) -> Forecast:
    """The expected end of so many messages, living `by_zone`, through those of these numbers that may send, from
    `starts_at` on, each with the floor its plan and connector have."""
    today = day_in_zone(now, zone)
    is_today = day_in_zone(starts_at, zone) == today
    stages, floors = stages_of(session), floors_of(session)
    channels = [
        replace(
            _channel(one, campaign, floors.of(plan, one.connector, is_sandbox=one.is_sandbox)),
            used=one.reserved_today if is_today and one.usage_day == today else 0,
            stages=stages if _warms_up(one) else (),
            warm_up_day=warm_up_day(one.first_connected_at, starts_at, zone),
        )
        for one in instances
        if is_healthy(one)
    ]
    load = Load(
        messages=messages,
        channels=channels,
        day_limit=quota.day_limit,
        left_today=quota.left_today if is_today else quota.day_limit,
        zone=zone,
        hours=read_hours(campaign.window),
        by_zone=by_zone,
    )
    return forecast(load, starts_at)


def pending_by_zone(session: Session, campaign: Campaign) -> dict[int, int]:
    """Where the people live who still wait, by zone code; empty when the campaign's hours don't depend on it. The zones
    with few people are counted up to COUNTED_MOST each, which an index answers; the rest live in Brasília's."""
    if not read_hours(campaign.window).is_by_recipient:
        return {}
    counts = {}
    for code in ZONES:
        if code == BRASILIA:
            continue
        some = (
            select(literal(1))
            .where(
                CampaignContact.tenant_id == campaign.tenant_id,
                CampaignContact.campaign_id == campaign.id,
                CampaignContact.zone == code,
                CampaignContact.status == ContactStatus.PENDING,
            )
            .limit(COUNTED_MOST)
        )
        counts[code] = session.scalar(select(func.count()).select_from(some.subquery())) or 0
    return counts


def _channel(instance: Instance, campaign: Campaign, floor: int) -> Channel:
    """The sender's own rule: the largest minimum and the largest maximum; `floor` in milliseconds."""
    low = max(floor, instance.min_interval_ms, campaign.interval_min_ms or 0)
    high = max(low, instance.max_interval_ms, campaign.interval_max_ms or 0)
    return Channel((low + high) / 2000, instance.daily_cap)


def _warms_up(instance: Instance) -> bool:
    return instance.warm_up and not instance.is_sandbox and is_unofficial(instance.connector)


def _count(session: Session, people: Subquery, variables: Variables) -> dict[str, int]:
    reachable = people.c.reason.is_(None) | (people.c.reason == Reason.MISSING_VARIABLE)
    counts = [func.count().filter(people.c.status == ContactStatus.PENDING).label("pending")]
    counts += [func.count().filter(people.c.reason == reason).label(reason) for reason in Reason]
    counts += counted_grounds(people)
    counts += [
        func.count()
        .filter(people.c.status == ContactStatus.PENDING, zone_of_column(people.c.phone) == code)
        .label(f"zone_{code}")
        for code in ZONES
    ]
    counts += [
        func.count().filter(reachable & people.c[f"empty_{number}"]).label(f"empty_{number}")
        for number in range(len(variables.bare))
    ]
    return dict(session.execute(select(*counts)).mappings().one())


def _empty_variables(
    session: Session, people: Subquery, variables: Variables, *, campaign: Campaign, counted: Mapping[str, int]
) -> list[EmptyVariable]:
    found = []
    for number, name in enumerate(variables.bare):
        if not counted[f"empty_{number}"]:
            continue
        examples = session.execute(
            select(people.c.name, people.c.phone)
            .where(people.c[f"empty_{number}"], people.c.reason.is_distinct_from(Reason.OPT_OUT.value))
            .order_by(people.c.id)
            .limit(EXAMPLES)
        )
        found.append(
            EmptyVariable(
                key=name,
                name=variables.spellings[name],
                count=counted[f"empty_{number}"],
                examples=[row.name or row.phone for row in examples],
                fallback="" if campaign.leave_out_incomplete else campaign.variable_fallbacks.get(name, ""),
            )
        )
    return found


def _obstacles(
    parts: Parts, entitlement: Entitlement, content: ContentVerdict, *, unknown: Sequence[str], is_nobody: bool
) -> list[Obstacle]:
    is_connected = any(one.status is InstanceStatus.CONNECTED for one in parts.instances)
    met = {
        Obstacle.NO_LICENCE: not entitlement.is_live,
        Obstacle.NO_MESSAGE: not parts.messages,
        Obstacle.NO_LIST: not parts.lists,
        Obstacle.NO_NUMBER: not parts.instances,
        Obstacle.NO_CONNECTED_NUMBER: bool(parts.instances) and not is_connected,
        Obstacle.UNKNOWN_VARIABLE: bool(unknown),
        Obstacle.FILE_MISSING: bool(content.missing_files),
        Obstacle.NO_WORDS: bool(content.wordless),
        Obstacle.UNKNOWN_TEMPLATE: bool(content.unknown),
        Obstacle.INCOMPLETE_TEMPLATE: bool(content.incomplete),
        Obstacle.NO_TEMPLATE: bool(content.outside),
        Obstacle.NOBODY: bool(parts.lists) and is_nobody,
    }
    return [obstacle for obstacle in Obstacle if met[obstacle]]
