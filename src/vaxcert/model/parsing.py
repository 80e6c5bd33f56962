"""From the text of one field to its value: what people write, and what a record holds."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from vaxcert.errors import PartialDateError
from vaxcert.model.checks import (
    MAX_TEXT_CHARACTERS,
    NAA_TEST,
    RAPID_TEST,
    code_problems,
    country_problems,
    text_problems,
)
from vaxcert.model.names import MAX_INPUT_LENGTH
from vaxcert.model.partial_date import YEARS, PartialDate
from vaxcert.model.person import Sex
from vaxcert.model.valuesets import value_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.errors import FieldProblem

T = TypeVar("T")

_MAX_DIGITS = 4

_SEXES = {
    **dict.fromkeys(("male", "m", "nam"), Sex.MALE),
    **dict.fromkeys(("female", "f", "nữ", "nu"), Sex.FEMALE),
    **dict.fromkeys(("other", "x", "khác", "khac"), Sex.OTHER),
}
_TEST_TYPES = {
    **dict.fromkeys(("naa", "naat", "pcr", "rt-pcr", NAA_TEST.lower()), NAA_TEST),
    **dict.fromkeys(("rat", "antigen", "rapid", "test nhanh", RAPID_TEST.lower()), RAPID_TEST),
}
_RESULTS = {
    **dict.fromkeys(("negative", "not detected", "âm tính", "không phát hiện", "260415000"), "260415000"),
    **dict.fromkeys(("positive", "detected", "dương tính", "phát hiện", "260373001"), "260373001"),
}


class FieldError(ValueError):
    """What is wrong with the text of one field; `vaxcert.model.mapping` makes a `FieldProblem` of it."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the *code* and the *message*, which follows the field's name."""
        super().__init__(message)
        self.code = code
        self.message = message


def parse_text(text: str) -> str:
    """Return *text* in NFC on one line, each run of white space one blank."""
    if len(text) > MAX_INPUT_LENGTH:  # before any work on it
        raise FieldError("too_long", f"is longer than {MAX_TEXT_CHARACTERS} characters")
    text = " ".join(text.split())
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if len(text) > MAX_TEXT_CHARACTERS or not text.isprintable():
        raise _first(text_problems(text=text))
    return text


def parse_partial_day(text: str) -> PartialDate:
    """Return the day, month or year in *text*, ISO 8601 or ``dd/mm/yyyy``."""
    try:
        return PartialDate.parse_local(text)
    except PartialDateError as error:
        raise FieldError(error.code, f"{error.message}: {error.hint}" if error.hint else error.message) from None


def parse_day(text: str) -> date:
    """Return the day in *text*, ISO 8601 or ``dd/mm/yyyy``."""
    partial = parse_partial_day(text)
    if not partial.is_full:
        raise FieldError("incomplete_date", "must be a full date: day, month and year")
    return partial.earliest


def parse_integer(text: str) -> int:
    """Return the whole number in *text*, of digits alone."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise FieldError("not_a_number", "must be a whole number")
    return int(text)


def parse_instant(text: str) -> datetime:
    """Return the instant in *text*, ISO 8601 with its time zone."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        message = "must be an instant in ISO 8601, such as 2021-11-02T08:30+07:00"
        raise FieldError("invalid_instant", message) from None
    if instant.tzinfo is None:
        raise FieldError("no_time_zone", "needs a time zone, such as +07:00")
    if instant.year not in YEARS:
        raise FieldError("invalid_instant", f"has a year that is not within {YEARS[0]} to {YEARS[-1]}")
    return instant


def parse_country(text: str) -> str:
    """Return the code of the country in *text*, which has the code in any case or the name in English or Vietnamese."""
    code = text.upper() if text.isascii() else ""  # there are letters whose capitals are two: ß is SS
    if problems := country_problems("", code):
        return _one_of(_countries(), text, problems[0].code, problems[0].message)
    return code


@cache
def _countries() -> Mapping[str, str]:
    displays = value_set("country").displays.values()
    return {display.lower(): code for names in displays for code, display in names.items()}


def parse_sex(text: str) -> Sex:
    """Return the sex that *text* names in English or Vietnamese."""
    return _one_of(_SEXES, text, "unknown_sex", "must be male, female or other")


def parse_test_type(text: str) -> str:
    """Return the LOINC code of the kind of test that *text* names."""
    return _one_of(_TEST_TYPES, text, "unknown_test_type", "must be NAA or RAT")


def parse_result(text: str) -> str:
    """Return the SNOMED CT code of the result that *text* names in English or Vietnamese."""
    return _one_of(_RESULTS, text, "unknown_result", "must be negative or positive")


def parse_device(text: str) -> str:
    """Return *text*, the JRC code of a rapid test's device."""
    if problems := code_problems("device", "test-manufacturer", text):
        raise _first(problems)
    return text


def _one_of(table: Mapping[str, T], text: str, code: str, otherwise: str) -> T:
    try:
        return table[unicodedata.normalize("NFC", text).lower()]
    except KeyError:
        raise FieldError(code, otherwise) from None


def _first(problems: tuple[FieldProblem, ...]) -> FieldError:
    return FieldError(problems[0].code, problems[0].message)
