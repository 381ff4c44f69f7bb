"""An unchanged block of a page costs no bytes, also when it has buttons."""

import time_machine
from jinja2 import ChoiceLoader, DictLoader

from tests.support.front_app import FrontApp
from views.fragments import live_fragment

CARD = '{% import "components/ui.html" as ui %}<b>{{ n }}</b>{{ ui.post_button("Pausar", "/pause") }}'


def test_a_block_with_a_button_is_unchanged_until_its_figures_change():
    front = FrontApp()
    front.app.jinja_env.loader = ChoiceLoader([DictLoader({"card.html": CARD}), front.app.jinja_loader])
    figures = [7]
    front.app.add_url_rule("/card", "card", lambda: live_fragment("card.html", n=figures[0]))
    visitor = front.app.test_client()
    with time_machine.travel("2026-11-21T12:00:00Z", tick=False) as clock:
        first = visitor.get("/card")
        clock.shift(60)
        asked = {"If-None-Match": first.headers["ETag"]}
        assert visitor.get("/card", headers=asked).status_code == 304
        figures[0] = 8
        assert visitor.get("/card", headers=asked).status_code == 200
