"""What the inbox's pages say in words."""

import re
from typing import Final

from flask_babel import gettext as _

from core.formats import phone_display
from models.inbox import Conversation
from services import inbox as room

_FILE: Final = re.compile(r"\[(image|video|audio|voice|document|sticker)\]")


def files() -> dict[str, str]:
    """A file that came with a message, by its kind."""
    return {
        "image": _("Imagem"),
        "video": _("Vídeo"),
        "audio": _("Áudio"),
        "voice": _("Mensagem de voz"),
        "document": _("Documento"),
        "sticker": _("Figurinha"),
    }


def preview(text: str) -> str:
    """The last message in one line."""
    found = _FILE.fullmatch(text)
    return files()[found[1]] if found else text


def person(conversation: Conversation) -> str:
    """The name, else the phone."""
    return conversation.name or phone(conversation)


def phone(conversation: Conversation) -> str:
    """The phone as its owner writes it, or that WhatsApp hides it."""
    return _("telefone oculto") if room.is_hidden(conversation) else phone_display(conversation.phone_key)
