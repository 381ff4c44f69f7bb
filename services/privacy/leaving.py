"""The link to leave, for whoever gets an account's messages: signed, for one person of one account, without an end.

It says whom it is for to whoever holds it, who is that person. RFC 8058 has mail programs press it themselves.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.formats import phone_display
from core.phone import key_of
from core.signing import sign, unsign
from models.accounts import Tenant
from services.leads import Entry, suppress_entry, suppress_person

PURPOSE: Final = "unsubscribe"
REASON: Final = "unsubscribe"
SOURCE: Final = "link"


class NoSuchLink(NotFound):
    """Not made by us, or of an account that is no more."""

    code = "no_such_link"
    message = "Este link não vale. Responda SAIR à mensagem que você recebeu, e não escrevem mais."


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who would leave whom."""

    tenant_id: int
    phone: str = ""
    email: str = ""

    @property
    def shown(self) -> str:
        """The person as they know themselves, not readable for who looks over their shoulder."""
        if self.email:
            name, _, host = self.email.partition("@")
            return f"{name[:1]}•••@{host}"
        shown = phone_display(self.phone)
        return "".join("•" if c.isdigit() and 5 <= at < len(shown) - 4 else c for at, c in enumerate(shown))


def leaving_token(tenant_id: int, *, phone: str = "", email: str = "") -> str:
    """The last part of `/unsubscribe/...` for one person: by the digits of a phone or by e-mail."""
    return sign({"t": tenant_id, "e": email.lower()} if email else {"t": tenant_id, "p": phone}, purpose=PURPOSE)


def read_leaving(token: str) -> Leaving:
    """Whose link it is. NoSuchLink."""
    said = unsign(token, purpose=PURPOSE)
    if said is None or not (said.get("p") or said.get("e")):
        raise NoSuchLink
    return Leaving(int(said["t"]), str(said.get("p", "")), str(said.get("e", "")))


def name_of_sender(session: Session, who: Leaving) -> str:
    """The company that writes, in the scope of its tenant. NoSuchLink when it is gone."""
    name = session.scalar(select(Tenant.name).where(Tenant.id == who.tenant_id))
    if name is None:
        raise NoSuchLink
    return name


def leave(session: Session, who: Leaving) -> bool:
    """Never write to them again, from any campaign, within a second of the commit. False when it was so already."""
    if who.phone:
        return suppress_person(session, who.tenant_id, key_of(who.phone), reason=REASON, source=SOURCE)
    entry = Entry(email=who.email, reason=REASON)
    return suppress_entry(session, who.tenant_id, entry, actor=None)[1]


def unsubscribe_headers(address: str) -> dict[str, str]:
    """Headers of an e-mail to a lead (RFC 8058), `address` being the whole link. The house's own mails to an account's
    people are about their account and carry none."""
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
