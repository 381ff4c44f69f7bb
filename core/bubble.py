"""A message as the phone shows it: WhatsApp's marks as HTML, filled variables marked.

Marks work as the app documents them: ``*bold*``, ``_italic_``, ``~strike~``, ```` ```mono``` ````, never
across a line, never inside a word, never around spaces. Everything else is text and comes out escaped.
"""

import re
from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup, escape

Part = tuple[str, bool]
"""A piece of the rendered text, and whether a variable filled it."""

_TAGS = {"*": "strong", "_": "em", "~": "s", "```": "code"}
_MARK = re.compile(
    r"(?<![^\W_])(?:(?P<mono>```)(?P<code>[^\n]+?)```|(?P<sign>[*_~])(?P<text>\S(?:[^\n]*?\S)?)(?P=sign))(?![^\W_])"
)
_DEEPEST = 3
"""One level for each of the three signs; deeper ones can't mean anything and would cost recursion."""


def whatsapp_html(message: str | Sequence[Part]) -> Markup:
    """The message as safe HTML; parts filled by a variable stand in ``<mark>``.

    A filled value is formatted with the rest, since the phone sees one text and can't tell.
    """
    parts: Sequence[Part] = [(message, False)] if isinstance(message, str) else message
    text = "".join(piece for piece, _ in parts)
    filled = [is_filled for piece, is_filled in parts for _ in piece]
    return _render(text, filled, depth=0)


def _render(text: str, filled: Sequence[bool], *, depth: int) -> Markup:
    pieces, last = [], 0
    for found in _MARK.finditer(text) if depth < _DEEPEST else ():
        start, end = found.span("code" if found["mono"] else "text")
        tag = Markup(_TAGS[found["mono"] or found["sign"]])
        inner_depth = _DEEPEST if found["mono"] else depth + 1
        inner = _render(text[start:end], filled[start:end], depth=inner_depth)
        pieces += [_plain(text[last : found.start()], filled[last : found.start()]), _element(tag, inner)]
        last = found.end()
    return Markup("").join([*pieces, _plain(text[last:], filled[last:])])


def _element(tag: Markup, inner: Markup) -> Markup:
    return Markup("<{0}>{1}</{0}>").format(tag, inner)


def _plain(text: str, filled: Sequence[bool]) -> Markup:
    """Escaped text with ``<br>`` for line ends, runs of filled characters marked."""
    runs = groupby(zip(text, filled, strict=True), key=lambda pair: pair[1])
    pieces = []
    for is_filled, pairs in runs:
        safe = escape("".join(char for char, _ in pairs)).replace("\n", Markup("<br>"))
        pieces.append(Markup("<mark>{}</mark>").format(safe) if is_filled else safe)
    return Markup("").join(pieces)
