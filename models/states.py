"""How a state is kept: a text column with a CHECK, an enum in Python, one transition table per machine.

A state only moves by `UPDATE ... WHERE status = expected`; the tables below say which moves exist, and the drawing
in `docs/` is made from them by a test.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Enum

from core.errors import Conflict

StateT = TypeVar("StateT", bound=StrEnum)
Transitions = Mapping[StateT, frozenset[StateT]]


def state_column(states: type[StrEnum]) -> Enum:
    """A VARCHAR with a CHECK: unlike a native enum, a new state is a short additive migration."""

    def values(enum: type[Any]) -> list[str]:
        return [str(member.value) for member in enum]

    return Enum(
        states,
        native_enum=False,
        create_constraint=True,
        length=24,
        name=states.__name__.lower(),
        values_callable=values,
    )


class NotAllowedNow(Conflict):
    """The machine has no such move."""

    code = "not_allowed_now"
    message = "Esta ação não é possível na situação atual. Recarregue a página para ver o que mudou."


def sources_of(transitions: Transitions[StateT], target: StateT) -> frozenset[StateT]:
    """The states from which `target` may be reached."""
    return frozenset(source for source, targets in transitions.items() if target in targets)


def check_transition(transitions: Transitions[StateT], source: StateT, target: StateT) -> None:
    """Raise NotAllowedNow unless the table allows the move."""
    if target not in transitions.get(source, frozenset()):
        raise NotAllowedNow
