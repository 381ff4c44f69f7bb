"""The lane ahead of campaigns: messages to one person (answers, confirmations, tests) that somebody waits for."""

from services.sending.direct.lane import DirectLane
from services.sending.direct.queue import DirectQueue
from services.sending.direct.watch import recover_directs, return_directs, take_over_directs, tend, waiting_numbers
from services.sending.direct.words import DirectClaimed, DirectNumber, DirectReport

__all__ = [
    "DirectClaimed",
    "DirectLane",
    "DirectNumber",
    "DirectQueue",
    "DirectReport",
    "recover_directs",
    "return_directs",
    "take_over_directs",
    "tend",
    "waiting_numbers",
]
