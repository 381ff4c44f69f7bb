"""Files go through here and nowhere else (architecture rule 18): a folder under `LEADS_HOME`, or `STORAGE_URL`.

A key is `tenant/<id>/<kind>/<random>`; nothing a person typed ever becomes part of a path.
"""

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from core.config import get_settings

KEY = re.compile(r"^tenant/\d+/[a-z_]+/[0-9a-f]{32}$")
CHUNK_BYTES = 1024 * 1024


class FileTooLarge(ValueError):
    """The stream went past the limit; what had been written is gone."""


class Storage:
    """A folder of files by key."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Where a key lives on this host; ValueError for anything that isn't a key of ours."""
        if not KEY.match(key):
            raise ValueError(f"not a storage key: {key!r}")
        return self.root / key

    def save(self, stream: BinaryIO, *, tenant_id: int, kind: str, max_bytes: int) -> tuple[str, int]:
        """Store a stream under a new key -> (key, bytes). The file appears whole or not at all."""
        key = f"tenant/{tenant_id}/{kind}/{uuid.uuid4().hex}"
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        size = 0
        try:
            with draft.open("wb") as target:
                while chunk := stream.read(CHUNK_BYTES):
                    size += len(chunk)
                    if size > max_bytes:
                        raise FileTooLarge(f"over {max_bytes} bytes")
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)
        return key, size

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        """The stored bytes, for reading."""
        with self.path(key).open("rb") as stream:
            yield stream

    def delete(self, key: str) -> None:
        """Forget a file; one that is already gone is fine."""
        self.path(key).unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """What is left on the disk."""
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free


@lru_cache(maxsize=1)
def storage() -> Storage:
    """The storage the settings name."""
    settings = get_settings()
    if settings.storage_url:
        return Storage(Path(settings.storage_url.removeprefix("file://")))
    return Storage(settings.leads_home.resolve() / "files")
