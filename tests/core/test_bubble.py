"""A message looks in the preview as it will on the phone, and never as anything else."""

import time

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bubble import whatsapp_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*oi*", "<strong>oi</strong>"),
        ("_oi_ ~não~", "<em>oi</em> <s>não</s>"),
        ("*a _b_ c*", "<strong>a <em>b</em> c</strong>"),
        ("```x * y```", "<code>x * y</code>"),
        ("linha 1\nlinha 2", "linha 1<br>linha 2"),
        ("*não\nfecha*", "*não<br>fecha*"),
        ("a*b* c_d_ e", "a*b* c_d_ e"),
        ("2*3*4 e a_b_c", "2*3*4 e a_b_c"),
        ("* solto *", "* solto *"),
        ("*a _b* c_", "<strong>a _b</strong> c_"),
        ("<b>&</b>", "&lt;b&gt;&amp;&lt;/b&gt;"),
        (
            "(*aviso*), veja https://example.com/a_b_c",
            "(<strong>aviso</strong>), veja https://example.com/a_b_c",
        ),
    ],
)
def test_whatsapps_marks_become_html_and_the_rest_is_escaped(text, html):
    assert whatsapp_html(text) == html


def test_filled_variables_are_marked_even_inside_and_across_formats():
    assert whatsapp_html([("Oi ", False), ("Ana", True)]) == "Oi <mark>Ana</mark>"
    assert whatsapp_html([("*Oi ", False), ("A<na", True), ("*!", False)]) == (
        "<strong>Oi <mark>A&lt;na</mark></strong>!"
    )


@given(st.lists(st.tuples(st.text(alphabet="*_~` a\n<&", max_size=12), st.booleans()), max_size=8))
def test_any_message_gives_well_nested_html_with_all_its_letters(parts):
    html = str(whatsapp_html(parts))
    html5lib.HTMLParser(strict=True).parseFragment(f"<div>{html}</div>")
    assert html.count("a") >= sum(text.count("a") for text, _ in parts)


@pytest.mark.parametrize("text", ["*a " * 1400, "*_~" * 1400, "```" * 1400, "*a* " * 1024])
def test_the_longest_message_takes_no_noticeable_time(text):
    began = time.perf_counter()
    whatsapp_html(text[:4096])
    assert time.perf_counter() - began < 0.5
