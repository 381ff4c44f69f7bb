"""The one list of "event -> who listens". Imported by the roof alone, so that no room calls upwards."""

from core.events import subscribe
from services import outgoing
from services.accounts import OneTimeLinkMade


def subscribe_all() -> None:
    """Connect every listener; called once by each process at its start."""
    subscribe(OneTimeLinkMade, outgoing.write_link_email)
