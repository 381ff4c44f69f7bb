"""Which addresses may be spoken to, what an exception means, and the counters: shared by both transports."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import certifi
from prometheus_client import Counter

from core.http_messages import FailureKind, FailureReason, HttpAnswer, HttpFailure

# Customers name their own hosts, so the label must not grow without end.
MAX_COUNTED_HOSTS: Final = 200
# Node servers (several gateways are) close idle connections after 5 s: let go first, so that a request
# never races the server's close and ends unclear.
KEEPALIVE_SECONDS: Final = 4.0
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")

_requests_total = Counter("leads_http_requests_total", "Outgoing HTTP calls", ["host", "outcome"])
_counters: dict[tuple[str, str], Counter] = {}
_counted_hosts: set[str] = set()


class PrivateAddress(OSError):
    """The name leads to an address inside our own network. The text never names the address: an answer
    that did would map that network for whoever typed the host."""

    def __init__(self) -> None:
        super().__init__("private address refused")


class InvalidRequest(ValueError):
    """The URL isn't plain http(s) with a host and without user info, or a header holds control characters."""


@dataclass(slots=True)
class _Policy:
    allow_private_hosts: bool = False
    ca_file: str | None = None
    version: int = 0


_policy = _Policy()


def configure(*, allow_private_hosts: bool, ca_file: str | None = None) -> None:
    """Called once at start by each entry point. `ca_file` adds a certificate authority to the public ones
    (a self-hosted gateway with a private one). The environment is read by `core.config`, never here."""
    _policy.allow_private_hosts = allow_private_hosts
    _policy.ca_file = ca_file
    _policy.version += 1


def policy_version() -> int:
    """Grows with each `configure`, so that kept sessions know they are stale."""
    return _policy.version


def tls_context() -> ssl.SSLContext:
    """A fresh verifying context (loading the authorities costs about 20 ms: make one per session)."""
    context = ssl.create_default_context(cafile=certifi.where())
    if _policy.ca_file:
        context.load_verify_locations(_policy.ca_file)
    return context


def may_connect(address: str) -> bool:
    """Whether a connection to this numeric address is allowed. Asked with the very address the
    socket will connect to, so a name that changes its mind after the look-up gains nothing."""
    return _policy.allow_private_hosts or is_public_address(address)


@lru_cache(maxsize=4096)
def is_public_address(address: str) -> bool:
    """True only for globally routable unicast addresses, also looking inside IPv6 forms that carry IPv4."""
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _inner_ipv4(ip)
        if inner is not None:
            return is_public_address(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _inner_ipv4(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


_REASONS: Final[tuple[tuple[type[BaseException], FailureReason], ...]] = (
    (PrivateAddress, FailureReason.PRIVATE_ADDRESS),
    (socket.gaierror, FailureReason.DNS),
    (ssl.SSLError, FailureReason.TLS),
    (ConnectionRefusedError, FailureReason.REFUSED),
    (TimeoutError, FailureReason.TIMEOUT),
    (ConnectionError, FailureReason.RESET),
    (http.client.HTTPException, FailureReason.BAD_RESPONSE),
    (InvalidRequest, FailureReason.INVALID_REQUEST),
)


def failure(
    kind: FailureKind,
    error: BaseException,
    elapsed_ms: float,
    otherwise: FailureReason = FailureReason.UNEXPECTED,
) -> HttpFailure:
    """Names an exception (and what it wraps) in our words; `otherwise` where no part of it is known.
    The kind is the transport's to say."""
    reason = next((r for e in _chain(error) for t, r in _REASONS if isinstance(e, t)), None)
    if kind is FailureKind.NOT_SENT:
        reason = _before_sending(reason, error)
    return HttpFailure(kind, reason or otherwise, type(error).__name__, elapsed_ms)


def _before_sending(reason: FailureReason | None, error: BaseException) -> FailureReason:
    if reason is FailureReason.TIMEOUT:
        return FailureReason.CONNECT_TIMEOUT
    if reason is FailureReason.RESET:
        return FailureReason.UNREACHABLE
    if reason is None:
        return FailureReason.INVALID_REQUEST if isinstance(error, ValueError) else FailureReason.UNREACHABLE
    return reason


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and all it carries: clients hide the cause in an attribute, an argument or a cause."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending and len(seen) < 20:
        one = pending.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending += [*one.args, getattr(one, "reason", None), getattr(one, "os_error", None)]
        pending += [one.__cause__, one.__context__]


def inflated(body: bytes, encoding: str, limit: int) -> bytes | None:
    """The body without gzip or deflate; None when it is broken or larger than `limit`. We ask for plain
    bodies, but a proxy that zips anyway must not cost us the id of a message that was accepted."""
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        return body
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        plain = unzip.decompress(body, limit + 1)
    except zlib.error:
        return None
    return plain if unzip.eof and len(plain) <= limit else None


def count(host: str, answer: HttpAnswer) -> None:
    """One call more for this host: 2xx, 3xx, 4xx, 5xx, not_sent or unclear."""
    outcome = answer.kind.value if isinstance(answer, HttpFailure) else f"{answer.status // 100}xx"
    counter = _counters.get((host, outcome))
    if counter is None:
        counter = _counter_for(host, outcome)
    counter.inc()


def _counter_for(host: str, outcome: str) -> Counter:
    if host not in _counted_hosts and len(_counted_hosts) >= MAX_COUNTED_HOSTS:
        return _requests_total.labels("other", outcome)
    _counted_hosts.add(host)
    return _counters.setdefault((host, outcome), _requests_total.labels(host, outcome))
