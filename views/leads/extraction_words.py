"""Amounts of extractions in words."""

from decimal import Decimal

from babel.numbers import format_currency

from core.i18n import current_locale


def dollars(micros: int) -> str:
    """Millionths of a dollar as money: `US$ 0,25`; what is less than a cent with three more digits."""
    amount = Decimal(micros) / 1_000_000
    pattern = "¤ #,##0.00###" if 0 < amount < Decimal("0.01") else None
    shown: str = format_currency(amount, "USD", pattern, locale=current_locale())
    return shown
