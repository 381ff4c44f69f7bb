"""QR and pairing codes that rotate by the clock. They say themselves that they are not real."""

import base64
import io
import time
from functools import lru_cache
from zlib import crc32

import segno

ROTATES_EVERY_SECONDS = 20
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def turn() -> int:
    """The number of the present 20-second turn; another turn, another code."""
    return int(time.time() // ROTATES_EVERY_SECONDS)


@lru_cache(maxsize=256)
def qr_png_data_url(key: str, at_turn: int) -> str:
    """A PNG of the code as a data URL."""
    picture = io.BytesIO()
    segno.make(f"SANDBOX - nada aqui e real: {key} {at_turn}", error="m").save(picture, kind="png", scale=6, border=3)
    return "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()


def pairing_code(key: str, at_turn: int) -> str:
    """Eight characters in two groups."""
    seed = crc32(f"{key}:{at_turn}".encode()) | crc32(key.encode()) << 32
    characters = [_LETTERS[seed >> 5 * place & 31] for place in range(8)]
    return "".join(characters[:4]) + "-" + "".join(characters[4:])
