"""What may be kept of files and templates, and what stands in the way of sending them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from core.errors import InvalidInput
from core.storage import storage
from core.tenancy import tenant_scope
from models.inbox import Conversation
from models.instances import ApprovedTemplate
from services import campaigns, media
from services.campaigns import MessageInput, Obstacle
from tests.support import media as sample
from tests.support.campaigns import NOW, add_campaign, add_list, add_number, phone
from tests.support.world import TenantHandle

OFFER = {"name": "oferta", "language": "pt_BR", "variables": {"1": "{nome}"}}


@pytest.fixture
def session(factory: sessionmaker[Session], tenant: TenantHandle) -> Iterator[Session]:
    with tenant_scope(tenant.id), factory() as opened:
        yield opened
        opened.rollback()


def official(session: Session, tenant: TenantHandle, *templates: dict[str, Any], **columns: Any) -> int:
    """A number of Cloud API with these templates."""
    number = add_number(session, tenant.id, connector="cloud_api", **columns)
    for one in templates:
        facts = {"language": "pt_BR", "status": "approved", "body": "Olá {{1}}", "fields": ["1"]} | one
        session.add(ApprovedTemplate(tenant_id=tenant.id, instance_id=number, fetched_at=NOW, **facts))
    session.flush()
    return number


def verdict_of(
    session: Session, tenant: TenantHandle, message: MessageInput, *numbers: int, **said: Any
) -> campaigns.Verdict:
    made = add_campaign(session, tenant.id, messages=[message], instances=numbers, **said)
    return campaigns.check_campaign(session, tenant.id, made.id, NOW)


def obstacles(session: Session, tenant: TenantHandle, message: MessageInput, *numbers: int) -> list[Obstacle]:
    return list(verdict_of(session, tenant, message, *numbers).obstacles)


def test_a_file_and_a_template_are_kept_shown_and_copied(session: Session, tenant: TenantHandle) -> None:
    said = MessageInput("Oi {nome}", sample.keep(session, tenant.id, sample.png(1), "a.png"), OFFER)
    made = add_campaign(session, tenant.id, messages=[said])
    assert campaigns.input_of(session, made).messages == (said,)
    copy = campaigns.duplicate_campaign(session, tenant.id, made.id, actor=None, now=NOW)
    assert campaigns.input_of(session, copy).messages == (said,)
    campaigns.update_campaign(session, tenant.id, made.id, {"messages": ["Só texto"]}, actor=None, now=NOW)
    assert campaigns.input_of(session, made).messages == (MessageInput("Só texto"),)


def test_variables_in_a_list_fill_the_numbered_fields(session: Session, tenant: TenantHandle) -> None:
    template = {"name": "oferta", "variables": ["{nome}", " 20%\n off "]}
    made = add_campaign(session, tenant.id, messages=[MessageInput("Oi", None, template)])
    (kept,) = campaigns.input_of(session, made).messages
    assert kept.template == {"name": "oferta", "language": "pt_BR", "variables": {"1": "{nome}", "2": "20% off"}}


def refused(session: Session, tenant: TenantHandle, message: MessageInput) -> str:
    with pytest.raises(InvalidInput) as refusal:
        add_campaign(session, tenant.id, messages=["Oi", message])
    return " ".join(refusal.value.fields["messages"])


def test_what_cannot_be_sent_is_refused_with_what_to_do(
    session: Session, factory: sessionmaker[Session], tenant: TenantHandle, make_tenant: Any
) -> None:
    sound = sample.keep(session, tenant.id, sample.MP3, "a.mp3")
    picture = sample.keep(session, tenant.id, sample.png(2), "a.png")
    assert "apague o texto" in refused(session, tenant, MessageInput("Oi", sound))
    assert "até 1024 caracteres" in refused(session, tenant, MessageInput("x" * 1025, picture))
    assert "variação 2 não existe mais" in refused(session, tenant, MessageInput("Oi", 2**40))
    odd = {"name": "x", "language": "pt_BR", "variables": {"a-b": "1"}}
    assert "a Meta não usa" in refused(session, tenant, MessageInput("Oi", None, odd))
    broken = {"name": "x", "language": "pt_BR", "variables": {"1": "{nome"}}
    assert "{nome}" in refused(session, tenant, MessageInput("Oi", None, broken))
    stranger = make_tenant()
    with tenant_scope(stranger.id), factory.begin() as theirs:
        foreign = sample.keep(theirs, stranger.id, sample.png(3), "a.png")
    assert "não existe mais" in refused(session, tenant, MessageInput("Oi", foreign))


def test_a_file_that_is_gone_stands_in_the_way(session: Session, tenant: TenantHandle) -> None:
    picture = sample.keep(session, tenant.id, sample.png(4), "a.png")
    number = add_number(session, tenant.id)
    message = MessageInput("Oi", picture)
    assert obstacles(session, tenant, message, number) == []
    made = add_campaign(session, tenant.id, messages=[message], instances=[number])
    storage().delete(media.file_of(session, tenant.id, picture).storage_key)
    verdict = campaigns.check_campaign(session, tenant.id, made.id, NOW)
    assert (verdict.obstacles, verdict.content.missing_files) == ([Obstacle.FILE_MISSING], [1])


def test_an_official_number_needs_a_template_for_whoever_was_silent(session: Session, tenant: TenantHandle) -> None:
    number = official(session, tenant, {"name": "oferta"})
    people = add_list(session, tenant.id, 3)
    verdict = verdict_of(session, tenant, MessageInput("Oi"), number, lists=[people])
    assert (verdict.obstacles, verdict.content.outside) == ([Obstacle.NO_TEMPLATE], 3)
    hours = {1: 23, 2: 25}
    session.add_all(
        Conversation(
            tenant_id=tenant.id, instance_id=number, phone=phone(one), phone_key=phone(one), last_message_at=NOW,
            last_inbound_at=NOW - timedelta(hours=ago),
        )
        for one, ago in hours.items()
    )  # fmt: skip
    session.flush()
    assert verdict_of(session, tenant, MessageInput("Oi"), number, lists=[people]).content.outside == 2
    verdict = verdict_of(session, tenant, MessageInput("Oi", None, OFFER), number, lists=[people])
    assert (verdict.obstacles, verdict.content.falls_back) == ([], False)


@pytest.mark.parametrize("status", ["paused", "pending", "rejected"])
def test_only_an_approved_template_may_go(session: Session, tenant: TenantHandle, status: str) -> None:
    message = MessageInput("Oi", None, OFFER)
    number = official(session, tenant, {"name": "oferta", "status": status})
    assert obstacles(session, tenant, message, number) == [Obstacle.UNKNOWN_TEMPLATE]
    assert obstacles(session, tenant, message, official(session, tenant)) == [Obstacle.UNKNOWN_TEMPLATE]


def test_a_template_has_to_be_approved_at_every_official_number(session: Session, tenant: TenantHandle) -> None:
    message = MessageInput("Oi", None, OFFER)
    one, other = (official(session, tenant, {"name": "oferta"}) for _ in range(2))
    assert obstacles(session, tenant, message, one, other) == []
    third = official(session, tenant, {"name": "outra"})
    verdict = verdict_of(session, tenant, message, one, third)
    assert (verdict.obstacles, verdict.content.unknown) == ([Obstacle.UNKNOWN_TEMPLATE], ["oferta"])


def test_every_field_of_a_template_has_to_be_filled(session: Session, tenant: TenantHandle) -> None:
    number = official(session, tenant, {"name": "oferta", "fields": ["1", "2"], "url_buttons": [0]})
    whole = {"1": "{nome}", "2": "20%", "@button.0": "verao"}
    for left_out in whole:
        variables = {name: said for name, said in whole.items() if name != left_out}
        message = MessageInput("Oi", None, {**OFFER, "variables": variables})
        assert obstacles(session, tenant, message, number) == [Obstacle.INCOMPLETE_TEMPLATE], left_out
    assert obstacles(session, tenant, MessageInput("Oi", None, {**OFFER, "variables": whole}), number) == []


def test_a_template_with_a_picture_needs_one(session: Session, tenant: TenantHandle) -> None:
    number = official(session, tenant, {"name": "oferta", "header": "image"})
    assert obstacles(session, tenant, MessageInput("Oi", None, OFFER), number) == [Obstacle.INCOMPLETE_TEMPLATE]
    paper = sample.keep(session, tenant.id, sample.PDF, "a.pdf")
    assert obstacles(session, tenant, MessageInput("Oi", paper, OFFER), number) == [Obstacle.INCOMPLETE_TEMPLATE]
    picture = sample.keep(session, tenant.id, sample.png(5), "a.png")
    assert obstacles(session, tenant, MessageInput("Oi", picture, OFFER), number) == []


def test_numbers_without_templates_need_words_of_their_own(session: Session, tenant: TenantHandle) -> None:
    chip, cloud = add_number(session, tenant.id), official(session, tenant, {"name": "oferta"})
    assert obstacles(session, tenant, MessageInput("", None, OFFER), chip, cloud) == [Obstacle.NO_WORDS]
    assert obstacles(session, tenant, MessageInput("", None, OFFER), cloud) == []
    assert verdict_of(session, tenant, MessageInput("Oi", None, OFFER), chip, cloud).content.falls_back


def test_a_variable_of_a_template_counts_like_one_of_the_text(session: Session, tenant: TenantHandle) -> None:
    number = official(session, tenant, {"name": "oferta"})
    unknown = MessageInput("Oi", None, {**OFFER, "variables": {"1": "{prosedimento}"}})
    assert Obstacle.UNKNOWN_VARIABLE in obstacles(session, tenant, unknown, number)
    people = add_list(session, tenant.id, [{"name": "Ana"}, {"name": ""}], first=500)
    verdict = verdict_of(session, tenant, MessageInput("Oi", None, OFFER), number, lists=[people])
    assert verdict.recipients == 1


def test_the_preview_shows_the_file_and_the_template(session: Session, tenant: TenantHandle) -> None:
    number = official(session, tenant, {"name": "oferta"})
    picture = sample.keep(session, tenant.id, sample.png(6), "a.png")
    people = add_list(session, tenant.id, [{"name": "Ana"}], first=600)
    message = MessageInput("Oi {nome}", picture, OFFER)
    made = add_campaign(session, tenant.id, messages=[message], instances=[number], lists=[people])
    shown = campaigns.preview(session, tenant.id, made.id, 1, NOW)
    assert shown is not None and shown.media is not None
    assert (shown.media.id, shown.template, shown.template_text) == (picture, "oferta", "Olá Ana")
    voice = sample.keep(session, tenant.id, sample.VOICE, "a.ogg")
    made = add_campaign(session, tenant.id, messages=[MessageInput("", voice)], lists=[people])
    silent = campaigns.preview(session, tenant.id, made.id, 1, NOW)
    assert silent is not None and silent.text == ""
