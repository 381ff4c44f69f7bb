"""Addresses of static files, icons and links as templates get them."""

import gzip

import pytest
from flask import Flask, render_template_string

from core import pages
from core.pages import init_pages

PAGE = """{{ url_with(sort="name", cursor=none) }} {{ nav_url("home") }} {{ nav_url("later.index") }}"""


@pytest.fixture
def static(tmp_path):
    for name, text in {
        "css/app.css": "a{}",
        "js/main.js": "1",
        "js/live.js": "2",
        "icons.txt": "send\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def app(static):
    app = Flask("pages", static_folder=str(static), static_url_path="/static")
    init_pages(app)
    app.add_url_rule("/list", "home", lambda: render_template_string(PAGE))
    return app


def test_a_changed_file_gets_a_new_address(app, static):
    with app.test_request_context():
        before = pages.asset("css/app.css")
        (static / "css/app.css").write_text("b{}")
        assert pages.asset("css/app.css") != before
        assert before.startswith("/static/css/app.css?v=")


def test_a_changed_module_gives_every_module_a_new_address(app, static):
    with app.test_request_context():
        before = pages.asset("js/main.js")
        (static / "js/live.js").write_text("3")
        assert pages.asset("js/main.js") != before


def test_a_versioned_file_is_kept_for_a_year_and_a_plain_one_is_asked_for_again(app):
    client = app.test_client()
    assert "max-age=31536000" in client.get("/static/css/app.css?v=1").headers["Cache-Control"]
    assert "immutable" in client.get("/static/css/app.css?v=1").headers["Cache-Control"]
    assert client.get("/static/css/app.css").headers["Cache-Control"] == "no-cache"


def test_text_files_travel_gzipped_where_the_browser_takes_it(app):
    client = app.test_client()
    packed = client.get("/static/css/app.css", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == b"a{}"
    assert client.get("/static/css/app.css").data == b"a{}"
    again = client.get(
        "/static/css/app.css", headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize("url", ["/static/../pages.py", "/static/%2e%2e/x", "/static/gone.css", "/static/css"])
def test_nothing_outside_the_static_folder_is_served(app, url):
    assert app.test_client().get(url, headers={"Accept-Encoding": "gzip"}).status_code == 404


def test_an_unknown_icon_says_where_to_add_it(app):
    with app.test_request_context():
        assert 'href="/static/vendor/icons.svg?v=missing#send"' in pages.icon("send")
        assert 'aria-label="Enviar &amp; sair"' in pages.icon("send", label="Enviar & sair")
        with pytest.raises(KeyError, match=r"icons\.txt"):
            pages.icon("sendd")


def test_links_keep_the_query_and_leave_out_what_is_not_built(app):
    answer = app.test_client().get("/list?q=a%26b&cursor=9&_scheme=javascript&endpoint=x")
    assert answer.text == "/list?q=a%26b&amp;_scheme=javascript&amp;endpoint=x&amp;sort=name /list None"
