"""Language, formats and catalogues: Portuguese is the source language, English the second.

The language of a request: the user's choice (``POST /language`` keeps it in a cookie), else what
the app knows of the user, else the browser's wish, else Portuguese.

Catalogues: ``python -m core.i18n update`` collects the texts of templates and views into translations/,
``missing`` lists those without English, ``compile`` makes the .mo files (git-ignored, made at set-up).
"""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, current_app, g, has_request_context, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from flask_babel import get_locale as babel_locale
from markupsafe import Markup

from core import formats
from core.bubble import whatsapp_html

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "translations"
COOKIE = "lang"
YEAR_SECONDS = 31_536_000
HOME_ZONE = "America/Sao_Paulo"
LANGUAGES = {formats.PORTUGUESE: "pt-BR", formats.ENGLISH: "en"}
"""Our locales and the tags they have in HTML, cookies and forms."""

Chooser = Callable[[], str | None]


def init_i18n(app: Flask, *, user_locale: Chooser | None = None, user_zone: Chooser | None = None) -> None:
    """Set up Flask-Babel, the filters, ``locale`` and ``POST /language`` (endpoint i18n.set_language).

    ``user_locale`` and ``user_zone`` answer for the request's user and tenant, or None.
    """
    app.extensions["i18n_zone"] = user_zone or (lambda: None)
    Babel(
        app,
        default_locale=formats.PORTUGUESE,
        default_timezone=HOME_ZONE,
        default_translation_directories=str(CATALOGUES),
        locale_selector=lambda: _choose(user_locale or (lambda: None)),
        timezone_selector=lambda: str(current_zone()),
    )
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(time_tag=time_tag, clock_time=_clock_time, language_tag=language_tag, N_=str)
    app.context_processor(lambda: {"locale": language_tag()})
    app.add_url_rule("/language", "i18n.set_language", set_language, methods=["POST"])


def current_locale() -> str:
    """``pt_BR`` or ``en``, also outside a request."""
    return str(babel_locale() or formats.PORTUGUESE) if has_request_context() else formats.PORTUGUESE


def language_tag() -> str:
    """The locale as HTML writes it: ``pt-BR`` or ``en``."""
    return LANGUAGES[current_locale()]


def current_zone() -> ZoneInfo:
    """The tenant's zone; São Paulo outside a tenant."""
    if not has_request_context():
        return ZoneInfo(HOME_ZONE)
    if "zone" not in g:
        g.zone = ZoneInfo(current_app.extensions["i18n_zone"]() or HOME_ZONE)
    zone: ZoneInfo = g.zone
    return zone


def time_tag(moment: datetime, *, style: str = "when") -> Markup:
    """``<time>`` with the words of ``when`` or ``ago`` and the exact moment on hover."""
    words = FILTERS[style](moment)
    title = formats.exact(moment, zone=current_zone(), locale=current_locale())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), title, words)


def set_language() -> ResponseReturnValue:
    """Keep the chosen language for a year and go back to where the person was."""
    tag = request.form.get("lang", "")
    answer = redirect(_own_address(request.form.get("next") or request.referrer or "/"), 303)
    if tag in LANGUAGES.values():
        answer.set_cookie(COOKIE, tag, max_age=YEAR_SECONDS, samesite="Lax", secure=request.is_secure, httponly=True)
    return answer


def compile_catalogues() -> list[str]:
    """Write the .mo beside each .po; returns the locales compiled."""
    done = []
    for source in sorted(CATALOGUES.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as lines, source.with_suffix(".mo").open("wb") as out:
            write_mo(out, read_po(lines, locale=source.parts[-3]))
        done.append(source.parts[-3])
    return done


def update_catalogues() -> None:
    """Collect the texts and merge them into every .po; no line numbers or wrapping, so that branches merge."""
    with TemporaryDirectory() as folder:
        template = str(_extract(Path(folder)))
        _pybabel("update", "-i", template, "-d", str(CATALOGUES), "--no-fuzzy-matching", "--ignore-obsolete",
                 "--omit-header", "--no-wrap")  # fmt: skip


def missing_texts(locale: str = formats.ENGLISH) -> list[str]:
    """Texts of the code that the catalogue doesn't have or hasn't translated."""
    with TemporaryDirectory() as folder, _extract(Path(folder)).open("rb") as source:
        wanted = [message.id for message in read_po(source) if message.id]
    with (CATALOGUES / locale / "LC_MESSAGES" / "messages.po").open("rb") as source:
        known = {message.id for message in read_po(source) if message.id and _is_translated(message.string)}
    return [str(text) for text in wanted if text not in known]


def _is_translated(string: str | Sequence[str] | None) -> bool:
    """An empty plural is a tuple of empty texts, which is not empty itself."""
    return bool(string) and all(string or "")


def _extract(folder: Path) -> Path:
    template = folder / "messages.pot"
    _pybabel("extract", "-F", str(ROOT / "babel.cfg"), "-k", "_l", "-k", "N_", "--no-location", "--omit-header",
             "--sort-output", "--no-wrap", "-o", str(template), str(ROOT))  # fmt: skip
    return template


def _pybabel(*arguments: str) -> None:
    run: Callable[[list[str]], object] = CommandLineInterface().run
    run(["pybabel", "-q", *arguments])


def _choose(user_locale: Chooser) -> str:
    wished = {tag: locale for locale, tag in LANGUAGES.items()}
    chosen = wished.get(request.args.get("lang", "")) or wished.get(request.cookies.get(COOKIE, ""))
    return chosen or user_locale() or wished[request.accept_languages.best_match(wished, default="pt-BR")]


def _own_address(target: str) -> str:
    """Path and query of an address, so that ``next`` can't send anyone to a foreign site."""
    parts = urlsplit(target)
    path = "/" + parts.path.lstrip("/\\")
    return f"{path}?{parts.query}" if parts.query else path


def _clock_time(moment: datetime) -> str:
    return formats.clock_time(moment.astimezone(current_zone()), locale=current_locale())


def _when(moment: datetime) -> str:
    return formats.when(moment, now=datetime.now(UTC), zone=current_zone(), locale=current_locale())


def _ago(moment: datetime) -> str:
    return formats.ago(moment, now=datetime.now(UTC), locale=current_locale())


def _duration(span: timedelta | float) -> str:
    return formats.duration(span, locale=current_locale())


FILTERS: dict[str, Callable[..., str]] = {
    "money": lambda value: formats.money(value, locale=current_locale()),
    "number": lambda value: formats.number(value, locale=current_locale()),
    "percent": lambda value: formats.percent(value, locale=current_locale()),
    "phone": formats.phone_display,
    "phone_display": formats.phone_display,
    "when": _when,
    "ago": _ago,
    "duration": _duration,
    "whatsapp": whatsapp_html,
}


def main(arguments: list[str]) -> int:
    """``compile``, ``update``, or ``missing`` (exit 1 and the texts that have no English yet)."""
    if arguments == ["missing"]:
        texts = missing_texts()
        sys.stdout.writelines(f"{text}\n" for text in texts)
        return int(bool(texts))
    if arguments == ["update"]:
        update_catalogues()
    elif arguments != ["compile"]:
        sys.stderr.write("usage: python -m core.i18n compile|update|missing\n")
        return 2
    sys.stdout.write(f"catalogues: {', '.join(compile_catalogues())}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
