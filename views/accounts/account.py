"""`/account`: one's own data, password, plan and usage, the licence with its dates."""

from typing import cast

from flask import flash, redirect, render_template, request, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from core.errors import InvalidInput
from services.accounts import (
    MOST_A_WEEK,
    Person,
    change_password,
    licences_of,
    limit_messages_per_person,
    messages_per_person_week,
    usage_of,
)
from views import identity
from views.accounts import blueprint
from views.accounts.forms import ChangePasswordForm, problems_of
from views.licence_words import badge


@blueprint.get("/account")
@requires("account.read")
def account() -> ResponseReturnValue:
    """Everything about one's own account."""
    return _show({})


@blueprint.post("/account/password")
@requires("account.edit_self")
def change_own_password() -> ResponseReturnValue:
    """Change the password; this browser stays signed in, all others are signed out."""
    form = ChangePasswordForm()
    if not form.validate():
        return _show(problems_of(form)), 422
    session = db.session()
    try:
        me = cast(Person, current_principal())
        person = change_password(session, me, current=form.current_password.data, new=form.password.data)
    except InvalidInput as refused:
        session.rollback()
        return _show({name: _(found[0]) for name, found in refused.fields.items()}), refused.http_status
    session.commit()
    identity.sign_in(person, remember=browser.permanent)
    flash(_("Senha trocada. Os outros aparelhos saíram da conta."), "success")
    return redirect(url_for("accounts.account"), 303)


@blueprint.post("/account/manners")
@requires("account.settings")
def change_manners() -> ResponseReturnValue:
    """How often one person may be written to, over all campaigns."""
    session, me = db.session(), cast(Person, current_principal())
    try:
        most = _whole(request.form.get("messages_per_person_week", ""))
        limit_messages_per_person(session, me.tenant_id, most, actor=me.user_id)
    except InvalidInput as refused:
        session.rollback()
        return _show({name: _(found[0]) for name, found in refused.fields.items()}), refused.http_status
    session.commit()
    flash(_("Limite por pessoa guardado. Ele vale a partir da próxima mensagem."), "success")
    return redirect(url_for("accounts.account"), 303)


def _whole(typed: str) -> int | None:
    """What stands in the field; something that is no number is refused like one out of bounds."""
    typed = typed.strip()
    return None if not typed else int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0


def _show(problems: dict[str, str]) -> str:
    session = db.session()
    tenant_id = current_principal().tenant_id
    now = utcnow()
    return render_template(
        "accounts/account.html",
        entitlement=identity.current_entitlement(),
        licences=licences_of(session, tenant_id, now),
        usage=usage_of(session, tenant_id, now),
        most_a_week=messages_per_person_week(session, tenant_id),
        most_possible=MOST_A_WEEK,
        problems=problems,
        badge=badge,
    )
