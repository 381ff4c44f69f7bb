"""One measured figure in the form of `bench/results.json` (contract section 1)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """`yardstick` is what the value is held against in the same run, `ratio` the value over the yardstick's.
    `target` None is printed for information; `is_at_most` turns the comparison around."""

    name: str
    value: float
    unit: str
    yardstick: str = ""
    ratio: float | None = None
    target: float | None = None
    is_at_most: bool = False

    @property
    def ok(self) -> bool:
        """Whether the target is met: the ratio's where there is one, else the value's."""
        found = self.value if self.ratio is None else self.ratio
        if self.target is None:
            return True
        return found <= self.target if self.is_at_most else found >= self.target
