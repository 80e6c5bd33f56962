"""What was wrong with the rows of a batch, and the file that tells it."""

from __future__ import annotations

import csv
import io
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Self

from vaxcert.service.files import check_is_new, storage_errors, whole_file

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

    def to_line(self) -> bytes:
        """Return the reject as a line of a file of rejects."""
        return csv_line(str(self.line), self.record_id, self.problem.field, self.problem.code, self.problem.message)

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem.field or 'record'}: {self.problem.message} [{self.problem.code}]"


HEADER = "\N{ZERO WIDTH NO-BREAK SPACE}".encode()
"""What a CSV file begins with, so that Excel takes it for UTF-8."""


def header_line() -> bytes:
    """Return the first line of a file of rejects."""
    return HEADER + csv_line(*COLUMNS)


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
                stream.write(header_line())
            stream.write(reject.to_line())

        yield write


def check_rejects_place(path: Path, *, resume: bool) -> None:
    """Check that a file of rejects can be made at *path*; to *resume* a run, also that its own may be replaced.

    Raises:
        StorageError: There is something else at *path*, or no folder to put it in.
    """
    if resume and path.is_file():
        with storage_errors(path, "read"), path.open("rb") as stream:
            if stream.readline(len(header_line()) + 1) == header_line():
                return
    check_is_new(path)


def csv_line(*cells: str) -> bytes:
    """Return *cells* as a line of CSV that no spreadsheet takes for formulas."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow(map(_inert, cells))
    return text.getvalue().encode()


def _inert(cell: str) -> str:
    """Return *cell* such that no spreadsheet takes it for a formula."""
    return "'" + cell if cell.lstrip().startswith(_FORMULA_STARTS) else cell


def _shown(text: str) -> str:
    """Return the start of *text*, with a mark for each sign that a reader would not see."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[:_MAX_SHOWN_CHARACTERS])
