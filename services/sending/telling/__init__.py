"""What the engine tells people: notices, and the numbers that stop or come back by themselves."""

from services.sending.telling.errors import tell_errors
from services.sending.telling.notices import (
    Stopped,
    campaigns_finished,
    campaigns_paused,
    number_down,
    quota_reached,
)
from services.sending.telling.stops import Back, changed_by_receipts, tell_back, tell_stopped

__all__ = [
    "Back",
    "Stopped",
    "campaigns_finished",
    "campaigns_paused",
    "changed_by_receipts",
    "number_down",
    "quota_reached",
    "tell_back",
    "tell_errors",
    "tell_stopped",
]
