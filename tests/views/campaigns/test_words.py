"""Words of the campaigns' pages that follow the reader's language."""

from datetime import date

import pytest
from flask import Flask

from core.i18n import init_i18n
from views.campaigns import words


@pytest.mark.parametrize(("tag", "shown"), [("pt-BR", "05/08"), ("en", "05 Aug")])
def test_a_day_is_written_as_its_reader_writes_it(tag: str, shown: str) -> None:
    app = Flask(__name__)
    init_i18n(app)
    with app.test_request_context(f"/?lang={tag}"):
        assert words.day(date(2026, 8, 5)) == shown
