"""What the direct lane's parts say to each other. Frozen data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class DirectNumber(NamedTuple):
    """A number with a direct message that may go now: the lane's turn. The message is picked by the claim."""

    tenant_id: int
    instance_id: int
    connector: str
    base_url: str
    instance_key: str
    sealed_credentials: str
    consecutive_errors: int


class DirectClaimed(NamedTuple):
    """A direct message that stands as `sending`, committed, with nothing of it sent yet."""

    tenant_id: int
    direct_id: int
    instance_id: int
    phone: str
    recipient_id: str
    text: str
    media_id: int | None
    template: Mapping[str, Any] | None
    attempt: int
    claim_id: str

    @property
    def is_closed(self) -> bool:
        """The provider judges the 24 hours of a conversation."""
        return False

    @property
    def reference(self) -> str:
        """Never the name of a campaign's row."""
        return f"d{self.direct_id}"


@dataclass(slots=True)
class DirectReport:
    """What a claim found out: `more` numbers have further messages waiting."""

    claimed: list[DirectClaimed] = field(default_factory=list)
    more: set[int] = field(default_factory=set)
