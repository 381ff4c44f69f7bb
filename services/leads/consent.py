"""Where the permission to write to people came from, when, and what proves it: said once for a file, kept with every
lead it makes. Pure but for the account's own rule."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from models.accounts import Tenant
from models.leads import LegalBasis

MAX_SOURCE: Final = 200
MAX_PROOF: Final = 500
NOON: Final = time(12, tzinfo=UTC)
"""A day as a moment: noon in London is the same day all over Brazil."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Of some people: `source` in a person's words ("formulário do site"), the day, and a text or a link as proof."""

    source: str = ""
    at: datetime | None = None
    proof: str = ""

    def as_columns(self) -> dict[str, Any]:
        """Values of the columns of `models.leads.Permitted`."""
        return {f"consent_{name}": value for name, value in asdict(self).items()}


NOT_SAID: Final = Permission()


def read_permission(source: str, day: str, proof: str) -> Permission:
    """What a form says; `day` is YYYY-MM-DD or ''. InvalidInput names the field."""
    return Permission(" ".join(source.split()), _noon_of(day.strip()), proof.strip())


def permission_problems(
    session: Session, tenant_id: int, said: Permission, *, basis: str, now: datetime
) -> dict[str, list[str]]:
    """Field -> sentences; empty when all is well. The proof of a consent is asked for where the account says so."""
    problems: dict[str, list[str]] = {}
    if len(said.source) > MAX_SOURCE:
        problems["consent_source"] = [f"Use até {MAX_SOURCE} letras para dizer de onde vieram."]
    if len(said.proof) > MAX_PROOF:
        problems["consent_proof"] = [f"Use até {MAX_PROOF} letras, ou cole só o link do comprovante."]
    if said.at is not None and said.at.date() > now.date():
        problems["consent_at"] = ["Esta data ainda não chegou. Diga quando as pessoas autorizaram."]
    if basis == LegalBasis.CONSENT and not said.proof and needs_consent_proof(session, tenant_id):
        problems["consent_proof"] = [
            "Esta conta pede o comprovante de quem autorizou. Escreva onde ele está ou cole um link."
        ]
    return problems


def needs_consent_proof(session: Session, tenant_id: int) -> bool:
    """Whether the account wants a proof with every import by consent."""
    return bool(session.scalar(select(Tenant.needs_consent_proof).where(Tenant.id == tenant_id)))


def _noon_of(day: str) -> datetime | None:
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), NOON)
    except ValueError as problem:
        raise InvalidInput(
            fields={"consent_at": ["Escolha a data no calendário, por exemplo 2026-11-25."]}
        ) from problem
