"""One recipient's text in the sender: the same pure functions the check page's preview uses."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.campaigns import recipient_values, variation_of, whole_text


@dataclass(frozen=True, slots=True)
class Texts:
    """A campaign's variations (id, template) in their order. `version` changes whenever the campaign is edited."""

    version: float
    variations: Sequence[tuple[int, str]]
    fallbacks: Mapping[str, str]
    has_exit_line: bool


def compose(texts: Texts, campaign_id: int, phone: str, *, name: str, variables: str) -> tuple[int, str]:
    """Message id and final text for one recipient; `variables` is the row's JSON object as text, read only when the
    template has a variable at all."""
    message_id, template = texts.variations[variation_of(campaign_id, phone, len(texts.variations))]
    values = recipient_values(name, phone, json.loads(variables)) if "{" in template else {}
    return message_id, whole_text(template, values, texts.fallbacks, has_exit_line=texts.has_exit_line)
