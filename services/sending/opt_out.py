"""Whether a reply asks us to stop: the sure class only, a whole message that is one of the known words. Pure."""

import re
import unicodedata
from typing import Final

WORDS: Final = frozenset({"sair", "pare", "parar", "stop", "cancelar", "descadastrar", "remover", "nao quero receber"})
_NOISE: Final = re.compile(r"[^a-z0-9]+")


def is_opt_out(text: str) -> bool:
    """True when the message, without case, accents, punctuation and emoji, is exactly one of the words.

    "não me mande mais boletos" is not: a word inside a sentence is for a person to judge.
    """
    decomposed = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _NOISE.sub(" ", plain).strip() in WORDS
