"""Links that work once: choose a password, reset a forgotten one.

The link is a signed text with the tenant, the user and a random secret, so it is found without a directory look-up
and a guessed one costs no query. Only the secret's SHA-256 is stored. Opening the link changes nothing (mail scanners
open links); the form behind it does, by one conditional UPDATE.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.clock import utcnow
from core.config import get_settings
from core.crypto import fingerprint, new_secret
from core.errors import AppError
from core.events import emit
from core.signing import sign, unsign
from models.accounts import OneTimeToken, TokenPurpose, User
from services.accounts.api_keys import end_sign_in_keys
from services.accounts.events import OneTimeLinkMade
from services.accounts.passwords import hash_password, refuse_weak_password
from services.accounts.principal import Person, load_person
from services.audit import record_audit

SIGNED_FOR: Final = "one-time-link"
LIFE: Final = {TokenPurpose.CHOOSE_PASSWORD: timedelta(days=7), TokenPurpose.RESET_PASSWORD: timedelta(hours=1)}


class LinkIsOver(AppError):
    """Used, too old, replaced by a newer one, or never ours."""

    code = "link_is_over"
    http_status = 410
    message = "Este link já foi usado ou venceu. Peça um novo em “Esqueci minha senha”."


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """What a genuine link says; whether it still works is in the database."""

    tenant_id: int
    user_id: int
    secret: str


@dataclass(frozen=True, slots=True)
class LinkOwner:
    """Whose password the link changes, and what for."""

    user_id: int
    email: str
    name: str
    purpose: TokenPurpose


def send_one_time_link(session: Session, person: Person, purpose: TokenPurpose, now: datetime) -> None:
    """Make a link and say so: `outgoing` writes the e-mail, in this same transaction."""
    text = create_one_time_link(session, person.tenant_id, person.user_id, purpose, now)
    emit(
        session,
        OneTimeLinkMade(
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            email=person.email,
            name=person.name,
            purpose=purpose,
            address=f"{get_settings().public_url}/reset-password/{text}",
            language=person.tenant.language,
        ),
    )


def create_one_time_link(session: Session, tenant_id: int, user_id: int, purpose: TokenPurpose, now: datetime) -> str:
    """A new link's text; the person's older ones for the same purpose stop working."""
    session.execute(
        update(OneTimeToken)
        .where(
            OneTimeToken.tenant_id == tenant_id,
            OneTimeToken.user_id == user_id,
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
        )
        .values(used_at=now)
    )
    secret = new_secret(24)
    session.add(
        OneTimeToken(
            tenant_id=tenant_id,
            user_id=user_id,
            purpose=purpose,
            token_hash=fingerprint(secret),
            expires_at=now + LIFE[purpose],
        )
    )
    return sign({"t": tenant_id, "u": user_id, "s": secret}, purpose=SIGNED_FOR)


def read_one_time_link(text: str) -> LinkClaim:
    """What the link says, without the database; LinkIsOver when we didn't sign it."""
    payload = unsign(text, purpose=SIGNED_FOR)
    if payload is None:
        raise LinkIsOver
    return LinkClaim(payload["t"], payload["u"], payload["s"])


def owner_of_link(session: Session, claim: LinkClaim, now: datetime) -> LinkOwner:
    """Whose it is, while it works; LinkIsOver afterwards. Changes nothing."""
    row = session.execute(
        select(User.id, User.email, User.name, OneTimeToken.purpose)
        .join(OneTimeToken, (OneTimeToken.tenant_id == User.tenant_id) & (OneTimeToken.user_id == User.id))
        .where(
            User.tenant_id == claim.tenant_id,
            User.id == claim.user_id,
            User.is_active,
            OneTimeToken.tenant_id == claim.tenant_id,
            OneTimeToken.token_hash == fingerprint(claim.secret),
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now,
        )
    ).one_or_none()
    if row is None:
        raise LinkIsOver
    return LinkOwner(*row)


def use_one_time_link(session: Session, claim: LinkClaim, password: str, now: datetime) -> Person:
    """Set the password and burn the link; sessions from before end. WeakPassword leaves the link working."""
    owner = owner_of_link(session, claim, now)
    refuse_weak_password(password, email=owner.email, name=owner.name)
    burned = session.scalar(
        update(OneTimeToken)
        .where(
            OneTimeToken.tenant_id == claim.tenant_id,
            OneTimeToken.token_hash == fingerprint(claim.secret),
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneTimeToken.user_id)
    )
    if burned is None:
        raise LinkIsOver
    return set_password(session, claim.tenant_id, owner.user_id, password)


def set_password(session: Session, tenant_id: int, user_id: int, password: str) -> Person:
    """Store a new password (already checked) and raise the session epoch, which signs every browser out; programs
    that signed in with the old one are signed out with them.

    Other open links of the person end too: whoever chose a password needs none of them any more.
    """
    session.execute(
        update(User)
        .where(User.tenant_id == tenant_id, User.id == user_id)
        .values(password_hash=hash_password(password), session_epoch=User.session_epoch + 1)
    )
    session.execute(
        update(OneTimeToken)
        .where(OneTimeToken.tenant_id == tenant_id, OneTimeToken.user_id == user_id, OneTimeToken.used_at.is_(None))
        .values(used_at=OneTimeToken.created_at)
    )
    end_sign_in_keys(session, tenant_id, user_id, utcnow())
    record_audit(session, tenant_id, "accounts.password_changed", actor_user_id=user_id)
    person = load_person(session, tenant_id, user_id)
    if person is None:
        raise LinkIsOver
    return person
