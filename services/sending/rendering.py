"""One recipient's message in the sender: the same pure functions the check page's preview uses."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.campaigns import fill_template, read_body, recipient_values, variation_of, whole_text
from services.sending.content import SILENT


class Variation(NamedTuple):
    """One variation: its text, its file with what kind it is, its approved template. `template` is as the campaign
    keeps it, with `body` and `header` as the provider last listed them."""

    message_id: int
    content: str
    media_id: int | None = None
    media_kind: str = ""
    template: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """A campaign's variations in their order. `version` changes whenever the campaign is edited."""

    version: float
    variations: Sequence[Variation]
    fallbacks: Mapping[str, str]
    has_exit_line: bool


class Composed(NamedTuple):
    """What one recipient gets: the text as they read it, the file or the filled template it goes with. `is_closed`:
    nothing of it may go now."""

    message_id: int
    text: str
    media_id: int | None = None
    template: Mapping[str, Any] | None = None
    is_closed: bool = False


def compose(
    texts: Texts, campaign_id: int, phone: str, *, name: str, variables: str, is_open: bool | None = None
) -> Composed:
    """The message of one recipient; `variables` is the row's JSON object as text, read only when something has a
    variable at all. `is_open`: whether free text may go now, None where that is no question."""
    one = texts.variations[variation_of(campaign_id, phone, len(texts.variations))]
    if one.media_id is None and one.template is None and is_open is not False:
        return Composed(one.message_id, _text(texts, one, phone, name=name, variables=variables))
    has_words = bool(one.content or one.media_id)
    if one.template is not None and (is_open is False or (is_open and not has_words)):
        values = recipient_values(name, phone, json.loads(variables))
        filled = fill_template(one.template["variables"], values, texts.fallbacks)
        template = {name: one.template[name] for name in ("name", "language", "header")} | {"variables": filled}
        return Composed(one.message_id, read_body(one.template["body"], filled), one.media_id, template)
    if is_open is False:
        return Composed(one.message_id, "", is_closed=True)
    if one.media_kind in SILENT:
        return Composed(one.message_id, "", one.media_id)
    text = _text(texts, one, phone, name=name, variables=variables) if has_words else ""
    return Composed(one.message_id, text, one.media_id)


def _text(texts: Texts, one: Variation, phone: str, *, name: str, variables: str) -> str:
    values = recipient_values(name, phone, json.loads(variables)) if "{" in one.content else {}
    return whole_text(one.content, values, texts.fallbacks, has_exit_line=texts.has_exit_line)
