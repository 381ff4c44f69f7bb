"""How each provider misbehaves: the switches of `POST /sandbox/control` and the seeded dice behind them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from random import Random
from typing import Any

MAX_MS = 600_000
MOST_COPIES = 20
RETRY_AFTER_SECONDS = 2


class Nonsense(ValueError):
    """A control request that cannot be meant; the message says in Portuguese what is expected."""


@dataclass(frozen=True, slots=True)
class Switches:
    """The misbehaviour of one provider. Shares are 0..1, times are milliseconds.

    latency_ms        wait between taking a request and answering it
    fail              share answered with a 5xx, nothing accepted
    throttle          share answered with a 429 and Retry-After, nothing accepted
    throttle_bare     share answered with a 429 that doesn't say for how long, nothing accepted
    drop              share whose connection is reset before the body is read
    hang              share read and never answered, nothing accepted
    error_body        share of sends answered with 200 and an error in the provider's words, nothing accepted
    silent            share of sends accepted whose answer never comes
    hang_ms           longest time a withheld answer keeps its connection open
    garbage           share of sends accepted whose answer is 200 and illegible
    empty             share of sends accepted whose answer is 201 without a body
    drip              share of sends accepted whose answer comes byte by byte
    drip_ms           time between two of those bytes
    early             share of sends whose answer waits until all their receipts have left
    echo_only         share of messages of which no receipt ever comes, only our own text as an echo
    duplicate         share of messages whose receipts (or events) arrive several times
    copies            how often they arrive then
    reorder           share of messages whose receipts arrive shuffled
    stray             share of messages beside which a receipt of a message nobody knows arrives
    forge             share of messages beside which forged receipts arrive: this message's under a wrong secret,
                      and under the right one that of another number's message
    run_ms            time a search of Apify takes
    no_credit         share of searches refused with a 402, nothing begun
    actor_fails       share of searches that end FAILED without a place
    times_out         share of searches that end TIMED-OUT with half of their places
    no_places         share of searches that end well and find nothing
    lost_webhook      share of searches of whose end no webhook tells
    seed              starts the dice anew, so that a run can be repeated
    receipt_delay_ms  time from acceptance to the receipts sent, delivered, read
    reply_share       share of read messages the contact replies to
    reply_delay_ms    time from the read receipt to the reply
    """

    latency_ms: int = 0
    fail: float = 0.0
    throttle: float = 0.0
    throttle_bare: float = 0.0
    drop: float = 0.0
    hang: float = 0.0
    error_body: float = 0.0
    silent: float = 0.0
    hang_ms: int = 60_000
    garbage: float = 0.0
    empty: float = 0.0
    drip: float = 0.0
    drip_ms: int = 1_000
    early: float = 0.0
    echo_only: float = 0.0
    duplicate: float = 0.0
    copies: int = 3
    reorder: float = 0.0
    stray: float = 0.0
    forge: float = 0.0
    run_ms: int = 8_000
    no_credit: float = 0.0
    actor_fails: float = 0.0
    times_out: float = 0.0
    no_places: float = 0.0
    lost_webhook: float = 0.0
    seed: int | None = None
    receipt_delay_ms: tuple[int, int, int] = (200, 1_000, 3_000)
    reply_share: float = 0.0
    reply_delay_ms: int = 1_000


DEFAULTS = Switches()
NAMES = tuple(field.name for field in fields(Switches))


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _milliseconds(name: str, value: object) -> int:
    if isinstance(value, int) and _whole(value) and 0 <= value <= MAX_MS:
        return value
    raise Nonsense(f"{name} deve ser um número inteiro de milissegundos, de 0 a {MAX_MS}; veio {value!r}.")


def _share(name: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise Nonsense(f"{name} deve ser um número de 0 a 1 (0.25 = um em cada quatro); veio {value!r}.")


def _seed(name: str, value: object) -> int | None:
    if value is None or (isinstance(value, int) and _whole(value)):
        return value
    raise Nonsense(f"{name} deve ser um número inteiro ou null; veio {value!r}.")


def _copies(name: str, value: object) -> int:
    if isinstance(value, int) and _whole(value) and 1 <= value <= MOST_COPIES:
        return value
    raise Nonsense(f"{name} deve ser um número inteiro de 1 a {MOST_COPIES}; veio {value!r}.")


def _three_delays(name: str, value: object) -> tuple[int, int, int]:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise Nonsense(f"{name} deve ser uma lista de três tempos em milissegundos: enviada, entregue, lida.")
    sent, delivered, read = (_milliseconds(name, item) for item in value)
    return sent, delivered, read


_READERS: dict[str, Callable[[str, object], Any]] = {
    name: _milliseconds if name.endswith("_ms") else _share for name in NAMES
} | {"seed": _seed, "copies": _copies, "receipt_delay_ms": _three_delays}


def read_changes(data: Mapping[str, Any]) -> dict[str, Any]:
    """The switches named in a control request, checked. Raises `Nonsense` on an unknown name or a bad
    value.
    """
    changes = {}
    for name, value in data.items():
        if name not in _READERS:
            raise Nonsense(f"Não conheço {name!r}. Conheço: provider, {', '.join(NAMES)}.")
        changes[name] = _READERS[name](name, value)
    return changes


class Behaviour:
    """The switches and dice of every provider; dice of one purpose never disturb those of another."""

    def __init__(self, honoured: Mapping[str, frozenset[str]]) -> None:
        self._honoured = honoured
        self._switches = dict.fromkeys(honoured, DEFAULTS)
        self._dice: dict[tuple[str, str], Random] = {}

    def of(self, provider: str) -> Switches:
        """The current switches of one provider."""
        return self._switches[provider]

    def shown(self, provider: str) -> dict[str, Any]:
        """The switches a provider honours, as JSON shows them."""
        values = asdict(self._switches[provider])
        return {name: values[name] for name in NAMES if name in self._honoured[provider]}

    def change(self, provider: str, changes: Mapping[str, Any]) -> None:
        """Set some switches of one provider or of all (`*`); the others stay. A seed starts the dice anew.

        Raises `Nonsense` for an unknown provider, or for a switch that one named provider has no use for
        (setting it to its default is let pass).
        """
        for name in self._named(provider):
            useful = {key: value for key, value in changes.items() if key in self._honoured[name]}
            if provider != "*":
                self._refuse_useless(name, changes)
            self._switches[name] = replace(self._switches[name], **useful)
            if "seed" in useful:
                self._forget_dice(name)

    def reset(self, provider: str) -> None:
        """Back to good behaviour."""
        self._switches[provider] = DEFAULTS
        self._forget_dice(provider)

    def dice(self, provider: str, purpose: str) -> Random:
        """The generator for one purpose of one provider, seeded when a seed is set."""
        key = (provider, purpose)
        if key not in self._dice:
            seed = self._switches[provider].seed
            self._dice[key] = Random(None if seed is None else f"{seed}:{provider}:{purpose}")
        return self._dice[key]

    def hits(self, provider: str, switch: str, *, purpose: str = "sends") -> bool:
        """Throw the dice for one share; a share of zero throws nothing, so it costs nothing."""
        share: float = getattr(self._switches[provider], switch)
        return share > 0 and self.dice(provider, f"{purpose}:{switch}").random() < share

    def _named(self, provider: str) -> Iterable[str]:
        if provider == "*":
            return tuple(self._switches)
        if provider not in self._switches:
            known = ", ".join(self._switches)
            raise Nonsense(f"Não conheço o provedor {provider!r}. Conheço: {known} e * (todos).")
        return (provider,)

    def _refuse_useless(self, provider: str, changes: Mapping[str, Any]) -> None:
        for name, value in changes.items():
            if name not in self._honoured[provider] and value != getattr(DEFAULTS, name):
                known = ", ".join(name for name in NAMES if name in self._honoured[provider])
                raise Nonsense(f"{name} não muda nada em {provider}, que conhece: {known}.")

    def _forget_dice(self, provider: str) -> None:
        self._dice = {key: dice for key, dice in self._dice.items() if key[0] != provider}
