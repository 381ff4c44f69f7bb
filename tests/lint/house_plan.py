"""The rooms of `docs/architecture.md`, read from its tables: what the checks hold the code against."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("views", "api", "cli", "jobs", "services", "models", "connectors")
HOUSE = (*FLOORS, "core", "sandbox")


class BadPlan(ValueError):
    """A table of the document contradicts itself."""


@dataclass(frozen=True)
class HousePlan:
    """`rooms`: room -> every room it may use, directly or through another. `pieces`: files and folders of no room."""

    rooms: Mapping[str, frozenset[str]]
    pieces: frozenset[str]

    def room_of(self, path: str) -> str | None:
        """The room a file such as `views/campaigns/list.py` or `jobs/campaigns.py` belongs to."""
        parts = PurePosixPath(path).with_suffix("").parts
        if len(parts) < 2 or parts[0] not in FLOORS:
            return None
        return next((room for room in self.rooms if parts[1] == room or parts[1].startswith(f"{room}_")), None)

    def describes(self, path: str) -> bool:
        """Whether the document says where this file belongs."""
        listed = any(path == piece or (piece.endswith("/") and path.startswith(piece)) for piece in self.pieces)
        return listed or self.room_of(path) is not None


def _rows(text: str, first_header: str) -> Iterator[list[str]]:
    """The cells of the table whose first column is called so."""
    inside = False
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] == first_header:
            inside = True
        elif inside and set(cells[0]) - set("-: "):
            yield cells


def _closure(named: Mapping[str, frozenset[str]], room: str, path: tuple[str, ...] = ()) -> frozenset[str]:
    if room in path:
        raise BadPlan(f"a circle of rooms: {' -> '.join((*path, room))}")
    if unknown := named[room] - named.keys():
        raise BadPlan(f"{room} may use rooms that don't exist: {', '.join(sorted(unknown))}")
    return named[room].union(*(_closure(named, used, (*path, room)) for used in named[room]))


def read_plan(text: str) -> HousePlan:
    """The plan a document draws; BadPlan for a circle, an unknown room, or no room at all."""
    said = {row[0]: row[2] for row in _rows(text, "room")}
    if not said:
        raise BadPlan("no table of rooms found")
    named = {
        room: frozenset(said) - {room, *(other for other in said if said[other] == "all")}
        if uses == "all"
        else frozenset(filter(None, (word.strip() for word in uses.split(","))))
        for room, uses in said.items()
    }
    pieces = frozenset(row[0] for row in _rows(text, "piece"))
    return HousePlan({room: _closure(named, room) for room in named}, pieces)


def house_plan(root: Path = ROOT) -> HousePlan:
    """The plan of the project in `root`."""
    return read_plan((root / "docs" / "architecture.md").read_text())
