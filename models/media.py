"""Files a tenant sends: where they lie, what they are, and where providers keep their own copy."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Integer, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Created, TenantOwned
from models.states import state_column


class FileKind(StrEnum):
    """What WhatsApp shows a file as."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"


class MediaFile(TenantOwned, Created, Base):
    """A checked file. `storage_key` is its name in `core.storage`; `provider_ids` maps an instance's id to what its
    provider calls the uploaded file and until when (Cloud API keeps it 30 days)."""

    __tablename__ = "media_files"
    __table_args__ = (Index("ix_media_files_tenant_id_sha256", "tenant_id", "sha256"),)

    kind: Mapped[FileKind] = mapped_column(state_column(FileKind))
    mime: Mapped[str] = mapped_column(String(80))
    file_name: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(200))
    provider_ids: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    created_by: Mapped[int | None]
