"""What happened to our programs between two looks at them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.supervision import State

FINE = {"RUNNING", "STARTING"}
STOPPED = {"BACKOFF", "FATAL", "EXITED"}

News = tuple[str, Literal["died", "back", "given up"]]


@dataclass
class Watch:
    """`look(states)`: a program that died is told once, with its return; one that supervisor gave up, every time."""

    known: dict[str, State] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)

    def look(self, states: Mapping[str, State]) -> Iterator[News]:
        """What is new since the last look."""
        for name, state in states.items():
            before = self.known.get(name, state)
            self.known[name] = state
            was_replaced = {state.state, before.state} <= FINE and state.pid != before.pid
            if name not in self.down and (was_replaced or state.state in STOPPED):
                self.down.add(name)
                yield name, "died"
            elif name in self.down and state.state == "RUNNING":
                self.down.remove(name)
                yield name, "back"
            if state.state == "FATAL":
                yield name, "given up"
