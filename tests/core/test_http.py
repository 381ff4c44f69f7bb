"""Both HTTP doors over real sockets on loopback: what arrives, what fails, and whether it had left."""

from __future__ import annotations

import asyncio
import gzip
import os
import ssl
import threading
import time

import pytest
from prometheus_client import REGISTRY

from core.http import (
    FailureReason,
    HttpRequest,
    HttpResponse,
    configure,
    send,
)
from core.http_async import AsyncTransport
from core.http_guard import count
from tests.core.doors import NOT_SENT, UNCLEAR, Sender, answered, failed, post, send_in_turn
from tests.core.wire import (
    Behaviour,
    answers,
    answers_once_then_closes,
    answers_once_then_dies_on_the_next,
    drips,
    full_backlog,
    localhost_certificate,
    never_answers,
    read_request,
    reads_then_closes,
    reads_then_resets,
    refused_port,
    reply,
    serving,
)

pytestmark = pytest.mark.usefixtures("loopback_allowed")


def test_an_answer_comes_back_whole(door: Sender) -> None:
    with serving(answers(reply(b'{"ok":true}', "201 Created", "X-Id: 7\r\n"))) as server:
        response = answered(door(post(server.url))[0])
    assert (response.status, response.body, response.headers["x-id"]) == (201, b'{"ok":true}', "7")
    assert response.elapsed_ms > 0
    sent = server.requests[0]
    assert sent.startswith(b"POST /send HTTP/1.1\r\n") and sent.endswith(b'\r\n\r\n{"a":1}')
    assert b"authorization: bearer segredo" in sent.lower()
    assert f"host: localhost:{server.port}".encode() in sent.lower()


def test_a_connection_is_kept_for_the_next_call(door: Sender) -> None:
    with serving(answers(reply())) as server:
        door(post(server.url), post(server.url), post(server.url))
    assert (len(server.requests), server.connections) == (3, 1)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect"])
def test_redirects_are_not_followed(door: Sender, status: str) -> None:
    with serving(answers(reply(b"", status, "Location: /elsewhere\r\n"))) as server:
        response = answered(door(post(server.url))[0])
    assert response.status == int(status[:3])
    assert len(server.requests) == 1


def test_cookies_are_not_kept(door: Sender) -> None:
    with serving(answers(reply(headers="Set-Cookie: who=another-tenant; Path=/\r\n"))) as server:
        door(post(server.url), post(server.url))
    assert b"cookie" not in server.requests[1].lower()


def test_a_url_arrives_as_it_was_written(door: Sender) -> None:
    rest = "/loja%2Fsp?jid=5511900000001@s.whatsapp.net&url=https%3A%2F%2Fx.example.com"
    with serving(answers(reply())) as server:
        door(post(server.url + rest))
    assert server.requests[0].startswith(f"POST /send{rest} ".encode())


def test_a_zipped_body_is_unzipped_within_the_limit(door: Sender) -> None:
    bomb = gzip.compress(b"0" * 3_000_000)
    with serving(answers(reply(gzip.compress(b'{"id":1}'), headers="Content-Encoding: gzip\r\n"))) as server:
        assert answered(door(post(server.url))[0]).body == b'{"id":1}'
    with serving(answers(reply(bomb, headers="Content-Encoding: gzip\r\n"))) as server:
        assert failed(door(post(server.url))[0]) == (UNCLEAR, FailureReason.TOO_LARGE)


def test_a_refused_port_is_surely_not_sent(door: Sender) -> None:
    answer = door(post(f"http://127.0.0.1:{refused_port()}/"))[0]
    assert failed(answer) == (NOT_SENT, FailureReason.REFUSED)


def test_an_unknown_name_is_surely_not_sent(door: Sender) -> None:
    answer = door(post("http://nobody.invalid/", seconds=10, connect=9))[0]
    assert failed(answer) == (NOT_SENT, FailureReason.DNS)


def test_a_connection_that_never_opens_is_surely_not_sent(door: Sender) -> None:
    with full_backlog() as port:
        answer = door(post(f"http://127.0.0.1:{port}/", seconds=0.3, connect=0.3))[0]
    assert failed(answer) == (NOT_SENT, FailureReason.CONNECT_TIMEOUT)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "http:///nothing",
        "http://user:pass@localhost/",
        "not a url",
        "http://[::1/",
        "",
        "http://h:99999/",
    ],
)
def test_a_senseless_url_is_surely_not_sent(door: Sender, url: str) -> None:
    assert failed(door(post(url))[0]) == (NOT_SENT, FailureReason.INVALID_REQUEST)


def test_a_header_with_a_line_break_is_surely_not_sent(door: Sender) -> None:
    with serving(answers(reply())) as server:
        answer = door(HttpRequest("POST", server.url, {"Authorization": "a\r\nX-Evil: 1"}))[0]
    assert failed(answer) == (NOT_SENT, FailureReason.INVALID_REQUEST)
    assert server.requests == []


def test_a_server_that_never_answers_leaves_it_unclear(door: Sender) -> None:
    with serving(never_answers) as server:
        answer = door(post(server.url, seconds=0.3))[0]
    assert failed(answer) == (UNCLEAR, FailureReason.TIMEOUT)
    assert len(server.requests) == 1


@pytest.mark.parametrize("behave", [reads_then_resets, reads_then_closes])
def test_a_connection_that_dies_after_reading_leaves_it_unclear(door: Sender, behave: Behaviour) -> None:
    with serving(behave) as server:
        answer = door(post(server.url))[0]
    assert failed(answer) == (UNCLEAR, FailureReason.RESET)
    assert len(server.requests) == 1


@pytest.mark.parametrize("raw", [reply(b"x" * 1000), reply(b"", headers="X-Long: " + "y" * 900 + "\r\n")])
def test_a_slow_drip_ends_at_the_deadline(door: Sender, raw: bytes) -> None:
    with serving(drips(raw)) as server:
        started = time.monotonic()
        answer = door(post(server.url, seconds=0.5))[0]
    assert failed(answer) == (UNCLEAR, FailureReason.TIMEOUT)
    assert time.monotonic() - started < 1.5


def test_a_body_over_the_limit_is_not_read(door: Sender) -> None:
    with serving(answers(reply(b"x" * 50_000))) as server:
        answer = door(post(server.url, limit=10_000))[0]
    assert failed(answer) == (UNCLEAR, FailureReason.TOO_LARGE)


@pytest.mark.parametrize(
    "raw",
    [
        b"this is no http at all\r\n\r\n",
        b"HTTP/1.1 abc What\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nbad\r\n",
    ],
)
def test_garbage_instead_of_http_leaves_it_unclear(door: Sender, raw: bytes) -> None:
    def behave(conn: object, server: object) -> None:
        answers(raw)(conn, server)  # type: ignore[arg-type]

    with serving(behave) as server:
        answer = door(post(server.url, seconds=1))[0]
    if raw.startswith(b"HTTP/1.1 200 OK\r\nContent-Length: -7") and isinstance(answer, HttpResponse):
        assert answer.body == b""  # http.client reads a negative length as none
    else:
        kind, reason = failed(answer)
        assert kind is UNCLEAR and reason in {FailureReason.BAD_RESPONSE, FailureReason.TIMEOUT}


def test_a_body_cut_short_leaves_it_unclear(door: Sender) -> None:
    with serving(reads_then_answers(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")) as server:
        kind, _ = failed(door(post(server.url))[0])
    assert kind is UNCLEAR


def reads_then_answers(raw: bytes) -> Behaviour:
    def behave(conn, server):  # type: ignore[no-untyped-def]
        reads_then_closes(conn, server)
        conn.sendall(raw)

    return behave


def test_a_kept_connection_closed_meanwhile_is_replaced(door: Sender) -> None:
    with serving(answers_once_then_closes) as server:
        both = door(post(server.url), post(server.url), pause=0.1)
    assert [answered(a).status for a in both] == [200, 200]
    assert server.connections == 2


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
def test_a_kept_connection_that_dies_under_a_request_is_unclear_and_never_repeated(door: Sender, method: str) -> None:
    with serving(answers_once_then_dies_on_the_next) as server:
        request = HttpRequest(method, server.url, timeout_seconds=2)
        first, second = door(request, request)
        time.sleep(0.05)
    assert answered(first).status == 200
    assert failed(second) == (UNCLEAR, FailureReason.RESET)
    assert len(server.requests) == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1", "0.0.0.0"])
def test_private_addresses_are_refused_before_anything_leaves(door: Sender, host: str) -> None:
    configure(allow_private_hosts=False)
    with serving(answers(reply())) as server:
        kind, reason = failed(door(post(f"http://{host}:{server.port}/"))[0])
    assert kind is NOT_SENT
    assert reason in {FailureReason.PRIVATE_ADDRESS, FailureReason.INVALID_REQUEST, FailureReason.DNS}
    assert server.connections == 0


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    return localhost_certificate(tmp_path_factory.mktemp("tls"))


def test_an_untrusted_certificate_is_surely_not_sent(door: Sender, tls: tuple[ssl.SSLContext, str]) -> None:
    with serving(answers(reply()), tls[0]) as server:
        answer = door(post(server.url))[0]
    assert failed(answer) == (NOT_SENT, FailureReason.TLS)
    assert server.requests == []


def test_tls_keeps_the_name_and_the_deadline(door: Sender, tls: tuple[ssl.SSLContext, str]) -> None:
    context, authority = tls
    names: list[str | None] = []
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    configure(allow_private_hosts=True, ca_file=authority)
    with serving(answers(reply(b"safe")), context) as server:
        assert answered(door(post(server.url))[0]).body == b"safe"
    assert names == ["localhost"]
    with serving(drips(reply(b"x" * 1000)), context) as server:
        started = time.monotonic()
        assert failed(door(post(server.url, seconds=0.5))[0]) == (UNCLEAR, FailureReason.TIMEOUT)
        assert time.monotonic() - started < 1.5
    with serving(reads_then_resets, context) as server:
        kind, _ = failed(door(post(server.url))[0])
        assert kind is UNCLEAR


def test_a_handshake_that_hangs_is_surely_not_sent(door: Sender) -> None:
    with serving(lambda conn, server: server.stopped.wait(5)) as server:  # type: ignore[arg-type,return-value]
        url = f"https://localhost:{server.port}/"
        answer = door(post(url, seconds=0.6, connect=0.3))[0]
    assert failed(answer) == (NOT_SENT, FailureReason.CONNECT_TIMEOUT)


def test_many_calls_fly_at_once_and_none_is_mixed_up() -> None:
    def behave(conn, server):  # type: ignore[no-untyped-def]
        while read_request(conn, server):
            conn.sendall(reply(server.requests[-1].split(b"\r\n", 1)[0]))

    async def run(server_url: str) -> None:
        async with AsyncTransport() as transport:
            answer = await transport.send(post(server_url))
            assert answered(answer).status == 200
            many = await asyncio.gather(*(transport.send(post(server_url)) for _ in range(60)))
            assert all(answered(a).status == 200 for a in many)

    with serving(behave) as server:
        asyncio.run(run(server.url))
    assert len(server.requests) == 61


def test_each_thread_has_its_own_connection() -> None:
    with serving(answers(reply())) as server:
        threads = [threading.Thread(target=send_in_turn, args=(post(server.url),) * 3) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(server.requests), server.connections) == (9, 3)


def test_a_forked_child_opens_its_own_connection() -> None:
    with serving(answers(reply())) as server:
        send(post(server.url))
        child = os.fork()
        if child == 0:
            os._exit(0 if isinstance(send(post(server.url)), HttpResponse) else 1)
        assert os.waitpid(child, 0)[1] == 0
        send(post(server.url))
    assert (len(server.requests), server.connections) == (3, 2)


def test_a_transport_that_is_not_open_says_so() -> None:
    with pytest.raises(RuntimeError, match="not open"):
        asyncio.run(AsyncTransport().send(post("http://localhost/")))


def test_calls_are_counted_by_host_and_outcome_without_growing_for_ever(door: Sender) -> None:
    def counted(host: str, outcome: str) -> float:
        labels = {"host": host, "outcome": outcome}
        return REGISTRY.get_sample_value("leads_http_requests_total", labels) or 0

    before = counted("localhost", "2xx"), counted("localhost", "unclear")
    with serving(answers(reply())) as server:
        door(post(server.url))
    with serving(reads_then_closes) as server:
        door(post(server.url))
    assert (counted("localhost", "2xx"), counted("localhost", "unclear")) == (before[0] + 1, before[1] + 1)
    for number in range(300):
        count(f"h{number}.example.com", HttpResponse(500))
    assert counted("other", "5xx") > 0
    assert counted("h299.example.com", "5xx") == 0
