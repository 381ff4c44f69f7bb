"""Notices: things worth knowing, told once each, by the bell and by e-mail."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.outgoing import Notice, NoticeKind


@dataclass(frozen=True, slots=True)
class News:
    """What to tell a tenant's people, in Portuguese. `key` names the occasion (say `number_down:17:2026-11-25`): the
    same one is told once, however often it is said. `link` is a path of ours."""

    tenant_id: int
    kind: NoticeKind
    key: str
    title: str
    body: str = ""
    link: str = ""


def tell_people(session: Session, news: Sequence[News]) -> None:
    """Write them with the caller's transaction; what was told before is left out."""
    if news:
        rows = [asdict(one) for one in news]
        statement = insert(Notice).on_conflict_do_nothing(index_elements=[Notice.tenant_id, Notice.key])
        session.execute(statement, rows)
