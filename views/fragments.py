"""A block of a page that keeps itself fresh: rendered, hashed, and 304 when nothing changed."""

import hashlib
import re

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

CSRF_TOKEN = re.compile(rb'name="csrf_token" value="[^"]*"')
"""Signed anew each second; with it in the hash, a block with a button would never be unchanged."""


def live_fragment(template: str, **context: object) -> Response:
    """The fragment with an ETag of its content, so that an unchanged block costs no bytes."""
    response = make_response(render_template(template, **context))
    content = CSRF_TOKEN.sub(b"", response.get_data())
    response.set_etag(hashlib.blake2b(content, digest_size=12).hexdigest())
    response.cache_control.private = True
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response
