"""The ledger: everything the sandbox was sent, exact for what was accepted, whatever was answered.

Entries live in memory, one list per provider, and are exact the moment a request is accepted. With a data
folder a background flush also appends them to `ledger-<provider>.jsonl`; an entry that changes later (its
last receipt, say) is appended again, and the last line of an id wins. A kill -9 of the sandbox itself loses
at most one flush interval.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sandbox.clock import now_iso

Entry = dict[str, Any]

# Reading these back takes a quarter of a second; older ones stay in the file only, so that a start stays
# below a second.
KEPT_ACROSS_RESTARTS = 20_000


class _Book:
    """One provider's entries, ids counting up by one from `first_id`."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self.first_id = 1
        self.unwritten: dict[int, Entry] = {}
        self.calls: Counter[str] = Counter()
        if path is not None and path.exists():
            self._read_back(path)

    def append(self, fields: Entry) -> Entry:
        entry: Entry = {"id": self.first_id + len(self.entries), "at": now_iso(), **fields}
        self.entries.append(entry)
        self.note(entry)
        return entry

    def note(self, entry: Entry) -> None:
        if self.path is not None:
            self.unwritten[entry["id"]] = entry

    def holds(self, entry: Entry) -> bool:
        place = entry["id"] - self.first_id
        return 0 <= place < len(self.entries) and self.entries[place] is entry

    def after(self, since: int, limit: int) -> list[Entry]:
        start = max(0, since + 1 - self.first_id)
        return self.entries[start : start + limit]

    def flush(self) -> None:
        if self.path is None or not self.unwritten:
            return
        lines = [json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in self.unwritten.values()]
        self.unwritten.clear()
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def clear(self) -> None:
        self.entries, self.first_id = [], 1
        self.unwritten.clear()
        self.calls.clear()
        if self.path is not None:
            self.path.write_text("", encoding="utf-8")

    def _read_back(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8", errors="replace")
        found = {entry["id"]: entry for entry in _readable(text.splitlines()[-3 * KEPT_ACROSS_RESTARTS :])}
        self.entries = [found[key] for key in sorted(found)][-KEPT_ACROSS_RESTARTS:]
        self.first_id = self.entries[0]["id"] if self.entries else 1
        if text and not text.endswith("\n"):  # killed in the middle of a line: the next one must not join it
            with path.open("a", encoding="utf-8") as file:
                file.write("\n")


def _readable(lines: Iterable[str]) -> Iterable[Entry]:
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and isinstance(entry.get("id"), int):
            yield entry


class Ledger:
    """What each provider was sent; reads and appends are plain list work, cheap enough for every request."""

    def __init__(self, folder: Path | None, providers: Iterable[str]) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._books = {name: _Book(folder / f"ledger-{name}.jsonl" if folder else None) for name in providers}

    @property
    def providers(self) -> tuple[str, ...]:
        """The names of the books kept."""
        return tuple(self._books)

    def append(self, provider: str, **fields: Any) -> Entry:
        """Write one entry; it gets the next `id` of its provider and the time `at`."""
        return self._books[provider].append(fields)

    def amend(self, provider: str, entry: Entry, **fields: Any) -> None:
        """Change an entry; one that a reset has thrown away in the meantime is left alone."""
        book = self._books[provider]
        if book.holds(entry):
            entry.update(fields)
            book.note(entry)

    def count_call(self, provider: str, name: str) -> None:
        """Count a request that is no entry of its own (a status look-up, a number check)."""
        self._books[provider].calls[name] += 1

    def calls(self, provider: str) -> dict[str, int]:
        """How often each kind of request came since the last reset."""
        return dict(self._books[provider].calls)

    def items(self, provider: str, *, since: int = 0, limit: int | None = None) -> list[Entry]:
        """The entries with an id above `since`, oldest first."""
        return self._books[provider].after(since, self.total(provider) if limit is None else limit)

    def total(self, provider: str) -> int:
        """How many entries the provider's book holds."""
        return len(self._books[provider].entries)

    def clear(self, provider: str) -> None:
        """Forget a provider's entries, in memory and in the file; ids start at 1 again."""
        self._books[provider].clear()

    def flush(self) -> None:
        """Append what changed to the files, when there is a data folder."""
        for book in self._books.values():
            book.flush()
