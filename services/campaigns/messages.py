"""One variation as it is said: a text, a file with the text as its caption, an approved template for official numbers.

A template is kept as `{name, language, variables}`. `variables` are texts by the template's field: "1", "2" or its
names, `@header` for a field in its header's text, `@button.0` for the ending of its first button's address.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from models.campaigns import CampaignMessage
from models.media import FileKind
from services.campaigns.rendering import has_stray_brace, placeholders
from services.media import stored_files

MESSAGE_CHARS: Final = 4096
CAPTION_CHARS: Final = 1024
MAX_MESSAGES: Final = 20
MAX_VARIABLES: Final = 40
TEMPLATE_NAME_CHARS: Final = 512
LANGUAGE_CHARS: Final = 16
FIELD_CHARS: Final = 1024
MAX_FIELDS: Final = 60
DEFAULT_LANGUAGE: Final = "pt_BR"
WITHOUT_TEXT: Final = frozenset({FileKind.AUDIO, FileKind.VOICE})
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FIELD: Final = re.compile(r"\w{1,60}|@header|@button\.\d")


@dataclass(frozen=True, slots=True)
class MessageInput:
    """What is said of one variation."""

    text: str = ""
    media_id: int | None = None
    template: Mapping[str, Any] | None = None

    @property
    def is_blank(self) -> bool:
        return not (self.text or self.media_id or self.template)

    @property
    def texts(self) -> list[str]:
        """Everything in it that may hold variables."""
        return [self.text, *variable_texts(self.template)]


def variable_texts(template: Mapping[str, Any] | None) -> list[str]:
    """What a template's fields are filled with, before any person's data."""
    return list((template or {}).get("variables", {}).values())


def texts_of(messages: Iterable[CampaignMessage]) -> list[str]:
    """Everything in a campaign's messages that may hold variables."""
    return [text for one in messages for text in (one.content, *variable_texts(one.template))]


def cleaned_messages(said: Sequence[MessageInput | str]) -> tuple[MessageInput, ...]:
    """The same without control characters and blank ones; a plain text is a message too."""
    whole = (MessageInput(one) if isinstance(one, str) else one for one in said)
    cleaned = (replace(one, text=clean_text(one.text), template=_cleaned_template(one.template)) for one in whole)
    return tuple(one for one in cleaned if not one.is_blank)


def clean_text(text: str) -> str:
    """Without control characters and space around it; line breaks stay."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def message_problems(session: Session, tenant_id: int, messages: Sequence[MessageInput]) -> list[str]:
    """What has to be mended before this can be kept, in sentences."""
    told = [f"São {len(messages)} variações; use até {MAX_MESSAGES}."] if len(messages) > MAX_MESSAGES else []
    files = stored_files(session, tenant_id, {one.media_id for one in messages if one.media_id})
    for number, one in enumerate(messages, 1):
        told += [sentence.format(number=number) for sentence in _text_problems(one)]
        if one.media_id:
            kind = files[one.media_id].kind if one.media_id in files else None
            told += [sentence.format(number=number) for sentence in _file_problems(one, kind)]
        told += [sentence.format(number=number) for sentence in _template_problems(one.template)]
    # Parsed templates are remembered by the process: one of 60 MB would stay in its memory.
    sane = (text for one in messages[:MAX_MESSAGES] for text in one.texts if len(text) <= MESSAGE_CHARS)
    used = {one.name for text in sane for one in placeholders(text)}
    return told + (
        [f"São {len(used)} variáveis diferentes; use até {MAX_VARIABLES}."] if len(used) > MAX_VARIABLES else []
    )


def _text_problems(one: MessageInput) -> list[str]:
    if len(one.text) > MESSAGE_CHARS:
        return [f"A variação {{number}} tem {len(one.text)} caracteres; o WhatsApp mostra bem até {MESSAGE_CHARS}."]
    if any(has_stray_brace(text) for text in one.texts if len(text) <= MESSAGE_CHARS):
        return ["Na variação {number} há uma chave sem par. Escreva as variáveis assim: {{nome}}."]
    return []


def _file_problems(one: MessageInput, kind: FileKind | None) -> list[str]:
    if kind is None:
        return ["O arquivo da variação {number} não existe mais. Escolha outro."]
    if kind in WITHOUT_TEXT and one.text:
        return ["Áudio vai sem texto no WhatsApp: na variação {number}, apague o texto ou troque o arquivo."]
    if len(one.text) > CAPTION_CHARS:
        return [
            f"Com arquivo, o texto vai até {CAPTION_CHARS} caracteres; o da variação {{number}} tem {len(one.text)}."
        ]
    return []


def _template_problems(template: Mapping[str, Any] | None) -> list[str]:
    if template is None:
        return []
    variables = template["variables"]
    if (
        not template["name"]
        or len(template["name"]) > TEMPLATE_NAME_CHARS
        or len(template["language"]) > LANGUAGE_CHARS
    ):
        return ["Na variação {number}, escolha o modelo pelo nome e idioma que aparecem na Meta."]
    if len(variables) > MAX_FIELDS or any(not _FIELD.fullmatch(name) for name in variables):
        return ["Na variação {number}, um campo do modelo tem um nome que a Meta não usa."]
    if any(len(text) > FIELD_CHARS for text in variables.values()):
        return [f"Na variação {{number}}, cada campo do modelo vai até {FIELD_CHARS} caracteres."]
    return []


def _cleaned_template(said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """`{name, language, variables}`; a list of variables fills the numbered fields in order."""
    if not said or not str(said.get("name") or "").strip():
        return None
    variables = said.get("variables") or {}
    if not isinstance(variables, Mapping):
        variables = {str(number): text for number, text in enumerate(variables, 1)}
    return {
        "name": clean_text(str(said["name"])),
        "language": clean_text(str(said.get("language") or DEFAULT_LANGUAGE)),
        "variables": {str(name): " ".join(clean_text(str(text)).split()) for name, text in variables.items()},
    }
