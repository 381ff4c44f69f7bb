"""What programs say of campaigns and what they get back (contract 3.3)."""

from typing import Any, Final

import marshmallow as ma

from api.common import PageArgs, Schema, StrictSchema
from core.errors import InvalidInput
from models.campaigns import CampaignStatus, ContactStatus, LogType, RotationMode, Severity
from services import campaigns as room

BIGINT: Final = ma.validate.Range(min=1, max=2**63 - 1)
SMALL: Final = ma.validate.Range(min=-(2**31), max=2**31 - 1)
LATER: Final = "Ainda não disponível. Envie sem este campo."


class TemplateSchema(StrictSchema):
    """An approved template. `variables`: a list for numbered fields, else an object by field (`@header` for a field in
    the header's text, `@button.0` for the ending of the first button's address). May hold our own variables."""

    name = ma.fields.String(required=True)
    language = ma.fields.String(load_default="pt_BR")
    variables = ma.fields.Raw(load_default=dict)

    @ma.validates("variables")
    def check_variables(self, said: Any, data_key: str) -> None:
        """Texts, in a list or by name."""
        values = said.values() if isinstance(said, dict) else said
        if not isinstance(said, dict | list) or not all(isinstance(one, str) for one in values):
            raise ma.ValidationError("Mande uma lista de textos, ou um objeto de campo para texto.")


class MessageSchema(StrictSchema):
    """One variation: a text, a file with the text as its caption, and for official numbers a template that goes where
    free text may not. Without `order` they keep the order they are sent in."""

    content = ma.fields.String(load_default="")
    order = ma.fields.Integer(load_default=None, allow_none=True, validate=SMALL)
    media_id = ma.fields.Integer(load_default=None, allow_none=True, validate=BIGINT)
    template = ma.fields.Nested(TemplateSchema, load_default=None, allow_none=True)

    @ma.validates_schema
    def check_something_is_said(self, said: Any, **_: Any) -> None:
        """A variation says something."""
        if not (said["content"] or said["media_id"] or said["template"]):
            raise ma.ValidationError("Escreva o texto, ou mande um arquivo ou um modelo.", "content")


class FollowUpInSchema(StrictSchema):
    """A later step: for whom the one before was sent to so many days ago and who hasn't answered."""

    after_days = ma.fields.Integer(required=True, validate=SMALL)
    messages = ma.fields.List(ma.fields.Nested(MessageSchema), required=True)
    stop_on_reply = ma.fields.Boolean(load_default=True)


class CampaignChangesSchema(StrictSchema):
    """Only what is sent changes."""

    name = ma.fields.String()
    description = ma.fields.String()
    rotation_mode = ma.fields.Enum(RotationMode, by_value=True)
    instances = ma.fields.List(ma.fields.Integer(validate=BIGINT))
    messages = ma.fields.List(ma.fields.Nested(MessageSchema))
    follow_ups = ma.fields.List(ma.fields.Nested(FollowUpInSchema))
    lists = ma.fields.List(ma.fields.Integer(validate=BIGINT))
    interval_min_ms = ma.fields.Integer(allow_none=True, validate=SMALL)
    interval_max_ms = ma.fields.Integer(allow_none=True, validate=SMALL)
    daily_limit = ma.fields.Integer(allow_none=True, validate=SMALL)
    schedule_at = ma.fields.AwareDateTime(allow_none=True)
    window = ma.fields.Dict(keys=ma.fields.String(), allow_none=True)
    repeat_guard_days = ma.fields.Integer(allow_none=True, validate=SMALL)
    exit_line = ma.fields.Boolean()
    fallbacks = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    leave_out_incomplete = ma.fields.Boolean()


class NewCampaignSchema(CampaignChangesSchema):
    """A new draft; what isn't said takes the careful defaults."""

    name = ma.fields.String(required=True)


class CampaignFilterSchema(PageArgs):
    """`?status=&q=` of the list."""

    status = ma.fields.Enum(CampaignStatus, by_value=True, load_default=None)
    q = ma.fields.String(load_default="")


class ContactFilterSchema(PageArgs):
    """`?status=&q=` of the recipients; `replied` is a filter too."""

    status = ma.fields.String(load_default="", validate=ma.validate.OneOf(["", *ContactStatus, room.REPLIED]))
    q = ma.fields.String(load_default="")


class LogFilterSchema(PageArgs):
    """`?log_type=&severity=` of the story."""

    log_type = ma.fields.Enum(LogType, by_value=True, load_default=None)
    severity = ma.fields.Enum(Severity, by_value=True, load_default=None)


class RowSchema(ma.Schema):
    """`?row=N`, counted from 1."""

    class Meta:
        unknown = ma.EXCLUDE

    row = ma.fields.Integer(load_default=1, validate=ma.validate.Range(min=1, max=2**31 - 1))


class ResendSchema(StrictSchema):
    """Which messages go again."""

    which = ma.fields.Enum(room.Resend, by_value=True, required=True, data_key="only")


class DealSchema(StrictSchema):
    """One closed deal more or less, of one recipient when it is said whose."""

    delta = ma.fields.Integer(required=True, validate=ma.validate.OneOf([1, -1]))
    contact_id = ma.fields.Integer(load_default=None, allow_none=True, validate=BIGINT)


class CountsSchema(Schema):
    """total = pending + sending + sent + failed + unconfirmed + suppressed + invalid + cancelled + expired, always."""

    total = ma.fields.Integer()
    pending = ma.fields.Integer()
    sending = ma.fields.Integer()
    sent = ma.fields.Integer()
    delivered = ma.fields.Integer()
    read = ma.fields.Integer()
    failed = ma.fields.Integer()
    unconfirmed = ma.fields.Integer()
    suppressed = ma.fields.Integer()
    invalid = ma.fields.Integer()
    cancelled = ma.fields.Integer()
    expired = ma.fields.Integer()
    replied = ma.fields.Integer()


class VariationSchema(Schema):
    """A variation with its id, which `contacts` refer to."""

    id = ma.fields.Integer()
    content = ma.fields.String()
    order = ma.fields.Integer(attribute="position")
    media_id = ma.fields.Integer(allow_none=True)
    template = ma.fields.Raw(allow_none=True)


class StatsSchema(Schema):
    """Counters and rates of one campaign."""

    counts = ma.fields.Nested(CountsSchema)
    progress_percent = ma.fields.Float()
    success_rate = ma.fields.Float()
    conversion_rate = ma.fields.Float()
    closed_deals = ma.fields.Integer(attribute="campaign.closed_deals")


class FollowUpSchema(Schema):
    """A later step as programs see it; `campaign_id` leads to its people, its story and its analytics."""

    campaign_id = ma.fields.Integer(attribute="campaign.id")
    step = ma.fields.Integer(attribute="campaign.step")
    after_days = ma.fields.Integer(attribute="campaign.after_days")
    stop_on_reply = ma.fields.Boolean(attribute="campaign.stop_on_reply")
    status = ma.fields.Enum(CampaignStatus, by_value=True, attribute="campaign.status")
    pause_reason = ma.fields.String(attribute="campaign.pause_reason")
    messages = ma.fields.List(ma.fields.Nested(VariationSchema))
    counts = ma.fields.Nested(CountsSchema)
    next_day = ma.fields.Date(allow_none=True)
    next_people = ma.fields.Integer()


class CampaignSchema(StatsSchema):
    """A campaign as programs see it."""

    id = ma.fields.Integer(attribute="campaign.id")
    name = ma.fields.String(attribute="campaign.name")
    description = ma.fields.String(attribute="campaign.description")
    status = ma.fields.Enum(CampaignStatus, by_value=True, attribute="campaign.status")
    pause_reason = ma.fields.String(attribute="campaign.pause_reason")
    rotation_mode = ma.fields.Enum(RotationMode, by_value=True, attribute="campaign.rotation_mode")
    instances = ma.fields.List(ma.fields.Integer(), attribute="members.instances")
    lists = ma.fields.List(ma.fields.Integer(), attribute="members.lists")
    messages = ma.fields.List(ma.fields.Nested(VariationSchema), attribute="members.messages")
    follow_ups = ma.fields.List(ma.fields.Nested(FollowUpSchema))
    parent_id = ma.fields.Integer(attribute="campaign.parent_id", allow_none=True)
    step = ma.fields.Integer(attribute="campaign.step")
    interval_min_ms = ma.fields.Integer(attribute="campaign.interval_min_ms", allow_none=True)
    interval_max_ms = ma.fields.Integer(attribute="campaign.interval_max_ms", allow_none=True)
    daily_limit = ma.fields.Integer(attribute="campaign.daily_limit", allow_none=True)
    schedule_at = ma.fields.AwareDateTime(attribute="campaign.schedule_at", allow_none=True)
    window = ma.fields.Raw(attribute="campaign.window", allow_none=True)
    repeat_guard_days = ma.fields.Integer(attribute="campaign.repeat_guard_days", allow_none=True)
    exit_line = ma.fields.Boolean(attribute="campaign.exit_line")
    fallbacks = ma.fields.Dict(attribute="campaign.variable_fallbacks")
    leave_out_incomplete = ma.fields.Boolean(attribute="campaign.leave_out_incomplete")
    next_send_at = ma.fields.AwareDateTime(attribute="campaign.next_send_at", allow_none=True)
    started_at = ma.fields.AwareDateTime(attribute="campaign.started_at", allow_none=True)
    finished_at = ma.fields.AwareDateTime(attribute="campaign.finished_at", allow_none=True)
    created_at = ma.fields.AwareDateTime(attribute="campaign.created_at")
    created_by = ma.fields.Integer(attribute="campaign.created_by", allow_none=True)


class ContactSchema(Schema):
    """One recipient: the ledger's row."""

    id = ma.fields.Integer()
    lead_id = ma.fields.Integer(allow_none=True)
    phone = ma.fields.String()
    name = ma.fields.String()
    status = ma.fields.Enum(ContactStatus, by_value=True)
    reason = ma.fields.String(allow_none=True)
    instance_id = ma.fields.Integer(allow_none=True)
    message_id = ma.fields.Integer(allow_none=True)
    provider_message_id = ma.fields.String(allow_none=True)
    attempts = ma.fields.Integer()
    error = ma.fields.String(allow_none=True)
    queued_at = ma.fields.AwareDateTime()
    sent_at = ma.fields.AwareDateTime(allow_none=True)
    delivered_at = ma.fields.AwareDateTime(allow_none=True)
    read_at = ma.fields.AwareDateTime(allow_none=True)
    failed_at = ma.fields.AwareDateTime(allow_none=True)
    replied_at = ma.fields.AwareDateTime(allow_none=True)
    deal_at = ma.fields.AwareDateTime(allow_none=True)


class LogSchema(Schema):
    """One line of the story: ids and numbers, never a name, a phone or a text."""

    id = ma.fields.Integer()
    log_type = ma.fields.Enum(LogType, by_value=True)
    severity = ma.fields.Enum(Severity, by_value=True)
    message = ma.fields.String()
    details = ma.fields.Raw()
    duration_ms = ma.fields.Integer(allow_none=True)
    request_data = ma.fields.Raw(allow_none=True)
    response_data = ma.fields.Raw(allow_none=True)
    http_status = ma.fields.Integer(allow_none=True)
    campaign_progress = ma.fields.Float(allow_none=True)
    instance_health_score = ma.fields.Float(allow_none=True)
    instance_id = ma.fields.Integer(allow_none=True)
    contact_id = ma.fields.Integer(allow_none=True)
    created_by = ma.fields.Integer(allow_none=True)
    created_at = ma.fields.AwareDateTime()


class ContactStorySchema(Schema):
    """One recipient and what happened to them, newest first."""

    contact = ma.fields.Nested(ContactSchema)
    text = ma.fields.String(allow_none=True, attribute="contact.rendered_text")
    story = ma.fields.List(ma.fields.Nested(LogSchema))


class PieceSchema(Schema):
    """A piece of the text, and whether a variable filled it."""

    text = ma.fields.String()
    is_filled = ma.fields.Boolean()


class PreviewSchema(Schema):
    """The message of one person of the audience."""

    row = ma.fields.Integer()
    total = ma.fields.Integer()
    name = ma.fields.String()
    phone = ma.fields.String()
    variation = ma.fields.Integer()
    text = ma.fields.String()
    media_id = ma.fields.Integer(attribute="media.id", allow_none=True, dump_default=None)
    template = ma.fields.String()
    template_text = ma.fields.String()
    parts = ma.fields.Function(lambda one: [{"text": text, "is_filled": is_filled} for text, is_filled in one.parts])


class ObstacleSchema(Schema):
    """What stands in the way and what to do about it."""

    code = ma.fields.String()
    message = ma.fields.String()


class EmptyVariableSchema(Schema):
    """A variable that some people have nothing for."""

    name = ma.fields.String()
    count = ma.fields.Integer()
    examples = ma.fields.List(ma.fields.String())
    fallback = ma.fields.String()


class ChargeSchema(Schema):
    """A line of the bill; `total_micros` null = nobody has entered a price."""

    category = ma.fields.String()
    country = ma.fields.String()
    messages = ma.fields.Integer()
    currency = ma.fields.String()
    total_micros = ma.fields.Integer(allow_none=True)


class CostSchema(Schema):
    """What messages through official numbers cost, in millionths of each currency; `unpriced` messages have no price
    entered and are in no total, `is_most` = it may well be less."""

    charges = ma.fields.List(ma.fields.Nested(ChargeSchema))
    totals_micros = ma.fields.Dict(attribute="totals", keys=ma.fields.String(), values=ma.fields.Integer())
    messages = ma.fields.Integer()
    unpriced = ma.fields.Integer()
    is_most = ma.fields.Boolean()


class ForecastSchema(Schema):
    """Before the start: who would receive and what stands in the way. Always: when it should be done."""

    recipients = ma.fields.Integer()
    left_out = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())
    unknown_variables = ma.fields.List(ma.fields.String())
    empty_variables = ma.fields.List(ma.fields.Nested(EmptyVariableSchema))
    obstacles = ma.fields.List(ma.fields.Nested(ObstacleSchema))
    can_start = ma.fields.Boolean()
    quota_left_today = ma.fields.Integer()
    starts_at = ma.fields.AwareDateTime()
    ends_at = ma.fields.AwareDateTime(allow_none=True)
    days = ma.fields.Integer()
    per_hour = ma.fields.Integer()
    cost = ma.fields.Nested(CostSchema, allow_none=True)


class TotalsSchema(Schema):
    """Over all campaigns of the tenant."""

    campaigns = ma.fields.Integer()
    active = ma.fields.Integer()
    by_status = ma.fields.Function(lambda one: {status.value: count for status, count in one.by_status.items()})
    sent = ma.fields.Integer()
    delivered = ma.fields.Integer()
    read = ma.fields.Integer()
    failed = ma.fields.Integer()
    replied = ma.fields.Integer()
    closed_deals = ma.fields.Integer()
    success_rate = ma.fields.Float()
    conversion_rate = ma.fields.Float()


def input_from(said: dict[str, Any]) -> dict[str, Any]:
    """The body as fields of CampaignInput; InvalidInput for parts of the contract that can't be served yet."""
    fields = dict(said)
    problems: dict[str, list[str]] = {}
    if (messages := fields.get("messages")) is not None:
        fields["messages"] = _messages(messages)
    if (steps := fields.get("follow_ups")) is not None:
        fields["follow_ups"] = tuple(
            room.FollowUpInput(step["after_days"], _messages(step["messages"]), step["stop_on_reply"]) for step in steps
        )
    if problems:
        raise InvalidInput(fields=problems)
    return fields


def _messages(messages: list[dict[str, Any]]) -> tuple[room.MessageInput, ...]:
    placed = sorted(enumerate(messages), key=lambda pair: (_place(pair), pair[0]))
    return tuple(room.MessageInput(one["content"], one["media_id"], one["template"]) for _, one in placed)


def _place(pair: tuple[int, dict[str, Any]]) -> int:
    position, message = pair
    order: int | None = message["order"]
    return position if order is None else order
