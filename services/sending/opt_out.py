"""What a reply asks for: to leave, to come back, perhaps to leave, or nothing of the kind. Pure.

The words are in `opt_out_rules.py`. In order: the whole message is a word of leaving or returning; a plain wish to
leave stands in it and nothing else of weight does (LEAVE); a wish stands in it beside something else, or a word of
leaving does that could mean it (MAYBE, for a person); else NONE. When in doubt it is MAYBE, never LEAVE: whom we
suppress by mistake is a customer who hears nothing more.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from models.inbox import Wish
from services.sending import opt_out_rules as rules

MOST_CHARS: Final = 1_000
MOST_OTHER_WORDS: Final = 25
_CLAUSE_END: Final = re.compile(r"[.,;:!?\n\r…()]+")
_NUMBER: Final = re.compile(r"(?:\d ?){8}")
_COMBINING: Final = re.compile(r"[\u0300-\u036f]+")
_SPELLED_OUT: Final = re.compile(r"\b(?:[a-z][ ._*-]){3,}[a-z]\b")
_NOISE: Final = re.compile(r"[^a-z0-9|?]+")
_DOUBLED: Final = re.compile(r"(?<!\\)([a-z])\1+")
_OPENING: Final = re.compile(r"^(?:[|?] *|mas +|porem +|e +|que +| +)+")
_LAUGHTER: Final = re.compile(r"(?:k+|(?:ha|he|rs)+|h[ua]+)")
_OF_YOU: Final = re.compile(r"\b(?:de|da|do|com|por|para) voces\b(?! (?:conseguir|ter))")
_NUM_QUERO: Final = re.compile(r"\bnum (?=quero|manda|me\b|mande)")
_GREETING: Final = re.compile(r"\b(?:bom dia|boa (?:tarde|noite)|por (?:favor|gentileza)|tudo bem|meu deus)\b")
_KEPT: Final = frozenset({"noite", "tarde", "dia", "por"})
"""Dropped as part of a greeting only: "a noite" says when."""


def wish_of(text: str) -> Wish:
    """What a whole message, as received, asks for."""
    said = _read(text[:MOST_CHARS])
    if not said or len(text) > MOST_CHARS:
        return Wish.NONE if not said else _doubtful(said)
    words = [word for word in said.split() if word not in "|?"]
    if not any(word.startswith(_stems()) for word in words):
        return Wish.NONE
    if set(words) <= rules.RETURN_WORDS or _fully(rules.RETURN, " ".join(words)):
        return Wish.RETURN
    return Wish.LEAVE if _is_plain(said, words) else _doubtful(said)


def _is_plain(said: str, words: list[str]) -> bool:
    if set(words) <= rules.WORDS:
        return True
    rest = _without(rules.REASONS, said)
    left = [word for word in rest.split() if word not in "|?"]
    if left and set(left) <= rules.WORDS | {"agora", "hoje", "e"}:
        return bool(set(left) & rules.WORDS)
    marked = _without(rules.LEAVE, said, mark="#")
    if marked == said or _compiled(rules.QUALIFIED).search(marked) or _NUMBER.search(marked):
        return False
    other = _OPENING.sub("", _asked().sub(" ", _without(rules.REASONS, marked)))
    others = [word for word in other.split() if word not in "|?"]
    asks = any("?" in clause and re.search(r"[a-z]{3}", clause) for clause in re.findall(r"[^|?]*[|?]?", other))
    return len(others) <= MOST_OTHER_WORDS and not set(others) & _mixed() and not asks


def _doubtful(said: str) -> Wish:
    words = [word for word in said.split() if word not in "|?"]
    if _search(rules.LOOSE, said) or _search(rules.LEAVE, said):
        return Wish.MAYBE
    is_short = len(words) <= rules.FEW_WORDS
    is_lone = bool(set(words) & rules.LONE) and not set(words) & _innocent()
    return Wish.MAYBE if is_short and is_lone else Wish.NONE


def _read(text: str) -> str:
    """The message in the rules' form."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("’", "").replace("'", ""))
    bare = decomposed if decomposed.isascii() else _COMBINING.sub("", decomposed)
    bare = _SPELLED_OUT.sub(lambda found: re.sub(r"[^a-z]", "", found[0]), bare)
    bare = _CLAUSE_END.sub(lambda found: " ? " if "?" in found[0] else " | ", bare)
    words = [_spelled(_DOUBLED.sub(r"\1", word)) for word in _NOISE.sub(" ", bare).split()]
    said = _NUM_QUERO.sub("nao ", " ".join(words))
    said = _OF_YOU.sub(" ", _GREETING.sub(" ", said))
    return " ".join(word for word in said.split() if not _is_filler(word)).strip()


@lru_cache(maxsize=4096)
def _spelled(word: str) -> str:
    if word in _spellings():
        return _spellings()[word]
    stem = next((stem for stem in rules.LONG_STEMS if word.startswith(stem)), None)
    if stem and not word.startswith(rules.LONG_STEMS[stem][:9]):
        return _squeeze(rules.LONG_STEMS[stem])
    if len(word) >= 5 and word not in rules.NOT_TYPOS:
        return next((_squeeze(known) for known in rules.LONG_WORDS if _is_near(word, _squeeze(known))), word)
    return word


def _is_near(word: str, known: str) -> bool:
    """One letter wrong, missing, too many, or two neighbours swapped. The first letter is taken as right."""
    if word[0] != known[0] or abs(len(word) - len(known)) > 1:
        return False
    start = next((place for place, (a, b) in enumerate(zip(word, known, strict=False)) if a != b), None)
    if start is None:
        return True
    mine, theirs = word[start:], known[start:]
    return mine[1:] == theirs[1:] or mine[1:] == theirs or mine == theirs[1:] or _is_swapped(mine, theirs)


def _is_swapped(mine: str, theirs: str) -> bool:
    return mine[:2] == theirs[:2][::-1] and mine[2:] == theirs[2:]


def _is_filler(word: str) -> bool:
    return (word in _fillers() and word not in _KEPT) or bool(_LAUGHTER.fullmatch(word))


def _squeeze(word: str) -> str:
    return _DOUBLED.sub(r"\1", word)


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    return {_squeeze(wrong): _squeeze(right) for wrong, right in rules.SPELLINGS.items()}


@lru_cache(maxsize=1)
def _stems() -> tuple[str, ...]:
    return tuple(map(_squeeze, rules.STEMS))


@lru_cache(maxsize=1)
def _fillers() -> frozenset[str]:
    return frozenset(map(_squeeze, rules.FILLERS))


@lru_cache(maxsize=1)
def _mixed() -> frozenset[str]:
    return frozenset(map(_squeeze, rules.MIXED))


@lru_cache(maxsize=1)
def _innocent() -> frozenset[str]:
    return frozenset(map(_squeeze, rules.INNOCENT))


@lru_cache(maxsize=1)
def _asked() -> re.Pattern[str]:
    """A wish taken out, with "could you" before it and "but" where nothing else came before."""
    opening = r"(?:^(?:[|?] *|e |que )*(?:mas|porem) )?"
    return re.compile(_squeeze(_filled(opening + r"(?:{wish} (?:que |me |se |voces )*)?#")))


@lru_cache(maxsize=8)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for all: apart they cost ten times as much, since each walks the message for itself."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(_squeeze(_filled(one)) for one in patterns)})(?!\w)")


def _filled(pattern: str) -> str:
    for _round in range(2):
        for name, part in rules.PARTS.items():
            pattern = pattern.replace("{" + name + "}", part)
    return pattern


def _search(patterns: tuple[str, ...], said: str) -> bool:
    return _compiled(patterns).search(said) is not None


def _fully(patterns: tuple[str, ...], said: str) -> bool:
    return _compiled(patterns).fullmatch(said) is not None


def _without(patterns: tuple[str, ...], said: str, *, mark: str = " ") -> str:
    """The message with `mark` in place of everything these patterns know."""
    return " ".join(_compiled(patterns).sub(mark, said).split())
