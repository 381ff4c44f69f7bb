"""Telling the person at the terminal what died."""

from collections.abc import Callable

from core.supervision import State, Supervisor

FINE = {"RUNNING", "STARTING"}


class Watch:
    """`look()` once a second: says once what stopped, with the end of its log, and once that it is back."""

    def __init__(self, supervisor: Supervisor, say: Callable[[str], None]) -> None:
        self.supervisor = supervisor
        self.say = say
        self.known = supervisor.states()
        self.down = {name for name, state in self.known.items() if state.state not in FINE}
        for name in sorted(self.down):
            self._complain(name, self.known[name])

    def look(self) -> None:
        """Compare with the last look; a program that gave up starting is told to begin anew."""
        for name, state in self.supervisor.states().items():
            if state.state == "FATAL":
                self.supervisor.start_program(name)
            if state.state == "RUNNING" and name in self.down:
                self.down.remove(name)
                self.say(f"{name} voltou.")
            elif self._has_died(name, state) and name not in self.down:
                self.down.add(name)
                self._complain(name, state)
            self.known[name] = state

    def _has_died(self, name: str, state: State) -> bool:
        before = self.known.get(name, state)
        was_replaced = state.state in FINE and before.state == "RUNNING" and state.pid != before.pid
        return was_replaced or state.state in {"BACKOFF", "FATAL", "EXITED"}

    def _complain(self, name: str, state: State) -> None:
        reason = f" ({state.says})" if state.says and state.state not in FINE else ""
        self.say(f"{name} parou{reason} e está sendo reiniciado. Fim de {self.supervisor.logs / name}.log:")
        self.say(self.supervisor.log_tail(name))
