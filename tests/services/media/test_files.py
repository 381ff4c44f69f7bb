"""What may be kept, what it is taken for, and that the same bytes are kept once."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from core.storage import storage
from core.tenancy import tenant_scope
from models.media import MediaFile
from services import media
from tests.support import media as sample
from tests.support.world import TenantHandle

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
OFFICE = "application/vnd.openxmlformats-officedocument."


@pytest.fixture
def session(factory: sessionmaker[Session], tenant: TenantHandle) -> Iterator[Session]:
    with tenant_scope(tenant.id), factory() as opened:
        yield opened
        opened.rollback()


def keep(session: Session, tenant: TenantHandle, content: bytes, name: str = "arquivo") -> MediaFile:
    return media.keep_file(session, tenant.id, io.BytesIO(content), name, actor=None)


@pytest.mark.parametrize(
    ("content", "name", "taken_for"),
    [
        (sample.png(), "foto.exe", ("image", "image/png", "foto.png")),
        (sample.JPEG, "../../etc/passwd", ("image", "image/jpeg", "passwd.jpg")),
        (sample.MP4, "a.mp4", ("video", "video/mp4", "a.mp4")),
        (sample.MP3, "a.mp3", ("audio", "audio/mpeg", "a.mp3")),
        (sample.VOICE, "a.opus", ("voice", "audio/ogg", "a.ogg")),
        (sample.PDF, "catálogo 2026.pdf", ("document", "application/pdf", "catálogo 2026.pdf")),
        (b"nome;preco\nbolo;10\n", "precos.csv", ("document", "text/csv", "precos.csv")),
        (sample.office("word"), "a.docx", ("document", OFFICE + "wordprocessingml.document", "a.docx")),
        (sample.office("xl"), "a", ("document", OFFICE + "spreadsheetml.sheet", "a.xlsx")),
    ],
)
def test_a_file_is_what_its_bytes_say(
    session: Session, tenant: TenantHandle, content: bytes, name: str, taken_for: tuple[str, str, str]
) -> None:
    made = keep(session, tenant, content, name)
    assert (made.kind, made.mime, made.file_name, made.size_bytes) == (*taken_for, len(content))
    with storage().open(made.storage_key) as kept:
        assert kept.read() == content


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "a.png", "vazio"),
        (b"MZ\x90\x00" + b"\x00" * 64, "foto.png", "não aceita este tipo de arquivo"),
        (b"<html><script>alert(1)</script>", "a.txt", "não aceita este tipo de arquivo"),
        (b"#!/bin/sh\nrm -rf /\n", "a.sh", "não aceita este tipo de arquivo"),
        (sample.WEBP, "a.png", "JPG ou PNG"),
        (sample.VORBIS, "a.ogg", "Opus"),
        (sample.office("word", word__vbaProject_bin="x").replace(b"_bin", b".bin"), "a.docm", "não aceita"),
        (b"PK\x03\x04 nada", "a.zip", "não aceita este tipo de arquivo"),
        (sample.png() + b"\x00" * (5 * 1024 * 1024), "grande.png", "5 MB"),
        (sample.PDF + b"\x00" * (16 * 1024 * 1024), "grande.pdf", "16 MB"),
    ],
)
def test_what_whatsapp_would_refuse_is_refused_with_what_to_do(
    session: Session, tenant: TenantHandle, content: bytes, name: str, told: str
) -> None:
    folder = storage().root / f"tenant/{tenant.id}/media"
    with pytest.raises(media.BadFile) as refusal:
        keep(session, tenant, content, name)
    assert told in refusal.value.message
    assert not list(folder.glob("*")), "a refused file stays on the disk"


def test_the_same_bytes_are_kept_once_and_only_within_the_account(
    session: Session, factory: sessionmaker[Session], tenant: TenantHandle, make_tenant: object
) -> None:
    first, again = keep(session, tenant, sample.png(1), "a.png"), keep(session, tenant, sample.png(1), "b.png")
    assert (again.id, again.file_name) == (first.id, "a.png")
    assert keep(session, tenant, sample.png(2)).id != first.id
    assert len(list((storage().root / f"tenant/{tenant.id}/media").glob("*"))) == 2
    stranger = make_tenant()  # type: ignore[operator]
    with tenant_scope(stranger.id), factory() as theirs:
        assert keep(theirs, stranger, sample.png(1)).storage_key != first.storage_key
        with pytest.raises(media.NoSuchFile):
            media.file_of(theirs, stranger.id, first.id)
        assert media.describe(theirs, stranger.id, first.id) is None


def test_bytes_that_were_lost_come_back_with_the_next_upload(session: Session, tenant: TenantHandle) -> None:
    first = keep(session, tenant, sample.png(3))
    storage().delete(first.storage_key)
    assert media.stored_files(session, tenant.id, [first.id]) == {}
    again = keep(session, tenant, sample.png(3))
    assert again.id == first.id
    assert media.stored_files(session, tenant.id, [first.id]).keys() == {first.id}


def test_a_providers_copy_is_remembered_for_29_days_and_by_place(session: Session, tenant: TenantHandle) -> None:
    made = keep(session, tenant, sample.png(4))
    for place, name in (("7", "up-7"), ("8", "up-8")):
        media.remember_at_provider(session, tenant.id, made.id, place, provider_id=name, now=NOW)
    file = media.describe(session, tenant.id, made.id)
    assert file is not None
    known = [media.known_at_provider(file.provider_ids, place, NOW) for place in ("7", "8", "9")]
    assert known == ["up-7", "up-8", ""]
    assert media.known_at_provider(file.provider_ids, "7", NOW + timedelta(days=29)) == ""
