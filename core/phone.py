"""Phone numbers: from whatever a person typed to one canonical string of digits. Pure; no session, no clock.

Canonical form: E.164 digits without `+`. A Brazilian mobile always carries its ninth digit, so that
`5531987654321` and WhatsApp's short `553187654321` are one person: `Phone.key` (and `key_of` for numbers
providers send us) is that one form. It is *not* "DDD + last 8 digits" for everything: the mobile
11 9 3234-5678 and the landline 11 3234-5678 share those and are two people.

Brazil is read by one match and plain string operations (libphonenumber costs 20 times more); everything else goes
through `phonenumbers`. Where the two read a Brazilian number differently, on purpose (each is argued in
`tests/core/test_phone_corpus.py`):

* a mobile without its ninth digit (11 8765-4321) gets it; libphonenumber calls it invalid, or leaves the
  8-digit numbers that begin with 7 as they are (trunked radio, switched off in 2018);
* a doubled country code (55 55 11 9...), `0` + carrier + DDD and a missing `+` are understood; so is `+` before
  a bare DDD where no country has that code;
* 0800 and its kin, 4003/4004/3003 also behind a DDD, are refused as `not_personal`: nobody reads there;
* without `+` or `00`, up to 11 digits that begin with a DDD are Brazilian or nothing: a Brazilian number with
  a typing error must not become a stranger's in another country. Longer ones may be foreign;
* the collect-call prefix 90 is not one: 90 + 10 digits may be Turkish. Behind a carrier code no ninth digit
  is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple
from urllib.parse import unquote

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from core.phone_forms import DDDS as DDDS
from core.phone_forms import SECOND_DIGITS
from core.phone_forms import both_forms as both_forms
from core.phone_forms import ddd_of as ddd_of
from core.phone_forms import display as display
from core.phone_forms import is_landline as is_landline
from core.phone_forms import key_of as key_of
from core.phone_words import PhoneKind as PhoneKind
from core.phone_words import PhoneProblem as PhoneProblem


class Phone(NamedTuple):
    """`digits`: E.164 without `+`. `key`: equal for all forms of one person's number. (A NamedTuple because
    an import makes millions: a frozen dataclass costs twice as much to build.)"""

    digits: str
    kind: PhoneKind
    key: str


_DDD: Final = "|".join(f"{first}[{all_}]" for first, all_ in SECOND_DIGITS.items())
# How nearly everybody writes one, in a single match; what it leaves goes the ways below, with the same result.
_USUAL: Final = re.compile(rf"(?:\+?55 ?|0)?\(?({_DDD})\)? ?(9[0-9]{{4}}|[2-9][0-9]{{3}})[- ]?([0-9]{{4}})").fullmatch
_ZERO_WIDTH: Final = "\u200b\u200c\u200d\u2060\ufeff"
_FORMATTING: Final = str.maketrans(
    "", "", " \t\r\n()[]-./+'\"=\u00a0\u2009\u2010\u2011\u2013\u2014\u202f" + _ZERO_WIDTH
)
_INVISIBLE: Final = str.maketrans(
    "", "", "\x00\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2069" + _ZERO_WIDTH
)
# A phone's last group has four digits, so one or two zeros after the dot can only be a spreadsheet's.
_FLOAT: Final = re.compile(r"\s*(\d{8,15})[.,]0{1,2}\s*")
_SCIENTIFIC: Final = re.compile(r"\s*(\d(?:[.,]\d+)?)[eE]\+?(\d{1,2})\s*")
# A run of digits and formatting no letter touches: "1198765432O" is a typing error, not a shorter number.
_PIECE: Final = re.compile(r"(?<![\w+])[+(]{0,2}\d[\d\s().+-]*(?<=\d)(?!\w)")
# Between two numbers that share a piece: a line's end, a dash or a wide gap around, a new bracket or plus.
_BETWEEN: Final = re.compile(
    r"[\r\n]+|\s+-+\s+|\s{2,}|(?<=\d)(?<!\b55)\s*(?=(?:55\s*)?\()|(?<=[\d\s])(?=\+)",
)
_MOST_DIGITS: Final = 13
# The longest number there is has 15 digits, and a trunk prefix may stand before it; the library takes its time.
_LIBRARY_DIGITS: Final = 20
# "0xx11": the place for a carrier code in printed numbers.
_CARRIER_BLANK: Final = re.compile(r"\b0[xX]{2}[\s)]*(?=\d)")
# The carriers libphonenumber knows; any two digits would turn typing errors into strangers' numbers.
_CARRIERS: Final = frozenset(["12", "14", "15", "21", "22", "23", "25", "31", "41", "43", "55", "65", "99"])
_SERVICE: Final = re.compile(r"(?:800|300|303|500|900)\d{6,7}|(?:400\d|4020|300[0-9])\d{4}")
_SERVICE_BEHIND_DDD: Final = ("4003", "4004", "3003")
_LINK: Final = re.compile(
    r"(?:wa\.me/|(?:(?:api|web)\.whatsapp\.com|whatsapp:/)/send/?\?(?:[^\s#]*&)?phone=)"
    r"(?P<number>[+\d][\d\s().+-]*)",
    re.IGNORECASE,
)
_MAX_INPUT_CHARS: Final = 200
# A scientific number shown with fewer digits than this many under its length was rounded by the spreadsheet.
_LOST_DIGITS: Final = 3

_MOBILE: Final = PhoneKind.MOBILE
_LANDLINE: Final = PhoneKind.LANDLINE
# Skips the generated constructor: about 0.15 of 1.5 microseconds a number takes.
_tuple: Final = tuple.__new__


def normalise(raw: str, *, default_region: str = "BR") -> Phone | None:
    """The number in canonical form, or None; `parse` also says why not."""
    found = parse(raw, default_region=default_region)
    return found if type(found) is Phone else None


def parse(raw: str, *, default_region: str = "BR") -> Phone | PhoneProblem:
    """Reads one number from a cell, a form or a file. Never raises. Of several numbers in one cell, the first
    good one. `default_region` is where numbers without a country code live."""
    if default_region == "BR":
        usual = _USUAL(raw)
        if usual is not None:
            ddd, first, rest = usual.groups()
            if len(first) == 5:
                full = "55" + ddd + first + rest
                return _tuple(Phone, (full, _MOBILE, full))
            short = _eight_digits(ddd + first + rest)
            if short is not None:
                return short
        # A single 0 behind a dot is a spreadsheet's, never a phone's last group.
        digits = (raw[:-2] if raw[-2:] == ".0" else raw).translate(_FORMATTING)
        if digits.isascii() and digits.isdigit() and _is_common(raw, digits):
            found = _brazilian(digits) or _brazilian(_national(digits))
            if found is not None:
                return found
    return _carefully(raw, default_region)


def _is_common(raw: str, digits: str) -> bool:
    """Free of what could make the digits mean something else: `00`, `+` and another country, decimals."""
    if digits[:2] == "00" or ("+" in raw and (digits[:2] != "55" or len(digits) < 12)):
        return False
    return "." not in raw or raw[-2:] == ".0" or raw[-1] != "0"


def _brazilian(digits: str) -> Phone | None:
    """The common forms, by length; None sends the number the careful way."""
    size = len(digits)
    if size > 11:
        if digits[:2] != "55":
            return None
        digits = digits[2:]
        size -= 2
    if digits[:2] not in DDDS:
        return None
    if size == 11 and digits[2] == "9":
        full = "55" + digits
        return _tuple(Phone, (full, _MOBILE, full))
    return _eight_digits(digits) if size == 10 else None


def _eight_digits(digits: str) -> Phone | None:
    """DDD and eight digits: a landline, or a mobile that lacks its ninth."""
    first = digits[2]
    if first > "5":
        full = "55" + digits[:2] + "9" + digits[2:]
        return _tuple(Phone, (full, _MOBILE, full))
    if first < "2" or digits[2:6] in _SERVICE_BEHIND_DDD:
        return None
    full = "55" + digits
    return _tuple(Phone, (full, _LANDLINE, full))


def _carefully(raw: str, region: str) -> Phone | PhoneProblem:
    text = _readable(raw[:_MAX_INPUT_CHARS])
    if isinstance(text, PhoneProblem):
        return text
    if not text:
        return PhoneProblem.EMPTY
    problem: PhoneProblem | None = None
    for piece in _PIECE.finditer(text):
        found = _phones_of(piece[0], region)
        if not isinstance(found, PhoneProblem):
            return found[0]
        problem = problem or found
    return problem or PhoneProblem.INVALID


def numbers_in(raw: str) -> list[Phone]:
    """Every person's number in a cell, each once, `parse`'s first: "(11) 98765-4321 / 3234-5678" are two, and the
    second lives where the first does. Empty when there is none."""
    text = _readable(raw[:_MAX_INPUT_CHARS])
    found: dict[str, Phone] = {}
    ddd: str | None = None
    for piece in _PIECE.finditer("" if isinstance(text, PhoneProblem) else text):
        phones = _phones_of(piece[0], "BR")
        if phones is PhoneProblem.TOO_SHORT and ddd is not None:
            phones = _phones_of(ddd + piece[0], "BR")
        if not isinstance(phones, PhoneProblem):
            found |= {phone.key: phone for phone in phones if phone.key not in found}
            ddd = ddd_of(phones[0].digits)
    return list(found.values())


def _phones_of(piece: str, region: str) -> list[Phone] | PhoneProblem:
    """The number a piece is; of a piece too long for one, those it is made of."""
    found = _one(piece, region)
    if type(found) is Phone:
        return [found]
    problem = found if isinstance(found, PhoneProblem) else PhoneProblem.INVALID
    if not _MOST_DIGITS < sum(c.isdigit() for c in piece) <= _MOST_DIGITS * 4:
        return problem
    parts = [part for part in _BETWEEN.split(piece) if part.strip()]
    if len(parts) > 1:
        read = [_phones_of(part, region) for part in parts]
        phones = [phone for one in read if not isinstance(one, PhoneProblem) for phone in one]
        if phones:
            return phones
    return _side_by_side(piece.split(), region) or problem


def _side_by_side(words: list[str], region: str) -> list[Phone]:
    """Numbers with only blanks between them, when every digit belongs to one: a shorter number is not cut out of
    a typing error."""
    for cut in range(1, min(len(words), 8)):
        first = _one(" ".join(words[:cut]), region)
        if type(first) is Phone:
            others = _phones_of(" ".join(words[cut:]), region)
            if not isinstance(others, PhoneProblem):
                return [first, *others]
    return []


def _readable(raw: str) -> str | PhoneProblem:
    """Full-width digits made plain, invisible characters gone, spreadsheet numbers written out."""
    text = unicodedata.normalize("NFKC", raw).translate(_INVISIBLE).strip(" \t\r\n'\"=")
    if whole := _FLOAT.fullmatch(text):
        return whole[1]
    if short := _SCIENTIFIC.fullmatch(text):
        return _written_out(short[1].replace(",", "."), int(short[2]))
    return _CARRIER_BLANK.sub("0", text)


def _written_out(mantissa: str, exponent: int) -> str | PhoneProblem:
    known = len(mantissa.replace(".", ""))
    if not 7 <= exponent <= 15:
        return PhoneProblem.INVALID
    if known < exponent + 1 - _LOST_DIGITS:
        return PhoneProblem.ROUNDED
    try:
        number = Decimal(mantissa).scaleb(exponent)
    except InvalidOperation:
        return PhoneProblem.INVALID
    return str(int(number)) if number == int(number) else PhoneProblem.INVALID


def _one(piece: str, region: str) -> Phone | PhoneProblem:
    digits = "".join(c for c in piece if "0" <= c <= "9")
    international = piece.lstrip("(").startswith("+")
    if digits.startswith("00"):
        digits = digits.lstrip("0")
        international = True
    if region == "BR":
        return _brazil_first(digits, international)
    return _by_library(digits, international, region)


def _brazil_first(digits: str, international: bool) -> Phone | PhoneProblem:
    """`digits` holds nothing but digits, `00` taken off."""
    if international and not digits.startswith("55"):
        found = _by_library(digits, True, "BR")
        is_bare_ddd = type(found) is not Phone and len(digits) == 11 and _is_no_country(digits)
        return _brazilian(digits) or found if is_bare_ddd else found
    national_digits = _national(digits[2:] if international else digits)
    found_here = _brazilian(national_digits) if len(national_digits) in {10, 11} else None
    if found_here is not None:
        return found_here
    if len(digits) == 9 and digits[0] == "9":
        return PhoneProblem.TOO_SHORT  # a mobile without its area code, not a 0900
    if _SERVICE.fullmatch(national_digits) or national_digits[2:6] in _SERVICE_BEHIND_DDD:
        return PhoneProblem.NOT_PERSONAL
    if len(digits) >= 10 and digits[:1] != "0" and not _looks_brazilian(digits):
        abroad = _by_library(digits, True, "BR")
        if type(abroad) is Phone:
            return abroad
    return _problem(national_digits)


def _is_no_country(digits: str) -> bool:
    """ "+11 98765-4321": a plus before a bare DDD, told by a country code nobody has (in North America, by an area
    code that begins with 1). Elsewhere it would make a Brazilian of a foreigner's typing error."""
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return digits.startswith("11") or not any(int(digits[:size]) in codes for size in (1, 2, 3))


def _national(digits: str) -> str:
    """DDD and subscriber, with country codes (one or two), trunk zero and carrier code taken off."""
    while len(digits) >= 12 and digits.startswith("55"):
        digits = digits[2:]
    if not digits.startswith("0"):
        return digits
    rest = digits.lstrip("0")
    # No ninth digit is guessed behind a carrier code: one digit too many would read as someone else.
    if rest[:2] in _CARRIERS and (len(rest) == 13 or (len(rest) == 12 and rest[4] < "6")):
        return rest[2:]
    return rest


def _looks_brazilian(digits: str) -> bool:
    return digits.startswith("55") if len(digits) > 11 else digits[:2] in DDDS


def _problem(national: str) -> PhoneProblem:
    if len(national) < 10:
        return PhoneProblem.TOO_SHORT
    if len(national) > 11:
        return PhoneProblem.TOO_LONG
    return PhoneProblem.INVALID if national[:2] in DDDS else PhoneProblem.UNKNOWN_DDD


_PERSONAL: Final = {
    PhoneNumberType.MOBILE: PhoneKind.MOBILE,
    PhoneNumberType.FIXED_LINE: PhoneKind.LANDLINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: PhoneKind.OTHER,
    PhoneNumberType.PERSONAL_NUMBER: PhoneKind.OTHER,
    PhoneNumberType.VOIP: PhoneKind.OTHER,
    PhoneNumberType.UNKNOWN: PhoneKind.OTHER,
}


def _by_library(digits: str, international: bool, region: str) -> Phone | PhoneProblem:
    if len(digits) > _LIBRARY_DIGITS:
        return PhoneProblem.TOO_LONG
    if international and digits.startswith("521") and len(digits) == 13:
        digits = "52" + digits[3:]
    try:
        number = phonenumbers.parse("+" + digits if international else digits, region)
    except phonenumbers.NumberParseException as error:
        return _library_problem(error)
    national = str(number.national_number)
    if number.country_code == 55:
        return _brazilian(national) or _brazilian_problem(national)
    if not phonenumbers.is_valid_number(number):
        reason = phonenumbers.is_possible_number_with_reason(number)
        return _POSSIBLE.get(reason, PhoneProblem.INVALID)
    kind = _PERSONAL.get(phonenumbers.number_type(number))
    if kind is None:
        return PhoneProblem.NOT_PERSONAL
    digits = phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:]
    return Phone(digits, kind, key_of(digits))


def _brazilian_problem(national: str) -> PhoneProblem:
    if _SERVICE.fullmatch(national) or national[2:6] in _SERVICE_BEHIND_DDD:
        return PhoneProblem.NOT_PERSONAL
    return _problem(national)


_POSSIBLE: Final = {
    phonenumbers.ValidationResult.TOO_SHORT: PhoneProblem.TOO_SHORT,
    phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: PhoneProblem.TOO_SHORT,
    phonenumbers.ValidationResult.TOO_LONG: PhoneProblem.TOO_LONG,
}


def _library_problem(error: phonenumbers.NumberParseException) -> PhoneProblem:
    if error.error_type == phonenumbers.NumberParseException.TOO_LONG:
        return PhoneProblem.TOO_LONG
    if error.error_type in {
        phonenumbers.NumberParseException.TOO_SHORT_NSN,
        phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD,
    }:
        return PhoneProblem.TOO_SHORT
    return PhoneProblem.INVALID


def from_whatsapp_link(text: str) -> Phone | None:
    """The number in a wa.me, api.whatsapp.com, web.whatsapp.com or whatsapp:// link; None without a good one.
    Such links carry the country code, so the number is read as international first."""
    link = _LINK.search(unquote(text[: _MAX_INPUT_CHARS * 5]))
    if link is None:
        return None
    # The whole run first ("wa.me/55 11 98765-4321"), then only up to the first space.
    for written in (link["number"], link["number"].split(maxsplit=1)[0]):
        digits = "".join(c for c in written if "0" <= c <= "9").lstrip("0")
        found = normalise("+" + digits) or normalise(digits)
        if found is not None:
            return found
    return None
