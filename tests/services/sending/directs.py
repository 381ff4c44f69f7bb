"""Direct messages of a scene: written as the rooms write them, read as the engine left them."""

from itertools import pairwise
from typing import Any

from core.tenancy import system_scope, tenant_scope
from models.instances import DirectKind, DirectMessage
from services.instances import DirectContent, queue_direct
from tests.services.sending.scene import Scene


def queue(scene: Scene, number: int, phone: str, text: str = "Já respondo!", **options: Any) -> int:
    """An answer unless `kind` says otherwise -> its id. Committed, and the sender woken."""
    options.setdefault("kind", DirectKind.ANSWER)
    with tenant_scope(scene.tenant_id), scene.factory.begin() as session:
        return queue_direct(session, scene.tenant_id, number, phone, DirectContent(text), **options).id


def direct(scene: Scene, direct_id: int) -> DirectMessage:
    """The row as it is now."""
    with system_scope("test"), scene.factory() as session:
        return session.get_one(DirectMessage, (scene.tenant_id, direct_id))


def states(scene: Scene) -> dict[str, int]:
    """How many are in each state."""
    rows = scene.run_sql("SELECT status, count(*) FROM direct_messages WHERE tenant_id = :tenant_id GROUP BY status")
    return dict(tuple(row) for row in rows)


def assert_one_at_a_time(scene: Scene) -> None:
    """No two messages of a number, of whatever lane and daemon, overlap between claim and answer."""
    rows = scene.run_sql(
        "SELECT instance_id, claimed_at, sent_at FROM campaign_contacts"
        " WHERE tenant_id = :tenant_id AND sent_at > '-infinity'"
        " UNION ALL SELECT instance_id, claimed_at, sent_at FROM direct_messages"
        " WHERE tenant_id = :tenant_id AND sent_at > '-infinity' ORDER BY 1, 2"
    )
    assert rows
    for (number, _, ended), (other, began, _) in pairwise(rows):
        assert number != other or began >= ended, (number, ended, began)
