"""One recipient's text: the variation by a hash, the variables filled in, the exit line put on. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

EXIT_LINE: Final = "\n\nResponda SAIR para não receber mais mensagens."
_PLACEHOLDER: Final = re.compile(r"\{([^{}|]+)(?:\|([^{}]*))?\}")
_NAMES: Final = frozenset({"nome", "name"})


@dataclass(frozen=True, slots=True)
class Texts:
    """A campaign's variations (id, template) in their order. `version` changes whenever the campaign is edited."""

    version: float
    variations: Sequence[tuple[int, str]]
    fallbacks: Mapping[str, str]
    has_exit_line: bool


def variation_of(campaign_id: int, phone: str, count: int) -> int:
    """Which variation a person gets: the same at every attempt and in every process."""
    return crc32(f"{campaign_id}:{phone}".encode()) % count


def render(template: str, values: Mapping[str, str], fallbacks: Mapping[str, str]) -> str:
    """The template with `{variable}` and `{variable|fallback}` filled in. Names are compared without case."""

    def value_of(found: re.Match[str]) -> str:
        name = found[1].strip().lower()
        return values.get(name) or fallbacks.get(name) or (found[2] or "").strip()

    return _PLACEHOLDER.sub(value_of, template)


def compose(texts: Texts, campaign_id: int, phone: str, *, name: str, variables: str) -> tuple[int, str]:
    """Message id and final text for one recipient; `variables` is the row's JSON object as text."""
    message_id, template = texts.variations[variation_of(campaign_id, phone, len(texts.variations))]
    if "{" in template:
        values = {key.lower(): value for key, value in json.loads(variables).items()} if variables != "{}" else {}
        template = render(template, values | dict.fromkeys(_NAMES, name), texts.fallbacks)
    return message_id, template + EXIT_LINE if texts.has_exit_line else template
