"""Approved templates: how one is filled in for sending, and how Meta lists those of an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from connectors.reading import at, list_at, text_at
from connectors.whatsapp.words import MediaKind, RegisteredTemplate, Template, TemplateStatus

STATUSES: Final = {
    "APPROVED": TemplateStatus.APPROVED,
    "REINSTATED": TemplateStatus.APPROVED,
    "PENDING": TemplateStatus.PENDING,
    "IN_APPEAL": TemplateStatus.PENDING,
    "REJECTED": TemplateStatus.REJECTED,
    "PAUSED": TemplateStatus.PAUSED,
    "FLAGGED": TemplateStatus.APPROVED,
    "DISABLED": TemplateStatus.DISABLED,
    "DELETED": TemplateStatus.DISABLED,
    "PENDING_DELETION": TemplateStatus.DISABLED,
    "ARCHIVED": TemplateStatus.DISABLED,
}
_FIELD: Final = re.compile(r"\{\{\s*(\w{1,60})\s*\}\}")
_HEADER_KINDS: Final = {MediaKind.IMAGE: "image", MediaKind.VIDEO: "video"}


def template_message(template: Template) -> dict[str, object]:
    """The `template` object of a send."""
    message: dict[str, object] = {"name": template.name, "language": {"code": template.language}}
    components = list(_components(template))
    return message | ({"components": components} if components else {})


def status_of(said: str) -> TemplateStatus:
    return STATUSES.get(said.upper(), TemplateStatus.UNKNOWN)


def registered_template(row: Any) -> RegisteredTemplate | None:
    """One row of the list; None without a name."""
    name = text_at(row, "name")
    if not name:
        return None
    parts = {text_at(part, "type").upper(): part for part in list_at(row, "components")}
    body, header = text_at(parts.get("BODY"), "text"), parts.get("HEADER")
    buttons = list_at(parts.get("BUTTONS"), "buttons")
    return RegisteredTemplate(
        text_at(row, "id"),
        name,
        text_at(row, "language"),
        status_of(text_at(row, "status")),
        text_at(row, "category"),
        body,
        _fields(body),
        text_at(header, "format").lower(),
        bool(_fields(text_at(header, "text"))),
        tuple(index for index, button in enumerate(buttons) if _FIELD.search(text_at(button, "url"))),
    )


def _fields(text: str) -> tuple[str, ...]:
    """What a text asks for, each once, in order of appearance."""
    return tuple(dict.fromkeys(_FIELD.findall(text)))


def _components(template: Template) -> Iterator[dict[str, object]]:
    if template.header_media is not None:
        kind = _HEADER_KINDS.get(template.header_media.kind, "document")
        yield _component("header", [{"type": kind, kind: media_object(template.header_media)}])
    elif template.header_text:
        yield _component("header", [{"type": "text", "text": template.header_text}])
    if template.body:
        yield _component("body", list(_body(template)))
    for index, suffix in enumerate(template.url_suffixes):
        if suffix:
            place = {"sub_type": "url", "index": str(index)}
            yield _component("button", [{"type": "text", "text": suffix}]) | place


def _body(template: Template) -> Iterator[dict[str, object]]:
    for index, value in enumerate(template.body):
        name = at(list(template.body_names), index)
        yield {"type": "text", "text": value} | ({"parameter_name": name} if name else {})


def _component(kind: str, parameters: list[dict[str, object]]) -> dict[str, object]:
    return {"type": kind, "parameters": parameters}


def media_object(media: Any) -> dict[str, object]:
    """A file as Meta names it: one it keeps, or a public address; a document also has a name."""
    where: dict[str, object] = {"id": media.provider_id} if media.provider_id else {"link": media.url}
    is_named = media.kind is MediaKind.DOCUMENT and media.file_name
    return where | ({"filename": media.file_name} if is_named else {})
