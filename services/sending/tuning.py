"""The engine's own times and sizes. Not business settings: those live in the database."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Tuning:
    """Seconds unless the name says otherwise. Tests shorten them; production uses these."""

    look_every: float = 0.25
    look_share: float = 0.2
    """A look that takes long is repeated less often, so that looking costs at most this share of the time."""
    direct_rest: float = 0.1
    """Between two looks for direct messages, however often we are woken: each stored webhook wakes us."""
    direct_tend_every: float = 2.0
    tick: float = 0.005
    """After something became possible, this long is waited for more of it: larger batches cost less each."""
    max_in_flight: int = 512
    max_batch: int = 256
    send_seconds: float = 30.0
    file_seconds: float = 10.0
    """A message waits this long for its file; after that it goes back to the queue."""
    lease_seconds: float = 45.0
    """Longer than file and send can take (40 s) with their settling: only then does an unsettled claim mean a crash."""
    recover_every: float = 10.0
    presence_every: float = 1.0
    absence_every: float = 1.0
    sweep_every: float = 60.0
    follow_up_every: float = 60.0
    beat_every: float = 5.0
    plans_every: float = 2.0
    schedule_every: float = 0.5
    inbox_every: float = 0.25
    status_every: float = 2.0
    status_recheck_seconds: float = 30.0
    unclear_rest_seconds: float = 60.0
    """How long a number with two unclear answers rests before it tries one message, when its status was good all the
    while."""
    silent_seconds: float = 90.0
    """A connected number whose last three messages or more had no receipt and no echo for so long is paused ..."""
    trial_seconds: float = 1800.0
    """... until the first one comes, else for so long."""
    alarms_every: float = 1.0
    checks_every: float = 1.0
    check_gap_seconds: float = 10.0
    """Between two questions of one number whether a phone has WhatsApp; the longest a question may take, too."""
    checks_at_once: int = 50
    stop_seconds: float = 8.0
    backoff_first: float = 0.2
    backoff_most: float = 5.0

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_seconds)


EXPIRY = timedelta(days=30)
EARLY_RECEIPT = timedelta(minutes=10)
"""How long a receipt waits for the settle of its message before it counts as nobody's."""

NAMELESS_AFTER = timedelta(seconds=5)
"""News of an unknown message id is tried by recipient only after this: its own settle comes first."""
