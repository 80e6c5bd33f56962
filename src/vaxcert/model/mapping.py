"""From named fields, as a file or a request has them, to a record; every bad field is named at once."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar, cast

from vaxcert.errors import CodecError, FieldProblem, SchemaError
from vaxcert.model.fields import RECOVERY_FIELDS, TEST_FIELDS, VACCINATION_FIELDS, Field
from vaxcert.model.names import PersonName, split_vietnamese
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.records import (
    Person,
    RecoveryRecord,
    Sex,
    TestRecord,
    VaccinationRecord,
    device_problems,
    dose_problems,
    order_problems,
    window_problems,
)
from vaxcert.model.valuesets import ProductCodes, resolve_product, value_set

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MAX_FIELD_CHARACTERS = 80
"""The longest text of a DCC field (DCC schema 1.3.0)."""

T = TypeVar("T")


_SEXES = {
    **dict.fromkeys(("male", "m", "nam"), Sex.MALE),
    **dict.fromkeys(("female", "f", "nữ", "nu"), Sex.FEMALE),
    **dict.fromkeys(("other", "x", "khác", "khac"), Sex.OTHER),
}
_TEST_TYPES = {
    **dict.fromkeys(("naa", "pcr", "rt-pcr", "lp6464-4"), "LP6464-4"),
    **dict.fromkeys(("rat", "antigen", "rapid", "lp217198-3"), "LP217198-3"),
}
_RESULTS = {
    **dict.fromkeys(("negative", "not detected", "âm tính", "260415000"), "260415000"),
    **dict.fromkeys(("positive", "detected", "dương tính", "260373001"), "260373001"),
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_INTEGER = re.compile(r"[0-9]{1,4}", re.ASCII)


class _Reader:
    """Reads fields one by one and remembers every problem instead of stopping at the first."""

    def __init__(self, fields: Mapping[str, object], known: frozenset[str], required: frozenset[str]) -> None:
        self.fields = fields
        self.problems: list[FieldProblem] = []
        for name in fields.keys() - known:
            self.problems.append(FieldProblem(str(name)[:MAX_FIELD_CHARACTERS], "unknown_field", "is no field of this record"))
        self._required = required

    def text(self, name: str) -> str | None:
        """Return the trimmed text of the field, None where it is empty; numbers count as their digits."""
        value = self.fields.get(name)
        if type(value) is not str:
            if value is None:
                return self._absent(name)
            if not isinstance(value, int) or isinstance(value, bool):
                self.problem(name, "wrong_type", "is text or a whole number")
                return None
            value = str(value)
        value = value.strip()
        if not value:
            return self._absent(name)
        if len(value) > MAX_FIELD_CHARACTERS:
            self.problem(name, "too_long", f"is longer than {MAX_FIELD_CHARACTERS} characters")
            return None
        # An ASCII or Vietnamese text is printable as a rule; the search is for the rest.
        if not value.isprintable() and _CONTROL.search(value):
            self.problem(name, "control_character", "holds a control character")
            return None
        return value

    def parsed(self, name: str, parse: Callable[[str], T]) -> T | None:
        """Return what *parse* makes of the field, None where it is empty or wrong."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return parse(text)
        except CodecError as error:
            self.problem(name, error.code, error.message)
        return None

    def problem(self, field: str, code: str, message: str) -> None:
        """Remember one problem."""
        self.problems.append(FieldProblem(field, code, message))

    def refuse(self, *between_fields: Sequence[FieldProblem]) -> None:
        """Raise for the problems found, with those *between_fields*; without any found, leave those to the record."""
        if self.problems:
            problems = (*self.problems, *(problem for group in between_fields for problem in group))
            fields = ", ".join(dict.fromkeys(problem.field for problem in problems))
            raise SchemaError(f"the record is wrong in {fields}", problems=problems)

    def _absent(self, name: str) -> None:
        if name in self._required:
            self.problem(name, "missing", "is needed")

    def person(self) -> Person:
        family, given = self.text("family_name"), self.text("given_name")
        if family is None and given is None and (full := self.text("full_name")) is not None:
            family, given = split_vietnamese(full)
        name = None
        try:
            name = PersonName.of(
                family or "",
                given or "",
                family_std=self.text("family_name_standardised") or "",
                given_std=self.text("given_name_standardised") or "",
            )
        except CodecError as error:
            self.problem("family_name" if family or not given else "given_name", error.code, error.message)
        return Person(
            name=cast("PersonName", name),
            birth_date=cast("PartialDate", self.parsed("birth_date", PartialDate.parse_local)),
            sex=self.parsed("sex", _parse_sex),
            citizen_id=self.text("citizen_id"),
            nationality=self.parsed("nationality", _parse_country),
        )

    def product(self) -> ProductCodes:
        product = self.text("product")
        codes = None
        if product is not None:
            try:
                codes = resolve_product(product, manufacturer=self.text("manufacturer"), vaccine=self.text("vaccine"))
            except SchemaError as error:
                self.problems.extend(error.problems)
        return cast("ProductCodes", codes)


def parse_vaccination(fields: Mapping[str, object]) -> VaccinationRecord:
    """Return the vaccination in *fields* (`VACCINATION_FIELDS`), or raise a `SchemaError` with every problem."""
    reader = _Reader(fields, *_VACCINATION_NAMES)
    person, product = reader.person(), reader.product()
    number = reader.parsed("dose_number", _parse_integer)
    total = reader.parsed("total_doses", _parse_integer)
    day = reader.parsed("vaccination_date", parse_day)
    lot, site = reader.text("lot"), reader.text("site")
    country, issuer = reader.parsed("country", _parse_country), reader.text("issuer")
    record_id = reader.text("record_id")
    reader.refuse(
        dose_problems(product.product if product else None, number, total),
        order_problems("vaccination_date", person.birth_date, day),
    )
    return VaccinationRecord(
        person=person,
        product=product,
        lot=cast("str", lot),
        dose_number=cast("int", number),
        total_doses=cast("int", total),
        vaccination_date=cast("date", day),
        site=site,
        country=country,
        issuer=issuer,
        record_id=record_id,
    )


def parse_test(fields: Mapping[str, object]) -> TestRecord:
    """Return the test in *fields* (`TEST_FIELDS`), or raise a `SchemaError` with every problem."""
    reader = _Reader(fields, *_TEST_NAMES)
    person = reader.person()
    test_type = reader.parsed("test_type", _parse_test_type)
    sampled_at = reader.parsed("sampled_at", _parse_instant)
    result = reader.parsed("result", _parse_result)
    test_name, device = reader.text("test_name"), reader.parsed("device", _parse_device)
    test_centre = reader.text("test_centre")
    country, issuer = reader.parsed("country", _parse_country), reader.text("issuer")
    record_id = reader.text("record_id")
    day = sampled_at.date() if sampled_at else None
    reader.refuse(
        device_problems(test_type, test_name, device), order_problems("sampled_at", person.birth_date, day)
    )
    return TestRecord(
        person=person,
        test_type=cast("str", test_type),
        sampled_at=cast("datetime", sampled_at),
        result=cast("str", result),
        test_name=test_name,
        device=device,
        test_centre=test_centre,
        country=country,
        issuer=issuer,
        record_id=record_id,
    )


def parse_recovery(fields: Mapping[str, object]) -> RecoveryRecord:
    """Return the recovery in *fields* (`RECOVERY_FIELDS`), or raise a `SchemaError` with every problem."""
    reader = _Reader(fields, *_RECOVERY_NAMES)
    person = reader.person()
    first = reader.parsed("first_positive_date", parse_day)
    valid_from, valid_until = reader.parsed("valid_from", parse_day), reader.parsed("valid_until", parse_day)
    country, issuer = reader.parsed("country", _parse_country), reader.text("issuer")
    record_id = reader.text("record_id")
    reader.refuse(
        window_problems(first, valid_from, valid_until), order_problems("first_positive_date", person.birth_date, first)
    )
    return RecoveryRecord(
        person=person,
        first_positive_date=cast("date", first),
        valid_from=cast("date", valid_from),
        valid_until=cast("date", valid_until),
        country=country,
        issuer=issuer,
        record_id=record_id,
    )


def _names(fields: tuple[Field, ...]) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(field.name for field in fields), frozenset(field.name for field in fields if field.required)


_VACCINATION_NAMES, _TEST_NAMES, _RECOVERY_NAMES = (
    _names(VACCINATION_FIELDS),
    _names(TEST_FIELDS),
    _names(RECOVERY_FIELDS),
)


class _FieldError(CodecError):
    """What is wrong with one field; it never leaves this module but as a `FieldProblem`."""

    code = "unknown_value"


def parse_day(text: str) -> date:
    """Return the day in *text*, ISO 8601 or ``dd/mm/yyyy``."""
    partial = PartialDate.parse_local(text)
    if not partial.is_full:
        raise _FieldError("is a full date: day, month and year")
    return partial.earliest


def _parse_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise _FieldError("is a whole number")
    return int(text)


def _parse_instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _FieldError("is an instant in ISO 8601, such as 2021-11-02T08:30+07:00") from None
    if instant.tzinfo is None:
        raise _FieldError("needs a time zone, such as +07:00")
    return instant


def _parse_country(text: str) -> str:
    code = text.upper()
    if code not in value_set("country").codes:
        raise _FieldError("is a two-letter country code of ISO 3166-1, such as VN")
    return code


def _parse_sex(text: str) -> Sex:
    return _one_of(_SEXES, text, "is male, female or other")


def _parse_test_type(text: str) -> str:
    return _one_of(_TEST_TYPES, text, "is NAA or RAT")


def _parse_result(text: str) -> str:
    return _one_of(_RESULTS, text, "is negative or positive")


def _parse_device(text: str) -> str:
    if text not in value_set("test-manufacturer").codes:
        raise _FieldError("is no device code of the value set")
    return text


def _one_of(table: Mapping[str, T], text: str, otherwise: str) -> T:
    try:
        return table[text.lower()]
    except KeyError:
        raise _FieldError(otherwise) from None
