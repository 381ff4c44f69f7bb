"""Every macro, layout and error page keeps the rules of the page lint, in both languages."""

import pytest
from flask import render_template, render_template_string

from tests.support.front_app import FrontApp
from tests.support.page_lint import lint_page

ERRORS = [400, 401, 403, 404, 409, 413, 422, 429, 500, 503]
PAGES = ["/", "/styleguide?toasts=1", "/livepage", "/upload", "/confirm", *(f"/error/{code}" for code in ERRORS)]


@pytest.fixture(scope="module")
def visitor():
    return FrontApp().app.test_client()


@pytest.mark.filterwarnings("ignore::tests.support.page_lint.HeavyPage")
@pytest.mark.parametrize("language", ["pt-BR", "en"])
@pytest.mark.parametrize("url", PAGES)
def test_every_page_keeps_the_rules(visitor, url, language):
    html = visitor.get(url, headers={"Accept-Language": language}).text
    assert lint_page(html, url=url) == []
    assert f'<html lang="{language}"' in html


@pytest.mark.parametrize("code", ERRORS)
def test_every_error_says_what_happened_gives_a_code_to_quote_and_a_way_on(visitor, code):
    answer = visitor.get(f"/error/{code}")
    assert answer.status_code == code
    assert "7F3A-21C9" in answer.text
    assert 'data-action="way-on"' in answer.text


def test_an_errors_own_sentence_wins_over_the_general_one(visitor):
    app = FrontApp().app
    with app.test_request_context():
        html = render_template("errors/404.html", code=404, message="Esta lista foi excluída ontem.")
    assert "Esta lista foi excluída ontem." in html
    assert "O endereço não existe" not in html


def test_the_menu_leaves_out_rooms_that_are_not_built(visitor):
    html = visitor.get("/campaigns").text
    assert 'href="/leads"' in html
    assert "Bots" not in html


def test_the_landing_page_promises_nothing_it_cannot_keep(visitor):
    html = visitor.get("/").text.lower()
    assert "anti-ban" not in html
    assert "r$\xa049,00" in html
    assert "não existe garantia contra bloqueio" in html


def test_what_a_person_typed_is_kept_and_passwords_are_not(visitor):

    source = '{% import "components/ui.html" as ui %}{{ ui.field(name, name, type=name, value="se<gredo") }}'
    with FrontApp().app.test_request_context():
        assert 'value="se&lt;gredo"' in render_template_string(source, name="email")
        assert "gredo" not in render_template_string(source, name="password")
        assert "se&lt;gredo</textarea>" in render_template_string(source, name="textarea")
