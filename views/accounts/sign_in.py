"""`/login` and `/logout`."""

from urllib.parse import urlsplit

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, logout_user

from core import throttle
from core.clock import utcnow
from core.db import db
from core.pages import nav_url
from services.accounts import WrongCredentials, check_sign_in, find_account
from views import identity
from views.accounts import blueprint
from views.accounts.forms import SignInForm, problems_of


@blueprint.route("/login", methods=["GET", "POST"])
@throttle.sign_in_by_account
@throttle.sign_in_by_address
def login() -> ResponseReturnValue:
    """Sign in and go on to the page that was asked for."""
    form = SignInForm()
    if request.method != "POST":
        return redirect(_target()) if current_user.is_authenticated else _show(form)
    if not form.validate():
        return _show(form, problems_of(form)), 422
    try:
        _sign_in(form.email.data, form.password.data, remember=form.remember.data)
    except WrongCredentials as wrong:
        return _show(form, {"email": _(wrong.message)}), 422
    return redirect(_target(), 303)


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    """Sign this browser out."""
    logout_user()
    session.clear()
    flash(_("Você saiu. Até logo!"), "success")
    return redirect(url_for("accounts.login"), 303)


def home_of_the_signed_in() -> str:
    """Where somebody goes who asked for nothing in particular."""
    return nav_url("dashboard.index") or url_for("accounts.account")


def own_page(address: str) -> str | None:
    """A page of ours to go on to, None for anything a stranger could have made up: another host, a scheme, a
    backslash or control character (browsers read `/\\host` and `/<tab>/host` as another site)."""
    parts = urlsplit(address)
    is_own = address.startswith("/") and not address.startswith("//") and not parts.scheme and not parts.netloc
    return address if is_own and address.isprintable() and "\\" not in address else None


def _sign_in(email: str, password: str, *, remember: bool) -> None:
    account = find_account(db.session(), email)
    identity.act_as(account.tenant_id if account else None)
    opened = db.session()
    person = check_sign_in(opened, account, password, utcnow())
    opened.commit()
    identity.sign_in(person, remember=remember)


def _target() -> str:
    return own_page(request.args.get("next", "")) or home_of_the_signed_in()


def _show(form: SignInForm, problems: dict[str, str] | None = None) -> str:
    return render_template(
        "accounts/login.html", form=form, problems=problems or {}, next=own_page(request.args.get("next", ""))
    )
