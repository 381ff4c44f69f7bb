"""Who is asked about: a phone in any form, or an e-mail, and everybody the account's leads say is the same person."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.phone import Phone, both_forms, parse
from models.leads import Lead
from services.accounts import BadEmail, checked_email

BRAZIL: Final = "55"


@dataclass(frozen=True, slots=True)
class Person:
    """Keys (`core.phone`) and e-mails of one person in one account, and the account's leads of them."""

    phone_keys: tuple[str, ...]
    emails: tuple[str, ...]
    lead_ids: tuple[int, ...] = ()

    @property
    def digits(self) -> tuple[str, ...]:
        """Every way their phones are written in digits alone, whole and without the country, the longest first: a text
        that holds one of them is about them."""
        whole = {form for key in self.phone_keys for form in (key, *both_forms(key))}
        short = {form.removeprefix(BRAZIL) for form in whole if form.startswith(BRAZIL) and len(form) >= 12}
        return tuple(sorted(whole | short, key=lambda one: (-len(one), one)))

    @property
    def whole(self) -> tuple[str, ...]:
        """The same with the country alone, as providers say them: ten digits without it could be a moment in time."""
        return tuple(sorted({form for key in self.phone_keys for form in (key, *both_forms(key))}))


def read_person(typed: str) -> Person:
    """A phone or an e-mail as typed. InvalidInput when it is neither."""
    text = typed.strip()
    if "@" in text:
        try:
            return Person((), (checked_email(text),))
        except BadEmail as problem:
            raise InvalidInput(fields={"person": ["Este e-mail não é válido."]}) from problem
    found = parse(text)
    if not isinstance(found, Phone):
        raise InvalidInput(fields={"person": [found.sentence if text else "Informe um telefone ou um e-mail."]})
    return Person((found.key,), ())


def known_person(session: Session, tenant_id: int, asked: Person) -> Person:
    """The same with what the account's leads add: the phones of whoever has this e-mail, the e-mail of whoever has
    this phone unless others have it too (a company's)."""
    leads = session.execute(
        select(Lead.id, Lead.phone_key, func.lower(Lead.email))
        .where(
            Lead.tenant_id == tenant_id,
            or_(Lead.phone_key.in_(asked.phone_keys), func.lower(Lead.email).in_(asked.emails)),
        )
        .order_by(Lead.id)
    ).all()
    ids = tuple(lead[0] for lead in leads)
    keys = dict.fromkeys([*asked.phone_keys, *(lead[1] for lead in leads)])
    emails = dict.fromkeys([*asked.emails, *(lead[2] for lead in leads if lead[2])])
    shared = session.scalars(
        select(func.lower(Lead.email)).where(
            Lead.tenant_id == tenant_id, func.lower(Lead.email).in_(emails), Lead.id.not_in(ids)
        )
    )
    others = set(shared) - set(asked.emails)
    return Person(tuple(keys), tuple(one for one in emails if one not in others), ids)
