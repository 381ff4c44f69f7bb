"""Files and approved templates from the ledger to the provider: the engine, a real database, every dialect."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.crypto import key_ring
from core.storage import storage
from core.tenancy import tenant_scope
from models.campaigns import ContactStatus
from services.sending import Engine, Tuning
from tests.services.sending.scene import Scene, phones
from tests.support import media as sample
from tests.support.sandbox_process import SandboxProcess

Drive = Callable[..., Engine]
BOOKS = {"mega_api": "mega", "evolution": "evolution", "waha": "waha", "cloud_api": "cloud"}
GATEWAYS = ("mega_api", "evolution", "waha")
KINDS = {
    "image": (sample.png(77), "fachada.png"),
    "video": (sample.MP4, "loja.mp4"),
    "audio": (sample.MP3, "aviso.mp3"),
    "voice": (sample.VOICE, "recado.ogg"),
    "document": (sample.PDF, "catálogo.pdf"),
}
SAID_AS = {
    ("mega_api", "voice"): "ptt",
    ("evolution", "voice"): "ptt",
    ("waha", "voice"): "ptt",
    ("waha", "audio"): "document",
    ("cloud_api", "voice"): "audio",
}
"""Kinds whose name in a provider's ledger is its own. WAHA has no call for sound that isn't a voice note."""

OFFER = {"name": "oferta_inicial", "language": "pt_BR", "variables": {"1": "{primeiro nome|você}", "2": "20%"}}


def number_at(scene: Scene, sandbox: SandboxProcess, name: str, **columns: Any) -> int:
    """A connected number at this provider's dialect."""
    key = "200000000000002" if name == "cloud_api" else "demo-loja"
    secrets = {"token": "t", "api_key": "k", "access_token": "a", "app_secret": "s", "waba_id": "100000000000001"}
    sealed = key_ring().seal(json.dumps(secrets), bound_to=f"instances:{scene.tenant_id}:{key}")
    address = sandbox.addresses[BOOKS[name]] + ("/v23.0" if name == "cloud_api" else "")
    values = {"connector": name, "instance_key": key, "sealed_credentials": sealed} | columns
    return scene.add_number(address, **values)


def keep(scene: Scene, content: bytes, name: str) -> int:
    with tenant_scope(scene.tenant_id), scene.factory.begin() as session:
        return sample.keep(session, scene.tenant_id, content, name)


def campaign_with(
    scene: Scene, numbers: list[int], people: list[str], *, text: str = "", media_id: int | None = None,
    template: dict[str, Any] | None = None, **columns: Any,
) -> int:  # fmt: skip
    """A running campaign of one variation."""
    made = scene.add_campaign(numbers, people, texts=(text,), **columns)
    scene.run_sql(
        "UPDATE campaign_messages SET media_id = :media_id, template = CAST(:template AS jsonb)"
        " WHERE tenant_id = :tenant_id AND campaign_id = :made",
        made=made,
        media_id=media_id,
        template=json.dumps(template) if template else None,
    )
    return made


def wrote_at(scene: Scene, number: int, phone: str, at: datetime) -> None:
    """The person's last message, as the inbox keeps it."""
    scene.run_sql(
        "INSERT INTO conversations (tenant_id, instance_id, phone, phone_key, last_message_at, last_inbound_at)"
        " VALUES (:tenant_id, :number, :phone, :phone, :at, :at)",
        number=number,
        phone=phone,
        at=at,
    )


def hear_from(sandbox: SandboxProcess, phone: str) -> None:
    """The same at Meta: only it knows its own window."""
    path = f"/sandbox/phones/cloud/200000000000002/{phone}/reply"
    sandbox.get("/cloud/v23.0/200000000000002", headers={"Authorization": "Bearer a"}).raise_for_status()
    sandbox.post(path, data={"text": "Oi", "kind": "text"}).raise_for_status()


def uploads(sandbox: SandboxProcess) -> int:
    calls = sandbox.summary("cloud")["calls"]
    return sum(count for path, count in calls.items() if path.endswith("/media"))


def is_settled(scene: Scene, campaign: int) -> bool:
    return all(row.status not in ("pending", "sending") for row in scene.contacts(campaign).values())


def is_done(scene: Scene, campaign: int) -> Callable[[], bool]:
    return lambda: is_settled(scene, campaign)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", GATEWAYS)
def test_a_gateway_gets_each_kind_of_file_whole_with_its_caption(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive, name: str, kind: str
) -> None:
    content, file_name = KINDS[kind]
    caption = "" if kind in ("audio", "voice") else "Oi {nome}, veja"
    person = phones(1)[0]
    campaign = campaign_with(
        scene, [number_at(scene, sandbox_now, name)], [person], text=caption, media_id=keep(scene, content, file_name)
    )

    drive(scene, is_done(scene, campaign))

    row = scene.contacts(campaign)[person]
    assert row.status == ContactStatus.SENT, row.error
    (entry,) = sandbox_now.ledger(BOOKS[name])
    assert entry["to"] == person
    assert entry["kind"] == SAID_AS.get((name, kind), kind)
    assert f"{len(content)} bytes sha256:{hashlib.sha256(content).hexdigest()}" in entry["media"]
    assert entry["text"] == (f"Oi Pessoa {person[-4:]}, veja" if caption else "")


@pytest.mark.parametrize("kind", KINDS)
def test_the_official_way_uploads_a_file_once_and_names_it_in_each_message(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive, kind: str
) -> None:
    content, file_name = KINDS[kind]
    caption = "" if kind in ("audio", "voice") else "Oi, veja"
    people = phones(4)
    number = number_at(scene, sandbox_now, "cloud_api")
    for one in people:
        wrote_at(scene, number, one, datetime.now(UTC) - timedelta(hours=23))
        hear_from(sandbox_now, one)
    media_id = keep(scene, content, file_name)
    campaign = campaign_with(scene, [number], people, text=caption, media_id=media_id)

    drive(scene, is_done(scene, campaign))

    entries = sandbox_now.ledger("cloud")
    assert sorted(entry["to"] for entry in entries) == sorted(people)
    assert {entry["kind"] for entry in entries} == {SAID_AS.get(("cloud_api", kind), kind)}
    assert {entry["text"] for entry in entries} == {caption}
    uploaded = f"up{hashlib.sha256(content).hexdigest()[:20]}"
    assert {entry["media"] for entry in entries} == {uploaded}
    assert uploads(sandbox_now) == 1
    noted = scene.run_sql("SELECT provider_ids FROM media_files WHERE tenant_id = :tenant_id")[0][0]
    assert noted[str(number)]["id"] == uploaded

    # The next campaign, of another daemon, finds it there.
    again = campaign_with(scene, [number], people, text=caption, media_id=media_id)
    drive(scene, is_done(scene, again))
    assert uploads(sandbox_now) == 1
    assert scene.counts(again)["sent"] == 4


def test_a_template_goes_filled_in_to_who_was_silent_and_the_text_to_who_wrote(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    silent, late, recent = phones(3)
    number = number_at(scene, sandbox_now, "cloud_api")
    wrote_at(scene, number, late, datetime.now(UTC) - timedelta(hours=25))
    wrote_at(scene, number, recent, datetime.now(UTC) - timedelta(hours=23))
    hear_from(sandbox_now, recent)
    known_template(
        scene, number, "oferta_inicial", "Olá {{1}}, esta semana você tem {{2}} de desconto. Quer saber mais?"
    )
    campaign = campaign_with(scene, [number], [silent, late, recent], text="Oi {nome}!", template=OFFER)

    drive(scene, is_done(scene, campaign))

    said = {entry["to"]: (entry["kind"], entry["text"]) for entry in sandbox_now.ledger("cloud")}
    offer = "Olá Pessoa, esta semana você tem 20% de desconto. Quer saber mais?"
    assert said == {
        silent: ("template", offer),
        late: ("template", offer),
        recent: ("text", f"Oi Pessoa {recent[-4:]}!"),
    }
    assert scene.contacts(campaign)[silent].rendered_text == offer


def test_a_file_stands_on_top_of_a_template_that_wants_one(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    number = number_at(scene, sandbox_now, "cloud_api")
    known_template(scene, number, "oferta_com_foto", "Olá {{1}}, veja a novidade da semana.", header="image")
    template = {"name": "oferta_com_foto", "language": "pt_BR", "variables": {"1": "{nome}"}}
    campaign = campaign_with(
        scene, [number], phones(1), text="Oi", template=template, media_id=keep(scene, sample.png(3), "a.png")
    )

    drive(scene, is_done(scene, campaign))

    assert scene.counts(campaign)["sent"] == 1
    assert sandbox_now.ledger("cloud")[0]["kind"] == "template"


def test_a_closed_window_refuses_before_anything_is_sent_and_blames_nobody(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    silent, recent = phones(2)
    number = number_at(scene, sandbox_now, "cloud_api")
    wrote_at(scene, number, recent, datetime.now(UTC) - timedelta(minutes=1))
    hear_from(sandbox_now, recent)
    campaign = campaign_with(scene, [number], [silent, recent], text="Oi")

    drive(scene, is_done(scene, campaign))

    rows = scene.contacts(campaign)
    assert (rows[silent].status, rows[silent].reason) == ("failed", "window_closed")
    assert "modelo aprovado" in (rows[silent].error or "")
    assert rows[recent].status == "sent"
    assert [entry["to"] for entry in sandbox_now.ledger("cloud")] == [recent]
    found = scene.number(number)
    assert (found.health_score, found.consecutive_errors, found.reserved_today) == (100, 0, 1)
    assert scene.run_sql("SELECT messages_reserved FROM daily_usage WHERE tenant_id = :tenant_id")[0][0] == 1


def test_an_unofficial_number_sends_the_text_in_place_of_the_template(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    campaign = campaign_with(
        scene, [number_at(scene, sandbox_now, "evolution")], phones(1), text="Oi {nome}", template=OFFER
    )

    drive(scene, is_done(scene, campaign))

    (entry,) = sandbox_now.ledger("evolution")
    assert (entry["kind"], entry["text"]) == ("text", f"Oi Pessoa {phones(1)[0][-4:]}")


@pytest.mark.parametrize("loss", ["row", "bytes"])
@pytest.mark.parametrize("name", ["mega_api", "cloud_api"])
def test_a_file_that_is_gone_stops_the_campaign_with_a_sentence(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive, name: str, loss: str
) -> None:
    number = number_at(scene, sandbox_now, name)
    people = phones(3)
    for one in people:
        wrote_at(scene, number, one, datetime.now(UTC))
    media_id = keep(scene, sample.png(4), "a.png")
    campaign = campaign_with(scene, [number], people, text="Oi", media_id=media_id)
    if loss == "row":
        scene.run_sql("DELETE FROM media_files WHERE tenant_id = :tenant_id")
    else:
        for kept in (storage().root / f"tenant/{scene.tenant_id}/media").glob("*"):
            kept.unlink()

    drive(scene, lambda: scene.campaign(campaign).status == "paused" and scene.counts(campaign)["sending"] == 0)

    assert "não existe mais" in scene.campaign(campaign).pause_reason
    failed = [row for row in scene.contacts(campaign).values() if row.status == "failed"]
    assert failed and {row.reason for row in failed} == {"media_rejected"}
    assert sandbox_now.ledger(BOOKS[name]) == []
    assert scene.number(number).health_score == 100


def test_a_slow_upload_sends_the_message_back_without_costing_an_attempt(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    number = number_at(scene, sandbox_now, "cloud_api")
    person = phones(1)[0]
    wrote_at(scene, number, person, datetime.now(UTC))
    hear_from(sandbox_now, person)
    campaign = campaign_with(scene, [number], [person], text="Oi", media_id=keep(scene, sample.png(5), "a.png"))
    sandbox_now.control("cloud", latency_ms=1500)

    drive(
        scene,
        lambda: scene.contacts(campaign)[person].reason == "media_not_ready",
        tuning=Tuning(file_seconds=0.2),
    )

    row = scene.contacts(campaign)[person]
    assert (row.status, row.attempts) == ("pending", 0)
    assert scene.number(number).health_score == 100


def known_template(scene: Scene, number: int, name: str, body: str, header: str = "") -> None:
    """The template as the provider's list had it."""
    scene.run_sql(
        "INSERT INTO approved_templates (tenant_id, instance_id, name, language, status, body, header)"
        " VALUES (:tenant_id, :number, :name, 'pt_BR', 'approved', :body, :header)",
        number=number,
        name=name,
        body=body,
        header=header,
    )
