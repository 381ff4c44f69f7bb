"""No door without a lock: every route asks for a named action, or stands on the list of open ones with its reason."""

import re

import pytest
from flask import Flask

from services.accounts import PERMISSIONS
from tests.support.page_client import PageClient

PLACEHOLDER = re.compile(r"<(?:(?P<converter>[^:>]+):)?[^>]+>")
OPEN = {
    "static": "files of the front end",
    "i18n.set_language": "a visitor chooses a language",
    "public.home": "the shop window",
    "public.terms": "terms of use",
    "public.privacy": "privacy notice",
    "public.api_docs": "documentation of the API",
    "api-docs.openapi_json": "documentation of the API",
    "health.healthz": "for load balancers",
    "health.metrics": "loopback or token",
    "api_health.api_health": "for load balancers",
    "accounts.login": "signing in",
    "accounts.logout": "signing out",
    "accounts.forgot_password": "asking for a link",
    "accounts.reset_password": "a one-time link is the key",
    "privacy.unsubscribe": "a signed link is the key",
    "privacy.leave": "a signed link is the key",
    "api_auth.login": "signing in",
    "apify_webhook.receive": "the address's secret is the key",
    "hotmart_webhook.receive": "Hotmart's token is the key",
    "whatsapp_webhook.receive": "the address's secret is the key",
    "whatsapp_webhook.shake_hands": "the address's secret is the key",
}
"""Endpoint -> why nobody is asked who they are."""


def guarded(app: Flask) -> dict[str, str]:
    """Endpoint -> action, for the routes that ask for one."""
    found = {}
    for endpoint, view in app.view_functions.items():
        action = getattr(view, "required_action", None)
        if action is not None:
            found[endpoint] = action
    return found


def test_every_route_is_guarded_or_open_on_purpose(app: Flask) -> None:
    unlocked = set(app.view_functions) - set(guarded(app)) - set(OPEN)
    unlocked = {name for name in unlocked if not name.startswith("api_moved_")}
    assert unlocked == set()


def test_the_list_of_open_routes_names_only_routes_that_exist(app: Flask) -> None:
    assert set(OPEN) - set(app.view_functions) == set()


def test_every_action_asked_for_is_in_the_table(app: Flask) -> None:
    assert set(guarded(app).values()) - set(PERMISSIONS) == set()


def test_a_visitor_is_sent_to_sign_in_by_every_guarded_page_and_refused_by_every_guarded_call(app: Flask) -> None:
    client = PageClient(app)
    lets_in = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in guarded(app) or "GET" not in (rule.methods or ()):
            continue
        address = PLACEHOLDER.sub(lambda found: "1" if found["converter"] else "x", rule.rule)
        answer = client.http.get(address)
        if answer.status_code not in (302, 303, 401):
            lets_in.append((address, answer.status_code))
    assert lets_in == []


@pytest.mark.parametrize("role", ["owner", "manager", "operator", "viewer"])
def test_reading_is_for_all_roles(role: str) -> None:
    from models.accounts import Role
    from services.accounts import role_may

    assert all(
        role_may(Role(role), action) for action in PERMISSIONS if action.endswith(".read") and action != "audit.read"
    )
