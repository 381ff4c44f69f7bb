"""Which headers leave with every answer, and how an area gets a policy of its own."""

import pytest
from flask import Blueprint, Flask

from core.security import EDITOR, STRICT, Policy, init_security, set_policy


def app_with(*, production: bool) -> Flask:
    app = Flask("secured")
    init_security(app, production=production)
    marketing = Blueprint("marketing", __name__)
    marketing.add_url_rule("/pages", "index", lambda: "list")
    marketing.add_url_rule("/pages/1/edit", "edit_page", lambda: "editor")
    app.register_blueprint(marketing)
    app.add_url_rule("/", "home", lambda: "home")
    return app


def csp(app: Flask, url: str) -> str:
    return app.test_client().get(url).headers["Content-Security-Policy"]


@pytest.mark.parametrize("url", ["/", "/nowhere"])
def test_every_answer_allows_our_own_files_only(url):
    assert csp(app_with(production=False), url) == (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


def test_no_policy_of_the_house_allows_inline_or_evaluated_script():
    for policy in (STRICT, EDITOR):
        assert "unsafe" not in policy.script_src + policy.default_src


def test_browsers_are_told_not_to_guess_embed_or_leak():
    headers = app_with(production=False).test_client().get("/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_only_production_promises_tls():
    assert "Strict-Transport-Security" not in app_with(production=False).test_client().get("/").headers
    assert "max-age=31536000" in app_with(production=True).test_client().get("/").headers["Strict-Transport-Security"]


def test_an_endpoint_or_a_blueprint_may_have_its_own_policy():
    app = app_with(production=False)
    set_policy(app, "marketing", Policy(img_src="'none'"))
    set_policy(app, "marketing.edit_page", EDITOR)
    assert "img-src 'none'" in csp(app, "/pages")
    assert "style-src 'self' 'unsafe-inline'" in csp(app, "/pages/1/edit")
    assert csp(app, "/") == STRICT.header()
