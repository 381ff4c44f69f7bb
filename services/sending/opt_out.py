"""What a reply asks for: to leave, to come back, perhaps to leave, or nothing of the kind. Pure.

The phrases are in `opt_out_rules.py` and `opt_out_return.py`, single words in `opt_out_words.py`. In order: the whole
message asks for a return; it is a word of leaving; a plain wish to leave stands in it and nothing else of weight does
(LEAVE); a wish stands in it beside something else, or a word of leaving does that could mean it (MAYBE, for a person);
else NONE. Why they go, who they are, their anger, thanks and threats weigh nothing; conditions and business do. When
in doubt it is MAYBE, never LEAVE: whom we suppress by mistake is a customer who hears nothing more.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from models.inbox import Wish
from services.sending import opt_out_anger as anger
from services.sending import opt_out_return as returning
from services.sending import opt_out_rules as rules
from services.sending import opt_out_words as lexicon

MOST_CHARS: Final = 1_000
MOST_OTHER_WORDS: Final = 40
MOST_TORN_CHARS: Final = 2
"""A word torn apart ("sai r") has a part this short."""
_CLAUSE_END: Final = re.compile(r"[.,;:!?\n\r…()]+")
_NUMBER: Final = re.compile(r"(?:\d ?){8}")
_COMBINING: Final = re.compile(r"[\u0300-\u036f]+")
_SPELLED_OUT: Final = re.compile(r"\b(?:[a-z][ ._*-]){3,}[a-z]\b")
_EXCLAIMED: Final = re.compile(r"\b(?:uai s[oôó]|s[oô] (?=[,.!])|sô|ô)\b|,\s*s[oô]\s*(?=[,.!]|$)")
"""Calling out, as people of Minas write it: without its accent it would be "only"."""
_NOISE: Final = re.compile(r"[^a-z0-9|?]+")
_DOUBLED: Final = re.compile(r"(?<!\\)([a-z])\1+")
_OPENING: Final = re.compile(r"^(?:[|?] *|mas +|porem +|e +|que +| +)+")
_LAUGHTER: Final = re.compile(r"(?:k+|(?:ha|he|rs)+|h[ua]+)")
_OF_YOU: Final = re.compile(
    r"(?<!sair )\b(?:de|da|do|com|por) voces\b(?! (?:conseguir|ter|par))|\bpara voces(?=$| [|?])"
)
_GOES_ON: Final = re.compile(r"# (?:(?:e|ou|me) )*([a-z]\w*)")
_THIS: Final = re.compile(r"(?: (?:dess|dest|ness|nest)[ae]s? \w+|daqui|disso|disto|dai|dali)$")
_GOES_NARROW: Final = re.compile(r" (?:d[aeo]s?|n[ao]s?|com|sobre|em|quando|se|ate|antes|depois|sem|que|#|[|?])(?: |$)")
_OWN_NUMBER: Final = re.compile(
    r"(?<=meu )(?P<what>numero|telefone|zap|celular|contato|fone) (?:e )?(?:[|] )?(?:\d ?){8,13}"
)
_TIMES: Final = re.compile(r"\b(\d{1,3}) ?(?:x|veis|vzs|vz|vez)\b")
_SWEARING: Final = (
    r"(?:poras?|porras?|merdas?|bostas?|drogas?|caralho|desgracas?|infernos?|pragas?|jostas?|porcarias?|palhacada"
    r"|chatice)"
)
_SWORN: Final = re.compile(rf"\b(d?)((?:ess|est)[ae]s?) {_SWEARING}\b(?: de (?=lista|grupo|m\w*s\w*g|n\w+ero))?")
_LONE_CLAUSE: Final = re.compile(r"(?:(?<=^)|(?<=[|?] ))\w+(?=$| [|?])")
_BUT: Final = re.compile(r"\b(?:mas|porem)(?= (?:[|] )?#)")
_ME: Final = re.compile(r"\b(tira|tire|exclui|exclua|remove|remova|apaga|deleta) (?:eu|nos)\b")
_TIRA: Final = re.compile(
    r"\bme t(?!raz|rou?x|roc|rag|em\b|inh|oca)\w{2,4}(?= (?:d[ae]|d[eo]s[aeo]s?|d[eo]st[ae]|do) (?:lista|grupo)\b)"
)
"""Whatever is typed for `tira`: nothing else is done to me and a list."""
_DASH: Final = re.compile(r"\s[-–—]+\s")
_SMILEY: Final = re.compile(r"[^\x00-\x7f\s]+")
_MAS_FOR_MAIS: Final = re.compile(
    r"\b(quero|queria|receber|mand\w+|envi\w+|cham\w+) mas"
    r"(?= (?:receber|mensagem|nada|isso|ess\w+|propaganda|oferta)|$| [|])"
)
_MIM: Final = re.compile(r"\bmim (?=tir|remov|mand|exclu|envi|deix)")
_NUM_QUERO: Final = re.compile(r"\bnum (?=quero|manda|me\b|mande)")
_GREETING: Final = re.compile(
    r"(?<!mandar )(?<!manda )(?<!mensagem de )"
    r"\b(?:bom dia|boa (?:tarde|noite)|por (?:favor|gentileza)|tudo bem|meu deus)\b"
)
_KEPT: Final = frozenset({"noite", "tarde", "dia", "por"})
"""Dropped as part of a greeting only: "a noite" says when."""


def wish_of(text: str) -> Wish:
    """What a whole message, as received, asks for."""
    said = _read(text[:MOST_CHARS])
    if len(text) > MOST_CHARS:
        return _doubtful(said) if said else Wish.NONE
    wish = _asked_in(said)
    return wish if wish in (Wish.LEAVE, Wish.RETURN) else _angry(text) or wish


def _angry(text: str) -> Wish | None:
    """What a short angry message asks for, where nothing in it asks plainly."""
    beside = anger.beside_complaints(text)
    if beside is None or set(beside) - lexicon.WORDS:
        return None
    return Wish.LEAVE if {*beside} - lexicon.ABOUT_ORDERS and "?" not in text else Wish.MAYBE


def _asked_in(said: str) -> Wish:
    words = _words_of(said)
    if not any(word.startswith(_stems()) for word in words):
        return Wish.NONE
    if set(words) <= lexicon.RETURN_WORDS or _returns(said):
        return Wish.RETURN
    joined = "".join(words) if min(map(len, words)) <= MOST_TORN_CHARS else ""
    if joined in lexicon.WORDS:
        return Wish.LEAVE
    return Wish.LEAVE if _is_plain(said, words) else _doubtful(said)


def _returns(said: str) -> bool:
    marked = _without(returning.RETURN, said, mark="@")
    return "@" in marked and not set(_words_of(_without(returning.RETURN_BESIDE, marked))) - {"@"}


def _is_plain(said: str, words: list[str]) -> bool:
    if _search(rules.DOUBT, said):
        return False
    if set(words) <= lexicon.WORDS:
        return True
    rest = _without(rules.REASONS, said)
    left = {word for word in _words_of(rest) if len(word) > 1 or not word.isdigit()}
    if left & lexicon.WORDS - lexicon.ABOUT_ANYTHING and left <= lexicon.WORDS | lexicon.BESIDE:
        return True
    said = _OWN_NUMBER.sub(r"\g<what> ", said)
    marked = _marked(said)
    if marked == said:
        said = _without(rules.REASONS, said, mark="|")
        marked = _marked(said)
    if marked == said and not {*left} & _innocent():
        marked = _LONE_CLAUSE.sub(lambda found: "#" if found[0] in _clear_words() else found[0], said)
    if "#" not in marked or _compiled(rules.QUALIFIED).search(marked) or _NUMBER.search(marked):
        return False
    rest = _asked().sub("#", _without(rules.REASONS, _asked().sub("#", marked)))
    return "#" in rest and _rest_agrees(_OPENING.sub("", _without_but(rest)))


def _without_but(marked: str) -> str:
    """A "but" leading to the wish takes nothing back, unless what stands before it is business."""
    before, but, after = (
        re.split(r"\b(mas|porem)(?= (?:[|] )?#)", marked, maxsplit=1) if _BUT.search(marked) else (marked, "", "")
    )
    return f"{before} | {after}" if but and "#" not in before and not set(before.split()) & _narrowing() else marked


def _marked(said: str) -> str:
    return " ".join(_compiled(rules.LEAVE).sub(_mark, said).split())


def _mark(found: re.Match[str]) -> str:
    """The sign of a wish. Behind "this list" nothing can say which one: what follows is a clause of its own."""
    return "# |" if _THIS.search(found[0]) and not _GOES_NARROW.match(found.string, found.end()) else "#"


def _rest_agrees(marked: str) -> bool:
    """Whether what stands beside the wishes (`#`) takes nothing back, adds no condition and asks for nothing."""
    clauses = re.findall(r"[^|?]+[|?]?", marked)
    first = next(place for place, clause in enumerate(clauses) if "#" in clause)
    others = _words_of(marked.replace("#", " "))
    behind = _words_of(" ".join(clauses[first:]).replace("#", " "))
    asked = [clause.replace("#", " ") for clause in clauses if "?" in clause]
    asks = any("?" in clause and re.search(r"[a-z]{3}", clause.replace("#", "")) for clause in clauses[first:])
    if len(others) > MOST_OTHER_WORDS or asks or any(word not in _tail() for word in _GOES_ON.findall(marked)):
        return False
    narrowed = {*behind, *_words_of(" ".join(asked))}
    return not set(others) & _mixed() and not narrowed & _narrowing()


def _words_of(said: str) -> list[str]:
    return [word for word in said.split() if word not in "|?"]


def _doubtful(said: str) -> Wish:
    words = _words_of(said)
    if _search(rules.LOOSE, said) or _search(rules.LEAVE, said):
        return Wish.MAYBE
    is_short = len(words) <= lexicon.FEW_WORDS
    is_lone = bool(set(words) & lexicon.LONE) and not set(words) & _innocent()
    return Wish.MAYBE if is_short and is_lone else Wish.NONE


def _read(text: str) -> str:
    """The message in the rules' form."""
    decomposed = unicodedata.normalize("NFKD", _EXCLAIMED.sub(" ", text.lower()).replace("’", "").replace("'", ""))
    bare = decomposed if decomposed.isascii() else _COMBINING.sub("", decomposed)
    bare = _SPELLED_OUT.sub(lambda found: re.sub(r"[^a-z]", "", found[0]), bare)
    bare = _CLAUSE_END.sub(lambda found: " ? " if "?" in found[0] else " | ", bare)
    bare = _TIMES.sub(r"\1 vezes", _SWORN.sub(_meant, _DASH.sub(" | ", bare)))
    bare = _SMILEY.sub(" | ", bare).replace("+", " mais ")
    words = [_spelled(_DOUBLED.sub(r"\1", word)) for word in _NOISE.sub(" ", bare).split()]
    words = [_TIRA.sub("me tira", _ME.sub(r"me \1", " ".join(words)))]
    said = _MIM.sub("me ", _NUM_QUERO.sub("nao ", " ".join(words)))
    said = _MAS_FOR_MAIS.sub(r"\1 mais", said)
    said = _OF_YOU.sub(" ", _GREETING.sub(" ", said))
    return " ".join(word for word in said.split() if not _is_filler(word)).strip()


def _meant(sworn: re.Match[str]) -> str:
    """ "This list" of "this damned list"; "this" where nothing else is named."""
    return f"{sworn[1]}{sworn[2]} " if sworn[0].endswith(" de ") else f"{sworn[1]}isso"


@lru_cache(maxsize=4096)
def _spelled(word: str) -> str:
    if word in _spellings():
        return _spellings()[word]
    stem = next((stem for stem in lexicon.LONG_STEMS if word.startswith(stem)), None)
    if stem and not word.startswith(lexicon.LONG_STEMS[stem][:10]):
        return _squeeze(lexicon.LONG_STEMS[stem])
    if len(word) >= 5 and word not in lexicon.NOT_TYPOS:
        return next((_squeeze(known) for known in lexicon.LONG_WORDS if _is_near(word, _squeeze(known))), word)
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
    return {_squeeze(wrong): _squeeze(right) for wrong, right in lexicon.SPELLINGS.items()}


@lru_cache(maxsize=1)
def _stems() -> tuple[str, ...]:
    return tuple(map(_squeeze, lexicon.STEMS))


@lru_cache(maxsize=1)
def _fillers() -> frozenset[str]:
    return frozenset(map(_squeeze, lexicon.FILLERS))


@lru_cache(maxsize=1)
def _mixed() -> frozenset[str]:
    return frozenset(map(_squeeze, lexicon.MIXED))


@lru_cache(maxsize=1)
def _tail() -> frozenset[str]:
    return frozenset(map(_squeeze, lexicon.TAIL))


@lru_cache(maxsize=1)
def _narrowing() -> frozenset[str]:
    return frozenset(map(_squeeze, lexicon.NARROWING))


@lru_cache(maxsize=1)
def _clear_words() -> frozenset[str]:
    return frozenset(map(_squeeze, lexicon.CLEAR_WORDS))


@lru_cache(maxsize=1)
def _innocent() -> frozenset[str]:
    return frozenset(map(_squeeze, lexicon.INNOCENT))


@lru_cache(maxsize=1)
def _asked() -> re.Pattern[str]:
    """A wish taken out, with "could you" before it and "but" where nothing else came before."""
    opening = r"(?:^(?:[|?] *|e |que )*(?:mas|porem) )?"
    return re.compile(
        _squeeze(
            _filled(
                opening + r"(?:\b(?:{wish}|{softly}) (?:que |me |se |a |o |as |os |para |de |minha |meu ){0,3}){0,3}#"
            )
        )
    )


@lru_cache(maxsize=8)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for all: apart they cost ten times as much, since each walks the message for itself."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(_squeeze(_filled(one)) for one in patterns)})(?!\w)")


def _filled(pattern: str) -> str:
    for _round in range(3):
        for name, part in rules.PARTS.items():
            pattern = pattern.replace("{" + name + "}", part)
    return pattern


def _search(patterns: tuple[str, ...], said: str) -> bool:
    return _compiled(patterns).search(said) is not None


def _without(patterns: tuple[str, ...], said: str, *, mark: str = " ") -> str:
    """The message with `mark` in place of everything these patterns know."""
    return " ".join(_compiled(patterns).sub(mark, said).split())
