"""Adding, changing, pausing and removing a number."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from connectors.whatsapp import ConnectorInfo, UnknownConnector, connector
from core.crypto import fingerprint, new_secret
from core.errors import Conflict, InvalidInput
from models.accounts import Tenant
from models.campaigns import CampaignContact, ContactStatus, LogType
from models.instances import INSTANCE_TRANSITIONS, DirectMessage, DirectStatus, Instance, InstanceStatus
from models.states import NotAllowedNow, sources_of
from services.accounts import entitlement_of, register_in_directory, remove_from_directory
from services.audit import record_audit
from services.instances.accounts import account_of, seal_credentials, seal_token
from services.instances.find import instance_of
from services.instances.pace import pace_floor_of
from services.instances.story import tell_campaigns

UNOFFICIAL_PACE_MS: Final = (45_000, 120_000)
OFFICIAL_PACE_MS: Final = (1_000, 2_000)
SANDBOX_PACE_MS: Final = (0, 0)
MAX_INTERVAL_MS: Final = 3_600_000
RESUMED_HEALTH: Final = 60
MAX_DAILY_CAP: Final = 1_000_000
MAX_CHARS: Final = {"name": 80, "base_url": 300, "instance_key": 120}
CREDENTIALS_AGAIN: Final = "O servidor mudou: escreva também a credencial dele, que não vai junto por segurança."
OTHER_HOST: Final = "Um número do simulador não muda para outro servidor. Adicione o número de verdade como um novo."


class TooManyInstances(Conflict):
    """The plan has no room for another number."""

    code = "plan_limit_instances"


@dataclass(frozen=True, slots=True)
class NewInstance:
    """What a person says of a number. Intervals None = the connector's default; `credentials` by field name."""

    name: str
    connector: str
    base_url: str
    instance_key: str
    credentials: Mapping[str, str] = field(default_factory=dict)
    min_interval_ms: int | None = None
    max_interval_ms: int | None = None
    daily_cap: int | None = None
    warm_up: bool = True
    check_numbers: bool | None = None


def create_instance(
    session: Session, tenant_id: int, new: NewInstance, *, actor: int | None, now: datetime, sandbox_url: str = ""
) -> Instance:
    """Add a number, disconnected. InvalidInput names each field; TooManyInstances when the plan is full.

    A number whose provider is the sandbox has no pace floor and is marked as such, everywhere it is shown.
    """
    info = _checked(new)
    _refuse_beyond_plan(session, tenant_id, now)
    is_sandbox = bool(sandbox_url) and _host(new.base_url) in _local_names(sandbox_url)
    low, high = _pace(new, is_official=info.is_official, is_sandbox=is_sandbox)
    _refuse_below_floor(low, pace_floor_of(session, tenant_id, new.connector, now, is_sandbox=is_sandbox))
    token = new_secret()
    instance = Instance(
        tenant_id=tenant_id,
        name=new.name.strip(),
        connector=new.connector,
        base_url=new.base_url.strip().rstrip("/"),
        instance_key=new.instance_key.strip(),
        sealed_credentials=seal_credentials(tenant_id, new.instance_key.strip(), new.credentials),
        webhook_token_hash=fingerprint(token),
        sealed_webhook_token=seal_token(tenant_id, new.instance_key.strip(), token),
        min_interval_ms=low,
        max_interval_ms=high,
        daily_cap=new.daily_cap,
        warm_up=new.warm_up,
        check_numbers=info.has_number_check and new.check_numbers is not False,
        is_sandbox=is_sandbox,
    )
    session.add(instance)
    session.flush()
    register_in_directory(session, "instance_webhook", fingerprint(token), tenant_id=tenant_id, target_id=instance.id)
    record_audit(session, tenant_id, "instances.create", actor_user_id=actor, target=("instance", instance.id))
    return instance


def update_instance(
    session: Session,
    tenant_id: int,
    instance_id: int,
    changes: Mapping[str, object],
    *,
    actor: int | None,
    now: datetime,
) -> Instance:
    """Change name, intervals, daily cap, warm-up, number check, address or credentials (None keeps what is)."""
    instance = instance_of(session, tenant_id, instance_id)
    said: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    credentials = said.pop("credentials", None) or {}
    info = connector(instance.connector).info
    filled_in = {name: value for name, value in credentials.items() if value}
    all_needed = {needed.name for needed in info.fields if needed.required}
    is_elsewhere = _host(said.get("base_url", instance.base_url)) != _host(instance.base_url)
    _refuse_odd_changes(instance, said, has_credentials=all_needed <= filled_in.keys())
    said |= {name: said[name].strip().rstrip("/") for name in ("name", "base_url") if name in said}
    for name in ("name", "base_url", "min_interval_ms", "max_interval_ms", "daily_cap", "warm_up", "check_numbers"):
        if name in said:
            setattr(instance, name, said[name])
    if filled_in:
        kept = {} if is_elsewhere else account_of(instance).credentials
        instance.sealed_credentials = seal_credentials(tenant_id, instance.instance_key, {**kept, **filled_in})
    problems = _interval_problems(instance.min_interval_ms, instance.max_interval_ms)
    if problems:
        raise InvalidInput(fields=problems)
    instance.check_numbers = instance.check_numbers and info.has_number_check
    floor = pace_floor_of(session, tenant_id, instance.connector, now, is_sandbox=instance.is_sandbox)
    _refuse_below_floor(instance.min_interval_ms, floor)
    record_audit(session, tenant_id, "instances.update", actor_user_id=actor, target=("instance", instance_id))
    return instance


def pause_instance(session: Session, tenant_id: int, instance_id: int, *, actor: int | None) -> None:
    """Stop sending through this number until somebody resumes it; what is in flight is still settled."""
    _move(session, tenant_id, instance_id, InstanceStatus.PAUSED, "Pausado por você.")
    tell_campaigns(
        session, tenant_id, instance_id, LogType.INSTANCE_PAUSED, "Pausado por alguém da equipe.", actor=actor
    )
    record_audit(session, tenant_id, "instances.pause", actor_user_id=actor, target=("instance", instance_id))


def resume_instance(session: Session, tenant_id: int, instance_id: int, *, actor: int | None) -> None:
    """Let a paused number send again. One that its health had stopped begins at RESUMED_HEALTH: below 50 nothing would
    be sent through it, and only sending makes it better."""
    instance_of(session, tenant_id, instance_id)
    moved = session.execute(
        update(Instance)
        .where(
            Instance.tenant_id == tenant_id,
            Instance.id == instance_id,
            Instance.status == InstanceStatus.PAUSED,
        )
        .values(
            status=InstanceStatus.CONNECTED,
            status_reason="",
            held_until=None,
            consecutive_unclear=0,
            health_score=func.greatest(Instance.health_score, RESUMED_HEALTH),
            ill_since=None,
            unacked_since=None,
            unacked_count=0,
        )
        .returning(Instance.id)
    ).scalar()
    if moved is None:
        raise NotAllowedNow("Só um número pausado pode ser retomado.")
    tell_campaigns(
        session, tenant_id, instance_id, LogType.INSTANCE_RESUMED, "Retomado por alguém da equipe.", actor=actor
    )
    record_audit(session, tenant_id, "instances.resume", actor_user_id=actor, target=("instance", instance_id))


def delete_instance(session: Session, tenant_id: int, instance_id: int, *, actor: int | None, now: datetime) -> None:
    """Remove a number from the pages; its history stays with the campaigns. Refused while a message is in flight."""
    instance = instance_of(session, tenant_id, instance_id)
    in_flight = session.execute(
        select(func.count())
        .select_from(CampaignContact)
        .where(
            CampaignContact.tenant_id == tenant_id,
            CampaignContact.instance_id == instance_id,
            CampaignContact.status == ContactStatus.SENDING,
        )
    ).scalar_one()
    if in_flight or _has_direct_in_flight(session, tenant_id, instance_id):
        raise Conflict("Há uma mensagem saindo por este número agora. Pause-o e tente de novo em instantes.")
    instance.deleted_at = now
    instance.status = InstanceStatus.DISCONNECTED
    remove_from_directory(session, "instance_webhook", tenant_id=tenant_id, target_id=instance_id)
    record_audit(session, tenant_id, "instances.delete", actor_user_id=actor, target=("instance", instance_id))


def _has_direct_in_flight(session: Session, tenant_id: int, instance_id: int) -> bool:
    query = select(DirectMessage.id).where(
        DirectMessage.tenant_id == tenant_id,
        DirectMessage.instance_id == instance_id,
        DirectMessage.status == DirectStatus.SENDING,
    )
    return session.scalar(query.limit(1)) is not None


def _move(session: Session, tenant_id: int, instance_id: int, target: InstanceStatus, reason: str) -> None:
    instance_of(session, tenant_id, instance_id)
    moved = session.execute(
        update(Instance)
        .where(
            Instance.tenant_id == tenant_id,
            Instance.id == instance_id,
            Instance.status.in_(sources_of(INSTANCE_TRANSITIONS, target)),
        )
        # What a person pauses only a person resumes: nothing is left for the sender's own recovery to go by.
        .values(status=target, status_reason=reason, ill_since=None, unacked_since=None, unacked_count=0)
        .returning(Instance.id)
    ).scalar()
    if moved is None:
        raise NotAllowedNow("Só um número conectado pode ser pausado.")


def _checked(new: NewInstance) -> ConnectorInfo:
    """What the connector is; InvalidInput with every problem otherwise."""
    problems: dict[str, list[str]] = {}
    try:
        info = connector(new.connector).info
    except UnknownConnector:
        raise InvalidInput(fields={"connector": ["Escolha um dos conectores da lista."]}) from None
    problems |= _text_problems({"name": new.name, "instance_key": new.instance_key, "base_url": new.base_url})
    problems |= {
        f"credentials.{needed.name}": [f"Falta: {needed.label}."]
        for needed in info.fields
        if needed.required and not new.credentials.get(needed.name, "").strip()
    }
    problems |= _cap_problems(new.daily_cap)
    problems |= _interval_problems(new.min_interval_ms, new.max_interval_ms)
    if problems:
        raise InvalidInput(fields=problems)
    return info


def _refuse_odd_changes(instance: Instance, said: Mapping[str, Any], *, has_credentials: bool) -> None:
    """InvalidInput for what the form of a new number would refuse; for a sandbox number, which has no pace floor, that
    would become a real one; and for another host without the credentials: else whoever may edit a number could have
    the stored ones sent to a server of their own."""
    problems = _text_problems({name: said[name] for name in ("name", "base_url") if name in said})
    problems |= _cap_problems(said.get("daily_cap"))
    address = said.get("base_url", instance.base_url)
    if not problems and _host(address) != _host(instance.base_url):
        if instance.is_sandbox and not _is_local(address):
            problems["base_url"] = [OTHER_HOST]
        elif not has_credentials:
            problems["base_url"] = [CREDENTIALS_AGAIN]
    if problems:
        raise InvalidInput(fields=problems)


def _text_problems(said: Mapping[str, str]) -> dict[str, list[str]]:
    sentences = {
        "name": "Dê um nome a este número, por exemplo: Recepção.",
        "instance_key": "Copie a chave da instância do painel do provedor.",
        "base_url": "O endereço começa com https:// e está no painel do provedor.",
    }
    problems = {}
    for name, value in said.items():
        text = value.strip()
        if not text or not text.isprintable() or (name == "base_url" and not _is_address(text)):
            problems[name] = [sentences[name]]
        elif len(text) > MAX_CHARS[name]:
            problems[name] = [f"Use até {MAX_CHARS[name]} caracteres."]
    return problems


def _cap_problems(daily_cap: int | None) -> dict[str, list[str]]:
    if daily_cap is None or 1 <= daily_cap <= MAX_DAILY_CAP:
        return {}
    return {"daily_cap": ["O limite por dia vai de 1 a 1.000.000 de mensagens."]}


def _interval_problems(low: int | None, high: int | None) -> dict[str, list[str]]:
    if low is not None and high is not None and low > high:
        return {"max_interval_ms": ["O intervalo máximo não pode ser menor que o mínimo."]}
    if any(value is not None and not 0 <= value <= MAX_INTERVAL_MS for value in (low, high)):
        return {"min_interval_ms": ["O intervalo vai de 0 a 3.600 segundos."]}
    return {}


def _pace(new: NewInstance, *, is_official: bool, is_sandbox: bool) -> tuple[int, int]:
    default = SANDBOX_PACE_MS if is_sandbox else OFFICIAL_PACE_MS if is_official else UNOFFICIAL_PACE_MS
    low = default[0] if new.min_interval_ms is None else new.min_interval_ms
    high = max(default[1], low) if new.max_interval_ms is None else new.max_interval_ms
    return min(low, high), high


def _refuse_below_floor(low: int, floor: int) -> None:
    if low < floor:
        seconds = -(-floor // 1000)
        sentence = f"Para proteger o número, o intervalo mínimo no seu plano é de {seconds} segundos."
        raise InvalidInput(fields={"min_interval_ms": [sentence]})


def _refuse_beyond_plan(session: Session, tenant_id: int, now: datetime) -> None:
    """Under a lock on the tenant's row, so that two requests at once don't both take the last place."""
    session.execute(select(Tenant.id).where(Tenant.id == tenant_id).with_for_update()).one()
    allowed = entitlement_of(session, tenant_id, now).max_instances
    used = session.execute(
        select(func.count()).select_from(Instance).where(Instance.tenant_id == tenant_id, Instance.deleted_at.is_(None))
    ).scalar_one()
    if used >= allowed:
        raise TooManyInstances(
            f"Seu plano permite {allowed} número{'s' if allowed != 1 else ''}. "
            "Remova um que não usa mais ou mude de plano."
        )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _host(url: str) -> str:
    try:
        return urlsplit(url.strip()).netloc.lower()
    except ValueError:
        return ""


def _is_local(url: str) -> bool:
    return urlsplit(url.strip()).hostname in {"localhost", "127.0.0.1"}


def _local_names(sandbox_url: str) -> set[str]:
    """The sandbox answers to its address and to `localhost` on the same port."""
    port = urlsplit(sandbox_url).port
    return {_host(sandbox_url), f"localhost:{port}", f"127.0.0.1:{port}"}
