"""Figures, phones and moments as a shop owner writes them, and whose language a page speaks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st

from core import formats
from core.i18n import CATALOGUES, compile_catalogues, init_i18n

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NOW = datetime(2026, 11, 21, 20, 40, tzinfo=UTC)  # 17h40 in São Paulo
NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("centavos", "text"),
    [(123450, "R$ 1.234,50"), (0, "R$ 0,00"), (-5, "-R$ 0,05"), (100_000_000_07, "R$ 100.000.000,07")],
)
def test_money_is_written_from_integer_centavos(centavos, text):
    assert formats.money(centavos).replace(NBSP, " ") == text


def test_figures_follow_the_language():
    assert formats.number(1284) == "1.284"
    assert formats.number(1284, locale="en") == "1,284"
    assert formats.percent(97.34) == f"97,3{NBSP}%"
    assert formats.percent(100, locale="en") == "100.0%"
    assert formats.money(123450, locale="en") == "R$1,234.50"


@pytest.mark.parametrize(
    ("phone", "text"),
    [
        ("5511912345678", "(11) 91234-5678"),
        ("551132345678", "(11) 3234-5678"),
        ("12025550123", "+1 202-555-0123"),
        ("351912345678", "+351 912 345 678"),
        ("", ""),
        ("não é telefone", "não é telefone"),
        ("55119", "+55 119"),
        ("٥٥١١٩١٢٣٤٥٦٧٨", "+55 11 91234-5678"),
    ],
)
def test_phones_are_shown_as_their_owners_write_them(phone, text):
    assert formats.phone_display(phone) == text


@given(st.text(max_size=30))
def test_no_text_breaks_the_phone_format(text):
    assert isinstance(formats.phone_display(text), str)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW, "hoje, 17h40"),
        (NOW - timedelta(hours=32, minutes=35), "ontem, 9h05"),
        (NOW + timedelta(hours=7, minutes=20), "amanhã, 1h"),
        (NOW + timedelta(days=2), "segunda, 17h40"),
        (NOW + timedelta(days=6), "sexta, 17h40"),
        (NOW + timedelta(days=7), "28/11, 17h40"),
        (NOW - timedelta(days=2), "19/11, 17h40"),
        (NOW - timedelta(days=30, minutes=40), "22/10, 17h"),
        (NOW - timedelta(days=400), "17/10/2025, 17h40"),
        (datetime(2026, 11, 21, 2, 59, tzinfo=UTC), "ontem, 23h59"),  # already today in UTC
    ],
)
def test_a_moment_is_told_in_the_readers_day(moment, text):
    assert formats.when(moment, now=NOW, zone=SAO_PAULO) == text


def test_a_moment_in_english_and_in_another_zone():
    assert formats.when(NOW, now=NOW, zone=ZoneInfo("America/Manaus"), locale="en") == "today, 16:40"
    assert formats.exact(NOW, zone=SAO_PAULO) == "21/11/2026 17:40:00 (-03)"


def test_a_moment_without_zone_is_refused():
    with pytest.raises(ValueError, match="aware"):
        formats.when(datetime(2026, 11, 21), now=NOW, zone=SAO_PAULO)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (120, "2 min"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (90_000, "1 dia 1 h"),
        (86_400 * 9, "9 dias"),
        (-5, "0 s"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(seconds, text):
    assert formats.duration(seconds).replace(NBSP, " ") == text
    assert formats.duration(timedelta(seconds=seconds)).replace(NBSP, " ") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (10, "agora"),
        (50, "há 1 min"),
        (120, "há 2 min"),
        (3 * 3600, "há 3 h"),
        (86_400, "há 1 dia"),
        (-7200, "em 2 h"),
    ],
)
def test_ago_is_told_with_one_unit(seconds, text):
    assert formats.ago(NOW - timedelta(seconds=seconds), now=NOW).replace(NBSP, " ") == text


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_money_never_loses_a_centavo(centavos):
    digits = "".join(char for char in formats.money(centavos) if char.isdigit())
    assert int(digits) == abs(centavos)


@pytest.fixture
def app():
    app = Flask("pages")
    init_i18n(app, user_zone=lambda: "America/Manaus")
    app.add_url_rule("/", "home", lambda: render_template_string("{{ locale }} {{ 1234.5 | number }}"))
    app.add_url_rule("/when", "when", lambda: render_template_string("{{ time_tag(moment) }}", moment=NOW))
    return app


def test_portuguese_comes_first_and_the_browser_may_ask_for_english(app):
    client = app.test_client()
    assert client.get("/").text == "pt-BR 1.234,5"
    assert client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"}).text == "en 1,234.5"
    assert client.get("/", headers={"Accept-Language": "fr"}).text == "pt-BR 1.234,5"


def test_a_chosen_language_is_remembered_and_leads_back(app):
    client = app.test_client()
    answer = client.post("/language", data={"lang": "en", "next": "/?q=1"})
    assert (answer.status_code, answer.location) == (303, "/?q=1")
    assert client.get("/").text.startswith("en")
    client.post("/language", data={"lang": "xx"})
    assert client.get("/").text.startswith("en")


@pytest.mark.parametrize("target", ["https://evil.example/x", "//evil.example/x", "/\\evil.example", "javascript:1"])
def test_the_language_switch_never_leads_to_another_site(app, target):
    location = app.test_client().post("/language", data={"lang": "en", "next": target}).location
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_a_time_tag_carries_the_exact_moment_in_the_tenants_zone(app):
    html = app.test_client().get("/when").text
    assert 'datetime="2026-11-21T20:40:00+00:00"' in html
    assert 'title="21/11/2026 16:40:00 (-04)"' in html


def test_every_text_of_the_english_catalogue_is_translated():
    assert compile_catalogues() == ["en"]
    with (CATALOGUES / "en/LC_MESSAGES/messages.po").open("rb") as source:
        missing = [message.id for message in read_po(source) if message.id and not message.string]
    assert missing == []
