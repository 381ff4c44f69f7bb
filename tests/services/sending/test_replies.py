"""What people write back, from the stored webhook to the inbox, the suppression list and one confirmation."""

from collections.abc import Callable
from typing import Any

import pytest

from models.campaigns import CampaignContact
from services import subscriptions
from services.sending import Engine
from tests.services.sending.scene import Scene, phones
from tests.services.sending.test_daemon import run_daemon
from tests.services.sending.test_receipts import apply, echo, inbound
from tests.support.sandbox_process import SandboxProcess

Drive = Callable[..., Engine]


@pytest.fixture(autouse=True)
def everybody_listens() -> None:
    subscriptions.subscribe_all()


@pytest.fixture
def written(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> tuple[int, int, CampaignContact]:
    """A campaign of four whose messages the provider took -> (number, campaign, one recipient)."""
    number = scene.add_number(sandbox_now.mega_url, instance_key="demo-replies")
    campaign = scene.add_campaign([number], phones(4))
    drive(scene, lambda: scene.campaign(campaign).status == "completed")
    return number, campaign, min(scene.contacts(campaign).values(), key=lambda one: one.id)


def test_sair_suppresses_counts_and_is_confirmed_once(scene: Scene, written: tuple[int, int, CampaignContact]) -> None:
    number, campaign, row = written
    scene.add_inbox(number, inbound(row.phone, "A1", "Sair!"), inbound(row.phone, "A1", "Sair!"))
    apply(scene)
    scene.add_inbox(number, inbound(row.phone, "A1", "Sair!"), inbound(row.phone, "A2", "SAIR POR FAVOR"))
    apply(scene)

    assert suppressed(scene) == [(row.phone_key, "reply")]
    assert [one.body[:6] for one in direct(scene)] == ["Pronto"]
    assert (direct(scene)[0].kind, direct(scene)[0].instance_id) == ("confirmation", number)
    assert opted_out(scene, campaign) == 1
    assert scene.counts(campaign)["replied"] == 1
    told = [one for one in scene.logs(campaign) if one.log_type == "contact_removed"]
    assert [one.details for one in told] == [{"reason": "opt_out"}]


def test_voltar_undoes_what_a_reply_did_and_is_confirmed_once(
    scene: Scene, written: tuple[int, int, CampaignContact]
) -> None:
    number, _, row = written
    for message_id, text in (("A1", "sair"), ("A2", "VOLTAR"), ("A2", "VOLTAR"), ("A1", "sair")):
        scene.add_inbox(number, inbound(row.phone, message_id, text))
        apply(scene)

    assert suppressed(scene) == []
    assert [one.body[:6] for one in direct(scene)] == ["Pronto", "Combin"]


def test_going_and_coming_counts_as_one_opt_out(scene: Scene, written: tuple[int, int, CampaignContact]) -> None:
    number, campaign, row = written
    for place, text in enumerate(("sair", "voltar", "sair")):
        scene.add_inbox(number, inbound(row.phone, f"A{place}", text))
        apply(scene)

    assert suppressed(scene) == [(row.phone_key, "reply")]
    assert len(direct(scene)) == 3
    assert opted_out(scene, campaign) == 1


def test_the_last_wish_of_one_batch_counts(scene: Scene, written: tuple[int, int, CampaignContact]) -> None:
    number, _, row = written
    early, late = inbound(row.phone, "A1", "sair"), inbound(row.phone, "A2", "voltar")
    early["messageTimestamp"], late["messageTimestamp"] = stamp(scene, 20), stamp(scene, 10)
    scene.add_inbox(number, late, early)
    apply(scene)

    assert suppressed(scene) == [] and direct(scene) == []


def test_a_wish_that_a_later_one_has_overtaken_changes_nothing(
    scene: Scene, written: tuple[int, int, CampaignContact]
) -> None:
    number, _, row = written
    early, late = inbound(row.phone, "A1", "sair"), inbound(row.phone, "A2", "voltar")
    early["messageTimestamp"], late["messageTimestamp"] = stamp(scene, 20), stamp(scene, 10)
    for body in (late, early):
        scene.add_inbox(number, body)
        apply(scene)

    assert suppressed(scene) == []


@pytest.mark.parametrize("source", ["manual", "provider", "whatsapp"])
def test_voltar_never_undoes_what_the_team_or_the_provider_decided(
    scene: Scene, written: tuple[int, int, CampaignContact], source: str
) -> None:
    number, _, row = written
    scene.run_sql(
        "INSERT INTO suppressions (tenant_id, phone_key, phone, reason, source)"
        " VALUES (:tenant_id, :key, :key, 'x', :source)",
        key=row.phone_key,
        source=source,
    )
    scene.add_inbox(number, inbound(row.phone, "A1", "VOLTAR"))
    apply(scene)
    scene.add_inbox(number, inbound(row.phone, "A2", "SAIR"))
    apply(scene)

    assert suppressed(scene) == [(row.phone_key, source)]
    assert direct(scene) == []


def test_a_wish_that_is_not_plain_waits_for_a_person(scene: Scene, written: tuple[int, int, CampaignContact]) -> None:
    number, campaign, row = written
    scene.add_inbox(number, inbound(row.phone, "A1", "não me mande mais boletos"))
    apply(scene)

    assert suppressed(scene) == [] and direct(scene) == []
    found = conversations(scene)
    assert [(one.wish, one.unread_count, one.last_text) for one in found] == [("maybe", 1, "não me mande mais boletos")]
    assert opted_out(scene, campaign) == 0


def test_every_message_is_kept_once_and_our_own_are_not(
    scene: Scene, written: tuple[int, int, CampaignContact]
) -> None:
    number, campaign, row = written
    bodies = [inbound(row.phone, f"A{place}", f"Quanto custa {place}?") for place in range(3)]
    scene.add_inbox(number, *bodies, *bodies, echo(row.phone, "E1", "eu mesmo"))
    apply(scene)
    scene.add_inbox(number, *bodies)
    apply(scene)

    found = conversations(scene)
    assert [(one.phone_key, one.name, one.unread_count) for one in found] == [(row.phone_key, "Contato", 3)]
    said = scene.run_sql(
        "SELECT body, direction, campaign_id FROM inbox_messages WHERE tenant_id = :tenant_id ORDER BY id"
    )
    assert [tuple(one) for one in said] == [(f"Quanto custa {place}?", "in", campaign) for place in range(3)]


def test_a_file_without_words_is_kept_too(scene: Scene, written: tuple[int, int, CampaignContact]) -> None:
    number, _, row = written
    body = inbound(row.phone, "A1", "")
    body |= {"messageType": "audioMessage", "message": {"audioMessage": {"mimetype": "audio/ogg", "ptt": True}}}
    scene.add_inbox(number, body)
    apply(scene)

    assert conversations(scene)[0].last_text == "[voice]"


def test_a_reply_stops_the_later_steps_of_its_campaign(scene: Scene, written: tuple[int, int, CampaignContact]) -> None:
    number, campaign, row = written
    everybody = sorted(scene.contacts(campaign))
    later = scene.add_campaign([number], everybody, parent_id=campaign, step=1, status="paused")
    stubborn = scene.add_campaign([number], everybody, parent_id=campaign, step=2, stop_on_reply=False, status="paused")
    other = scene.add_campaign([number], everybody, status="paused")
    scene.add_inbox(number, inbound(row.phone, "A1", "Quero saber mais"))
    apply(scene)

    stopped = scene.contacts(later)[row.phone]
    assert (stopped.status, stopped.reason) == ("cancelled", "replied")
    assert [scene.counts(one)["cancelled"] for one in (later, stubborn, other)] == [1, 0, 0]
    told = [one for one in scene.logs(later) if one.log_type == "contact_removed"]
    assert [(one.details, one.contact_id) for one in told] == [({"reason": "replied"}, stopped.id)]


def test_a_reply_to_a_later_step_stops_the_steps_behind_it(
    scene: Scene, written: tuple[int, int, CampaignContact]
) -> None:
    number, campaign, row = written
    third = scene.add_campaign([number], [row.phone], parent_id=campaign, step=2, status="paused")
    scene.run_sql("UPDATE campaigns SET parent_id = :parent WHERE id = :id", parent=campaign + 10_000, id=campaign)
    scene.run_sql("UPDATE campaigns SET parent_id = :parent WHERE id = :id", parent=campaign + 10_000, id=third)
    scene.add_inbox(number, inbound(row.phone, "A1", "Quero saber mais"))
    apply(scene)

    assert scene.contacts(third)[row.phone].status == "cancelled"


def test_a_hidden_person_is_known_by_the_message_they_quote(
    scene: Scene, written: tuple[int, int, CampaignContact]
) -> None:
    number, campaign, row = written
    scene.add_inbox(number, hidden("77700011122233", "A1", "sair", quoted=str(row.provider_message_id)))
    apply(scene)

    assert suppressed(scene) == [(row.phone_key, "reply")]
    assert scene.counts(campaign)["replied"] == 1


def test_a_hidden_person_is_known_by_the_address_whatsapp_gave_for_their_phone(
    scene: Scene, written: tuple[int, int, CampaignContact]
) -> None:
    number, _, row = written
    scene.run_sql(
        "INSERT INTO number_checks (tenant_id, phone_key, has_whatsapp, recipient_id)"
        " VALUES (:tenant_id, :key, true, '77700011122233@lid')",
        key=row.phone_key,
    )
    scene.add_inbox(number, hidden("77700011122233:12", "A1", "sair"))
    apply(scene)

    assert suppressed(scene) == [(row.phone_key, "reply")]


def test_a_hidden_person_nobody_knows_suppresses_nobody_and_waits_for_a_person(
    scene: Scene, written: tuple[int, int, CampaignContact]
) -> None:
    number, _, _ = written
    scene.add_inbox(number, hidden("77700011122233", "A1", "sair"))
    apply(scene)

    assert suppressed(scene) == [] and direct(scene) == []
    assert [(one.phone_key, one.wish) for one in conversations(scene)] == [("77700011122233@lid", "maybe")]


def hidden(name: str, message_id: str, text: str, *, quoted: str = "") -> dict[str, Any]:
    body = inbound("0", message_id, text)
    body["key"]["remoteJid"] = f"{name}@lid"
    if quoted:
        body["message"] = {"extendedTextMessage": {"text": text, "contextInfo": {"stanzaId": quoted}}}
    return body


def stamp(scene: Scene, seconds_ago: int) -> int:
    return int(scene.run_sql("SELECT extract(epoch FROM now())::bigint - :ago", ago=seconds_ago)[0][0])


def suppressed(scene: Scene) -> list[tuple[str, str]]:
    rows = scene.run_sql("SELECT phone_key, source FROM suppressions WHERE tenant_id = :tenant_id")
    return [tuple(row) for row in rows]


def direct(scene: Scene) -> list[Any]:
    return scene.run_sql("SELECT * FROM direct_messages WHERE tenant_id = :tenant_id ORDER BY id")


def conversations(scene: Scene) -> list[Any]:
    return scene.run_sql("SELECT * FROM conversations WHERE tenant_id = :tenant_id ORDER BY id")


def opted_out(scene: Scene, campaign: int) -> int:
    found = scene.run_sql("SELECT opted_out FROM campaign_counts WHERE campaign_id = :campaign", campaign=campaign)
    return int(found[0][0])


def test_sair_takes_effect_within_a_second_of_its_webhook(
    scene: Scene, written: tuple[int, int, CampaignContact]
) -> None:
    number, _, row = written
    told: list[int] = []

    def is_suppressed() -> bool:
        if not told:
            told.append(number)
            scene.add_inbox(number, inbound(row.phone, "A1", "sair"))
        return bool(suppressed(scene))

    run_daemon(scene, is_suppressed, seconds=60)

    took = scene.run_sql(
        "SELECT extract(epoch FROM s.created_at - w.received_at) FROM suppressions s, webhook_inbox w"
        " WHERE s.tenant_id = :tenant_id AND w.tenant_id = s.tenant_id AND w.status = 'applied'"
        " ORDER BY w.id DESC LIMIT 1"
    )
    assert float(took[0][0]) <= 1


def test_the_confirmation_reaches_the_phone_exactly_once(
    scene: Scene, written: tuple[int, int, CampaignContact], sandbox_now: SandboxProcess
) -> None:
    number, _, row = written
    scene.add_inbox(number, *(inbound(row.phone, "A1", "sair") for _ in range(3)))
    apply(scene)
    run_daemon(scene, lambda: [one.status for one in direct(scene)] == ["sent"], seconds=10)

    entries = [one for one in sandbox_now.ledger("mega") if one["to"] == row.phone]
    assert [one["text"] for one in entries if one["text"].startswith("Pronto")] == [direct(scene)[0].body]
