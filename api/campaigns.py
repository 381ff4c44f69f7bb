"""`/api/campaigns` (contract 3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from api import campaigns_schemas as schemas
from api.campaigns_results_schemas import AnalyticsSchema
from api.common import Blueprint, Page, page_of
from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from models.campaigns import Campaign, CampaignContact, CampaignCounts, CampaignLog
from services import campaigns as room

ID: Final = "/<int(max=9223372036854775807):campaign_id>"

blueprint = Blueprint("campaigns_api", __name__, url_prefix="/api/campaigns", description="Campanhas")


@dataclass(frozen=True, slots=True)
class Shown:
    """A campaign with everything its schema reads."""

    campaign: Campaign
    counts: CampaignCounts
    members: room.Members
    follow_ups: Sequence[room.FollowUp]
    progress_percent: float
    success_rate: float
    conversion_rate: float


@blueprint.get("")
@blueprint.arguments(schemas.CampaignFilterSchema, location="query")
@blueprint.response(200, page_of(schemas.CampaignSchema))
@requires("campaigns.read")
def list_campaigns(args: dict[str, Any]) -> Page[Shown]:
    """Newest first."""
    statuses = [args["status"]] if args["status"] else []
    page = room.cards_of(
        db.session(), _tenant(), search=args["q"], statuses=statuses, limit=args["limit"], cursor=args["cursor"]
    )
    return Page(_shown(page.items), page.next_cursor)


@blueprint.post("")
@blueprint.arguments(schemas.NewCampaignSchema)
@blueprint.response(201, schemas.CampaignSchema)
@requires("campaigns.edit")
def create_campaign(said: dict[str, Any]) -> Shown:
    """A draft. Nothing is sent before `start`."""
    session, wanted = db.session(), room.CampaignInput(**schemas.input_from(said))
    made = room.create_campaign(session, _tenant(), wanted, actor=_person(), now=utcnow())
    campaign_id = made.id
    session.commit()
    return _one(campaign_id)


@blueprint.get("/stats")
@blueprint.response(200, schemas.TotalsSchema)
@requires("campaigns.read")
def stats_of_all() -> room.Totals:
    """Over all campaigns."""
    return room.totals_of(db.session(), _tenant())


@blueprint.get(ID)
@blueprint.response(200, schemas.CampaignSchema)
@requires("campaigns.read")
def get_campaign(campaign_id: int) -> Shown:
    """One campaign."""
    return _one(campaign_id)


@blueprint.patch(ID)
@blueprint.arguments(schemas.CampaignChangesSchema)
@blueprint.response(200, schemas.CampaignSchema)
@requires("campaigns.edit")
def update_campaign(said: dict[str, Any], campaign_id: int) -> Shown:
    """Change what is sent, while draft or paused (409 otherwise)."""
    session, changes = db.session(), schemas.input_from(said)
    room.update_campaign(session, _tenant(), campaign_id, changes, actor=_person(), now=utcnow())
    session.commit()
    return _one(campaign_id)


@blueprint.delete(ID)
@blueprint.response(204)
@requires("campaigns.delete")
def delete_campaign(campaign_id: int) -> None:
    """Remove it with its recipients and its story."""
    room.delete_campaign(db.session(), _tenant(), campaign_id, actor=_person())
    db.session().commit()


@blueprint.post(f"{ID}/start")
@blueprint.response(200, schemas.CampaignSchema)
@requires("campaigns.launch")
def start_campaign(campaign_id: int) -> Shown:
    """Send; with `schedule_at` in the future it is scheduled. 422 says what stands in the way."""
    room.start_campaign(db.session(), _tenant(), campaign_id, actor=_person(), now=utcnow())
    db.session().commit()
    return _one(campaign_id)


@blueprint.post(f"{ID}/pause")
@blueprint.response(200, schemas.CampaignSchema)
@requires("campaigns.launch")
def pause_campaign(campaign_id: int) -> Shown:
    """Hold the sending."""
    room.pause_campaign(db.session(), _tenant(), campaign_id, actor=_person())
    db.session().commit()
    return _one(campaign_id)


@blueprint.post(f"{ID}/resume")
@blueprint.response(200, schemas.CampaignSchema)
@requires("campaigns.launch")
def resume_campaign(campaign_id: int) -> Shown:
    """Go on."""
    room.resume_campaign(db.session(), _tenant(), campaign_id, actor=_person(), now=utcnow())
    db.session().commit()
    return _one(campaign_id)


@blueprint.post(f"{ID}/cancel")
@blueprint.response(200, schemas.CampaignSchema)
@requires("campaigns.launch")
def cancel_campaign(campaign_id: int) -> Shown:
    """End it: the status first and at once, then the rows that still wait."""
    session = db.session()
    room.cancel_campaign(session, _tenant(), campaign_id, actor=_person(), now=utcnow())
    session.commit()
    room.cancel_pending(session, _tenant(), campaign_id)
    session.commit()
    return _one(campaign_id)


@blueprint.post(f"{ID}/duplicate")
@blueprint.response(201, schemas.CampaignSchema)
@requires("campaigns.edit")
def duplicate_campaign(campaign_id: int) -> Shown:
    """A draft with the same texts and settings."""
    made = room.duplicate_campaign(db.session(), _tenant(), campaign_id, actor=_person(), now=utcnow())
    copy_id = made.id
    db.session().commit()
    return _one(copy_id)


@blueprint.post(f"{ID}/resend")
@blueprint.arguments(schemas.ResendSchema)
@blueprint.response(200, schemas.CampaignSchema)
@requires("campaigns.launch")
def resend(said: dict[str, Any], campaign_id: int) -> Shown:
    """The failed, or the unconfirmed, go back into the queue (409 when there are none)."""
    room.resend(db.session(), _tenant(), campaign_id, said["which"], actor=_person())
    db.session().commit()
    return _one(campaign_id)


@blueprint.post(f"{ID}/deal")
@blueprint.arguments(schemas.DealSchema)
@blueprint.response(200, schemas.CampaignSchema)
@requires("campaigns.edit")
def count_deal(said: dict[str, Any], campaign_id: int) -> Shown:
    """One closed deal more or less; never below zero, and once a recipient (409). Who bought gets no follow-up."""
    room.add_deal(
        db.session(), _tenant(), campaign_id, said["delta"], actor=_person(), contact_id=said["contact_id"],
        now=utcnow(),
    )  # fmt: skip
    db.session().commit()
    return _one(campaign_id)


@blueprint.get(f"{ID}/preview")
@blueprint.arguments(schemas.RowSchema, location="query")
@blueprint.response(200, schemas.PreviewSchema)
@requires("campaigns.read")
def preview(args: dict[str, Any], campaign_id: int) -> room.Preview:
    """The message of one person of the audience; 404 while there is no message or nobody receives."""
    return room.preview_or_404(db.session(), _tenant(), campaign_id, args["row"], utcnow())


@blueprint.get(f"{ID}/forecast")
@blueprint.response(200, schemas.ForecastSchema)
@requires("campaigns.read")
def forecast(campaign_id: int) -> dict[str, Any]:
    """Who receives and when it should be done; once started, of what still waits."""
    session, now = db.session(), utcnow()
    card = room.card_of(session, _tenant(), campaign_id)
    if card.campaign.started_at is not None:
        pending, numbers = card.counts.pending, room.parts_of(session, _tenant(), campaign_id).instances
        expected = room.forecast_remaining(session, card.campaign, numbers, messages=pending, now=now)
        return {"recipients": pending, **_end(expected)}
    verdict = room.check_campaign(session, _tenant(), campaign_id, now)
    return {
        "recipients": verdict.recipients,
        "left_out": verdict.left_out,
        "unknown_variables": verdict.unknown_variables,
        "empty_variables": verdict.empty_variables,
        "obstacles": [{"code": one.value, "message": room.SENTENCES[one]} for one in verdict.obstacles],
        "can_start": verdict.can_start,
        "quota_left_today": verdict.quota.left_today,
        "starts_at": verdict.starts_at,
        "cost": room.expected_cost(session, _tenant(), campaign_id, now),
        **_end(verdict.forecast),
    }


@blueprint.get(f"{ID}/contacts")
@blueprint.arguments(schemas.ContactFilterSchema, location="query")
@blueprint.response(200, page_of(schemas.ContactSchema))
@requires("campaigns.read")
def list_contacts(args: dict[str, Any], campaign_id: int) -> Page[CampaignContact]:
    """The recipients, in the order of sending."""
    return room.contacts_of(
        db.session(), _tenant(), campaign_id, status=args["status"], search=args["q"], limit=args["limit"],
        cursor=args["cursor"],
    )  # fmt: skip


@blueprint.get(f"{ID}/contacts/<int(max=9223372036854775807):contact_id>")
@blueprint.response(200, schemas.ContactStorySchema)
@requires("campaigns.read")
def get_contact(campaign_id: int, contact_id: int) -> room.ContactStory:
    """One recipient, the text they were sent, and their lines of the story."""
    return room.contact_story(db.session(), _tenant(), campaign_id, contact_id)


@blueprint.get(f"{ID}/logs")
@blueprint.arguments(schemas.LogFilterSchema, location="query")
@blueprint.response(200, page_of(schemas.LogSchema))
@requires("campaigns.read")
def list_logs(args: dict[str, Any], campaign_id: int) -> Page[CampaignLog]:
    """The story, newest first."""
    return room.logs_of(db.session(), _tenant(), campaign_id, **args)


@blueprint.get(f"{ID}/analytics")
@blueprint.response(200, AnalyticsSchema)
@requires("campaigns.read")
def analytics(campaign_id: int) -> room.Analytics:
    """By number, by variation, errors, problems, duration, over time, cost, follow-ups."""
    return room.analytics_of(db.session(), _tenant(), campaign_id, utcnow())


@blueprint.get(f"{ID}/stats")
@blueprint.response(200, schemas.StatsSchema)
@requires("campaigns.read")
def stats(campaign_id: int) -> room.Card:
    """Counters and rates."""
    return room.card_of(db.session(), _tenant(), campaign_id)


def _one(campaign_id: int) -> Shown:
    return _shown([room.card_of(db.session(), _tenant(), campaign_id)])[0]


def _shown(cards: Any) -> list[Shown]:
    ids = [card.campaign.id for card in cards]
    members = room.members_of(db.session(), _tenant(), ids)
    steps = room.follow_ups_of(db.session(), _tenant(), ids, utcnow())
    return [
        Shown(
            card.campaign,
            card.counts,
            members[card.campaign.id],
            steps[card.campaign.id],
            card.progress_percent,
            card.success_rate,
            card.conversion_rate,
        )
        for card in cards
    ]


def _end(expected: room.Forecast) -> dict[str, Any]:
    return {"ends_at": expected.ends_at, "days": expected.days, "per_hour": expected.per_hour}


def _tenant() -> int:
    return current_principal().tenant_id


def _person() -> int:
    return current_principal().user_id
