"""What was wrong with the rows of a batch, and the file that tells it."""

from __future__ import annotations

import csv
import io
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Self

from vaxcert.service.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vaxcert.errors import FieldProblem
    from vaxcert.service.row import Row

COLUMNS = ("line", "record_id", "field", "code", "hint")

_MAX_SHOWN_CHARACTERS = 80
_FORMULA_STARTS = tuple(
    "=+-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)


@dataclass(frozen=True, slots=True)
class Reject:
    """One thing wrong with one row: enough to mend it, and of what the row says only the caller's number for it."""

    line: int
    record_id: str
    problem: FieldProblem

    @classmethod
    def of(cls, row: Row, problem: FieldProblem) -> Self:
        """Return the reject of *row* for *problem*."""
        record_id = row.fields.get("record_id")
        is_plain = isinstance(record_id, (str, int)) and not isinstance(record_id, bool)
        return cls(row.line, _shown(str(record_id)) if is_plain else "", problem)

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem.field or 'record'}: {self.problem.message} [{self.problem.code}]"


@contextmanager
def rejects_file(path: Path) -> Iterator[Callable[[Reject], None]]:
    """Give a function that writes rejects to the new CSV file *path*, which Excel opens as it is.

    The file stands there at the end, whole, if there was a reject; after an error it does not.

    Raises:
        StorageError: There is something at *path* already, or it cannot be written.
    """
    stream: IO[bytes] | None = None
    with ExitStack() as stack:

        def write(reject: Reject) -> None:
            nonlocal stream
            if stream is None:
                stream = stack.enter_context(whole_file(path))
                stream.write("\N{ZERO WIDTH NO-BREAK SPACE}".encode() + _line(*COLUMNS))
            problem = reject.problem
            stream.write(_line(str(reject.line), reject.record_id, problem.field, problem.code, problem.message))

        yield write


def _line(*cells: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(map(_inert, cells))
    return text.getvalue().encode()


def _inert(cell: str) -> str:
    """Return *cell* such that no spreadsheet takes it for a formula."""
    return "'" + cell if cell.lstrip().startswith(_FORMULA_STARTS) else cell


def _shown(text: str) -> str:
    """Return the start of *text*, with a mark for each sign that a reader would not see."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[:_MAX_SHOWN_CHARACTERS])
