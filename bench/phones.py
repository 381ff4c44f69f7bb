"""Numbers a second on one core: our normaliser beside libphonenumber's parse, check and format of the same cells.

The target is the ratio that 500,000 a second had to libphonenumber's 75,000 on the machine where both were first
measured; the processor's own time is counted, so that a busy machine doesn't matter.
"""

import random
import time
from collections.abc import Callable
from typing import Final

import phonenumbers

from bench.measure import Measure
from core.phone import DDDS, parse

NUMBERS: Final = 100_000
LIBRARY_NUMBERS: Final = 10_000
ROUNDS: Final = 3
USUAL: Final = ("({0}) {1}-{2}", "{0}{1}{2}", "+55 {0} {1}-{2}", "55{0}{1}{2}", "0{0} {1} {2}")
ODD: Final = (
    "{0}{1}{2}.0",
    "0 15 {0} {1}-{2}",
    "{0} {1} {2} / (11) 3234-5678",
    "{0}.{1}.{2}",
    "{1}{2}",
    "sem telefone",
    "",
)
RATIO: Final = 500_000 / 75_000


def run() -> list[Measure]:
    """One figure; each round reads every cell once."""
    cells = make_cells(NUMBERS)
    ours = max(_rate(cells, parse) for _round in range(ROUNDS))
    theirs = max(_rate(cells[:LIBRARY_NUMBERS], by_library) for _round in range(ROUNDS))
    return [Measure("phones", ours, "numbers/s a core", f"libphonenumber, {theirs:,.0f}/s", ours / theirs, RATIO)]


def make_cells(count: int) -> list[str]:
    """As in a small business's file: three mobiles to a landline, one in ten without its ninth digit, one in twenty
    written oddly or wrong."""
    chance = random.Random(11)
    ddds = sorted(DDDS)
    cells = []
    for _number in range(count):
        first = chance.choices(("9", "3", "8"), (65, 25, 10))[0] + f"{chance.randrange(1_000):03d}"
        shape = chance.choice(ODD if chance.random() < 0.05 else USUAL)
        group = first + str(chance.randrange(10)) if first[0] == "9" else first
        cells.append(shape.format(chance.choice(ddds), group, f"{chance.randrange(10_000):04d}"))
    return cells


def by_library(cell: str) -> str | None:
    """What a program without our normaliser does."""
    try:
        number = phonenumbers.parse(cell, "BR")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _rate(cells: list[str], read: Callable[[str], object]) -> float:
    began = time.process_time()
    for cell in cells:
        read(cell)
    return len(cells) / (time.process_time() - began)


if __name__ == "__main__":
    for one in run():
        print(one, one.ok)
