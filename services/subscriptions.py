"""The one list of "event -> who listens". Imported by the roof alone, so that no room calls upwards."""

from core.events import subscribe
from services import inbox, outgoing
from services.accounts import OneTimeLinkMade
from services.instances import DirectQueued, MessagesArrived


def subscribe_all() -> None:
    """Connect every listener; called once by each process at its start."""
    subscribe(OneTimeLinkMade, outgoing.write_link_email)
    subscribe(MessagesArrived, inbox.store_arrived)
    subscribe(DirectQueued, inbox.store_queued)
