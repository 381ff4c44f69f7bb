"""Whether what a campaign says can go through the numbers it chose: files there, templates approved, the 24 hours of
official numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Subquery, exists, func, select
from sqlalchemy.orm import Session

from connectors.whatsapp import ConnectorInfo, TemplateStatus, UnknownConnector, connector
from models.campaigns import CampaignMessage, ContactStatus
from models.inbox import Conversation
from models.instances import ApprovedTemplate, Instance
from services.campaigns.find import Parts
from services.instances import templates_of
from services.media import stored_files

HEADER_FILES = {"image": "image", "video": "video", "document": "document"}


@dataclass(frozen=True, slots=True)
class ContentVerdict:
    """`missing_files` and `wordless` are numbers of variations; `unknown` and `incomplete` names of templates;
    `outside` people an official number may only write to with a template, while a variation has none;
    `falls_back`: numbers without templates send the text or file in place of the template."""

    missing_files: Sequence[int] = ()
    wordless: Sequence[int] = ()
    unknown: Sequence[str] = ()
    incomplete: Sequence[str] = ()
    outside: int = 0
    falls_back: bool = False


def check_content(session: Session, parts: Parts, people: Subquery, now: datetime) -> ContentVerdict:
    """Look at messages and numbers together. Two queries where files or templates are used, one more for the 24 hours
    where an official number was chosen and a variation has no template."""
    infos = {one.id: info for one in parts.instances if (info := _info(one)) is not None}
    official = [one for one in parts.instances if one.id in infos and infos[one.id].has_templates]
    messages = parts.messages
    with_template = [one for one in messages if one.template]
    unknown, incomplete = _templates(session, official, with_template)
    lacks_template = bool(official) and len(with_template) < len(messages)
    has_others = len(official) < len(parts.instances)
    return ContentVerdict(
        missing_files=_missing_files(session, messages),
        wordless=[one.position + 1 for one in with_template if has_others and not (one.content or one.media_id)],
        unknown=unknown,
        incomplete=incomplete,
        outside=_outside(session, official, infos, people=people, now=now) if lacks_template else 0,
        falls_back=bool(with_template and official and has_others),
    )


def _info(instance: Instance) -> ConnectorInfo | None:
    try:
        return connector(instance.connector).info
    except UnknownConnector:
        return None


def _missing_files(session: Session, messages: Sequence[CampaignMessage]) -> list[int]:
    wanted = [one for one in messages if one.media_id is not None]
    if not wanted:
        return []
    there = stored_files(session, wanted[0].tenant_id, {one.media_id for one in wanted if one.media_id is not None})
    return [one.position + 1 for one in wanted if one.media_id not in there]


def _templates(
    session: Session, official: Sequence[Instance], messages: Sequence[CampaignMessage]
) -> tuple[list[str], list[str]]:
    """Names of those not approved at one of the numbers, and of those that lack something to fill them with."""
    if not official or not messages:
        return [], []
    rows = templates_of(session, official[0].tenant_id, [one.id for one in official])
    known = {(row.instance_id, row.name, row.language): row for row in rows}
    unknown: list[str] = []
    incomplete: list[str] = []
    for message in messages:
        said = message.template or {}
        found = [known.get((one.id, said["name"], said["language"])) for one in official]
        approved = [row for row in found if row is not None and row.status == TemplateStatus.APPROVED]
        if len(approved) < len(official):
            unknown.append(said["name"])
        elif any(_lacks(session, row, message) for row in approved):
            incomplete.append(said["name"])
    return list(dict.fromkeys(unknown)), list(dict.fromkeys(incomplete))


def _lacks(session: Session, row: ApprovedTemplate, message: CampaignMessage) -> bool:
    said: dict[str, str] = (message.template or {})["variables"]
    filled = {name for name, text in said.items() if text}
    if filled != set(fields_of(row)):
        return True
    if row.header not in HEADER_FILES:
        return False
    files = stored_files(session, message.tenant_id, {message.media_id} if message.media_id else ())
    return [file.kind.value for file in files.values()] != [row.header]


def fields_of(row: ApprovedTemplate) -> list[str]:
    """Everything a template wants filled, in the order to ask for it."""
    header = ["@header"] if row.has_header_field else []
    return [*header, *row.fields, *(f"@button.{index}" for index in row.url_buttons)]


def _outside(
    session: Session,
    official: Sequence[Instance],
    infos: dict[int, ConnectorInfo],
    *,
    people: Subquery,
    now: datetime,
) -> int:
    """How many of the people nobody heard from at one of these numbers while free text may go."""
    hours = min(infos[one.id].reply_window_hours or 0 for one in official)
    heard = exists().where(
        Conversation.tenant_id == official[0].tenant_id,
        Conversation.instance_id.in_([one.id for one in official]),
        Conversation.phone_key == people.c.phone_key,
        Conversation.last_inbound_at > now - timedelta(hours=hours),
    )
    counted = select(func.count()).select_from(people).where(people.c.status == ContactStatus.PENDING.value, ~heard)
    return session.scalar(counted) or 0
