"""The mailbox's pages. A mail's HTML is shown in a sandboxed frame from a route with its own strict
policy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web
from markupsafe import Markup, escape

from sandbox.ledger import Entry
from sandbox.pages.render import Paging, render

if TYPE_CHECKING:
    from sandbox.mail.smtp import Smtp

MAILS_PER_PAGE = 30
# Mails style themselves inline and by nothing else; no script, no form, no outside image runs.
FRAME_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_BASE = re.compile(r"<base\b[^>]*>", re.IGNORECASE)


def with_links(text: str) -> Markup:
    """The text, escaped, with its web addresses as links."""
    parts: list[Markup] = []
    end = 0
    for found in _ADDRESS.finditer(text):
        link = Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(found[0])
        parts += [escape(text[end : found.start()]), link]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


class MailboxPages:
    """List, one mail, its HTML."""

    def __init__(self, smtp: Smtp) -> None:
        self.smtp = smtp

    async def mails(self, request: web.Request) -> web.Response:
        """The mails, newest first, searched by recipient or subject."""
        search = request.query.get("q", "").strip().lower()
        found = [
            mail
            for mail in reversed(self.smtp.world.ledger.items(self.smtp.name))
            if search in f"{mail['to']} {mail['subject']}".lower()
        ]
        return render(request, "mailbox.html", paging=Paging.of(request, found, MAILS_PER_PAGE), search=search)

    async def mail(self, request: web.Request) -> web.Response:
        """One mail."""
        mail = self._find(request)
        return render(request, "mail.html", mail=mail, text=with_links(mail["text"]))

    async def html(self, request: web.Request) -> web.Response:
        """The HTML part alone; its links open in a new tab, for the app refuses to be framed."""
        body = _BASE.sub("", self._find(request)["html"])
        answer = web.Response(text=f'<base target="_blank">{body}', content_type="text/html")
        answer.headers["Content-Security-Policy"] = FRAME_POLICY
        return answer

    def _find(self, request: web.Request) -> Entry:
        number = int(request.match_info["number"])
        found = self.smtp.world.ledger.items(self.smtp.name, since=number - 1, limit=1)
        if not found or found[0]["id"] != number:
            raise web.HTTPNotFound(text="Este e-mail não está mais na caixa. Volte à lista.")
        return found[0]


def pages(smtp: Smtp) -> list[web.RouteDef]:
    """Routes below `/sandbox`."""
    mailbox = MailboxPages(smtp)
    return [
        web.get("/mailbox", mailbox.mails),
        web.get(r"/mailbox/{number:\d{1,9}}", mailbox.mail),
        web.get(r"/mailbox/{number:\d{1,9}}/html", mailbox.html),
    ]
