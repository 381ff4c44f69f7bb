"""Who must not be written to, tenant-wide: by phone (all forms of a number are one) or by e-mail."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, delete, func, or_, select, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound
from core.paging import DEFAULT_LIMIT, Page, fetch_page
from core.phone import Phone, from_whatsapp_link, key_of, parse
from models.leads import Suppression
from models.privacy import PlatformSuppression
from services.audit import record_audit
from services.leads.hashing import forgotten_among, known_hasher
from services.leads.text import is_email

MAX_REASON: Final = 40
_NOT_DIGIT: Final = re.compile(r"\D")


class SuppressionNotFound(NotFound):
    """No such entry."""

    code = "suppression_not_found"
    message = "Este contato não está na lista de não perturbe."


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person typed: a phone or an e-mail, and why."""

    phone: str = ""
    email: str = ""
    reason: str = ""


def suppress(session: Session, tenant_id: int, phone: str, reason: str, source: str) -> bool:
    """Never write to this number again, from any campaign, within a second of the commit. True when it is new;
    InvalidInput when it isn't a number. `reason` and `source` are short codes or words (`opt_out`, `inbox`)."""
    found = parse(phone)
    if not isinstance(found, Phone):
        raise InvalidInput(fields={"phone": [found.sentence]})
    return _add(session, tenant_id, reason, source, phone=found.digits, phone_key=found.key)


def suppress_person(session: Session, tenant_id: int, phone: str, *, reason: str, source: str) -> bool:
    """The same for somebody who wrote to us: `phone` are the digits WhatsApp knows them by, taken as they are."""
    return _add(session, tenant_id, reason, source, phone=phone, phone_key=key_of(phone))


def suppress_entry(session: Session, tenant_id: int, entry: Entry, *, actor: int | None) -> tuple[Suppression, bool]:
    """The same from a form or the API, by phone or e-mail -> (the entry, whether it is new)."""
    key, values = identity_of(entry)
    is_new = _add(session, tenant_id, entry.reason.strip() or "manual", "manual", **values)
    found = session.execute(
        select(Suppression).where(Suppression.tenant_id == tenant_id, getattr(Suppression, key) == values[key])
    ).scalar_one()
    if is_new:
        record_audit(session, tenant_id, "leads.suppress", actor_user_id=actor, target=("suppression", found.id))
    return found, is_new


def remove_suppression(session: Session, tenant_id: int, suppression_id: int, *, actor: int | None) -> None:
    """Let somebody be written to again."""
    gone = session.execute(
        delete(Suppression)
        .where(Suppression.tenant_id == tenant_id, Suppression.id == suppression_id)
        .returning(Suppression.id)
    ).scalar()
    if gone is None:
        raise SuppressionNotFound
    record_audit(session, tenant_id, "leads.unsuppress", actor_user_id=actor, target=("suppression", suppression_id))


def is_suppressed(session: Session, tenant_id: int, phone_key: str) -> bool:
    """Whether this person (`core.phone` key) must not be written to, by this account or by anybody."""
    return bool(suppressed_keys(session, tenant_id, [phone_key]))


def suppressed_keys(session: Session, tenant_id: int, phone_keys: Iterable[str]) -> set[str]:
    """Which of these people must not be written to: the account's own list, the forgotten, everybody's list."""
    keys = list(phone_keys)
    if not keys:
        return set()
    own = select(Suppression.phone_key).where(Suppression.tenant_id == tenant_id, Suppression.phone_key.in_(keys))
    everybodys = select(PlatformSuppression.phone_key).where(PlatformSuppression.phone_key.in_(keys))
    found = {key for key in session.scalars(union_all(own, everybodys)) if key is not None}
    return found | forgotten_among(session, tenant_id, keys)


def page_of_suppressions(
    session: Session, tenant_id: int, *, query: str = "", limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Suppression]:
    """The newest first; `query` is part of a phone, an e-mail or a reason. The forgotten are found by their whole phone
    or e-mail alone: nothing else of them is known."""
    statement = select(Suppression).where(Suppression.tenant_id == tenant_id)
    wanted, digits = query.strip().lower(), _NOT_DIGIT.sub("", query)
    if wanted:
        ways = [
            Suppression.email.contains(wanted, autoescape=True),
            Suppression.reason.icontains(wanted, autoescape=True),
        ]
        if digits:
            ways.append(Suppression.phone.contains(digits, autoescape=True))
        ways += _by_hash(session, query.strip())
        statement = statement.where(or_(*ways))
    return fetch_page(session, statement, [Suppression.id], limit=limit, cursor=cursor)


def count_suppressions(session: Session, tenant_id: int) -> int:
    """How many there are."""
    found = session.scalar(select(func.count()).select_from(Suppression).where(Suppression.tenant_id == tenant_id))
    return found or 0


def _by_hash(session: Session, query: str) -> list[ColumnElement[bool]]:
    made = known_hasher(session)
    if made is None:
        return []
    if "@" in query:
        return [Suppression.email == made.email(query)]
    found = parse(query)
    return [Suppression.phone_key == made.phone(found.key)] if isinstance(found, Phone) else []


def _add(session: Session, tenant_id: int, reason: str, source: str, **identity: str) -> bool:
    made = session.execute(
        insert(Suppression)
        .values(tenant_id=tenant_id, reason=reason[:MAX_REASON], source=source[:MAX_REASON], **identity)
        .on_conflict_do_nothing()
        .returning(Suppression.id)
    ).scalar()
    return made is not None


def identity_of(entry: Entry) -> tuple[str, dict[str, str]]:
    """The column that knows somebody, and the columns to write. InvalidInput for neither a phone nor an e-mail."""
    phone, email = entry.phone.strip(), entry.email.strip().lower()
    if bool(phone) == bool(email):
        raise InvalidInput(fields={"phone": ["Informe um telefone ou um e-mail."]})
    if email:
        if not is_email(email):
            raise InvalidInput(fields={"email": ["Este e-mail não é válido."]})
        return "email", {"email": email}
    found = from_whatsapp_link(phone) or parse(phone)
    if not isinstance(found, Phone):
        raise InvalidInput(fields={"phone": [found.sentence]})
    return "phone_key", {"phone": found.digits, "phone_key": found.key}
