"""Whose Apify token pays for an extraction: the tenant's own, else the platform's, else the simulator's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from connectors import apify
from connectors.apify import ApifyAccount
from core.config import Settings
from core.crypto import key_ring
from core.errors import InvalidInput
from core.http_messages import HttpAnswer, HttpRequest
from models.leads_extractions import ExtractionAccount
from services.audit import record_audit
from services.leads.extraction.words import NoToken

SANDBOX_PATH: Final = "/apify/v2"
SANDBOX_TOKEN: Final = "sandbox"
MAX_TOKEN: Final = 200
UNCLEAR_CALL: Final = "A Apify não respondeu de forma clara. Tente de novo em instantes."


@dataclass(frozen=True, slots=True)
class Platform:
    """What this copy has: its own token, the simulator (never in production), the address Apify can call us at."""

    token: str
    sandbox_url: str
    public_url: str
    may_choose_address: bool

    @property
    def account(self) -> ApifyAccount | None:
        """The account of tenants without one of their own."""
        if self.token:
            return ApifyAccount(apify.BASE_URL, self.token)
        return ApifyAccount(self.sandbox_address, SANDBOX_TOKEN) if self.sandbox_url else None

    @property
    def sandbox_address(self) -> str:
        """Apify's address in the simulator, "" without one."""
        return self.sandbox_url.rstrip("/") + SANDBOX_PATH if self.sandbox_url else ""

    def webhook_url(self, token: str) -> str:
        """Where Apify tells us of a run's end."""
        return f"{self.public_url}/webhooks/apify/{token}"


def platform_of(settings: Settings) -> Platform:
    """The platform this copy's configuration describes."""
    return Platform(
        token=settings.apify_token,
        sandbox_url="" if settings.is_production else settings.sandbox_url,
        public_url=settings.public_url,
        may_choose_address=not settings.is_production,
    )


def own_account(session: Session, tenant_id: int) -> ExtractionAccount | None:
    """The tenant's own account as it is kept, token sealed."""
    return session.execute(
        select(ExtractionAccount).where(ExtractionAccount.tenant_id == tenant_id)
    ).scalar_one_or_none()


def has_account(session: Session, tenant_id: int, platform: Platform) -> bool:
    """Whether somebody's token can pay."""
    return platform.account is not None or own_account(session, tenant_id) is not None


def open_account(session: Session, tenant_id: int, platform: Platform, *, is_platform: bool) -> ApifyAccount:
    """The account with its token; NoToken when it was taken away."""
    if is_platform:
        account = platform.account
    else:
        row = own_account(session, tenant_id)
        account = None if row is None else _opened(row, platform)
    if account is None:
        raise NoToken
    return account


def _opened(row: ExtractionAccount, platform: Platform) -> ApifyAccount:
    token = key_ring().unseal(row.sealed_token, bound_to=_bound_to(row.tenant_id))
    return ApifyAccount((platform.may_choose_address and row.base_url) or apify.BASE_URL, token)


def save_account(
    session: Session, tenant_id: int, *, token: str, base_url: str, platform: Platform, actor: int | None
) -> None:
    """Keep the tenant's token, sealed; InvalidInput names the field."""
    token, base_url = token.strip(), base_url.strip().rstrip("/")
    problems: dict[str, list[str]] = {}
    if not 1 <= len(token) <= MAX_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        problems["token"] = ["Cole o token como a Apify o mostra (em Settings > API & Integrations)."]
    if base_url and (not platform.may_choose_address or not _is_address(base_url)):
        problems["base_url"] = ["Este endereço não pode ser usado. Deixe em branco para usar a Apify."]
    if problems:
        raise InvalidInput(fields=problems)
    values = {
        "sealed_token": key_ring().seal(token, bound_to=_bound_to(tenant_id)),
        "token_end": token[-4:] if len(token) > 8 else "",
        "base_url": base_url,
        "username": "",
        "checked_at": None,
        "problem": "",
    }
    session.execute(
        insert(ExtractionAccount)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_update(index_elements=["tenant_id"], set_=values)
    )
    record_audit(session, tenant_id, "leads.save_extraction_account", actor_user_id=actor)


def forget_account(session: Session, tenant_id: int, *, actor: int | None) -> None:
    """Take the tenant's token away; what runs with it can't be followed any more."""
    session.execute(delete(ExtractionAccount).where(ExtractionAccount.tenant_id == tenant_id))
    record_audit(session, tenant_id, "leads.forget_extraction_account", actor_user_id=actor)


def prepare_account_check(session: Session, tenant_id: int, *, platform: Platform) -> HttpRequest:
    """Whose token is it? NoToken without one of the tenant's own."""
    return apify.verify_token(open_account(session, tenant_id, platform, is_platform=False))


def apply_account_check(session: Session, tenant_id: int, answer: HttpAnswer, *, now: datetime) -> str:
    """Note what Apify says of the token -> a sentence, "" when all is well."""
    found = apify.read_owner(answer)
    if isinstance(found, apify.Owner):
        problem, username = "", found.username[:80]
    else:
        problem, username = (found.message if isinstance(found, apify.Refused) else UNCLEAR_CALL), ""
    row = update(ExtractionAccount).where(ExtractionAccount.tenant_id == tenant_id)
    session.execute(row.values(problem=problem, username=username, checked_at=now))
    return problem


def prepare_limits(session: Session, tenant_id: int, *, platform: Platform) -> HttpRequest:
    """What the tenant's account has used this month."""
    return apify.account_limits(open_account(session, tenant_id, platform, is_platform=False))


def apply_limits(_session: Session, answer: HttpAnswer) -> apify.Limits | None:
    """The month's figures, None when Apify doesn't say."""
    found = apify.read_limits(answer)
    return found if isinstance(found, apify.Limits) else None


def _bound_to(tenant_id: int) -> str:
    return f"extraction_accounts:{tenant_id}:token"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query and "@" not in parts.netloc
