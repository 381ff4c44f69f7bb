"""A check that can't fail is worthless: each rule meets a page that breaks it, and only it."""

import pytest

from tests.support.page_lint import HEAVY_BYTES, HeavyPage, lint_fragment, lint_page

GOOD = """<!doctype html>
<html lang="pt-BR"><head><meta charset="utf-8"><title>Leads · Leads Infinitos</title>
<script src="/static/js/main.js" type="module"></script></head>
<body><a href="#main">Pular</a><main id="main"><h1>Leads</h1>
<form method="post" action="/leads"><input type="hidden" name="csrf_token" value="abc">
<label for="name">Nome</label><input id="name" name="name">
<label>Cidade <input name="city"></label>
<button type="submit" class="btn btn-primary">Salvar</button></form>
<button type="button"><svg aria-hidden="true"><title>x</title></svg><span>Abrir</span></button>
<img src="/a.png" alt="">
</main></body></html>"""

BREAKS = [
    ("h1", "<h1>Leads</h1>", "<h2>Leads</h2>", "0 h1 elements"),
    ("two h1", "<h1>Leads</h1>", "<h1>Leads</h1><h1>De novo</h1>", "2 h1 elements"),
    ("title", "Leads · Leads Infinitos", " · Leads Infinitos", "title has no words"),
    ("lang", ' lang="pt-BR"', "", "lang is None"),
    ("primary", 'type="button"', 'type="button" class="btn-primary"', "2 primary buttons"),
    ("parse error", "<h1>Leads</h1>", "<p><div>x</div></p><h1>Leads</h1>", "line 4"),
    ("doctype", "<!doctype html>\n", "", "line 1"),
    ("style attribute", "<h1>", '<h1 style="color:red">', "inline style on <h1>"),
    ("style element", "<h1>", "<style>a{}</style><h1>", "inline <style>"),
    ("inline script", "<h1>", "<script>1</script><h1>", "inline <script>"),
    ("handler", "<h1>", '<h1 onclick="x()">', "inline onclick on <h1>"),
    ("hx-on", "<h1>", '<h1 hx-on:click="x()">', "inline hx-on"),
    ("javascript address", "#main", "javascript:x()", "javascript: address on <a>"),
    ("ids", 'name="city"', 'name="city" id="name"', "id 'name' is used 2 times"),
    ("reference", 'id="name"', 'id="name" aria-describedby="gone"', "points at nothing: ['gone']"),
    ("label", '<label for="name">Nome</label>', "", "name='name'> has no label"),
    ("csrf", "csrf_token", "token", "POST form to '/leads' has no csrf_token"),
    ("empty csrf", 'value="abc"', 'value=""', "has no csrf_token"),
    ("alt", ' alt=""', "", "has no alt"),
    ("button text", "<span>Abrir</span>", "", "a button has no text"),
    ("link text", "Pular", "", "the link to '#main' has no text"),
    ("link address", 'href="#main"', 'href=""', "the link 'Pular' goes nowhere"),
]


def test_a_good_page_has_no_problems():
    assert lint_page(GOOD, url="/leads") == []


@pytest.mark.parametrize(("old", "new", "sentence"), [row[1:] for row in BREAKS], ids=[row[0] for row in BREAKS])
def test_a_broken_rule_is_named_with_its_address(old, new, sentence):
    assert old in GOOD
    problems = lint_page(GOOD.replace(old, new, 1), url="/leads")
    assert len(problems) == 1
    assert problems[0].startswith("/leads: ")
    assert sentence in problems[0]


def test_a_heavy_page_warns_without_failing():
    heavy = GOOD.replace("<h1>", "<p>" + "x" * HEAVY_BYTES + "</p><h1>")
    with pytest.warns(HeavyPage, match="KB of HTML"):
        assert lint_page(heavy, url="/leads") == []


def test_a_fragment_needs_no_document_but_keeps_the_other_rules():
    assert lint_fragment('<div id="a"><p>3 enviadas</p></div>', url="/card") == []
    assert lint_fragment('<div id="a"></div><p id="a">x</p>', url="/card") == ["/card: id 'a' is used 2 times"]
