"""What other rooms tell the inbox: messages that arrived, messages of ours that were queued."""

import json
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy.orm import Session

from models.instances import DirectKind
from services.inbox import sql
from services.instances import Arrived, DirectQueued, MessagesArrived

Key = tuple[int, int, str]
SHOWN: Final = frozenset({DirectKind.ANSWER, DirectKind.CONFIRMATION})
MOST_NAME, MOST_ID = 200, 120


def store_arrived(session: Session, told: MessagesArrived) -> None:
    """Put each message into its conversation, opened where it is new. Three statements for any number of them; one that
    was told before adds nothing."""
    if not told.items:
        return
    ids = _conversations(session, told.items)
    messages = [
        {
            "place": place,
            "tenant_id": one.tenant_id,
            "conversation_id": ids[_key(one)],
            "body": one.text,
            "media": one.media,
            "wish": one.wish.value,
            "provider_message_id": one.provider_message_id[:MOST_ID],
            "campaign_id": one.campaign_id,
            "at": one.at.isoformat(),
        }
        for place, one in enumerate(told.items)
    ]
    session.execute(sql.ADD, {"messages": _as_json(messages)})


def store_queued(session: Session, told: DirectQueued) -> None:
    """Show our own answers and confirmations in their conversations, where there are any; how far they have come is
    read from the messages themselves."""
    messages = [{"tenant_id": one.tenant_id, "id": one.id} for one in told.messages if one.kind in SHOWN]
    if messages:
        session.execute(sql.SHOW, {"messages": _as_json(messages)})


def _conversations(session: Session, items: Iterable[Arrived]) -> dict[Key, int]:
    """Conversation ids, made where missing. The earliest message of a person opens theirs."""
    people: dict[Key, dict[str, Any]] = {}
    for one in items:
        known = people.setdefault(_key(one), _person(one))
        known["name"] = known["name"] or one.name[:MOST_NAME]
        known["at"] = min(known["at"], one.at.isoformat())
    ids = _ids(session.execute(sql.FIND, {"people": _as_json(list(people.values()))}))
    missing = [person for key, person in people.items() if key not in ids]
    if missing:
        ids |= _ids(session.execute(sql.OPEN, {"people": _as_json(missing)}))
    return ids


def _ids(rows: Iterable[Any]) -> dict[Key, int]:
    return {(row.tenant_id, row.instance_id, row.phone_key): row.id for row in rows}


def _key(one: Arrived) -> Key:
    return one.tenant_id, one.instance_id, one.phone_key


def _person(one: Arrived) -> dict[str, Any]:
    return {
        "tenant_id": one.tenant_id,
        "instance_id": one.instance_id,
        "phone": one.phone,
        "phone_key": one.phone_key,
        "name": "",
        "at": one.at.isoformat(),
    }


def _as_json(rows: list[dict[str, Any]]) -> str:
    # A NUL, which PostgreSQL can't store, is dropped; it stands as an escape that an even run of backslashes precedes.
    said = json.dumps(rows, ensure_ascii=False)
    return json.dumps(_without_nul(rows), ensure_ascii=False) if "\\u0000" in said else said


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {name: _without_nul(one) for name, one in value.items()}
    return [_without_nul(one) for one in value] if isinstance(value, list) else value
