"""What an answer means for the recipient, the number, the quota and the attempts. Pure: one table, one function.

| answer | recipient | number |
|---|---|---|
| taken | sent | errors back to 0 |
| no such number | invalid, quota back | nothing |
| refused for good | failed, quota back | -10 health, one error more; nothing when it is what was sent |
| refused for now | pending again after 1, 5, 25 minutes, then failed; quota back | one error more, rests if asked to |
| its file isn't there yet | pending, no attempt used, quota back | nothing |
| the number can't send | pending, no attempt used, quota back | paused or disconnected, with the reason |
| provider not reached | pending, no attempt used, quota back | rests 5, 10, 20 ... seconds |
| unclear | unconfirmed, quota kept: it may have arrived | one unclear more; two in a row stop it |
"""

from typing import Final

from connectors.whatsapp import RefusalCode, Refused, SendOutcome, Sent
from models.campaigns import ContactStatus
from models.instances import InstanceStatus
from services.sending.pacing import backoff_seconds, throttle_seconds
from services.sending.words import Ruling

RETRY_MINUTES: Final = (1, 5, 25)
"""Three further attempts, only for what surely was not sent."""

RETURNED_SECONDS: Final = 60
"""A row that came back because its number can't send: others go first, should that row be the cause."""

HEALTH_PER_FAILURE: Final = -10.0
_NO_SUCH_NUMBER: Final = frozenset({RefusalCode.NOT_ON_WHATSAPP, RefusalCode.BAD_NUMBER})
_NOT_REACHED: Final = frozenset({RefusalCode.UNREACHABLE, RefusalCode.MAINTENANCE})
_ABOUT_THE_CONTENT: Final = frozenset(
    {
        RefusalCode.WINDOW_CLOSED,
        RefusalCode.TEMPLATE_INVALID,
        RefusalCode.TEMPLATE_PAUSED,
        RefusalCode.TEMPLATE_LIMITED,
        RefusalCode.MEDIA_REJECTED,
    }
)
"""What was to be sent is to blame: the number is as well as before."""

_NUMBER_STATUS: Final = {RefusalCode.INSTANCE_DISCONNECTED: InstanceStatus.DISCONNECTED.value}


def judge(outcome: SendOutcome, *, attempt: int, errors_in_a_row: int) -> Ruling:
    """`attempt` counts this one; `errors_in_a_row` is what the number had before it."""
    if isinstance(outcome, Sent):
        return Ruling(
            ContactStatus.SENT,
            provider_message_id=outcome.provider_message_id,
            number_sent=1,
            number_is_fine=True,
        )
    if isinstance(outcome, Refused):
        return _refused(outcome, attempt, errors_in_a_row)
    return Ruling(
        ContactStatus.UNCONFIRMED,
        reason="unclear",
        error=f"Sem resposta clara do provedor ({outcome.reason}); a mensagem pode ter chegado.",
        number_unclear=1,
    )


def _refused(refusal: Refused, attempt: int, errors_in_a_row: int) -> Ruling:
    if refusal.pauses_instance:
        return Ruling(
            ContactStatus.PENDING,
            reason=refusal.code.value,
            retry_seconds=RETURNED_SECONDS,
            attempts_back=1,
            is_refunded=True,
            number_errors=1,
            number_status=_NUMBER_STATUS.get(refusal.code, InstanceStatus.PAUSED.value),
            number_reason=refusal.message,
        )
    if refusal.code in _NOT_REACHED:
        return Ruling(
            ContactStatus.PENDING,
            reason=refusal.code.value,
            attempts_back=1,
            is_refunded=True,
            number_errors=1,
            hold_seconds=backoff_seconds(errors_in_a_row + 1),
            number_reason=refusal.message,
        )
    if refusal.code in _NO_SUCH_NUMBER:
        return Ruling(ContactStatus.INVALID, reason=refusal.code.value, error=refusal.message, is_refunded=True)
    if refusal.code is RefusalCode.MEDIA_NOT_READY:
        return Ruling(
            ContactStatus.PENDING,
            reason=refusal.code.value,
            retry_seconds=RETURNED_SECONDS,
            attempts_back=1,
            is_refunded=True,
        )
    if refusal.permanent or attempt > len(RETRY_MINUTES):
        return _failed(refusal)
    return _later(refusal, attempt, errors_in_a_row)


def _failed(refusal: Refused) -> Ruling:
    is_numbers = refusal.code not in _ABOUT_THE_CONTENT
    return Ruling(
        ContactStatus.FAILED,
        reason=refusal.code.value,
        error=refusal.message,
        is_refunded=True,
        suppresses=refusal.code is RefusalCode.OPTED_OUT,
        stops_campaign=refusal.stops_campaign,
        number_failed=int(is_numbers),
        number_errors=int(is_numbers),
    )


def _later(refusal: Refused, attempt: int, errors_in_a_row: int) -> Ruling:
    is_throttled = refusal.code is RefusalCode.RATE_LIMITED
    return Ruling(
        ContactStatus.PENDING,
        reason=refusal.code.value,
        error=refusal.message,
        retry_seconds=RETRY_MINUTES[attempt - 1] * 60,
        is_refunded=True,
        number_errors=1,
        hold_seconds=throttle_seconds(refusal.retry_after_seconds, errors_in_a_row) if is_throttled else 0,
        stops_campaign=refusal.stops_campaign,
        number_reason=refusal.message,
    )
