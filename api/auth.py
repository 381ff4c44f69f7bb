"""`POST /api/auth/login`: e-mail and password -> a key for programs, valid for 12 hours."""

from datetime import datetime
from typing import Any

import marshmallow as ma

from api.common import Blueprint, Schema, StrictSchema
from core import throttle
from core.clock import utcnow
from core.db import db
from core.tenancy import enter_tenant
from services.accounts import check_sign_in, create_sign_in_key, find_account

blueprint = Blueprint("api_auth", __name__, url_prefix="/api/auth", description="Entrar por programa")


class LoginArgs(StrictSchema):
    """What a person signs in with."""

    email = ma.fields.String(required=True, validate=ma.validate.Length(max=254))
    password = ma.fields.String(required=True, validate=ma.validate.Length(max=1024))


class TokenSchema(Schema):
    """Send it as `Authorization: Bearer TOKEN`."""

    token = ma.fields.String(required=True)
    expires_at = ma.fields.AwareDateTime(required=True)


@blueprint.route("/login", methods=["POST"])
@throttle.sign_in_by_account
@throttle.sign_in_by_address
@blueprint.arguments(LoginArgs)
@blueprint.response(200, TokenSchema)
@blueprint.doc(security=[])
def login(body: dict[str, Any]) -> dict[str, str | datetime]:
    """Throttled like the page; wrong e-mail and wrong password answer the same."""
    now = utcnow()
    account = find_account(db.session(), body["email"])
    if account is not None:
        enter_tenant(account.tenant_id)
    session = db.session()
    person = check_sign_in(session, account, body["password"], now)
    token, expires_at = create_sign_in_key(session, person, now)
    session.commit()
    return {"token": token, "expires_at": expires_at}
