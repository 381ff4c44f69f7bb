"""Pages for everybody."""

import pytest

from tests.support.page_client import PageClient


@pytest.mark.parametrize("url", ["/", "/terms", "/privacy", "/login", "/forgot-password", "/api/docs"])
def test_everybody_may_read_it(url: str, client: PageClient) -> None:
    assert client.get(url).status_code == 200


def test_the_prices_are_those_of_the_database(client: PageClient) -> None:
    page = client.get("/").text
    for figure in ("97,00", "197,00", "497,00", "20.000 mensagens por dia"):
        assert figure in page


def test_the_api_page_describes_every_operation(client: PageClient) -> None:
    page = client.get("/api/docs").text
    document = client.http.get("/api/openapi.json").json
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page
