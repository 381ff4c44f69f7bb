"""A visitor for page tests: keeps cookies, sends the CSRF token of the page it came from, lints every page."""

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.support.page_lint import lint_page

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"|name="csrf-token" content="([^"]+)"')


class PageClient:
    """Thin over Flask's test client. `get` and `post` follow nothing by themselves; `token` is the last page's."""

    def __init__(self, app: Flask) -> None:
        self.http = app.test_client()
        self.token = ""

    def get(self, url: str, **options: Any) -> TestResponse:
        """Fetch and lint."""
        return self._seen(self.http.get(url, **options), url)

    def post(self, url: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Submit a form with the CSRF token of the last page that had one."""
        fields = {"csrf_token": self.token} | (data or {})
        return self._seen(self.http.post(url, data=fields, **options), url)

    def sign_in(self, email: str, password: str) -> None:
        """Through the sign-in page, as a person does."""
        self.get("/login")
        answer = self.post("/login", {"email": email, "password": password})
        assert answer.status_code in (302, 303), f"sign-in answered {answer.status_code}: {answer.text[:500]}"

    def _seen(self, answer: TestResponse, url: str) -> TestResponse:
        if answer.mimetype == "text/html":
            page = answer.text
            if found := TOKEN.search(page):
                self.token = found.group(1) or found.group(2)
            if "<html" in page[:500]:
                problems = lint_page(page, url=url)
                assert not problems, f"{url}:\n" + "\n".join(problems)
        return answer
