"""Talking to the provider, in two halves: `prepare_x` before the call, `apply_x` after it. The door commits between
them and sends, so no connection is held and no row object crosses the call."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Update, func, select, update
from sqlalchemy.orm import Session

from connectors.whatsapp import (
    AlreadyConnected,
    ConnectionStatus,
    InstanceState,
    PairingCode,
    QrCode,
    Refused,
    Sent,
    Unclear,
    connector,
)
from core.errors import InvalidInput
from core.http_messages import HttpAnswer, HttpRequest
from core.phone import PhoneProblem, key_of, parse
from models.instances import Instance, InstanceStatus
from models.leads import Suppression
from models.privacy import PlatformSuppression
from services.instances.accounts import account_of
from services.instances.find import instance_of
from services.instances.set_up import UNCLEAR_CALL

FROM_CONNECTION = {
    ConnectionStatus.CONNECTED: InstanceStatus.CONNECTED,
    ConnectionStatus.CONNECTING: InstanceStatus.CONNECTING,
    ConnectionStatus.DISCONNECTED: InstanceStatus.DISCONNECTED,
    ConnectionStatus.BANNED: InstanceStatus.BANNED,
}


@dataclass(frozen=True, slots=True)
class ConnectStep:
    """What the connect page shows next: a QR to scan, a code to type, connected, or a problem in words."""

    qr_png: bytes | None = None
    pairing_code: str | None = None
    is_connected: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TestResult:
    """What became of a test message; `is_unclear` = it may have arrived."""

    __test__ = False
    is_sent: bool
    is_unclear: bool
    message: str


def prepare_connect(session: Session, tenant_id: int, instance_id: int, *, phone: str = "") -> HttpRequest:
    """The call for a QR, or for a pairing code when a phone is given. Where a provider has no QR its status call
    takes the place."""
    instance = instance_of(session, tenant_id, instance_id)
    provider = connector(instance.connector)
    if not provider.info.has_qr:
        return provider.status(account_of(instance))
    if phone and provider.info.has_pairing_code:
        return provider.pairing_code(account_of(instance), _digits(phone))
    return provider.qr(account_of(instance))


def apply_connect(session: Session, tenant_id: int, instance_id: int, answer: HttpAnswer) -> ConnectStep:
    """Read the provider's answer; the instance is `connecting` while a code is shown."""
    instance = instance_of(session, tenant_id, instance_id)
    provider = connector(instance.connector)
    outcome = provider.read_qr(answer)
    state = None if provider.info.has_qr else provider.read_status(answer)
    if isinstance(state, InstanceState):
        apply_state(session, tenant_id, instance_id, state)
    if isinstance(outcome, AlreadyConnected):
        set_status(session, tenant_id, instance_id, InstanceStatus.CONNECTED)
        return ConnectStep(is_connected=True)
    if isinstance(outcome, QrCode | PairingCode):
        set_status(session, tenant_id, instance_id, InstanceStatus.CONNECTING)
        if isinstance(outcome, QrCode):
            return ConnectStep(qr_png=outcome.png)
        return ConnectStep(pairing_code=outcome.code)
    problem = outcome.message if isinstance(outcome, Refused) else UNCLEAR_CALL
    _note_problem(session, tenant_id, instance_id, problem)
    return ConnectStep(problem=problem)


def prepare_refresh(session: Session, tenant_id: int, instance_id: int) -> HttpRequest:
    """The status call."""
    instance = instance_of(session, tenant_id, instance_id)
    return connector(instance.connector).status(account_of(instance))


def apply_refresh(session: Session, tenant_id: int, instance_id: int, answer: HttpAnswer) -> str:
    """Take over what the provider says of the connection -> a sentence, empty when all is well.

    A good answer also ends a hold after unclear sends. A number somebody paused stays paused while connected.
    """
    instance = instance_of(session, tenant_id, instance_id)
    outcome = connector(instance.connector).read_status(answer)
    if isinstance(outcome, Refused | Unclear):
        problem = outcome.message if isinstance(outcome, Refused) else UNCLEAR_CALL
        _note_problem(session, tenant_id, instance_id, problem)
        return problem
    apply_state(session, tenant_id, instance_id, outcome)
    return ""


def apply_state(session: Session, tenant_id: int, instance_id: int, state: InstanceState) -> None:
    """The provider's word on the connection, from a status call or a webhook."""
    status = FROM_CONNECTION.get(state.status)
    if status is None:
        return
    values: dict[str, Any] = {"last_error": ""}
    if state.phone:
        values["phone"] = state.phone
    if status is InstanceStatus.CONNECTED:
        values |= {"held_until": None, "consecutive_unclear": 0}
    session.execute(_instance_row(tenant_id, instance_id).values(**values))
    set_status(session, tenant_id, instance_id, status)


def prepare_test(session: Session, tenant_id: int, instance_id: int, *, phone: str, app_name: str) -> HttpRequest:
    """A message to oneself; exempt from interval and quota, never from disconnection or suppression."""
    instance = instance_of(session, tenant_id, instance_id)
    if instance.status is not InstanceStatus.CONNECTED:
        raise InvalidInput("Conecte este número antes de testar.")
    to = _digits(phone)
    is_suppressed = select(Suppression.id).where(
        Suppression.tenant_id == tenant_id, Suppression.phone_key == key_of(to)
    )
    is_blocked = select(PlatformSuppression.id).where(PlatformSuppression.phone_key == key_of(to))
    if session.scalar(is_suppressed) is not None or session.scalar(is_blocked) is not None:
        raise InvalidInput(fields={"phone": ["Este telefone está na lista de não perturbe. Teste com outro."]})
    text = f'Teste do {app_name}: o número "{instance.name}" está pronto para enviar. ✅'
    return connector(instance.connector).send_text(account_of(instance), to, text)


def apply_test(session: Session, tenant_id: int, instance_id: int, answer: HttpAnswer) -> TestResult:
    """What became of the test message, in words; a refusal that concerns the number is kept on it."""
    instance = instance_of(session, tenant_id, instance_id)
    outcome = connector(instance.connector).read_send(answer)
    if isinstance(outcome, Sent):
        return TestResult(True, False, "Mensagem de teste enviada. Confira o celular.")
    if isinstance(outcome, Unclear):
        return TestResult(False, True, "O provedor não confirmou: a mensagem pode ter chegado. Confira o celular.")
    if outcome.pauses_instance:
        _note_problem(session, tenant_id, instance_id, outcome.message)
    return TestResult(False, False, outcome.message)


def set_status(session: Session, tenant_id: int, instance_id: int, status: InstanceStatus) -> None:
    """Move to `status` from wherever the provider's word may come; what a person paused only a person resumes."""
    keep = {status} | ({InstanceStatus.PAUSED} if status is not InstanceStatus.BANNED else set())
    if status is InstanceStatus.CONNECTING:
        keep.add(InstanceStatus.CONNECTED)
    values: dict[str, Any] = {"status": status, "status_reason": ""}
    if status is InstanceStatus.CONNECTED:
        values["first_connected_at"] = func.coalesce(Instance.first_connected_at, func.now())
    session.execute(_instance_row(tenant_id, instance_id).where(Instance.status.not_in(keep)).values(**values))


def _instance_row(tenant_id: int, instance_id: int) -> Update:
    return update(Instance).where(Instance.tenant_id == tenant_id, Instance.id == instance_id)


def _note_problem(session: Session, tenant_id: int, instance_id: int, problem: str) -> None:
    session.execute(_instance_row(tenant_id, instance_id).values(last_error=problem))


def _digits(phone: str) -> str:
    found = parse(phone)
    if isinstance(found, PhoneProblem):
        raise InvalidInput(fields={"phone": [f"{found.sentence} Exemplo: (11) 91234-5678."]})
    return found.digits
