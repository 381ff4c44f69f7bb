"""The one HTTP door of pages and jobs: `send(request)` over a `requests` session per thread.

The sender daemon uses `core.http_async` with the same words and the same rules:

* every call ends within `timeout_seconds`, even when the server drips a byte a second. One limit: the
  system's resolver can't be interrupted, so a name may cost its own time-out on top (a few seconds);
* no redirect is followed, no cookie kept, no proxy, `.netrc` or other environment read, nothing retried;
* an address inside our network is refused (see `core.http_guard.may_connect`);
* a failure says whether the request surely did not leave. That is not guessed from exception types: our
  own socket notes the first byte handed to it. A connection kept alive that the server closed meanwhile
  is noticed before use, or thrown away after 4 s idle; in the race that is left the failure is `unclear`.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
import time
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from core.http_guard import (
    KEEPALIVE_SECONDS,
    InvalidRequest,
    PrivateAddress,
    configure,
    count,
    failure,
    inflated,
    may_connect,
    policy_version,
    tls_context,
)
from core.http_messages import (
    FailureKind,
    FailureReason,
    HttpAnswer,
    HttpFailure,
    HttpRequest,
    HttpResponse,
    redacted,
    redacted_answer,
    redacted_url,
)

__all__ = [
    "FailureKind",
    "FailureReason",
    "HttpAnswer",
    "HttpFailure",
    "HttpRequest",
    "HttpResponse",
    "configure",
    "redacted",
    "redacted_answer",
    "redacted_url",
    "send",
]

CHUNK_BYTES: Final = 64 * 1024
_EXPECTED: Final = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)


class _Call(threading.local):
    """What the sockets of this thread must know about the call in progress."""

    deadline: float = 0.0
    connect_deadline: float = 0.0
    left: bool = False


class _Kept(threading.local):
    session: requests.Session | None = None
    version: int = -1


_call = _Call()
_kept = _Kept()


class _TooLarge(Exception):
    pass


def send(request: HttpRequest) -> HttpAnswer:
    """Makes the call and returns its answer or its failure; raises nothing the network can cause."""
    started = time.monotonic()
    _call.left = False
    _call.deadline = started + request.timeout_seconds
    _call.connect_deadline = min(_call.deadline, started + request.connect_timeout_seconds)
    host = ""
    try:
        host = checked_host(request.url)
        answer: HttpAnswer = _exchange(request, started)
    except _EXPECTED as error:
        kind = FailureKind.UNCLEAR if _call.left else FailureKind.NOT_SENT
        answer = failure(kind, error, _elapsed_ms(started))
    except _TooLarge as error:
        answer = HttpFailure(FailureKind.UNCLEAR, FailureReason.TOO_LARGE, str(error), _elapsed_ms(started))
    count(host, answer)
    return answer


def checked_host(url: str) -> str:
    """Host of an http(s) URL; refuses other schemes, missing hosts and user info with `InvalidRequest`."""
    parts = urlsplit(url)
    # Reading `port` is what refuses an impossible one, with a ValueError like the rest.
    sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    if not sound or not parts.hostname or "@" in parts.netloc:
        raise InvalidRequest
    return parts.hostname


def _exchange(request: HttpRequest, started: float) -> HttpResponse:
    session = _session()
    wanted = requests.Request(request.method, request.url, dict(request.headers), data=request.body or None)
    prepared = session.prepare_request(wanted)
    timeout = (request.connect_timeout_seconds, request.timeout_seconds)
    response = session.send(prepared, stream=True, timeout=timeout, allow_redirects=False)
    try:
        body = _body(response, request.max_response_bytes)
    finally:
        response.close()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpResponse(response.status_code, headers, body, _elapsed_ms(started))


def _body(response: requests.Response, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    for piece in response.raw.stream(CHUNK_BYTES, decode_content=False):
        size += len(piece)
        if size > limit:
            raise _TooLarge("response body over the limit")
        pieces.append(piece)
    plain = inflated(b"".join(pieces), response.headers.get("content-encoding", "").lower(), limit)
    if plain is None:
        raise _TooLarge("zipped response body broken or over the limit")
    return plain


def _elapsed_ms(started: float) -> float:
    return (time.monotonic() - started) * 1000


def _session() -> requests.Session:
    session = _kept.session
    if session is None or _kept.version != policy_version():
        session = _kept.session = _new_session()
        _kept.version = policy_version()
    return session


def _new_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    session.headers.update({"User-Agent": "LeadsInfinitos/1", "Accept-Encoding": "identity"})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(max_retries=urllib3.Retry(0, read=False))
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _forget_session() -> None:
    _kept.session = None


# A forked job must not write into a connection its parent still holds.
os.register_at_fork(after_in_child=_forget_session)


class _Socket(socket.socket):
    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_remaining(_call.deadline))
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        _call.left = True
        self.settimeout(_remaining(_call.deadline))
        super().sendall(*args, **kwargs)


class _TlsSocket(ssl.SSLSocket):
    """Its handshake runs inside OpenSSL, not through `send`, so it doesn't count as a request that left."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_remaining(_call.deadline))
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        _call.left = True
        self.settimeout(_remaining(_call.deadline))
        return super().send(*args, **kwargs)


def _remaining(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("deadline passed")
    return left


class _Guarded(HTTPConnection):
    """Resolves, checks and connects in one place, so the checked address is the connected one; the URL's
    host stays in the Host header and in SNI."""

    _last_used: float = 0.0

    def _new_conn(self) -> socket.socket:
        last: OSError = PrivateAddress()
        for family, kind, proto, _, address in socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM):
            if not may_connect(str(address[0])):
                continue
            sock = _Socket(family, kind, proto)
            try:
                sock.settimeout(_remaining(_call.connect_deadline))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
                return sock
            except OSError as error:
                sock.close()
                last = error
        raise last

    def getresponse(self) -> Any:
        response = super().getresponse()
        self._last_used = time.monotonic()
        return response

    @property
    def is_connected(self) -> bool:
        return super().is_connected and time.monotonic() - self._last_used < KEEPALIVE_SECONDS


class _GuardedTls(_Guarded, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _GuardedTls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        context = tls_context()
        context.sslsocket_class = _TlsSocket
        super().init_poolmanager(connections, maxsize, block, ssl_context=context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        # The base class would load the authorities' file again for each connection.
        conn.cert_reqs = "CERT_REQUIRED"
