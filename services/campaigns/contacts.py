"""The recipients of a campaign: by state, searched, paged, exported."""

from typing import Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from core.paging import DEFAULT_LIMIT, MAX_LIMIT, Page, fetch_page
from core.phone import display
from models.campaigns import CampaignContact, ContactStatus
from services.campaigns.find import campaign_of

REPLIED: Final = "replied"
"""Not a status of its own: somebody who was sent to and wrote back."""

EXPORT_HEADER: Final = ("telefone", "nome", "situacao", "motivo", "tentativas", "na_fila_em", "enviada_em",
                        "entregue_em", "lida_em", "respondeu_em", "falhou_em", "erro")  # fmt: skip
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def contacts_of(
    session: Session,
    tenant_id: int,
    campaign_id: int,
    *,
    status: str = "",
    search: str = "",
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[CampaignContact]:
    """In the order of sending. `status` is a ContactStatus, `replied` or '' for all; `search` looks into name and
    phone. NotFound for a stranger's campaign."""
    campaign_of(session, tenant_id, campaign_id)
    query = _contacts(tenant_id, campaign_id, status, search)
    return fetch_page(session, query, [CampaignContact.id], limit=limit, cursor=cursor, newest_first=False)


def export_page(
    session: Session,
    tenant_id: int,
    campaign_id: int,
    *,
    status: str = "",
    search: str = "",
    cursor: str | None = None,
) -> Page[tuple[str, ...]]:
    """A piece of the CSV file under EXPORT_HEADER. Cells that a spreadsheet would run are made text."""
    page = contacts_of(session, tenant_id, campaign_id, status=status, search=search, limit=MAX_LIMIT, cursor=cursor)
    return Page([_exported(contact) for contact in page.items], page.next_cursor)


def _contacts(tenant_id: int, campaign_id: int, status: str, search: str) -> Select[CampaignContact]:
    query = select(CampaignContact).where(
        CampaignContact.tenant_id == tenant_id, CampaignContact.campaign_id == campaign_id
    )
    if status == REPLIED:
        query = query.where(CampaignContact.replied_at.is_not(None))
    elif status in set(ContactStatus):
        query = query.where(CampaignContact.status == ContactStatus(status))
    words = search.strip()[:120]
    if not words:
        return query
    found = [CampaignContact.name.icontains(words, autoescape=True)]
    digits = "".join(char for char in words if char.isdecimal())
    if len(digits) >= 4:
        found.append(CampaignContact.phone.contains(digits, autoescape=True))
    return query.where(or_(*found))


def _exported(contact: CampaignContact) -> tuple[str, ...]:
    moments = (
        contact.queued_at,
        contact.sent_at,
        contact.delivered_at,
        contact.read_at,
        contact.replied_at,
        contact.failed_at,
    )
    cells = (
        display(contact.phone),
        contact.name,
        contact.status.value,
        contact.reason or "",
        str(contact.attempts),
        *("" if moment is None else moment.isoformat(timespec="seconds") for moment in moments),
        contact.error or "",
    )
    return tuple("'" + cell if cell.startswith(_FORMULA_STARTS) else cell for cell in cells)
