"""Security headers, with one Content-Security-Policy per area.

Everything is served from our own origin and nothing is inline, so the rule for every page is
``STRICT``. An area that can't live with it says so by name with ``set_policy`` (the landing-page
editor needs inline styles); the widest policy of the house is therefore one ``grep`` away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import Flask, Response, request

EXTENSION = "security_policies"

HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # For browsers that know neither frame-ancestors nor CSP.
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000; includeSubDomains"
"""One year. Without ``preload``: that is the domain owner's promise to make, not ours."""


@dataclass(frozen=True)
class Policy:
    """A Content-Security-Policy; each field is one directive's value, an empty one is left out."""

    default_src: str = "'self'"
    script_src: str = ""
    style_src: str = ""
    img_src: str = "'self' data:"
    font_src: str = ""
    connect_src: str = ""
    frame_src: str = ""
    object_src: str = "'none'"
    base_uri: str = "'none'"
    form_action: str = "'self'"
    frame_ancestors: str = "'none'"

    def header(self) -> str:
        """The header's value, in the order of the fields."""
        pairs = ((name.replace("_", "-"), value) for name, value in vars(self).items())
        return "; ".join(f"{name} {value}" for name, value in pairs if value)


STRICT = Policy()
EDITOR = replace(
    STRICT,
    style_src="'self' 'unsafe-inline'",
    img_src="'self' data: blob: https:",
    frame_src="'self'",
)
"""The landing-page editor: it styles its canvas inline and shows the customer's own pictures."""


def init_security(app: Flask, *, production: bool) -> None:
    """Send the headers with every answer; HSTS only in production, where TLS is certain."""
    app.extensions[EXTENSION] = {}

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _policy_for(app).header())
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if production:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        return response


def set_policy(app: Flask, area: str, policy: Policy) -> None:
    """Give an endpoint (``marketing.edit_page``) or a whole blueprint (``marketing``) its own policy."""
    policies: dict[str, Policy] = app.extensions[EXTENSION]
    policies[area] = policy


def _policy_for(app: Flask) -> Policy:
    """The endpoint's policy, else its blueprint's, else the strict one."""
    policies: dict[str, Policy] = app.extensions[EXTENSION]
    for area in (request.endpoint, request.blueprint):
        if area in policies:
            return policies[area]
    return STRICT
