"""Rates and progress from a campaign's counters, as the contract (3.3) defines them. Pure."""

from typing import Protocol


class Counted(Protocol):
    """What the rates are made of."""

    total: int
    pending: int
    sending: int
    sent: int
    failed: int
    invalid: int


def success_rate(counts: Counted) -> float:
    """sent / (sent + failed + invalid), in percent; 0 while nothing has been tried."""
    return share(counts.sent, counts.sent + counts.failed + counts.invalid)


def conversion_rate(closed_deals: int, sent: int) -> float:
    """closed deals / sent, in percent; 0 while nothing has been sent."""
    return share(closed_deals, sent)


def progress_percent(counts: Counted) -> float:
    """How much of the audience has come to an end, in percent; 0 before the launch."""
    return share(counts.total - counts.pending - counts.sending, counts.total)


def share(part: int, whole: int) -> float:
    """part / whole in percent, 0 of nothing."""
    return part / whole * 100 if whole else 0.0
