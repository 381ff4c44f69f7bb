"""What a sheet holds, as the guards find it before anything is read."""

from dataclasses import dataclass


@dataclass(slots=True)
class SheetSize:
    """The block from the first cell to the last that holds something, and the rows nobody sees."""

    name: str
    rows: int = 0
    columns: int = 0
    hidden_rows: int = 0

    @property
    def cells(self) -> int:
        return self.rows * self.columns
