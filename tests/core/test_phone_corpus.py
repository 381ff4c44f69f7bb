"""One fixed corpus, read by libphonenumber and by us: the same number or a difference that is argued below.

The corpus is made the same way each time: every example libphonenumber has of every country and kind, written seven
ways and damaged two, and every area code of two digits (those that don't exist too) with every first digit, long and
short, behind every prefix Brazil writes.
"""

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from core.phone import DDDS, Phone, PhoneKind, PhoneProblem, _carefully, parse

SEED = 20_261_125
KINDS = range(11)
PERSONAL = {
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.VOIP,
    PhoneNumberType.UNKNOWN,
}
"""Kinds one can write to; premium, toll-free, shared-cost and the like are nobody's own."""
PREFIXES = ("{0}{1}", "0{0}{1}", "015{0}{1}", "+55{0}{1}", "0055{0}{1}", "55{0}{1}", "({0}) {1}", "+55 ({0}) {1}")
SERVICES = ("40031234", "40041234", "30031234", "40201234")
FREE = ("08007771234", "8007771234", "03001234567", "0500123456", "0900123456", "40031234", "190", "")


def foreign() -> Iterator[str]:
    """Every country's examples of every kind, well written and damaged."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS - {"BR"}):
        for kind in KINDS:
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None:
                continue
            plus = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            yield from (plus, "00" + plus[1:], plus[1:], plus[:-1], plus + "0")
            yield phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
            yield phonenumbers.format_number(number, PhoneNumberFormat.RFC3966)


def brazilian() -> Iterator[str]:
    """Every area code, first digit and length behind every prefix; services with and without an area code."""
    chance = random.Random(SEED)
    for area in range(100):
        for first in range(10):
            for size in (8, 9):
                subscriber = str(first) + "".join(chance.choice("0123456789") for _ in range(size - 1))
                yield from (shape.format(f"{area:02d}", subscriber) for shape in PREFIXES)
    for area in (11, 55, 91):
        yield from (shape.format(area, service) for service in SERVICES for shape in PREFIXES)
    yield from FREE


def by_library(text: str) -> str | None:
    """E.164 digits of a valid number somebody may read; None for everything else."""
    try:
        number = phonenumbers.parse(text, "BR")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in PERSONAL:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:]


def by_us(text: str) -> str | None:
    found = parse(text)
    return found.digits if isinstance(found, Phone) else None


def bare(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


class Difference(NamedTuple):
    """`holds` says of a text that this is the reason why the two readings differ, and that ours is what the reason
    makes of it: not just any other reading."""

    why: str
    example: str
    holds: Callable[[str, str | None], bool]


def lacks_the_ninth_digit(text: str, ours: str | None) -> bool:
    if ours is None or len(ours) != 13 or by_library("+" + ours) != ours:
        return False
    short = ours[2:4] + ours[5:]
    return bare(text) in {short, "0" + short, "55" + short, "550" + short, "015" + short}


def is_not_guessed_behind_a_carrier(text: str, ours: str | None) -> bool:
    digits = bare(text)
    return ours is None and digits.startswith("015") and len(digits) == 13 and digits[5] in "6789"


def is_a_service_behind_an_area_code(text: str, ours: str | None) -> bool:
    return parse(text) is PhoneProblem.NOT_PERSONAL and bare(text)[-8:-4] in {"4003", "4004", "3003"}


def is_double_zero(text: str, ours: str | None) -> bool:
    plus = "+" + text[2:]
    return (
        text.startswith("00")
        and ours == by_us(plus)
        and (by_library(plus) == ours or any(one.holds(plus, ours) for one in DIFFERENCES[:3]))
    )


def is_foreign_without_plus(text: str, ours: str | None) -> bool:
    return text[0] not in "+0" and ours is not None and by_library("+" + bare(text)) == ours


def is_collect_call(text: str, ours: str | None) -> bool:
    return text.startswith("90") and len(text) == 12 and ours == by_library("+" + text)


DIFFERENCES = (
    Difference(
        "A mobile without its ninth digit gets it: the old form of a number that exists, also where it began with 7.",
        "(11) 8765-4321",
        lacks_the_ninth_digit,
    ),
    Difference(
        "Behind a carrier code no ninth digit is guessed: one digit too many would read as somebody else.",
        "0153478714746",
        is_not_guessed_behind_a_carrier,
    ),
    Difference(
        "4003, 4004 and 3003 are companies' switchboards everywhere; libphonenumber takes them for landlines.",
        "11 4003-1234",
        is_a_service_behind_an_area_code,
    ),
    Difference(
        "00 is +: in Brazil one dials 00, a carrier and the country, but files come from programs that write 00 for +.",
        "00351912345678",
        is_double_zero,
    ),
    Difference(
        "A country code without + is understood where the digits can't be Brazilian; exports lose the +.",
        "351912345678",
        is_foreign_without_plus,
    ),
    Difference(
        "90 is no collect call: with ten digits behind it the number is Turkish or nobody's.",
        "905123456789",
        is_collect_call,
    ),
)


@pytest.fixture(scope="module")
def differing() -> dict[str, str | None]:
    """The texts the two read differently, with our reading."""
    texts = [*foreign(), *brazilian()]
    assert len(texts) > 24_000
    return {text: ours for text in texts if (ours := by_us(text)) != by_library(text)}


def test_every_difference_from_libphonenumber_on_the_corpus_is_an_argued_one(differing: dict[str, str | None]) -> None:
    unexplained = {
        text: (by_library(text), ours)
        for text, ours in differing.items()
        if not any(one.holds(text, ours) for one in DIFFERENCES)
    }
    assert unexplained == {}


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda one: one.example)
def test_no_argument_stands_without_a_number_it_is_about(
    difference: Difference, differing: dict[str, str | None]
) -> None:
    assert any(difference.holds(text, ours) for text, ours in differing.items())
    ours = by_us(difference.example)
    assert ours != by_library(difference.example)
    assert difference.holds(difference.example, ours)


def test_kinds_are_the_same_as_libphonenumbers() -> None:
    theirs = {PhoneNumberType.MOBILE: PhoneKind.MOBILE, PhoneNumberType.FIXED_LINE: PhoneKind.LANDLINE}
    for text in (*foreign(), *brazilian()):
        found = parse(text)
        if isinstance(found, Phone):
            number = phonenumbers.parse("+" + found.digits)
            assert found.kind is theirs.get(phonenumbers.number_type(number), PhoneKind.OTHER), text


@given(
    st.sampled_from(["", "0", "55", "+55", "+55 ", "55 ", "0 ", "00"]),
    st.sampled_from(["{0}{1}", "({0}){1}", "({0}) {1}", "{0} {1}", "({0}{1}", "{0}) {1}"]),
    st.one_of(st.sampled_from(sorted(DDDS)), st.integers(0, 99).map("{:02d}".format)),
    st.from_regex(r"[0-9]{3,5}[- ]?[0-9]{3,4}", fullmatch=True),
)
def test_the_single_match_for_usual_numbers_reads_as_the_careful_way_does(
    prefix: str, shape: str, area: str, subscriber: str
) -> None:
    text = prefix + shape.format(area, subscriber)
    assert parse(text) == _carefully(text, "BR")
