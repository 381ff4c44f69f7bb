"""What the sandbox decided to do with one message, before any dialect words the answer."""

from enum import StrEnum


class Verdict(StrEnum):
    """The outcome of one send; the value is what the ledger shows as `outcome`."""

    ACCEPT = "accepted"
    SILENT = "accepted_no_answer"
    GARBAGE = "accepted_garbage_answer"
    EMPTY = "accepted_empty_answer"
    DRIP = "accepted_slow_answer"
    HANG = "not_accepted_no_answer"
    RESET = "connection_reset"
    BROKEN = "http_500"
    THROTTLED = "http_429"
    THROTTLED_BARE = "http_429_without_retry_after"
    UNAUTHORISED = "http_401"
    OFFLINE = "instance_offline"
    REFUSED_WITH_200 = "http_200_error_body"
    UNKNOWN_NUMBER = "not_on_whatsapp"
    WINDOW_CLOSED = "outside_24_hours"

    @property
    def is_accepted(self) -> bool:
        """Whether the message goes on to the recipient, whatever the sender gets to hear about it."""
        return self in ACCEPTED


ACCEPTED = frozenset({Verdict.ACCEPT, Verdict.SILENT, Verdict.GARBAGE, Verdict.EMPTY, Verdict.DRIP})
