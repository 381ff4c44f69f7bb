"""The world: the shared pieces every dialect and page works with, and what of it survives a restart."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from sandbox.courier import Courier
from sandbox.dialect import Dialect
from sandbox.door import Door
from sandbox.ledger import Ledger
from sandbox.misbehaviour import Behaviour

FLUSH_SECONDS = 0.5

D = TypeVar("D", bound=Dialect)


@dataclass(frozen=True, slots=True)
class Options:
    """How the sandbox was started. Port 0 takes a free one; no data folder keeps everything in memory."""

    host: str = "127.0.0.1"
    port: int = 0
    smtp_port: int = 0
    app_url: str = "http://127.0.0.1:8000"
    data_dir: Path | None = None
    hottok: str = "sandbox-hottok"


class World:
    """Ledger, misbehaviour, courier and the dialects, wired together once at the start."""

    def __init__(self, options: Options, dialects: Iterable[type[Dialect]]) -> None:
        kinds = tuple(dialects)
        self.options = options
        self.ledger = Ledger(options.data_dir, [kind.name for kind in kinds])
        self.behaviour = Behaviour({kind.name: kind.switches for kind in kinds})
        self.courier = Courier()
        self.base_url = ""
        self.door: Door | None = None
        self.dialects = {kind.name: kind(self) for kind in kinds}
        self._is_changed = False
        self._restore()

    def all_of(self, kind: type[D]) -> list[D]:
        """The dialects of one family, in registration order."""
        return [dialect for dialect in self.dialects.values() if isinstance(dialect, kind)]

    def remember(self) -> None:
        """Say that a snapshot changed; the next flush writes it."""
        self._is_changed = True

    def reset(self, provider: str, *, forget_accounts: bool = False) -> None:
        """Forget what one provider was sent and how it misbehaves."""
        self.behaviour.reset(provider)
        self.ledger.clear(provider)
        self.courier.forget(provider)
        self.dialects[provider].reset(forget_accounts=forget_accounts)
        self.remember()

    def flush(self) -> None:
        """Write what changed to the data folder."""
        self.ledger.flush()
        path = self._state_path
        if path is None or not self._is_changed:
            return
        self._is_changed = False
        state = {name: dialect.snapshot() for name, dialect in self.dialects.items()}
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
        fresh.replace(path)

    async def flush_forever(self) -> None:
        """The background flush."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            self.flush()

    @property
    def _state_path(self) -> Path | None:
        return self.options.data_dir / "state.json" if self.options.data_dir else None

    def _restore(self) -> None:
        path = self._state_path
        if path is None or not path.exists():
            return
        state = json.loads(path.read_text(encoding="utf-8"))
        for name, snapshot in state.items():
            if name in self.dialects and snapshot is not None:
                self.dialects[name].restore(snapshot)


WORLD: web.AppKey[World] = web.AppKey("world", World)
