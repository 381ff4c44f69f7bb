"""`Idempotency-Key`: a POST repeated within 24 hours is answered again, not done again.

Kept in PostgreSQL and not in Redis, because the promise is about money and messages: Redis may be flushed, evicted or
out at the moment of the repeat, and then the work would be done twice. It costs two small transactions a request.

1. Before the door: claim the key by INSERT in a transaction of its own. A row already there is a repeat: its answer
   is given again, another body is a 409, and so is a first request that is still running or died half-way (what it
   did is unknown, and doing it again is what the caller asked us not to do).
2. After the door: keep the answer. One that did nothing (401, 403, 429, 503) lets the key go instead.
"""

import hashlib
from typing import Final

from flask import Flask, Response, g, request
from flask_login import current_user
from sqlalchemy.orm import Session

from core.db import db
from core.doors import is_api
from core.errors import Conflict, InvalidInput
from services.accounts import Answer, claim_idempotency_key, keep_answer, release_idempotency_key

HEADER: Final = "Idempotency-Key"
MAX_KEY_LENGTH: Final = 200
DID_NOTHING: Final = {401, 403, 429, 503}


class KeyReused(Conflict):
    """The same key came with another body or address."""

    code = "idempotency_key_reused"
    message = "Esta Idempotency-Key já foi usada com outro conteúdo. Use uma chave nova para um pedido novo."


class StillRunning(Conflict):
    """The first request has not been answered (yet, or ever)."""

    code = "idempotency_in_progress"
    message = "O primeiro pedido com esta chave ainda não terminou. Confira o resultado antes de repetir com outra."


def init_idempotency(app: Flask) -> None:
    """Register both steps; the doors' own steps, which say who is asking, come before."""
    app.before_request(answer_again)
    app.after_request(remember_answer)


def answer_again() -> Response | None:
    """The kept answer of a repeat, None for a first request."""
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST" or not is_api(request.path) or not current_user.is_authenticated:
        return None
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise InvalidInput("A Idempotency-Key precisa ter de 1 a 200 caracteres.", fields={HEADER: ["1 a 200"]})
    fingerprint = request_fingerprint()
    with Session(db.engine) as own:
        kept = claim_idempotency_key(own, current_user.tenant_id, key, fingerprint)
        own.commit()
    if kept is None:
        g.idempotency_key = key
        return None
    if kept.fingerprint != fingerprint:
        raise KeyReused
    if kept.status is None:
        raise StillRunning
    response = Response(kept.body, kept.status, mimetype="application/json")
    response.headers["Idempotency-Replayed"] = "true"
    return response


def remember_answer(response: Response) -> Response:
    """Keep what was answered under the key this request claimed."""
    key = g.pop("idempotency_key", None)
    if key is None:
        return response
    with Session(db.engine) as own:
        if response.status_code in DID_NOTHING:
            release_idempotency_key(own, current_user.tenant_id, key)
        else:
            answer = Answer(response.status_code, response.get_data(as_text=True))
            keep_answer(own, current_user.tenant_id, key, answer)
        own.commit()
    return response


def request_fingerprint() -> str:
    """SHA-256 of address and content. Uploads count by their fields and files: their boundary differs each time."""
    digest = hashlib.sha256(f"{request.path}?{request.query_string.decode()}\n".encode())
    if request.mimetype != "multipart/form-data":
        digest.update(request.get_data(cache=True))
        return digest.hexdigest()
    for name, value in sorted(request.form.items(multi=True)):
        digest.update(f"{name}={value}\n".encode())
    for name, upload in sorted(request.files.items(multi=True), key=lambda item: item[0]):
        content = hashlib.file_digest(upload.stream, "sha256").hexdigest()  # type: ignore[arg-type]
        upload.stream.seek(0)
        digest.update(f"{name}={upload.filename}:{content}\n".encode())
    return digest.hexdigest()
