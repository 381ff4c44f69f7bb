"""Brazil's national holidays, by the local date of whoever is written to. Carnival and Corpus Christi aren't among
them: they are holidays of states and towns."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache


def national_holiday(day: date) -> str | None:
    """The holiday's Portuguese name, None on other days."""
    return _of_year(day.year).get(day)


@lru_cache(maxsize=8)
def _of_year(year: int) -> Mapping[date, str]:
    # The package loads every country's calendar: 0.4 s and 15 MB, so only a process that asks pays, and once.
    from holidays.countries.brazil import Brazil

    return dict(Brazil(years=year, language="pt_BR").items())
