"""`/forgot-password` and `/reset-password/{token}`: opening a link changes nothing, sending its form does."""

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from core import throttle
from core.clock import utcnow
from core.db import db
from core.queue import MAIL, Job, enqueue
from services.accounts import (
    LinkClaim,
    LinkIsOver,
    LinkOwner,
    WeakPassword,
    find_account,
    normalise_email,
    owner_of_link,
    read_one_time_link,
    send_reset_link,
    use_one_time_link,
)
from views import identity
from views.accounts import blueprint
from views.accounts.forms import ChoosePasswordForm, ForgotPasswordForm, problems_of
from views.accounts.sign_in import home_of_the_signed_in


@blueprint.route("/forgot-password", methods=["GET", "POST"])
@throttle.reset_by_account
@throttle.reset_by_address
def forgot_password() -> ResponseReturnValue:
    """Ask for a link. The answer is the same, and as fast, for an e-mail nobody has: a job does the looking up."""
    form = ForgotPasswordForm()
    if request.method != "POST":
        return render_template("accounts/forgot_password.html", form=form, problems={})
    if not form.validate():
        return render_template("accounts/forgot_password.html", form=form, problems=problems_of(form)), 422
    email = normalise_email(form.email.data)
    if not enqueue(Job("jobs.accounts.send_reset_link", (email,), MAIL)):
        _send_here(email)
    return render_template("accounts/link_sent.html", email=email)


@blueprint.route("/reset-password/<token>", methods=["GET", "POST"])
@throttle.reset_by_address
def reset_password(token: str) -> ResponseReturnValue:
    """Choose a password by a one-time link, and be signed in by it."""
    form = ChoosePasswordForm()
    try:
        claim = read_one_time_link(token)
        identity.act_as(claim.tenant_id)
        owner = owner_of_link(db.session(), claim, utcnow())
        if request.method != "POST":
            return _show(form, owner, {})
        return _choose(form, claim, owner)
    except LinkIsOver as over:
        identity.act_as(None)
        return render_template("accounts/link_over.html", sentence=_(over.message)), over.http_status


def _choose(form: ChoosePasswordForm, claim: LinkClaim, owner: LinkOwner) -> ResponseReturnValue:
    if not form.validate():
        return _show(form, owner, problems_of(form)), 422
    session = db.session()
    try:
        person = use_one_time_link(session, claim, form.password.data, utcnow())
    except WeakPassword as weak:
        session.rollback()
        return _show(form, owner, {"password": _(weak.message)}), weak.http_status
    session.commit()
    identity.sign_in(person, remember=False)
    flash(_("Senha guardada. Nos outros aparelhos, entre de novo com ela."), "success")
    return redirect(home_of_the_signed_in(), 303)


def _show(form: ChoosePasswordForm, owner: LinkOwner, problems: dict[str, str]) -> str:
    return render_template("accounts/choose_password.html", form=form, owner=owner, problems=problems)


def _send_here(email: str) -> None:
    """Redis is out and no job can be left: the link is made here, which takes a little longer for a real account."""
    account = find_account(db.session(), email)
    if account is None:
        return
    identity.act_as(account.tenant_id)
    session = db.session()
    send_reset_link(session, account, utcnow())
    session.commit()
    identity.act_as(None)
