"""What a message says and where its file waits: no provider, no database."""

import asyncio
import json
from typing import Any

import pytest

from connectors.whatsapp import Account, Media, MediaKind, RefusalCode, Refused, connector
from core.http_messages import HttpRequest
from services.sending.content import Said, for_provider, request_of, template_of
from services.sending.files import Cache, Room
from services.sending.outcomes import judge
from services.sending.rendering import Composed, Texts, Variation, compose

ACCOUNT = Account(
    "https://api.example.com", "loja", {"token": "t", "api_key": "k", "access_token": "a", "waba_id": "1"}
)
TEMPLATE = {
    "name": "oferta", "language": "pt_BR", "variables": {"1": "{nome|você}", "2": "{desconto}"},
    "body": "Olá {{1}}, {{ 2 }} só hoje", "header": "",
}  # fmt: skip


def composed(one: Variation, *, is_open: bool | None, exit_line: bool = True, variables: str = "{}") -> Composed:
    texts = Texts(1.0, (one,), {"desconto": "10%"}, exit_line)
    return compose(texts, 7, "5511900001001", name="Ana Lima", variables=variables, is_open=is_open)


def test_who_may_get_text_gets_text_and_who_may_not_the_template() -> None:
    one = Variation(3, "Oi {nome}", None, "", TEMPLATE)
    for is_open in (True, None):
        said = composed(one, is_open=is_open)
        assert (said.text, said.template, said.is_closed) == (
            "Oi Ana Lima\n\nResponda SAIR para não receber mais mensagens.", None, False,
        )  # fmt: skip
    said = composed(one, is_open=False, variables='{"desconto": "20%\\n off"}')
    assert said.text == "Olá Ana Lima, 20% off só hoje"
    assert said.template == {
        "name": "oferta", "language": "pt_BR", "header": "", "variables": {"1": "Ana Lima", "2": "20% off"},
    }  # fmt: skip


def test_without_a_template_a_closed_window_stays_closed() -> None:
    assert composed(Variation(3, "Oi", 5, "image"), is_open=False) == Composed(3, "", is_closed=True)


def test_only_a_template_goes_even_where_text_might() -> None:
    assert composed(Variation(3, "", None, "", TEMPLATE), is_open=True).template is not None
    assert composed(Variation(3, "", None, "", TEMPLATE), is_open=None) == Composed(3, "")


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("image", "Oi", "Oi\n\nResponda SAIR para não receber mais mensagens."),
        ("image", "", "Responda SAIR para não receber mais mensagens."),
        ("audio", "Oi", ""),
        ("voice", "", ""),
    ],
)
def test_the_exit_line_stands_where_a_caption_may(kind: str, content: str, text: str) -> None:
    assert composed(Variation(3, content, 5, kind), is_open=None).text == text


def test_fields_go_in_their_order_or_with_their_names() -> None:
    numbered = template_of({"name": "a", "language": "pt_BR", "variables": {"10": "j", "2": "b", "1": "a"}}, None)
    assert (numbered.body, numbered.body_names) == (("a", "b", "j"), ())
    said = {"nome": "Ana", "@header": "Oi", "@button.1": "x"}
    named = template_of({"name": "a", "language": "pt_BR", "variables": said}, None)
    assert (named.body, named.body_names, named.header_text) == (("Ana",), ("nome",), "Oi")
    assert named.url_suffixes == ("", "x")


def test_a_file_goes_along_only_where_the_template_has_a_place_for_it() -> None:
    plain = {"name": "a", "language": "pt_BR", "variables": {}}
    assert Said("Oi", 5).needs_file and not Said("Oi").needs_file
    assert not Said("Oi", 5, plain).needs_file
    assert Said("Oi", 5, plain | {"header": "image"}).needs_file
    assert for_provider(connector("waha"), Said("Oi", 5, plain)) == Said("Oi", 5)
    assert for_provider(connector("cloud_api"), Said("Oi", 5, plain)).template == plain


def test_a_message_with_nothing_for_this_number_is_refused_before_it_leaves() -> None:
    refused = request_of(connector("waha"), ACCOUNT, "5511900001001", Said(), file=None, reference="")
    assert isinstance(refused, Refused) and refused.permanent and "texto" in refused.message


@pytest.mark.parametrize("name", ["mega_api", "evolution", "waha"])
def test_a_caption_that_looks_like_our_mark_stays_a_caption(name: str) -> None:
    file = Media(MediaKind.IMAGE, "image/png", "\x00file.png", content=b"abc")
    said = Said('veja \x00file e {aspas"}', 5)
    request = request_of(connector(name), ACCOUNT, "5511900001001", said, file=file, reference="")
    assert isinstance(request, HttpRequest)
    found = list(leaves(json.loads(request.body)))
    assert said.text in found and "\x00file.png" in found
    assert sum(one.endswith("YWJj") for one in found) == 1


def leaves(value: Any) -> Any:
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    else:
        yield str(value)


def test_what_was_to_be_sent_never_costs_the_number_its_health() -> None:
    for code in (RefusalCode.WINDOW_CLOSED, RefusalCode.MEDIA_REJECTED, RefusalCode.TEMPLATE_INVALID):
        ruling = judge(Refused(code, True, False, "x"), attempt=1, errors_in_a_row=0)
        assert (ruling.status, ruling.number_failed, ruling.number_errors, ruling.is_refunded) == ("failed", 0, 0, True)
    assert judge(Refused(RefusalCode.REJECTED, True, False, "x"), attempt=1, errors_in_a_row=0).number_failed == 1


def test_the_cache_forgets_the_longest_unused_and_keeps_to_its_limit() -> None:
    cache = Cache(10)
    cache.put("a", b"aaaa")
    cache.put("b", b"bbbb")
    assert cache.get("a") == b"aaaa"
    cache.put("c", b"cccc")
    assert [name for name in "abc" if cache.get(name)] == ["a", "c"]
    cache.put("huge", b"x" * 6)
    assert cache.get("huge") is None and cache.get("a")


def test_there_is_room_for_so_much_and_whoever_waits_gets_it_in_turn() -> None:
    async def story() -> list[str]:
        told: list[str] = []
        room = Room(10)
        assert await room.take(6, 1)
        assert not await room.take(6, 0.01), "no room, and the wait has an end"

        async def wait(name: str, size: int) -> None:
            assert await room.take(size, 5)
            told.append(name)

        waiting = [asyncio.create_task(wait(name, size)) for name, size in (("large", 25), ("small", 1))]
        await asyncio.sleep(0)
        assert told == [], "the small one doesn't overtake the large one"
        room.give(6)
        await waiting[0]
        assert told == ["large"], "larger than all the room: alone"
        room.give(25)
        await asyncio.gather(*waiting)
        left = asyncio.create_task(room.take(10, 5))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        room.give(1)
        assert await room.take(10, 0.01), "who left takes nothing along"
        return told

    assert asyncio.run(story()) == ["large", "small"]
