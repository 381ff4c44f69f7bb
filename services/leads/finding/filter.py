"""What a person asks of the leads, as the address, a saved segment and the API write it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final

from core.errors import InvalidInput
from models.leads import LegalBasis

SOURCES: Final = ("import", "extraction", "manual", "api")
MOST_CHARS: Final = 120
_MOST_ID: Final = 2**63 - 1


class Standing(StrEnum):
    """Whether a message may reach somebody."""

    REACHABLE = "reachable"
    SUPPRESSED = "suppressed"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Everything that must hold at once; '' and None ask nothing. `contacted` and `replied` are 'yes' or 'no'."""

    q: str = ""
    list_id: int | None = None
    city: str = ""
    category: str = ""
    tag: str = ""
    status: str = ""
    source: str = ""
    legal_basis: str = ""
    contacted: str = ""
    replied: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "LeadFilter":
        """From an address or a saved segment: what isn't known is left out, so that an old link still opens."""
        texts = {name: str(said.get(name) or "").replace("\x00", "").strip()[:MOST_CHARS] for name in _TEXTS}
        for name, allowed in _CHOICES.items():
            texts[name] = texts[name] if texts[name] in allowed else ""
        return cls(list_id=_id_in(said.get("list_id")), **texts)

    @classmethod
    def strictly(cls, said: Mapping[str, Any]) -> "LeadFilter":
        """From a program: InvalidInput names what isn't understood."""
        found = cls.of(said)
        wrong = [name for name in _CHOICES if said.get(name) and not getattr(found, name)]
        if wrong:
            raise InvalidInput(fields={name: [f"Use um destes: {', '.join(_CHOICES[name])}."] for name in wrong})
        return found

    def asked(self) -> dict[str, Any]:
        """Only what is asked, for an address or to be saved."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}

    @property
    def is_empty(self) -> bool:
        """Everybody is meant."""
        return not self.asked()


_TEXTS: Final = tuple(one.name for one in fields(LeadFilter) if one.name != "list_id")
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "status": tuple(str(one) for one in Standing),
    "source": SOURCES,
    "legal_basis": tuple(str(one) for one in LegalBasis),
    "contacted": ("yes", "no"),
    "replied": ("yes", "no"),
}


def _id_in(value: Any) -> int | None:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:20]) <= _MOST_ID else None
