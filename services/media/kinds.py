"""What a file is, by its bytes and never by its name, and whether WhatsApp takes it.

The limits are WhatsApp's own for pictures, films and sound (messaging reference, section 4.5). A document may have
100 MB there; ours have 16, because a gateway gets the file inside each request.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import filetype

from core.errors import InvalidInput
from models.media import FileKind

MB: Final = 1024 * 1024
LIMITS: Final[Mapping[FileKind, int]] = {
    FileKind.IMAGE: 5 * MB,
    FileKind.VIDEO: 16 * MB,
    FileKind.AUDIO: 16 * MB,
    FileKind.VOICE: 16 * MB,
    FileKind.DOCUMENT: 16 * MB,
}
MAX_FILE_BYTES: Final = max(LIMITS.values())
ACCEPTED: Final = (
    ".jpg,.jpeg,.png,.mp4,.3gp,.mp3,.m4a,.aac,.amr,.ogg,.opus,.pdf,.docx,.xlsx,.pptx,.doc,.xls,.ppt,.txt,.csv"
)
"""For a file input: what may be chosen. What is chosen is looked into all the same."""

HEAD_BYTES: Final = 8192
_WORDS: Final = {
    FileKind.IMAGE: "imagens",
    FileKind.VIDEO: "vídeos",
    FileKind.AUDIO: "áudios",
    FileKind.VOICE: "áudios de voz",
    FileKind.DOCUMENT: "documentos",
}
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_BY_MIME: Final = {
    "image/jpeg": (FileKind.IMAGE, "image/jpeg", "jpg"),
    "image/png": (FileKind.IMAGE, "image/png", "png"),
    "video/mp4": (FileKind.VIDEO, "video/mp4", "mp4"),
    "video/3gpp": (FileKind.VIDEO, "video/3gpp", "3gp"),
    "audio/mpeg": (FileKind.AUDIO, "audio/mpeg", "mp3"),
    "audio/mp4": (FileKind.AUDIO, "audio/mp4", "m4a"),
    "audio/aac": (FileKind.AUDIO, "audio/aac", "aac"),
    "audio/amr": (FileKind.AUDIO, "audio/amr", "amr"),
    "application/pdf": (FileKind.DOCUMENT, "application/pdf", "pdf"),
    "application/msword": (FileKind.DOCUMENT, "application/msword", "doc"),
    "application/vnd.ms-excel": (FileKind.DOCUMENT, "application/vnd.ms-excel", "xls"),
    "application/vnd.ms-powerpoint": (FileKind.DOCUMENT, "application/vnd.ms-powerpoint", "ppt"),
}
_IN_ZIP: Final = {
    "word/": (FileKind.DOCUMENT, _OFFICE + "wordprocessingml.document", "docx"),
    "xl/": (FileKind.DOCUMENT, _OFFICE + "spreadsheetml.sheet", "xlsx"),
    "ppt/": (FileKind.DOCUMENT, _OFFICE + "presentationml.presentation", "pptx"),
}
_TEXTS: Final = {
    "txt": (FileKind.DOCUMENT, "text/plain", "txt"),
    "csv": (FileKind.DOCUMENT, "text/csv", "csv"),
}
_TOO_MODERN: Final = frozenset({"image/webp", "image/gif", "image/heic", "image/heif", "image/avif", "image/bmp"})
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

UNKNOWN: Final = (
    "O WhatsApp não aceita este tipo de arquivo. Use foto JPG ou PNG, vídeo MP4, áudio MP3, M4A ou OGG, "
    "ou documento PDF, Word, Excel, PowerPoint, TXT ou CSV."
)
OTHER_PICTURE: Final = "O WhatsApp não aceita este tipo de imagem. Salve a foto como JPG ou PNG e envie de novo."
NOT_OPUS: Final = "Este OGG não é um áudio de voz (Opus). Salve o áudio como MP3 ou grave um áudio de voz."
EMPTY: Final = "O arquivo está vazio. Escolha outro."


class BadFile(InvalidInput):
    """A file that can't be sent; the sentence says what to do."""

    code = "file_refused"

    def __init__(self, sentence: str, *, code: str | None = None) -> None:
        super().__init__(sentence, fields={"file": [sentence]}, code=code)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the bytes say. `ending` is the usual one of such a file, without a dot."""

    kind: FileKind
    mime: str
    ending: str


def look_into(path: Path, said_name: str) -> FileFacts:
    """What the file is; BadFile when WhatsApp wouldn't take it or it is too large. The name only tells a CSV from
    another text."""
    size = path.stat().st_size
    if not size:
        raise BadFile(EMPTY)
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    facts = FileFacts(*_recognised(path, head, said_name.rpartition(".")[2].lower()))
    if size > LIMITS[facts.kind]:
        limit = LIMITS[facts.kind] // MB
        raise BadFile(f"O arquivo passa de {limit} MB, o limite para {_WORDS[facts.kind]}. Diminua-o e envie de novo.")
    return facts


def _recognised(path: Path, head: bytes, said_ending: str) -> tuple[FileKind, str, str]:
    if head.startswith(b"OggS"):
        if b"OpusHead" not in head[:64]:
            raise BadFile(NOT_OPUS)
        return FileKind.VOICE, "audio/ogg", "ogg"
    if head.startswith(b"PK"):
        return _office(path)
    guess = filetype.guess_mime(head) or ""
    if guess in _TOO_MODERN:
        raise BadFile(OTHER_PICTURE)
    if guess in _BY_MIME:
        return _BY_MIME[guess]
    if head.startswith(_OLE) and said_ending in {"doc", "xls", "ppt"}:
        return next(one for one in _BY_MIME.values() if one[2] == said_ending)
    if not guess and said_ending in _TEXTS and _is_text(head):
        return _TEXTS[said_ending]
    raise BadFile(UNKNOWN)


def _office(path: Path) -> tuple[FileKind, str, str]:
    """Word, Excel or PowerPoint by what lies in the archive; nothing of it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise BadFile(UNKNOWN) from None
    if "[Content_Types].xml" not in names or any(name.endswith("vbaProject.bin") for name in names):
        raise BadFile(UNKNOWN)
    found = next((facts for folder, facts in _IN_ZIP.items() if any(one.startswith(folder) for one in names)), None)
    if found is None:
        raise BadFile(UNKNOWN)
    return found


def _is_text(head: bytes) -> bool:
    """No NUL, and no page that a browser would run."""
    return b"\x00" not in head and head.lstrip()[:1] != b"<"
