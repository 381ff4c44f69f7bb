"""A run that progresses with time: what it is at a moment follows from when it began. Plain data, no network."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.maps.places import places_of

READY_SHARE = 0.1
"""Of its time a run waits before it begins to find."""
PRICE_PER_PLACE_USD = 0.001
"""Play money: what the sandbox charges says nothing of Apify's prices."""


def iso(at_ms: int) -> str:
    """Epoch milliseconds as Apify writes a moment."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Run:
    """One run. `ends` is how it will end by itself; `share` the part of its places it will find."""

    number: int
    id: str
    actor: str
    token: str
    search: dict[str, Any]
    began_ms: int
    run_ms: int
    ends: str = "SUCCEEDED"
    share: float = 1.0
    webhooks: list[dict[str, Any]] = field(default_factory=list)
    most_usd: float | None = None
    aborted_ms: int | None = None
    is_told: bool = False
    _found: list[dict[str, Any]] | None = None

    @property
    def words(self) -> str:
        """What is looked for."""
        return ", ".join(str(one) for one in self.search.get("searchStringsArray") or [])

    @property
    def location(self) -> str:
        """Where."""
        return str(self.search.get("locationQuery") or "")

    @property
    def ended_ms(self) -> int:
        """When it ends or has ended."""
        return self.began_ms + self.run_ms if self.aborted_ms is None else self.aborted_ms

    @property
    def dataset_id(self) -> str:
        """Its dataset."""
        return f"Ds{self.id}"

    @property
    def store_id(self) -> str:
        """Its key-value store, which holds its input."""
        return f"Kv{self.id}"

    def status(self, now_ms: int) -> str:
        """As Apify spells it."""
        if self.aborted_ms is not None:
            return "ABORTED"
        elapsed = now_ms - self.began_ms
        if elapsed >= self.run_ms:
            return self.ends
        return "READY" if elapsed < self.run_ms * READY_SHARE else "RUNNING"

    def items(self, now_ms: int) -> list[dict[str, Any]]:
        """What it has found by now."""
        if self._found is None:
            most = self.search.get("maxCrawledPlacesPerSearch")
            self._found = places_of(self.words, self.location, most if isinstance(most, int) else 100_000)
        elapsed = min(now_ms, self.ended_ms) - self.began_ms
        done = 1.0 if elapsed >= self.run_ms else max(0.0, elapsed / self.run_ms - READY_SHARE)
        return self._found[: int(len(self._found) * self.share * done)]

    def cost_usd(self, now_ms: int) -> float:
        """Play money."""
        return round(len(self.items(now_ms)) * PRICE_PER_PLACE_USD, 6)

    def as_apify(self, now_ms: int) -> dict[str, Any]:
        """The run object of the API."""
        has_ended = now_ms >= self.ended_ms
        return {
            "id": self.id,
            "actId": "nwua9Gu5YrADL7ZDj",
            "userId": "UserSandbox000001",
            "status": self.status(now_ms),
            "statusMessage": "sandbox",
            "startedAt": iso(self.began_ms),
            "finishedAt": iso(self.ended_ms) if has_ended else None,
            "defaultDatasetId": self.dataset_id,
            "defaultKeyValueStoreId": self.store_id,
            "options": {"build": "latest", "timeoutSecs": 3600, "memoryMbytes": 4096},
            "usageTotalUsd": self.cost_usd(now_ms),
        }

    def as_json(self) -> dict[str, Any]:
        """What must survive a restart."""
        return {name: value for name, value in asdict(self).items() if name != "_found"}
