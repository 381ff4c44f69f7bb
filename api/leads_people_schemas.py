"""What `/api/leads` says of people, and what it takes."""

from typing import Any, Final

import marshmallow as ma

from api.common import PageArgs, Schema, StrictSchema
from models.leads import LegalBasis
from services import leads as room

MOST_IDS: Final = 1_000
_BASES: Final = ma.validate.OneOf([str(one) for one in LegalBasis])


class LeadSchema(Schema):
    """One person; `extra` holds the further columns of their files."""

    id = ma.fields.Integer(required=True)
    phone = ma.fields.String(required=True)
    name = ma.fields.String()
    email = ma.fields.String()
    city = ma.fields.String()
    category = ma.fields.String()
    extra = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    tags = ma.fields.List(ma.fields.String())
    source = ma.fields.String()
    legal_basis = ma.fields.String()
    consent_source = ma.fields.String()
    consent_at = ma.fields.AwareDateTime(allow_none=True)
    consent_proof = ma.fields.String()
    is_suppressed = ma.fields.Boolean()
    created_at = ma.fields.AwareDateTime()
    updated_at = ma.fields.AwareDateTime()


class FilterFields(ma.Schema):
    """Everything that must hold at once; what is left out asks nothing."""

    q = ma.fields.String(load_default="", metadata={"description": "parte de nome, e-mail ou telefone"})
    list_id = ma.fields.Integer(load_default=None, allow_none=True)
    city = ma.fields.String(load_default="")
    category = ma.fields.String(load_default="")
    tag = ma.fields.String(load_default="")
    status = ma.fields.String(load_default="", validate=ma.validate.OneOf(["", *map(str, room.Standing)]))
    source = ma.fields.String(load_default="", validate=ma.validate.OneOf(["", *room.SOURCES]))
    legal_basis = ma.fields.String(load_default="", validate=ma.validate.OneOf(["", *map(str, LegalBasis)]))
    contacted = ma.fields.String(load_default="", validate=ma.validate.OneOf(["", "yes", "no"]))
    replied = ma.fields.String(load_default="", validate=ma.validate.OneOf(["", "yes", "no"]))


class FilterArgs(FilterFields, StrictSchema):
    """A filter alone."""


class PeopleArgs(FilterFields, PageArgs):
    """A filter and a page."""


class FileArgs(FilterFields, StrictSchema):
    """A filter and `?format=csv|xlsx`."""

    format = ma.fields.String(load_default="csv", validate=ma.validate.OneOf(["csv", "xlsx"]))


class CountSchema(Schema):
    """`count` people; with `is_more` at least so many."""

    count = ma.fields.Integer(attribute="number")
    is_more = ma.fields.Boolean()


class ChangeLead(StrictSchema):
    """What changes; what is left out stays. `extra` and `tags` replace what was there."""

    name = ma.fields.String()
    email = ma.fields.String()
    city = ma.fields.String()
    category = ma.fields.String()
    extra = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    tags = ma.fields.List(ma.fields.String())


class NewLead(ChangeLead):
    """One more person, and why they may be written to."""

    phone = ma.fields.String(required=True)
    legal_basis = ma.fields.String(required=True, validate=_BASES)
    list_id = ma.fields.Integer(load_default=None, allow_none=True)


class EncounterSchema(Schema):
    """One campaign (`step` > 0: its follow-up) and how far its message came."""

    campaign_id = ma.fields.Integer()
    campaign_name = ma.fields.String()
    step = ma.fields.Integer()
    status = ma.fields.String(attribute="contact.status")
    sent_at = ma.fields.AwareDateTime(attribute="contact.sent_at", allow_none=True)
    delivered_at = ma.fields.AwareDateTime(attribute="contact.delivered_at", allow_none=True)
    read_at = ma.fields.AwareDateTime(attribute="contact.read_at", allow_none=True)
    replied_at = ma.fields.AwareDateTime(attribute="contact.replied_at", allow_none=True)
    failed_at = ma.fields.AwareDateTime(attribute="contact.failed_at", allow_none=True)


class TalkSchema(Schema):
    """A conversation with this person."""

    id = ma.fields.Integer()
    instance_id = ma.fields.Integer()
    last_text = ma.fields.String()
    last_message_at = ma.fields.AwareDateTime()


class HistorySchema(Schema):
    """What happened with a person, the latest first."""

    campaigns = ma.fields.List(ma.fields.Nested(EncounterSchema), attribute="encounters")
    conversations = ma.fields.List(ma.fields.Nested(TalkSchema))


class SegmentSchema(Schema):
    """A filter with a name."""

    id = ma.fields.Integer()
    name = ma.fields.String()
    filter = ma.fields.Dict(keys=ma.fields.String())
    created_at = ma.fields.AwareDateTime()


class NewSegment(StrictSchema):
    """The same name again changes the filter."""

    name = ma.fields.String(required=True)
    filter = ma.fields.Nested(FilterArgs, required=True)


class ItemsSchema(Schema):
    """Some texts."""

    items = ma.fields.List(ma.fields.String())


class NewDeed(StrictSchema):
    """`action` on these `ids` now, or on everybody a `filter` finds, by a worker."""

    action = ma.fields.String(required=True, validate=ma.validate.OneOf(room.ACTIONS))
    tag = ma.fields.String(load_default="")
    list_id = ma.fields.Integer(load_default=None, allow_none=True)
    from_list_id = ma.fields.Integer(load_default=None, allow_none=True)
    ids = ma.fields.List(ma.fields.Integer(), validate=ma.validate.Length(min=1, max=MOST_IDS))
    filter = ma.fields.Nested(FilterArgs)

    @ma.validates_schema
    def _one_of_two(self, said: dict[str, Any], **_options: Any) -> None:
        if ("ids" in said) == ("filter" in said):
            raise ma.ValidationError("Diga ids ou filter, um dos dois.", "ids")


class DeedSchema(Schema):
    """How far a deed is; `id` is null when it was done at once."""

    id = ma.fields.Integer(allow_none=True)
    action = ma.fields.String()
    status = ma.fields.String()
    seen = ma.fields.Integer()
    done = ma.fields.Integer()
    finished_at = ma.fields.AwareDateTime(allow_none=True)


class LikenessSchema(Schema):
    """Two leads that look like one person."""

    reason = ma.fields.String()
    first = ma.fields.Nested(LeadSchema)
    second = ma.fields.Nested(LeadSchema)


class LikenessesSchema(Schema):
    """Some pairs."""

    items = ma.fields.List(ma.fields.Nested(LikenessSchema))


class NewMerge(StrictSchema):
    """`gone_id` becomes part of `kept_id`."""

    kept_id = ma.fields.Integer(required=True)
    gone_id = ma.fields.Integer(required=True)


class MergeSchema(Schema):
    """For taking it back."""

    id = ma.fields.Integer()
    kept_id = ma.fields.Integer()
    undone_at = ma.fields.AwareDateTime(allow_none=True)
