"""How answers end, what a connection is never mistaken for, and when it is let go: the parts of HTTP/1.1 that the
sender's own connections must get right, and the other door with them."""

from __future__ import annotations

import asyncio
import time

import pytest

from core.http import FailureReason, HttpAnswer, HttpRequest, HttpResponse
from core.http_async import AsyncTransport
from core.http_guard import KEEPALIVE_SECONDS
from tests.core.doors import NOT_SENT, UNCLEAR, Sender, answered, failed, post, send_async_in_turn
from tests.core.wire import Behaviour, answers, never_answers, read_request, reply, serving

pytestmark = pytest.mark.usefixtures("loopback_allowed")


def hears(raw: bytes) -> Behaviour:
    """Answers each request with these bytes and closes."""

    def behave(conn, server):  # type: ignore[no-untyped-def]
        read_request(conn, server)
        conn.sendall(raw)

    return behave


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\nX-T: 1\r\n\r\n",
            b"abcde",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
    ids=["chunked", "until closed", "old", "continue", "nothing"],
)
def test_every_way_to_end_a_body_is_understood(door: Sender, raw: bytes, body: bytes) -> None:
    with serving(hears(raw)) as server:
        assert answered(door(post(server.url))[0]).body == body


def test_a_second_answer_to_one_question_is_never_given_to_the_next(door: Sender) -> None:
    with serving(answers(reply(b"mine") + reply(b"nobody's"))) as server:
        both = door(post(server.url), post(server.url), pause=0.05)
    assert [answered(one).body for one in both] == [b"mine", b"mine"]


def test_a_large_body_arrives_whole_and_an_answer_before_its_end_counts(door: Sender) -> None:
    body = b"x" * 5_000_000

    def refuses_early(conn, server):  # type: ignore[no-untyped-def]
        conn.recv(1000)
        conn.sendall(reply(b"too large", "413 Payload Too Large", "Connection: close\r\n"))
        server.stopped.wait(0.5)

    with serving(answers(reply())) as server:
        assert answered(door(HttpRequest("POST", server.url, body=body))[0]).status == 200
    assert server.requests[0].endswith(body)
    with serving(refuses_early) as server:
        answer = door(HttpRequest("POST", server.url, body=body, timeout_seconds=2))[0]
    if isinstance(answer, HttpResponse):
        assert answer.status == 413
    else:
        assert answer.kind is UNCLEAR


def test_headers_of_the_same_name_are_kept_together(door: Sender) -> None:
    with serving(answers(reply(headers="X-A: 1\r\nx-a: 2\r\n"))) as server:
        assert answered(door(post(server.url))[0]).headers["x-a"] == "1, 2"


def test_an_endless_head_is_given_up() -> None:
    with serving(hears(b"HTTP/1.1 200 OK\r\n" + b"X-Long: 1234567890\r\n" * 5000)) as server:
        assert failed(send_async_in_turn(post(server.url))[0]) == (UNCLEAR, FailureReason.BAD_RESPONSE)


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("GET /x HTTP/1.1\r\nX: y", "http://localhost/"),
        HttpRequest("POST", "http://localhost/a b"),
        HttpRequest("POST", "http://localhost/", {"X\r\nY": "z"}),
        HttpRequest("POST", "http://localhost/", {"X:Y": "z"}),
    ],
)
def test_what_would_be_another_request_is_surely_not_sent(request_: HttpRequest) -> None:
    assert failed(send_async_in_turn(request_)[0]) == (NOT_SENT, FailureReason.INVALID_REQUEST)


def test_a_call_that_is_cancelled_takes_its_connection_along() -> None:
    async def run(url: str) -> HttpAnswer:
        async with AsyncTransport() as transport:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await transport.send(post(url))
            return await transport.send(post(url, seconds=0.2))

    with serving(never_answers) as server:
        assert failed(asyncio.run(run(server.url))) == (UNCLEAR, FailureReason.TIMEOUT)
    assert server.connections == 2


def test_idle_connections_are_let_go_before_a_server_would() -> None:
    """Node closes after 5 s of rest; whoever writes at that moment doesn't know what became of it."""
    ends: list[float] = []

    def watches(conn, server):  # type: ignore[no-untyped-def]
        answers(reply())(conn, server)
        ends.append(time.monotonic())

    async def run(url: str) -> None:
        async with AsyncTransport() as transport:
            await transport.send(post(url))
            began = time.monotonic()
            while not ends and time.monotonic() < began + 8:
                await asyncio.sleep(0.05)
            assert ends and KEEPALIVE_SECONDS <= ends[0] - began < KEEPALIVE_SECONDS + 3

    with serving(watches) as server:
        asyncio.run(run(server.url))
