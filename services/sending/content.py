"""What a message says, turned into its provider's request. Pure; knows nothing of campaigns.

A text goes as it is; a file with the text as its caption; an approved template where the provider has such. A provider
without templates sends the text or the file instead, so a message should always have one of them as well.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from connectors.whatsapp import (
    RULES,
    Account,
    Media,
    MediaKind,
    RefusalCode,
    Refused,
    Template,
    WhatsAppConnector,
)
from core.http_messages import HttpRequest

SILENT: Final = frozenset({MediaKind.AUDIO.value, MediaKind.VOICE.value})
"""Kinds that carry no text on WhatsApp."""

HEADER_FILES: Final = frozenset({"image", "video", "document"})
HEADER_FIELD: Final = "@header"
BUTTON_FIELD: Final = "@button."
NOTHING_TO_SAY: Final = (
    "Esta mensagem só tem um modelo aprovado, e este número não usa modelos. Escreva também um texto."
)
NO_FILE: Final = "O arquivo desta mensagem não existe mais. Escolha outro na campanha e continue."


class Said(NamedTuple):
    """What goes to one person, its variables filled in. `template` is `{name, language, variables, header}`:
    `variables` by field of the template, `header` what stands on top of it ("image" and the like take the file)."""

    text: str = ""
    media_id: int | None = None
    template: Mapping[str, Any] | None = None

    @property
    def needs_file(self) -> bool:
        """Whether the file goes along at all."""
        if self.media_id is None:
            return False
        return self.template is None or self.template.get("header", "") in HEADER_FILES


def refuse(code: RefusalCode, sentence: str = "", *, stops_campaign: bool = False) -> Refused:
    """A refusal of our own, before anything has left."""
    rule = RULES[code]
    stops = stops_campaign or rule.stops_campaign
    return Refused(code, rule.permanent, rule.pauses_instance, sentence or rule.message, stops_campaign=stops)


def for_provider(provider: WhatsAppConnector, said: Said) -> Said:
    """The same without what the provider has no call for."""
    return said if said.template is None or provider.info.has_templates else said._replace(template=None)


def request_of(
    provider: WhatsAppConnector, account: Account, to: str, said: Said, *, file: Media | None, reference: str
) -> HttpRequest | Refused:
    """The call that sends it; `file` is the file at hand where `said.needs_file`."""
    if said.template is not None:
        return provider.send_template(account, to, template_of(said.template, file), reference=reference)
    if file is not None:
        caption = "" if file.kind.value in SILENT else said.text
        return provider.send_media(account, to, file, caption=caption, reference=reference)
    if not said.text:
        return refuse(RefusalCode.REJECTED, NOTHING_TO_SAY)
    return provider.send_text(account, to, said.text, reference=reference)


def template_of(said: Mapping[str, Any], file: Media | None) -> Template:
    """A filled template in the connectors' words. Numbered fields go in their order, named ones with their names."""
    variables: Mapping[str, str] = said.get("variables") or {}
    fields = [name for name in variables if not name.startswith("@")]
    is_numbered = all(name.isdecimal() for name in fields)
    ordered = sorted(fields, key=int) if is_numbered else fields
    return Template(
        said["name"],
        said["language"],
        tuple(variables[name] for name in ordered),
        header_media=file if said.get("header", "") in HEADER_FILES else None,
        header_text=variables.get(HEADER_FIELD, ""),
        body_names=() if is_numbered else tuple(ordered),
        url_suffixes=_suffixes(variables),
    )


def _suffixes(variables: Mapping[str, str]) -> tuple[str, ...]:
    by_index = {
        int(name.removeprefix(BUTTON_FIELD)): text for name, text in variables.items() if name.startswith(BUTTON_FIELD)
    }
    return tuple(by_index.get(index, "") for index in range(max(by_index, default=-1) + 1))
