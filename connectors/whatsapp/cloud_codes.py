"""What Meta's error codes mean for the sender (reference, section 4.3). They come in the answer of a send and,
more often, later in a `failed` status. Only `error.code` decides: the HTTP status per code is unconfirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.reading import int_at, text_at
from connectors.whatsapp.words import RefusalCode, Refused, refuse

_BY_MEANING: Final[Mapping[RefusalCode, tuple[int, ...]]] = {
    RefusalCode.BAD_CREDENTIALS: (0, 190),
    RefusalCode.PERMISSION_MISSING: (3, 10, *range(200, 300), 131005),
    RefusalCode.RATE_LIMITED: (4, 80007, 130429, 133016),
    RefusalCode.RECIPIENT_RATE_LIMITED: (131056,),
    RefusalCode.RESTRICTED: (368, 131031, 131037, 131048),
    RefusalCode.PAYMENT_REQUIRED: (131042,),
    RefusalCode.NOT_REGISTERED: (131045, 133010),
    RefusalCode.MAINTENANCE: (131057,),
    RefusalCode.WEBHOOK_UNREACHABLE: (2200,),
    RefusalCode.PROVIDER_ERROR: (1, 2, 131000, 131016),
    RefusalCode.NOT_ON_WHATSAPP: (131026,),
    RefusalCode.WINDOW_CLOSED: (131047,),
    RefusalCode.OPTED_OUT: (131050,),
    RefusalCode.RECIPIENT_BLOCKED: (130472, 130497, 131049),
    RefusalCode.MEDIA_REJECTED: (131052, 131053),
    RefusalCode.TEMPLATE_INVALID: (132000, 132001),
    RefusalCode.TEMPLATE_PAUSED: (132015, 132016),
    RefusalCode.TEMPLATE_LIMITED: (131064,),
    # A parameter too long or of the wrong form is one person's data: the others' messages are fine.
    RefusalCode.REJECTED: (
        *(33, 100, 131008, 131009, 131021, 131030, 131051, 131062, 131063),
        *(132005, 132007, 132008, 132012, 132068, 132069, 135000, 137000),
    ),
}
CODES: Final[Mapping[int, RefusalCode]] = {code: ours for ours, codes in _BY_MEANING.items() for code in codes}

# Waits of ours where Meta names none: minutes for a call limit, the pair limit's six seconds with room to spare.
WAIT_SECONDS: Final[Mapping[int, float]] = {4: 300.0, 80007: 300.0, 130429: 10.0, 131056: 60.0, 131057: 900.0}


def refusal_of(error: Any) -> Refused | None:
    """Our refusal for one of Meta's error objects; None for a missing or unknown code."""
    code = int_at(error, "code")
    ours = None if code is None else CODES.get(code)
    if code is None or ours is None:
        return None
    return refuse(ours, str(code), WAIT_SECONDS.get(code))


def later_refusal_of(error: Any) -> Refused:
    """The same for a `failed` status, which always has a reason: an unknown code is the provider's error."""
    return refusal_of(error) or refuse(RefusalCode.PROVIDER_ERROR, text_at(error, "code") or "failed")
