"""What came of a campaign, as programs see it (contract 3.3)."""

import marshmallow as ma

from api.campaigns_schemas import CostSchema, FollowUpSchema
from api.common import Schema
from models.campaigns import LogType, Severity


class InstanceFiguresSchema(Schema):
    """What one number did."""

    instance_id = ma.fields.Integer()
    name = ma.fields.String()
    sent = ma.fields.Integer()
    delivered = ma.fields.Integer()
    read = ma.fields.Integer()
    failed = ma.fields.Integer()
    replied = ma.fields.Integer()
    success_rate = ma.fields.Float()
    success_interval = ma.fields.List(ma.fields.Float())


class VariationFiguresSchema(Schema):
    """What became of one variation."""

    message_id = ma.fields.Integer()
    order = ma.fields.Integer(attribute="number")
    content = ma.fields.String()
    sent = ma.fields.Integer()
    delivered = ma.fields.Integer()
    read = ma.fields.Integer()
    replied = ma.fields.Integer()
    failed = ma.fields.Integer()
    invalid = ma.fields.Integer()
    success_rate = ma.fields.Float()
    success_interval = ma.fields.List(ma.fields.Float())
    reply_rate = ma.fields.Float()
    reply_interval = ma.fields.List(ma.fields.Float())


class ErrorCountSchema(Schema):
    """A reason and how many people it kept from the message."""

    reason = ma.fields.String()
    error = ma.fields.String()
    count = ma.fields.Integer()


class GraveLineSchema(Schema):
    """A grave kind of line in the story: how often and when last."""

    log_type = ma.fields.Enum(LogType, by_value=True)
    severity = ma.fields.Enum(Severity, by_value=True)
    message = ma.fields.String()
    count = ma.fields.Integer()
    last_at = ma.fields.AwareDateTime()


class TimelinePointSchema(Schema):
    """One hour or day."""

    at = ma.fields.AwareDateTime()
    sent = ma.fields.Integer()
    delivered = ma.fields.Integer()
    read = ma.fields.Integer()
    failed = ma.fields.Integer()


class AnalyticsSchema(Schema):
    """What came of a campaign. Intervals are Wilson's of 95 %, in percent; `best_message_id` is null while the best
    variation may be best by chance."""

    by_instance = ma.fields.List(ma.fields.Nested(InstanceFiguresSchema))
    by_message = ma.fields.List(ma.fields.Nested(VariationFiguresSchema))
    top_errors = ma.fields.List(ma.fields.Nested(ErrorCountSchema))
    problems = ma.fields.List(ma.fields.Nested(GraveLineSchema))
    best_message_id = ma.fields.Integer(allow_none=True)
    mean_duration_ms = ma.fields.Integer(allow_none=True)
    p95_duration_ms = ma.fields.Integer(allow_none=True)
    step = ma.fields.String()
    timeline = ma.fields.List(ma.fields.Nested(TimelinePointSchema))
    cost = ma.fields.Nested(CostSchema, allow_none=True)
    follow_ups = ma.fields.List(ma.fields.Nested(FollowUpSchema))
