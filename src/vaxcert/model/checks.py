"""What may not stand in a record: checks of one value, and of several against each other.

Each takes None for a value that did not parse, and then says nothing about it. A problem is worded to follow the name
of its field, and never holds the value, which may be personal.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

from vaxcert.errors import FieldProblem, SchemaError
from vaxcert.model.valuesets import primary_doses, value_set

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vaxcert.model.partial_date import PartialDate

MAX_DOSE = 9
"""A dose number or series is one digit (DCC schema 1.2.1, dose_posint)."""

MAX_TEXT_CHARACTERS = 80
"""The longest text of a DCC (schema 1.3.0); what is only printed keeps to it too."""

FIRST_CASES = date(2019, 12, 1)
"""The month of the first known cases: no vaccination, test or recovery is older, so an older date is a slip."""

NAA_TEST, RAPID_TEST = "LP6464-4", "LP217198-3"
"""LOINC, value set covid-19-lab-test-type."""

_FARTHEST_EAST = timedelta(hours=14)
"""UTC+14: no calendar on Earth is further ahead, so a later day than it has is in the future everywhere."""


def refuse(problems: Sequence[FieldProblem]) -> NoReturn:
    """Raise the `SchemaError` that names all the *problems* of a record."""
    fields = ", ".join(dict.fromkeys(problem.field or "the record" for problem in problems))
    raise SchemaError(f"the record is wrong in {fields}", problems=problems)


@lru_cache(maxsize=64)
def latest_day(at: datetime) -> date:
    """Return the last calendar day that has begun anywhere on Earth at the instant *at*."""
    return (at.astimezone(UTC) + _FARTHEST_EAST).date()


def text_problems(**texts: str | None) -> tuple[FieldProblem, ...]:
    """Return what is wrong with *texts* by field: what is signed or printed is not blank, too long or invisible."""
    for text in texts.values():
        if text is not None and not (text.isprintable() and len(text) <= MAX_TEXT_CHARACTERS and text.strip()):
            return _text_problems(texts)
    return ()


def _text_problems(texts: Mapping[str, str | None]) -> tuple[FieldProblem, ...]:
    found: tuple[FieldProblem, ...] = ()
    for field, text in texts.items():
        if text is None or (text.isprintable() and len(text) <= MAX_TEXT_CHARACTERS and text.strip()):
            continue
        if len(text) > MAX_TEXT_CHARACTERS:
            problem = FieldProblem(field, "too_long", f"is longer than {MAX_TEXT_CHARACTERS} characters")
        elif text.strip():
            problem = FieldProblem(field, "invisible_character", "has a control or invisible character")
        else:
            problem = FieldProblem(field, "missing", "is missing")
        found += (problem,)
    return found


def country_problems(field: str, code: str | None) -> tuple[FieldProblem, ...]:
    """Return the problem of a code that is no country's, if it is one."""
    if code is None or code in value_set("country").codes:
        return ()
    return (FieldProblem(field, "unknown_country", "must be a two-letter country code of ISO 3166-1, such as VN"),)


def code_problems(field: str, name: str, code: str | None) -> tuple[FieldProblem, ...]:
    """Return the problem of a code that the value set *name* does not have, or no longer for new certificates."""
    codes = value_set(name)
    if code is None or codes.is_active(code):
        return ()
    if code in codes.codes:
        return (FieldProblem(field, "deprecated_code", "is a code no longer in use"),)
    return (FieldProblem(field, f"unknown_{field}", f"is no code of the value set {codes.eu_id}"),)


@lru_cache(maxsize=1024)  # a batch has millions of rows and a handful of these
def dose_problems(product: str | None, number: int | None, total: int | None) -> tuple[FieldProblem, ...]:
    """Return what is wrong between the dose number, the series and the product's primary series.

    A dose of the primary series is written against it (1/2, 2/2, 1/1). A booster after a series of one is 2/1, whatever
    its own product is; after a longer series it raises both numbers (3/3). One dose after a recovery may complete a
    series: 1/1.
    """
    found = [
        FieldProblem(field, "out_of_range", f"must be a whole number from 1 to {MAX_DOSE}")
        for field, value in (("dose_number", number), ("total_doses", total))
        if value is not None and not 1 <= value <= MAX_DOSE
    ]
    if found or number is None or total is None:
        return tuple(found)
    primary = primary_doses(product) if product is not None else None
    if number > total > 1:
        text = f"does not go with dose {number}: a booster after two doses or more is written {number}/{number}"
        found.append(FieldProblem("total_doses", "dose_series_mismatch", text))
    elif number < total and primary is not None and total > primary:
        text = f"does not go with dose {number}: this product's primary series has {primary}"
        found.append(FieldProblem("total_doses", "dose_series_mismatch", text))
    return tuple(found)


def event_problems(field: str, day: date | None, born: PartialDate | None) -> tuple[FieldProblem, ...]:
    """Return the problem of an event on a *day* before there was the disease, or before the holder was born."""
    if day is None:
        return ()
    if day < FIRST_CASES:
        return (
            FieldProblem(field, "before_disease", f"lies before {FIRST_CASES:%Y-%m}, when COVID-19 was first seen"),
        )
    # ISO texts compare as their days do, and a month or a year as its first day.
    if born is not None and day.isoformat() < born.iso:
        return (FieldProblem(field, "before_birth", "lies before the birth date"),)
    return ()


def device_problems(test_type: str | None, name: str | None, device: str | None) -> tuple[FieldProblem, ...]:
    """Return what is wrong between the kind of a test and its name or device (DCC schema, test_entry)."""
    if test_type == RAPID_TEST and device is None:
        return (FieldProblem("device", "missing", "is missing: a rapid antigen test has its device code"),)
    if test_type == NAA_TEST and name is None:
        return (FieldProblem("test_name", "missing", "is missing: a NAA test has its name"),)
    return ()


def window_problems(
    first_positive: date | None, valid_from: date | None, valid_until: date | None
) -> tuple[FieldProblem, ...]:
    """Return what is wrong between the three dates of a recovery."""
    found = []
    if first_positive is not None and valid_from is not None and valid_from < first_positive:
        found.append(FieldProblem("valid_from", "wrong_order", "lies before the first positive test"))
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        found.append(FieldProblem("valid_until", "wrong_order", "lies before valid_from"))
    return tuple(found)
