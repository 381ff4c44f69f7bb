"""Files people send: checked by their content, kept once, handed to providers."""

from services.media.files import (
    NoSuchFile,
    StoredFile,
    describe,
    file_of,
    keep_file,
    known_at_provider,
    read_file,
    remember_at_provider,
    stored_files,
)
from services.media.kinds import ACCEPTED, LIMITS, MAX_FILE_BYTES, BadFile, FileFacts

__all__ = [
    "ACCEPTED",
    "LIMITS",
    "MAX_FILE_BYTES",
    "BadFile",
    "FileFacts",
    "NoSuchFile",
    "StoredFile",
    "describe",
    "file_of",
    "keep_file",
    "known_at_provider",
    "read_file",
    "remember_at_provider",
    "stored_files",
]
