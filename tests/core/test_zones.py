"""Where the people of a number live: in Python and in the launch's statement alike; and Brazil's national holidays."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import String, column, select, values
from sqlalchemy.orm import Session, sessionmaker

from core.holidays import national_holiday
from core.phone import DDDS
from core.zones import (
    ACRE,
    ALL_ZONES,
    AMAZON,
    BRASILIA,
    TENANT,
    ZONES,
    zone_bits,
    zone_name,
    zone_of_column,
    zone_of_phone,
)

FOREIGN = ["351912345678", "12025550123", "541123456789", "595981123456", "56912345678", "5", "", "55", "5568"]
ODD = [
    "5500912345678",
    "5520912345678",
    "556899123456789",
    "55689912345",
    "68999123456",
    "5568999123456",
    "556832241234",
]


@pytest.mark.parametrize(
    ("ddd", "zone"),
    [("11", BRASILIA), ("81", BRASILIA), ("91", BRASILIA), ("94", BRASILIA), ("63", BRASILIA), ("62", BRASILIA)]
    + [(ddd, AMAZON) for ddd in ("65", "66", "67", "69", "92", "95", "97")]
    + [("68", ACRE)],
)
def test_a_ddd_has_its_zone(ddd: str, zone: int) -> None:
    assert zone_of_phone(f"55{ddd}999991234") == zone_of_phone(f"55{ddd}32241234") == zone


@pytest.mark.parametrize("phone", FOREIGN)
def test_abroad_the_tenants_clock_counts(phone: str) -> None:
    assert zone_of_phone(phone) == TENANT
    assert zone_name(zone_of_phone(phone), "Europe/Lisbon") == "Europe/Lisbon"


def test_the_statement_agrees_over_every_ddd_and_abroad(factory: sessionmaker[Session]) -> None:
    brazilian = [f"55{ddd}{rest}" for ddd in DDDS for rest in ("999991234", "32241234")]
    phones = [*brazilian, *FOREIGN, *ODD]
    listed = values(column("phone", String), name="listed").data([(one,) for one in phones])
    with factory() as session:
        found = dict(session.execute(select(listed.c.phone, zone_of_column(listed.c.phone))).all())
    assert len(DDDS) == 67
    assert found == {one: zone_of_phone(one) for one in phones}
    assert set(found.values()) == set(ZONES)


def test_every_zone_has_a_bit_of_its_own() -> None:
    assert zone_bits(ZONES) == zone_bits([*ZONES, ACRE]) == ALL_ZONES == 15
    assert zone_bits([AMAZON]) == 4
    assert zone_bits([]) == 0


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 1, 1), "Confraternização Universal"),
        (date(2026, 4, 3), "Sexta-feira Santa"),
        (date(2027, 3, 26), "Sexta-feira Santa"),
        (date(2026, 4, 21), "Tiradentes"),
        (date(2026, 11, 20), "Dia Nacional de Zumbi e da Consciência Negra"),
        (date(2026, 12, 25), "Natal"),
        (date(2026, 2, 17), None),
        (date(2026, 6, 4), None),
        (date(2026, 7, 9), None),
        (date(2026, 12, 24), None),
    ],
)
def test_national_holidays_movable_ones_too_but_no_carnival_nor_states(day: date, name: str | None) -> None:
    assert national_holiday(day) == name


@given(st.integers(2025, 2060))
def test_every_year_has_its_ten_national_holidays(year: int) -> None:
    days = [date(year, 1, 1).fromordinal(date(year, 1, 1).toordinal() + number) for number in range(366)]
    assert sum(1 for day in days if day.year == year and national_holiday(day)) in (9, 10)
