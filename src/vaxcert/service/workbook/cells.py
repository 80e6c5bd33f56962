"""The text of a cell as it stands before the reader's eyes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem
from vaxcert.service.workbook.markup import damaged
from vaxcert.service.workbook.number_formats import GENERAL, Kind, NumberFormat
from vaxcert.service.workbook.texts import unescape

if TYPE_CHECKING:
    from vaxcert.service.field_values import FieldValues
    from vaxcert.service.workbook.book import Workbook
    from vaxcert.service.workbook.sheet import Cell

_MAX_EXACT = 10**15
"""A spreadsheet keeps fifteen digits of a number, and makes zeros of the others."""

_DAY_BEFORE_1900 = datetime(1899, 12, 31)  # noqa: DTZ001 - a calendar day, of no zone
_START_OF_1904 = datetime(1904, 1, 1)  # noqa: DTZ001 - the same
_FALSE_LEAP_DAY = 60
"""The number of 1900-02-29, which there was not (ISO/IEC 29500-1 §18.17.4.1): later days are counted one too high."""
_MAX_DAY = 2_958_466  # 10000-01-01
_MILLISECONDS = 86_400_000

_ENTER_AGAIN = "open the file in Excel, and save it"


class CellTexts:
    """Gives the texts of a workbook's cells."""

    def __init__(self, book: Workbook, values: FieldValues) -> None:
        self._book = book
        self._values = values
        self._formats = {str(number): shown for number, shown in enumerate(book.formats)}

    def plain(self, cell: Cell) -> str:
        """Return the text of a *cell* of which nothing is known, such as one above the records."""
        _, kind, _, text = cell
        return self._book.texts[_number(text)] if kind == "s" else unescape(text)

    def of_field(self, name: str, cell: Cell) -> str | FieldProblem:
        """Return the text of a *cell* of the field *name*, or what is wrong with it."""
        _, kind, style, text = cell
        match kind:
            case "s":
                return self._book.texts[_number(text)]
            case "inlineStr" | "str" | "d":
                return unescape(text)
            case "n":
                return self._of_number(name, self._formats.get(style, GENERAL), text)
            case "b":
                return self._values.truth(name)
            case "e":
                return FieldProblem(name, "formula_error", "shows an error of the spreadsheet instead of a value")
            case "f":
                return FieldProblem(name, "formula_error", f"has a formula without its result: {_ENTER_AGAIN}")
        raise damaged("a cell is of a kind that there is not")

    def _of_number(self, name: str, shown: NumberFormat, text: str) -> str | FieldProblem:
        try:
            value = float(text)
        except ValueError as error:
            raise damaged("a number is none") from error
        if shown.kind is Kind.DATE:
            return self._of_day(name, shown, value)
        if shown.kind is Kind.TIME:
            return self._values.changed(name, "a time of day")
        if shown.kind is Kind.ALTERED:
            return self._values.changed(name, "a power of ten, a percentage or a fraction")
        if abs(value) >= _MAX_EXACT:
            return self._values.changed(name, "a number of which fifteen digits are left")
        return self._values.number(name, value, digits=shown.digits)

    def _of_day(self, name: str, shown: NumberFormat, value: float) -> str | FieldProblem:
        moment = self._moment(value)
        if moment is None:
            return FieldProblem(name, "invalid_date", "is a number that no date has")
        text = self._values.moment(name, moment if shown.has_time else moment.date())
        if isinstance(text, FieldProblem) or (shown.has_day and shown.has_month and shown.has_year):
            return text
        # What is not shown was not known to who entered it: Excel makes 01/03/1984 of 3/1984, and shows Mar-84.
        if not shown.has_year:
            return FieldProblem(name, "invalid_date", "is shown without its year: give it the format dd/mm/yyyy")
        return text[: len("YYYY-MM")] if shown.has_month else text[: len("YYYY")]

    def _moment(self, value: float) -> datetime | None:
        """Return the moment of that number of days, None where there is none."""
        if not 0 < value < _MAX_DAY:  # nor where it is no number
            return None
        if self._book.counts_from_1904:
            start, days = _START_OF_1904, value
        elif value // 1 == _FALSE_LEAP_DAY:
            return None
        else:
            start, days = _DAY_BEFORE_1900, value - (value > _FALSE_LEAP_DAY)
        try:
            return start + timedelta(milliseconds=round(days * _MILLISECONDS))
        except OverflowError:  # 1904 and the last days of the calendar
            return None


def _number(digits: str) -> int:
    digits = digits.strip()
    if not (digits.isascii() and digits.isdigit()):
        raise damaged("a cell refers to a text by no number")
    return int(digits)
