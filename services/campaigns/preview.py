"""The message as one person of the audience would see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from models.campaigns import Campaign, CampaignContact, CampaignMessage, ContactStatus
from models.leads import Lead, LeadListMember
from models.media import MediaFile
from services.campaigns.audience import audience, has_people_of_source, planned_for_many
from services.campaigns.check import variables_of
from services.campaigns.find import Parts, campaign_of, parts_of
from services.campaigns.messages import WITHOUT_TEXT
from services.campaigns.rendering import (
    CATEGORY,
    CITY,
    EMAIL,
    EXIT_LINE,
    FIRST_NAME,
    NAME,
    Piece,
    fill_template,
    pieces,
    read_body,
    recipient_values,
    variables_in,
    variation_of,
)
from services.campaigns.scraped import SCRAPED
from services.instances import templates_of
from services.media import stored_files


@dataclass(frozen=True, slots=True)
class Preview:
    """Row `row` of `total` people who receive (counted from 1): who it is, which variation, the text in pieces that
    say what a variable filled, and the exit line ('' without one). `media` is the file that goes along; `template` the
    approved one ('' without) that an official number sends where free text may not go, `template_text` what it
    says and `filled_template` what is sent of it."""

    row: int
    total: int
    name: str
    phone: str
    variation: int
    parts: Sequence[Piece]
    footer: str
    media: MediaFile | None = None
    template: str = ""
    template_text: str = ""
    filled_template: Mapping[str, Any] | None = None

    @property
    def text(self) -> str:
        """The whole message, as it is sent."""
        return "".join(text for text, _ in self.parts) + self.footer

    @property
    def previous_row(self) -> int | None:
        """The row before, None on the first."""
        return self.row - 1 if self.row > 1 else None

    @property
    def next_row(self) -> int | None:
        """The row after, None on the last."""
        return self.row + 1 if self.row < self.total else None


def preview(
    session: Session, tenant_id: int, campaign_id: int, row: int, now: datetime, *, variation: int | None = None
) -> Preview | None:
    """The message of one person: from the ledger once launched, from the audience as it is now before. A row beyond
    the last shows the last; `variation` (counted from 1) shows another than the person's own. None while there is no
    message or nobody receives. NotFound for a stranger's campaign and for a variation that isn't there."""
    campaign = campaign_of(session, tenant_id, campaign_id)
    parts = parts_of(session, tenant_id, campaign_id)
    if not parts.messages:
        return None
    people = _recipients(session, campaign, parts, now)
    with planned_for_many(session, parts.lists):
        total = session.scalar(select(func.count()).select_from(people.subquery())) or 0
        number = max(1, min(row, total))
        person = session.execute(people.offset(number - 1).limit(1)).first()
    if person is None:
        return None
    chosen = variation_of(campaign_id, person.phone, len(parts.messages)) if variation is None else variation - 1
    if not 0 <= chosen < len(parts.messages):
        raise NotFound("Esta campanha não tem essa variação da mensagem.")
    message = parts.messages[chosen]
    values = recipient_values(person.name, person.phone, person.variables)
    media = stored_files(session, tenant_id, [message.media_id]).get(message.media_id) if message.media_id else None
    filled, template_text = _template(session, campaign, parts, message=message, values=values)
    says_how_to_leave = campaign.exit_line or has_people_of_source(session, campaign, SCRAPED)
    has_footer = says_how_to_leave and (message.content or message.media_id) and not _is_silent(media)
    return Preview(
        row=number,
        total=total,
        name=person.name,
        phone=person.phone,
        variation=chosen + 1,
        parts=pieces(message.content, values, campaign.variable_fallbacks),
        footer=EXIT_LINE if has_footer else "",
        media=media,
        template=(message.template or {}).get("name", ""),
        template_text=template_text,
        filled_template=filled,
    )


def preview_or_404(
    session: Session, tenant_id: int, campaign_id: int, row: int, now: datetime, *, variation: int | None = None
) -> Preview:
    """The same for programs: NotFound where there is nothing to show."""
    found = preview(session, tenant_id, campaign_id, row, now, variation=variation)
    if found is None:
        raise NotFound("Ainda não há mensagem ou destinatário para mostrar.")
    return found


def draft_preview(session: Session, tenant_id: int, texts: Sequence[str], lists: Sequence[int]) -> list[list[Piece]]:
    """Each of these texts as the first person of the lists would read it; for somebody made up while the tenant has
    no lead. Unfilled variables stay visible as their names, since this is still being written."""
    values = _sample_values(session, tenant_id, lists)
    return [pieces(text, values, {name: f"[{name}]" for name in variables_in(text)}) for text in texts]


def _is_silent(media: MediaFile | None) -> bool:
    return media is not None and media.kind in WITHOUT_TEXT


def _template(
    session: Session, campaign: Campaign, parts: Parts, *, message: CampaignMessage, values: Mapping[str, str]
) -> tuple[dict[str, Any] | None, str]:
    """The variation's template filled for the person, and what they read of it ('' while no chosen number has told us
    its text)."""
    if not message.template:
        return None, ""
    name, language = message.template["name"], message.template["language"]
    rows = templates_of(session, campaign.tenant_id, [one.id for one in parts.instances])
    row = next((row for row in rows if (row.name, row.language) == (name, language)), None)
    variables = fill_template(message.template["variables"], values, campaign.variable_fallbacks)
    filled = {"name": name, "language": language, "variables": variables, "header": row.header if row else ""}
    return filled, read_body(row.body if row else "", variables)


def _sample_values(session: Session, tenant_id: int, lists: Sequence[int]) -> dict[str, str]:
    query = select(Lead).where(Lead.tenant_id == tenant_id)
    if lists:
        members = select(LeadListMember.lead_id).where(
            LeadListMember.tenant_id == tenant_id, LeadListMember.list_id.in_(lists)
        )
        query = query.where(Lead.id.in_(members))
    # A person with a name shows more than one without.
    lead = session.scalars(query.order_by(Lead.name == "", Lead.id).limit(1)).first()
    if lead is None:
        return {NAME: "Ana", FIRST_NAME: "Ana"}
    columns = {EMAIL: lead.email, CITY: lead.city, CATEGORY: lead.category}
    return recipient_values(lead.name, lead.phone, columns | lead.extra)


def _recipients(session: Session, campaign: Campaign, parts: Parts, now: datetime) -> Select[str, str, dict[str, str]]:
    if campaign.started_at is None:
        people = audience(campaign, variables_of(session, campaign, parts), now)
        waiting: Select[str, str, dict[str, str]] = select(people.c.name, people.c.phone, people.c.variables)
        return waiting.where(people.c.status == ContactStatus.PENDING.value).order_by(people.c.id)
    left_out = (ContactStatus.SUPPRESSED, ContactStatus.INVALID)
    return (
        select(CampaignContact.name, CampaignContact.phone, CampaignContact.variables)
        .where(
            CampaignContact.tenant_id == campaign.tenant_id,
            CampaignContact.campaign_id == campaign.id,
            CampaignContact.status.not_in(left_out),
        )
        .order_by(CampaignContact.id)
    )
