"""The one list of "event -> who listens". Imported by the roof alone, so that no room calls upwards."""


def subscribe_all() -> None:
    """Connect every listener; called once by each process at its start."""
