"""Figures, phones and moments as people write them: pure functions, ``now`` and ``zone`` are arguments.

``core/i18n.py`` offers them to the templates as filters with the request's language and zone.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from babel import numbers

PORTUGUESE = "pt_BR"
ENGLISH = "en"
NBSP = "\N{NO-BREAK SPACE}"
HOME_COUNTRY = 55

_TODAY = {PORTUGUESE: "hoje", ENGLISH: "today"}
_YESTERDAY = {PORTUGUESE: "ontem", ENGLISH: "yesterday"}
_TOMORROW = {PORTUGUESE: "amanhã", ENGLISH: "tomorrow"}
_WEEKDAYS = {
    PORTUGUESE: ("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo"),
    ENGLISH: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_NOW = {PORTUGUESE: "agora", ENGLISH: "now"}
_AGO = {PORTUGUESE: "há {}", ENGLISH: "{} ago"}
_AHEAD = {PORTUGUESE: "em {}", ENGLISH: "in {}"}
_DAYS = {PORTUGUESE: ("dia", "dias"), ENGLISH: ("day", "days")}


def money(centavos: int, *, locale: str = PORTUGUESE) -> str:
    """Integer centavos as reais: ``R$ 1.234,50``."""
    return numbers.format_currency(Decimal(centavos) / 100, "BRL", locale=locale)


def number(value: float | Decimal, *, locale: str = PORTUGUESE) -> str:
    """A count with thousands separated: ``1.284``."""
    return numbers.format_decimal(value, locale=locale)


def percent(value: float | Decimal, *, locale: str = PORTUGUESE) -> str:
    """A percentage (0 to 100, not a share) with one decimal: ``97,3 %``."""
    figure = numbers.format_decimal(value, format="#,##0.0", locale=locale)
    return f"{figure}%" if locale == ENGLISH else f"{figure}{NBSP}%"


def phone_display(phone: str) -> str:
    """An E.164 number without ``+`` as its owner writes it; what isn't a number comes back as it is.

    ``5511912345678`` gives ``(11) 91234-5678``; a foreign one its international form; a forgotten person's dots.
    """
    if phone.startswith("x"):
        return "•••"
    if phone.startswith(str(HOME_COUNTRY)) and phone.isdigit() and len(phone) in {12, 13}:
        return f"({phone[2:4]}) {phone[4:-4]}-{phone[-4:]}"
    return _foreign_phone(phone)


@lru_cache(maxsize=4096)
def _foreign_phone(phone: str) -> str:
    try:
        parsed = phonenumbers.parse("+" + phone.removeprefix("+"))
    except phonenumbers.NumberParseException:
        return phone
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def when(moment: datetime, *, now: datetime, zone: ZoneInfo, locale: str = PORTUGUESE) -> str:
    """A moment beside ``now``, in the reader's zone: ``hoje, 17h40``, ``ontem, 9h05``, ``quarta, 15h40`` within the
    coming week, else ``21/11, 8h``.

    The year is written only when it isn't this one. Both moments are aware; ValueError otherwise.
    """
    local, today = _aware(moment).astimezone(zone), _aware(now).astimezone(zone)
    distance = (local.date() - today.date()).days
    words = {0: _TODAY, -1: _YESTERDAY, 1: _TOMORROW}
    if distance in words:
        day = words[distance][locale]
    elif 1 < distance < 7:
        day = _WEEKDAYS[locale][local.weekday()]
    else:
        day = _day(local, today.year, locale)
    return f"{day}, {clock_time(local, locale=locale)}"


def clock_time(local: datetime, *, locale: str = PORTUGUESE) -> str:
    """``17h40``, ``9h05``, ``8h``; in English ``17:40``."""
    if locale == ENGLISH:
        return f"{local.hour}:{local.minute:02d}"
    return f"{local.hour}h{local.minute:02d}" if local.minute else f"{local.hour}h"


def exact(moment: datetime, *, zone: ZoneInfo, locale: str = PORTUGUESE) -> str:
    """The whole moment for a tooltip: ``21/11/2026 17:40:05 (-03)``."""
    local = _aware(moment).astimezone(zone)
    pattern = "%d/%m/%Y %H:%M:%S (%Z)" if locale == PORTUGUESE else "%Y-%m-%d %H:%M:%S (%Z)"
    return local.strftime(pattern)


def duration(span: timedelta | float, *, locale: str = PORTUGUESE) -> str:
    """A length of time (seconds, if a number) in its two largest useful units: ``3 h 20 min``."""
    seconds = max(0, round(span.total_seconds() if isinstance(span, timedelta) else span))
    if seconds < 60:
        return f"{seconds}{NBSP}s"
    minutes = seconds // 60
    if minutes < 24 * 60:
        return _pair(minutes // 60, "h", minutes % 60, "min")
    days, hours = divmod(minutes // 60, 24)
    return _pair(days, _DAYS[locale][days != 1], hours if days < 7 else 0, "h")


def ago(moment: datetime, *, now: datetime, locale: str = PORTUGUESE) -> str:
    """``agora``, ``há 2 min``, ``em 3 h``: one unit is enough for a glance."""
    seconds = (_aware(now) - _aware(moment)).total_seconds()
    if abs(seconds) < 45:
        return _NOW[locale]
    return (_AGO if seconds > 0 else _AHEAD)[locale].format(_coarse(abs(seconds), locale))


def _coarse(seconds: float, locale: str) -> str:
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    hours = round(minutes / 60)
    if hours < 24:
        return f"{hours}{NBSP}h"
    days = round(hours / 24)
    return f"{days}{NBSP}{_DAYS[locale][days != 1]}"


def _pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    parts = [f"{value}{NBSP}{unit}" for value, unit in ((large, large_unit), (small, small_unit)) if value]
    return " ".join(parts)


def _day(local: datetime, this_year: int, locale: str) -> str:
    short, full = ("%d/%m", "%d/%m/%Y") if locale == PORTUGUESE else ("%d %b", "%d %b %Y")
    return local.strftime(short if local.year == this_year else full)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone; ours are aware UTC")
    return moment
