"""Attempts are counted per account and per address, in Redis, and in the process's memory while Redis is out.

Only failures count where failing is the attack (sign-in); every request where the request itself costs something
(an e-mail). The account's key is a fingerprint: no e-mail address is kept in Redis. The address's limit is the wider
one, since a whole office may share it.
"""

from typing import Any, Final

from flask import Response, request
from flask_limiter.util import get_remote_address

from core.crypto import fingerprint
from core.extensions import limiter

MAX_EMAIL_LENGTH: Final = 254


def account_asked_for() -> str:
    """The e-mail in the form or JSON body, as a fingerprint; the same whether or not such an account exists."""
    body: Any = request.get_json(silent=True) if request.is_json else request.form
    email = body.get("email", "") if hasattr(body, "get") else ""
    return fingerprint(str(email)[:MAX_EMAIL_LENGTH].strip().lower())


def was_refused(response: Response) -> bool:
    """True for an answer that says the sign-in failed."""
    return response.status_code in {401, 422}


sign_in_by_account = limiter.shared_limit(
    "10 per 15 minutes", "sign_in_account", key_func=account_asked_for, methods=["POST"], deduct_when=was_refused
)
sign_in_by_address = limiter.shared_limit(
    "60 per 15 minutes", "sign_in_address", key_func=get_remote_address, methods=["POST"], deduct_when=was_refused
)
leaving_by_address = limiter.shared_limit(
    "60 per hour", "leaving_address", key_func=get_remote_address, methods=["POST"]
)
reset_by_account = limiter.shared_limit("5 per hour", "reset_account", key_func=account_asked_for, methods=["POST"])
reset_by_address = limiter.shared_limit("30 per hour", "reset_address", key_func=get_remote_address, methods=["POST"])
