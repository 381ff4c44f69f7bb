"""Phone numbers: every way a Brazilian writes one, the truth of libphonenumber, what is refused and why."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.phone import (
    DDDS,
    Phone,
    PhoneKind,
    PhoneProblem,
    both_forms,
    ddd_of,
    display,
    from_whatsapp_link,
    is_landline,
    key_of,
    normalise,
    numbers_in,
    parse,
)

MOBILE = Phone("5511987654321", PhoneKind.MOBILE, "5511987654321")

ddds = st.sampled_from(sorted(DDDS))
eight = st.integers(0, 99_999_999).map("{:08d}".format)


def library(text: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, "BR")
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]


@pytest.mark.parametrize(
    "text",
    [
        "5511987654321",
        "11987654321",
        "+5511987654321",
        "+55 (11) 98765-4321",
        "(11) 98765-4321",
        "11 9 8765 4321",
        "11.98765.4321",
        "011 98765-4321",
        "(011) 98765-4321",
        "0 15 11 98765-4321",
        "(0xx11) 98765-4321",
        "0055 11 98765-4321",
        "55 011 98765-4321",
        "55 55 11 98765-4321",
        "+55+55 11 98765-4321",
        "+11 98765-4321",
        "1187654321",
        "551187654321",
        "(11) 8765-4321",
        "11987654321.0",
        "11987654321.00",
        "5511987654321,0",
        "1.1987654321E+10",
        "1,1987654321e10",
        "5.511987654321E+12",
        "'11987654321",
        '="11987654321"',
        "\u200b11\u200d98765\ufeff4321\u2060",
        "\u202a+55 11 98765-4321\u202c",
        "11\u00a098765\u20114321",
        "１１９８７６５４３２１",
        "tel:+55-11-98765-4321",
        "Maria: 11 98765-4321 (recado)",
        "11 98765-4321 / 21 91234-5678",
        "11987654321 ou 2133334444",
        "190; 11987654321",
        "  11987654321\r\n",
        "11987654321\x00",
    ],
)
def test_every_way_of_writing_a_mobile_is_the_same_person(text: str) -> None:
    assert normalise(text) == MOBILE


@pytest.mark.parametrize("text", ["11987654320", "11987654320.0", "(11) 98765.4320", "1.198765432E+10"])
def test_a_number_that_ends_in_zero_keeps_it(text: str) -> None:
    phone = normalise(text)
    assert phone is not None and phone.digits == "5511987654320"


@pytest.mark.parametrize(
    "text",
    [
        "551132345678",
        "(11) 3234-5678",
        "011 3234-5678",
        "0151132345678",
        "11 3234-5678 ramal 22",
        "0xx11 3234-5678",
    ],
)
def test_landlines_stay_as_they_are(text: str) -> None:
    assert normalise(text) == Phone("551132345678", PhoneKind.LANDLINE, "551132345678")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("55987654321", "5555987654321"),
        ("5598765432", "5555998765432"),
        ("5555987654321", "5555987654321"),
        ("555598765432", "5555998765432"),
        ("55555598765432", "5555998765432"),
        ("555555987654321", "5555987654321"),
        ("5532234567", "555532234567"),
    ],
)
def test_area_code_55_is_not_the_country(text: str, digits: str) -> None:
    phone = normalise(text)
    assert phone is not None and phone.digits == digits


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", PhoneProblem.EMPTY),
        (" \t\u200b", PhoneProblem.EMPTY),
        ("987654321", PhoneProblem.TOO_SHORT),
        ("8765-4321", PhoneProblem.TOO_SHORT),
        ("90012-3456", PhoneProblem.TOO_SHORT),
        ("0900 123 456", PhoneProblem.NOT_PERSONAL),
        ("190", PhoneProblem.TOO_SHORT),
        ("5511987", PhoneProblem.TOO_SHORT),
        ("119876543210987", PhoneProblem.TOO_LONG),
        ("0119876543210", PhoneProblem.TOO_LONG),
        ("9" * 60, PhoneProblem.TOO_LONG),
        ("20987654321", PhoneProblem.UNKNOWN_DDD),
        ("(10) 98765-4321", PhoneProblem.UNKNOWN_DDD),
        ("5520987654321", PhoneProblem.UNKNOWN_DDD),
        ("0800 777 1234", PhoneProblem.NOT_PERSONAL),
        ("8007771234", PhoneProblem.NOT_PERSONAL),
        ("+55 0800 777 1234", PhoneProblem.NOT_PERSONAL),
        ("0300 123 4567", PhoneProblem.NOT_PERSONAL),
        ("4003-1234", PhoneProblem.NOT_PERSONAL),
        ("11 4003-1234", PhoneProblem.NOT_PERSONAL),
        ("4004 1234", PhoneProblem.NOT_PERSONAL),
        ("+1 800 555 0199", PhoneProblem.NOT_PERSONAL),
        ("nao tem", PhoneProblem.INVALID),
        ("1198765432O", PhoneProblem.INVALID),
        ("11587654321", PhoneProblem.INVALID),
        ("11 0234-5678", PhoneProblem.INVALID),
        ("31612345678", PhoneProblem.INVALID),
        ("1.19877E+10", PhoneProblem.ROUNDED),
        ("+999 1234567", PhoneProblem.INVALID),
        ("+11 8765-4321", PhoneProblem.TOO_SHORT),
        ("+55 3234-5678", PhoneProblem.TOO_SHORT),
        ("+55 98765-4321", PhoneProblem.TOO_SHORT),
        ("1.1987E+10", PhoneProblem.ROUNDED),
        ("1,2E+09", PhoneProblem.ROUNDED),
        ("+24991123123", PhoneProblem.TOO_SHORT),
        ("+34 901 12 34 56", PhoneProblem.NOT_PERSONAL),
    ],
)
def test_what_cannot_be_written_to_is_refused_with_its_reason(text: str, problem: PhoneProblem) -> None:
    assert parse(text) is problem
    assert normalise(text) is None
    assert problem.sentence.endswith(".")


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("11 98765-4321", ["5511987654321"]),
        ("(11) 98765-4321 / (21) 3234-5678", ["5511987654321", "552132345678"]),
        ("(11) 98765-4321 (21) 3234-5678", ["5511987654321", "552132345678"]),
        ("11 98765-4321 - 21 3234-5678", ["5511987654321", "552132345678"]),
        ("11987654321 2132345678", ["5511987654321", "552132345678"]),
        ("11987654321\n2132345678", ["5511987654321", "552132345678"]),
        ("55 (11) 98765-4321 55 (21) 3234-5678", ["5511987654321", "552132345678"]),
        ("+5511987654321+552132345678", ["5511987654321", "552132345678"]),
        ("11 98765 4321 21 91234 5678 31 3234 5678", ["5511987654321", "5521912345678", "553132345678"]),
        ("(11) 98765-4321 / 3234-5678", ["5511987654321", "551132345678"]),
        ("123 / 11987654321; +351 912 345 678", ["5511987654321", "351912345678"]),
        ("11987654321 ou 11 8765-4321", ["5511987654321"]),
        ("11987654321 2132345678 99", []),
        ("1198765432111987654321", []),
        ("1.1987E+10", []),
        ("", []),
    ],
)
def test_every_number_of_a_cell_is_found_once_and_the_first_is_the_one_read(cell: str, numbers: list[str]) -> None:
    assert [phone.digits for phone in numbers_in(cell)] == numbers
    first = normalise(cell)
    assert (first.digits if first else None) == (numbers[0] if numbers else None)


def test_a_landline_is_told_by_its_digits() -> None:
    assert is_landline("551132345678")
    assert not any(map(is_landline, ["5511987654321", "553187654321", "351212345678", ""]))


def test_no_stranger_is_made_of_a_typing_error_behind_a_carrier_code() -> None:
    assert normalise("0219876543210") is None
    assert normalise("0 10 11 98765-4321") is None
    assert normalise("0 11 98 3234-5678") is None
    assert normalise("0 21 11 8765-4321") is None


@given(ddds, eight)
def test_all_mobiles_agree_with_libphonenumber(ddd: str, rest: str) -> None:
    number = library(f"{ddd}9{rest}")
    assert number is not None
    phone = normalise(f"({ddd}) 9{rest[:4]}-{rest[4:]}")
    assert phone == (e164(number), PhoneKind.MOBILE, e164(number))


@given(ddds, st.sampled_from("2345"), st.integers(0, 9_999_999).map("{:07d}".format))
def test_all_landlines_agree_with_libphonenumber(ddd: str, first: str, rest: str) -> None:
    number = library(f"{ddd}{first}{rest}")
    phone = parse(f"{ddd} {first}{rest}")
    if (first + rest)[:4] in {"4003", "4004", "3003"}:
        assert phone is PhoneProblem.NOT_PERSONAL
    else:
        assert number is not None and phone == (e164(number), PhoneKind.LANDLINE, e164(number))


@given(st.text("0123456789", min_size=7, max_size=16))
@example("1178901234")
@example("00000000000")
def test_whatever_libphonenumber_calls_a_brazilian_number_we_read_the_same(text: str) -> None:
    number = library(text)
    if number is None or number.country_code != 55 or text.startswith("90"):
        return
    ours = parse(text)
    national = str(number.national_number)
    if phonenumbers.number_type(number) not in {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE,
    } or national[2:6] in {"4003", "4004", "3003"}:
        assert ours is PhoneProblem.NOT_PERSONAL
    elif len(national) == 10 and national[2] == "7":
        assert ours == key(e164(number)) or ours is PhoneProblem.TOO_LONG  # behind a carrier code
    else:
        assert ours == key(e164(number))


def key(digits: str) -> Phone:
    full = key_of(digits)
    return Phone(full, PhoneKind.MOBILE if len(full) == 13 else PhoneKind.LANDLINE, full)


@given(st.text("0123456789", min_size=7, max_size=16))
def test_whatever_brazilian_number_we_read_libphonenumber_calls_valid(text: str) -> None:
    phone = normalise(text)
    if phone is not None and phone.digits.startswith("55"):
        assert library("+" + phone.digits) is not None
        assert phone.digits.endswith(text[-8:])


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS - {"BR", "TA"}))
def test_foreign_mobiles_are_kept(region: str) -> None:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert number is not None
    digits = e164(number)
    for written in ("+" + digits, "00" + digits):
        phone = normalise(written)
        assert phone is not None and phone.digits == digits
    local = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    at_home = normalise(local, default_region=region)
    assert at_home is not None and at_home.digits == digits


def test_a_foreign_number_without_plus_is_kept_unless_it_looks_brazilian() -> None:
    assert normalise("351912345678") == Phone("351912345678", PhoneKind.MOBILE, "351912345678")
    assert normalise("14155552671") is None


@given(st.text(max_size=300), st.sampled_from(["BR", "US", "PT"]))
@example("1E99", "BR")
@example("9" * 200 + "E+10", "BR")
@example("\ud800+", "BR")
def test_nothing_a_cell_can_hold_raises(text: str, region: str) -> None:
    found = parse(text, default_region=region)
    assert isinstance(found, Phone | PhoneProblem)
    from_whatsapp_link(text)
    from_whatsapp_link("wa.me/" + text)
    display(text)


@given(ddds, eight)
def test_reading_again_changes_nothing(ddd: str, rest: str) -> None:
    phone = normalise(f"{ddd}{rest}")
    if phone is not None:
        assert normalise(phone.digits) == phone
        assert normalise(display(phone.digits)) == phone
        assert key_of(phone.digits) == phone.key


def test_both_forms_of_a_mobile_share_a_key_and_a_landline_keeps_its_own() -> None:
    assert key_of("5531987654321") == key_of("553187654321") == "5531987654321"
    assert key_of("5511912345678") == key_of("551112345678")
    assert key_of("551132345678") != key_of("5511932345678")
    assert key_of("5215512345678") == key_of("525512345678")
    assert key_of("5491123456789") == key_of("541123456789")
    assert key_of("14155552671") == "14155552671"


def test_the_forms_to_ask_whatsapp_about() -> None:
    assert both_forms("5531987654321") == ("5531987654321", "553187654321")
    assert both_forms("553187654321") == ("5531987654321", "553187654321")
    assert both_forms("551132345678") == ("551132345678",)
    assert both_forms("351912345678") == ("351912345678",)


@pytest.mark.parametrize(
    "link",
    [
        "https://wa.me/5511987654321",
        "wa.me/5511987654321?text=Ola%202",
        "http://WA.ME/+55 11 98765-4321",
        "https://api.whatsapp.com/send?phone=5511987654321&text=oi",
        "https://api.whatsapp.com/send/?text=oi&phone=%2B5511987654321",
        "https://web.whatsapp.com/send?phone=11987654321",
        "whatsapp://send?phone=5511987654321",
        "Fale comigo: wa.me/5511987654321 2 unidades",
        "wa.me/551187654321",
    ],
)
def test_whatsapp_links_carry_their_number(link: str) -> None:
    assert from_whatsapp_link(link) == MOBILE


@pytest.mark.parametrize(
    "text", ["", "11987654321", "https://wa.me/message/ABC123", "wa.me/123", "https://x.com/send?phone=1"]
)
def test_what_is_no_whatsapp_link_gives_nothing(text: str) -> None:
    assert from_whatsapp_link(text) is None


def test_a_foreign_link_is_read_as_international_first() -> None:
    phone = from_whatsapp_link("wa.me/14155552671")
    assert phone is not None and phone.digits == "14155552671"


def test_people_see_numbers_the_way_they_write_them() -> None:
    assert display("5511912345678") == "(11) 91234-5678"
    assert display("551132345678") == "(11) 3234-5678"
    assert display("351912345678") == "+351 912 345 678"
    assert display("???") == "???"
    assert (ddd_of("5511912345678"), ddd_of("351912345678")) == ("11", None)


def test_there_are_67_area_codes() -> None:
    assert len(DDDS) == 67
