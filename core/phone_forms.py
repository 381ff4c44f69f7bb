"""What is made of a number in canonical form (`core.phone`): its key, its other form, its look. Pure."""

from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat

SECOND_DIGITS: Final = {
    "1": "123456789",
    "2": "12478",
    "3": "1234578",
    "4": "123456789",
    "5": "1345",
    "6": "123456789",
    "7": "134579",
    "8": "123456789",
    "9": "123456789",
}
DDDS: Final = frozenset(first + second for first, all_ in SECOND_DIGITS.items() for second in all_)


def key_of(digits: str) -> str:
    """The `Phone.key` of a number a provider gave us: E.164 digits, with or without the Brazilian ninth
    digit, the Mexican 1 or the Argentine 9. Unknown shapes are their own key."""
    size = len(digits)
    if size == 12 and digits.startswith("55") and digits[4] not in "2345" and digits[2:4] in DDDS:
        return digits[:4] + "9" + digits[4:]
    if size == 13 and digits.startswith(("521", "549")):
        return digits[:2] + digits[3:]
    return digits


def both_forms(digits: str) -> tuple[str, ...]:
    """The forms to ask WhatsApp about, likeliest first: for a Brazilian mobile with and without the ninth
    digit (accounts older than it keep the short one), otherwise the number alone."""
    full = key_of(digits)
    if len(full) == 13 and full.startswith("55") and full[4] == "9":
        return full, full[:4] + full[5:]
    return (digits,)


def ddd_of(digits: str) -> str | None:
    """Area code of a Brazilian number in canonical form, None for others."""
    if len(digits) in {12, 13} and digits.startswith("55") and digits[2:4] in DDDS:
        return digits[2:4]
    return None


def display(digits: str) -> str:
    """For people: (11) 91234-5678, (11) 3234-5678, +351 912 345 678."""
    ddd = ddd_of(digits)
    if ddd is not None:
        return f"({ddd}) {digits[4:-4]}-{digits[-4:]}"
    try:
        number = phonenumbers.parse("+" + digits, None)
    except phonenumbers.NumberParseException:
        return digits
    return str(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL))


def is_landline(digits: str) -> bool:
    """True for a Brazilian landline in canonical form: it may have no WhatsApp."""
    return len(digits) == 12 and ddd_of(digits) is not None and digits[4] in "2345"
