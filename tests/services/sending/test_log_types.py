"""Every one of the contract's 19 log types is written by what really happens, with a sensible severity; the database
refuses to change what stands."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import DBAPIError

from core.tenancy import system_scope, tenant_scope
from models.campaigns import CampaignLog, LogType, RotationMode
from services import campaigns, instances
from services.sending import Engine
from services.sending.numbers import ILL
from tests.services.sending.scene import Scene, phones
from tests.services.sending.test_receipts import DELIVERED, FAILED, READ, ack, apply
from tests.support import campaigns as people
from tests.support.sandbox_process import SandboxProcess

Drive = Callable[..., Engine]
SEVERITIES = {
    "created": {"info"},
    "started": {"info"},
    "paused": {"info", "warning", "critical"},
    "resumed": {"info"},
    "completed": {"info"},
    "cancelled": {"info"},
    "instance_selected": {"info"},
    "instance_paused": {"info", "critical"},
    "instance_resumed": {"info"},
    "message_sent": {"info"},
    "message_delivered": {"info"},
    "message_read": {"info"},
    "message_failed": {"warning", "error"},
    "rotation_changed": {"info"},
    "contact_added": {"info"},
    "contact_removed": {"info"},
    "limit_reached": {"warning"},
    "health_issue": {"warning"},
    "error": {"error"},
}


@pytest.fixture
def owner(scene: Scene) -> int:
    """The tenant's owner's id."""
    found: int = scene.run_sql("SELECT id FROM users WHERE tenant_id = :tenant_id")[0][0]
    return found


def test_every_type_is_written_by_what_happens(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive, owner: int
) -> None:
    steered = by_a_person(scene, owner)
    number = scene.add_number(sandbox_now.mega_url)
    sent = scene.add_campaign([number], phones(3))
    drive(scene, lambda: scene.campaign(sent).status == "completed")
    first, second, third = scene.contacts(sent).values()
    scene.add_inbox(number, ack(first, DELIVERED), ack(second, READ), ack(third, FAILED))
    apply(scene)

    waiting = scene.add_campaign([number], phones(2, ddd=21), daily_limit=1)
    drive(scene, lambda: scene.campaign(waiting).status == "waiting_quota")
    with tenant_scope(scene.tenant_id), scene.factory.begin() as session:
        instances.pause_instance(session, scene.tenant_id, number, actor=owner)
        instances.resume_instance(session, scene.tenant_id, number, actor=owner)
    scene.run_sql("UPDATE instances SET health_score = 55 WHERE tenant_id = :tenant_id")
    before = len(scene.logs(waiting))
    scene.add_inbox(number, ack(first, FAILED), ack(next(iter(delivered(scene, waiting))), FAILED))
    apply(scene)
    ill = scene.logs(waiting)[before:]
    assert [one.log_type for one in ill][-2:] == ["health_issue", "instance_paused"]
    assert ill[-1].message == ILL and ill[-1].instance_health_score == 45

    broken = Scene.open(scene.factory)
    failing = broken.add_campaign([broken.add_number(sandbox_now.mega_url)], phones(1, ddd=31))
    broken.run_sql("UPDATE campaign_contacts SET variables = '[1]' WHERE tenant_id = :tenant_id")
    drive(scene, lambda: "error" in {one.log_type for one in broken.logs(failing)})

    written = [line for one in (steered, sent, waiting) for line in scene.logs(one)] + broken.logs(failing)
    assert {line.log_type for line in written} == set(LogType)
    assert set(SEVERITIES) == set(LogType)
    for line in written:
        assert line.severity in SEVERITIES[line.log_type], (line.log_type, line.severity)
        assert line.message
    by_hand = {"created", "started", "cancelled", "rotation_changed", "contact_added"}
    assert {line.log_type for line in written if line.created_by == owner} >= by_hand | {"paused", "resumed"}
    assert [line.created_by for line in scene.logs(waiting) if line.log_type == "instance_resumed"] == [owner]
    assert all(line.created_by is None for line in written if line.log_type.startswith("message_"))


def by_a_person(scene: Scene, owner: int) -> int:
    """A campaign made, changed, started, paused, resumed and cancelled by hand."""
    who = (scene.tenant_id,)
    with tenant_scope(scene.tenant_id), scene.factory.begin() as session:
        said = campaigns.CampaignInput(
            "Volta às aulas",
            messages=("Oi {nome}!",),
            lists=(people.add_list(session, *who),),
            instances=(people.add_number(session, *who),),
            window=None,
        )
        made = campaigns.create_campaign(session, *who, said, actor=owner, now=people.NOW).id
        changes = {"rotation_mode": RotationMode.BALANCED}
        campaigns.update_campaign(session, *who, made, changes, actor=owner, now=people.NOW)
        campaigns.launch_campaign(session, *who, made, actor=owner, now=people.NOW)
        campaigns.pause_campaign(session, *who, made, actor=owner)
        campaigns.resume_campaign(session, *who, made, actor=owner, now=people.NOW)
        campaigns.cancel_campaign(session, *who, made, actor=owner, now=people.NOW)
        assert campaigns.cancel_pending(session, *who, made) == 3
    return made


def delivered(scene: Scene, campaign: int) -> list[object]:
    return [row for row in scene.contacts(campaign).values() if row.provider_message_id]


@pytest.mark.parametrize("change", ["UPDATE campaign_logs SET message = 'x'", "DELETE FROM campaign_logs"])
def test_the_database_refuses_to_change_a_line(scene: Scene, change: str) -> None:
    number = scene.add_number("http://127.0.0.1:9", health_score=55)
    campaign = scene.add_campaign([number], phones(1))
    with system_scope("test"), scene.factory.begin() as session:
        session.add(
            CampaignLog(
                tenant_id=scene.tenant_id, campaign_id=campaign, log_type="error", severity="error", message="y"
            )
        )
    with pytest.raises(DBAPIError, match="append"):
        scene.run_sql(change)
    assert [line.message for line in scene.logs(campaign)] == ["y"]
