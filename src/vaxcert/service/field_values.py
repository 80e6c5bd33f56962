"""The text of a field whose value came typed, from a workbook or a Parquet file; and what typing took away from it.

Programs that take what people write for numbers and dates drop its zeros and turn lots into dates. What was changed
so is refused with a word on what to do; nothing is guessed.
"""

from __future__ import annotations

from datetime import date, datetime, time
from math import isfinite
from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem
from vaxcert.model import parsing

if TYPE_CHECKING:
    from decimal import Decimal

    from vaxcert.model.fields import FieldTable

_IDENTITY = "citizen_id"
_IDENTITY_DIGITS = frozenset((9, 12))
"""How many an identity card (CMND) and a citizen's number (CCCD) have. Each begins with the number of a province, which
is below 100, so that its first digit is mostly 0: of a number with fewer digits than these it was dropped."""


class FieldValues:
    """Gives typed values as text, by what the fields are."""

    def __init__(self, fields: FieldTable) -> None:
        self._days = frozenset(
            name for name, parse in fields.parsers.items() if parse in {parsing.parse_day, parsing.parse_partial_day}
        )
        self._instants = frozenset(name for name, parse in fields.parsers.items() if parse is parsing.parse_instant)

    def is_day(self, name: str) -> bool:
        """Return whether the field *name* holds a day."""
        return name in self._days

    def takes_any_number(self, name: str) -> bool:
        """Return whether a whole number in the field *name* is its text, whichever it is."""
        return name != _IDENTITY and name not in self._days

    def number(self, name: str, value: float | Decimal, *, digits: int = 0) -> str | FieldProblem:
        """Return the text of a number in the field *name*, with zeros before it where it has fewer than *digits*."""
        if not isfinite(value) or value % 1:
            return FieldProblem(name, "wrong_type", "is a fraction: it must be text, a whole number or a date")
        text = f"{int(value):0{digits}}"
        if name == _IDENTITY and len(text) not in _IDENTITY_DIGITS:
            message = (
                "is a number, and such lose their leading zeros: give it the format 000000000000, or enter it as text"
            )
            return FieldProblem(name, "leading_zeros_lost", message)
        if name in self._days and len(text) > len("YYYY"):
            return FieldProblem(name, "invalid_date", "is a number: enter it as a date, or give it a date's format")
        return text

    def moment(self, name: str, value: date) -> str | FieldProblem:
        """Return the text of a day, or of a day and a time, in the field *name*."""
        if name in self._instants:
            return value.isoformat()
        if name not in self._days:
            return self.changed(name, "a date")
        if isinstance(value, datetime) and value.tzinfo is None and value.time() == time():
            return value.date().isoformat()  # as programs write a day that have no other type for it
        return value.isoformat()

    def changed(self, name: str, what: str) -> FieldProblem:
        """Return the problem of a value in the field *name* that a spreadsheet took for *what* it is not."""
        message = f"was taken for {what}: give the column the format Text, and enter it again"
        return FieldProblem(name, "changed_by_spreadsheet", message)

    def truth(self, name: str) -> FieldProblem:
        """Return the problem of a value in the field *name* that is true or false."""
        return FieldProblem(name, "wrong_type", "is TRUE or FALSE: it must be text, a whole number or a date")
