"""What a certificate is made from: a vaccination, a test or a recovery of one person.

Records are frozen and hold only values that passed their checks: whoever has one can issue from it. The check of
one field is its parser's (`vaxcert.model.mapping`); the checks between fields are here, once, for every way in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Protocol

from vaxcert.errors import FieldProblem, SchemaError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.valuesets import ProductCodes, check_combination, primary_doses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.model.names import PersonName
    from vaxcert.model.partial_date import PartialDate

COVID_19 = "840539006"
"""SNOMED CT: the disease that every EU DCC is about."""

MAX_DOSE = 9
"""A dose number or series is one digit (DCC schema 1.2.1, dose_posint)."""

_PCR, _RAPID = "LP6464-4", "LP217198-3"  # LOINC, value set covid-19-lab-test-type


class Sex(StrEnum):
    """The holder's sex, for the registry and the printed card; it is not signed."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The holder. Name and birth date are signed; the rest is printed or kept at most."""

    name: PersonName
    birth_date: PartialDate
    sex: Sex | None = None
    citizen_id: str | None = None
    nationality: str | None = None


class Record(Protocol):
    """What the three kinds of record have in common: enough to issue a certificate from any of them."""

    certificate_type: ClassVar[CertificateType]

    @property
    def person(self) -> Person:
        """The holder."""

    @property
    def record_id(self) -> str | None:
        """The caller's own name for the record."""

    @property
    def country(self) -> str | None:
        """The country of the event; the issuer's own when None."""

    @property
    def issuer(self) -> str | None:
        """Who answers for the certificate; the issuer's default when None."""

    def latest_event(self) -> date:
        """Return the last day that the record says has happened."""

    def to_group(self, *, uvci: str, country: str, issuer: str) -> dict[str, object]:
        """Return the record's entry in the DCC, keys in deterministic order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaccinationRecord:
    """One dose given: who, what, which lot, when, where, and who answers for it."""

    certificate_type: ClassVar[CertificateType] = CertificateType.VACCINATION

    person: Person
    product: ProductCodes
    lot: str
    dose_number: int
    total_doses: int
    vaccination_date: date
    site: str | None = None
    country: str | None = None
    issuer: str | None = None
    record_id: str | None = None

    def __post_init__(self) -> None:
        _refuse(
            check_combination(self.product.product, self.product.manufacturer, self.product.vaccine)
            + dose_problems(self.product.product, self.dose_number, self.total_doses)
            + order_problems("vaccination_date", self.person.birth_date, self.vaccination_date)
        )

    @staticmethod
    def from_mapping(fields: Mapping[str, object]) -> VaccinationRecord:
        """Return the record in *fields*, keyed as docs/reference/records.md lists.

        Raises:
            SchemaError: Its `problems` name every bad field at once.
        """
        from vaxcert.model.mapping import parse_vaccination  # noqa: PLC0415 - the parser builds on this module

        return parse_vaccination(fields)

    def latest_event(self) -> date:
        """Return the day of the dose."""
        return self.vaccination_date

    def to_group(self, *, uvci: str, country: str, issuer: str) -> dict[str, object]:
        """Return the entry of the group `v` (DCC schema, vaccination_entry)."""
        product = self.product
        return {
            "ci": uvci,
            "co": country,
            "dn": self.dose_number,
            "dt": self.vaccination_date.isoformat(),
            "is": issuer,
            "ma": product.manufacturer,
            "mp": product.product,
            "sd": self.total_doses,
            "tg": COVID_19,
            "vp": product.vaccine,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRecord:
    """One test: which kind, when the sample was taken, and what was found."""

    __test__ = False  # a record, not a test case
    certificate_type: ClassVar[CertificateType] = CertificateType.TEST

    person: Person
    test_type: str
    sampled_at: datetime
    result: str
    test_name: str | None = None
    device: str | None = None
    test_centre: str | None = None
    country: str | None = None
    issuer: str | None = None
    record_id: str | None = None

    def __post_init__(self) -> None:
        if self.sampled_at.tzinfo is None:
            raise ValueError("sampled_at needs a time zone")
        _refuse(
            device_problems(self.test_type, self.test_name, self.device)
            + order_problems("sampled_at", self.person.birth_date, self.sampled_at.date())
        )

    @staticmethod
    def from_mapping(fields: Mapping[str, object]) -> TestRecord:
        """Return the record in *fields*; `SchemaError` names every bad one at once."""
        from vaxcert.model.mapping import parse_test  # noqa: PLC0415 - the parser builds on this module

        return parse_test(fields)

    def latest_event(self) -> date:
        """Return the day, in UTC, on which the sample was taken."""
        return self.sampled_at.astimezone(UTC).date()

    def to_group(self, *, uvci: str, country: str, issuer: str) -> dict[str, object]:
        """Return the entry of the group `t` (DCC schema, test_entry)."""
        sampled = self.sampled_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        entry: dict[str, object | None] = {
            "ci": uvci,
            "co": country,
            "is": issuer,
            "ma": self.device,
            "nm": self.test_name,
            "sc": sampled,
            "tc": self.test_centre,
            "tg": COVID_19,
            "tr": self.result,
            "tt": self.test_type,
        }
        return {key: value for key, value in entry.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryRecord:
    """One recovery: the first positive test, and the days between which it counts."""

    certificate_type: ClassVar[CertificateType] = CertificateType.RECOVERY

    person: Person
    first_positive_date: date
    valid_from: date
    valid_until: date
    country: str | None = None
    issuer: str | None = None
    record_id: str | None = None

    def __post_init__(self) -> None:
        _refuse(
            window_problems(self.first_positive_date, self.valid_from, self.valid_until)
            + order_problems("first_positive_date", self.person.birth_date, self.first_positive_date)
        )

    @staticmethod
    def from_mapping(fields: Mapping[str, object]) -> RecoveryRecord:
        """Return the record in *fields*; `SchemaError` names every bad one at once."""
        from vaxcert.model.mapping import parse_recovery  # noqa: PLC0415 - the parser builds on this module

        return parse_recovery(fields)

    def latest_event(self) -> date:
        """Return the day of the first positive test; the window after it may lie ahead."""
        return self.first_positive_date

    def to_group(self, *, uvci: str, country: str, issuer: str) -> dict[str, object]:
        """Return the entry of the group `r` (DCC schema, recovery_entry)."""
        return {
            "ci": uvci,
            "co": country,
            "df": self.valid_from.isoformat(),
            "du": self.valid_until.isoformat(),
            "fr": self.first_positive_date.isoformat(),
            "is": issuer,
            "tg": COVID_19,
        }


# --- checks between fields: each takes None for a field that did not parse, and then says nothing about it --------


def dose_problems(product: str | None, number: int | None, total: int | None) -> tuple[FieldProblem, ...]:
    """Return what is wrong between the dose number, the series and the product's primary series.

    A dose of the primary series is written against it (1/2, 2/2, 1/1). A booster after a series of one is 2/1; after a
    longer one it raises both numbers (3/3). One dose after a recovery may complete a series: 1/1.
    """
    if number is None or total is None:
        return ()
    found = [
        FieldProblem(field, "out_of_range", f"is a whole number from 1 to {MAX_DOSE}")
        for field, value in (("dose_number", number), ("total_doses", total))
        if not 1 <= value <= MAX_DOSE
    ]
    primary = primary_doses(product) if product is not None else None
    if found or primary is None:
        return tuple(found)
    if number < total and total > primary:
        text = f"this product's primary series has {primary}: an unfinished series of {total} does not exist"
        found.append(FieldProblem("total_doses", "dose_series_mismatch", text))
    elif number > total and primary > 1:
        text = f"a booster after a series of {primary} raises both numbers: write {number}/{number}"
        found.append(FieldProblem("total_doses", "dose_series_mismatch", text))
    return tuple(found)


def order_problems(field: str, born: PartialDate | None, day: date | None) -> tuple[FieldProblem, ...]:
    """Return the problem of an event before the holder's birth, if there is one."""
    if born is None or day is None or day >= born.earliest:
        return ()
    return (FieldProblem(field, "before_birth", "lies before the birth date"),)


def device_problems(test_type: str | None, name: str | None, device: str | None) -> tuple[FieldProblem, ...]:
    """Return what is wrong between the kind of a test and its name or device (DCC schema, test_entry)."""
    if test_type == _RAPID and device is None:
        return (FieldProblem("device", "missing", "a rapid antigen test needs its device code"),)
    if test_type == _PCR and name is None:
        return (FieldProblem("test_name", "missing", "a NAA test needs its name"),)
    return ()


def window_problems(
    first_positive: date | None, valid_from: date | None, valid_until: date | None
) -> tuple[FieldProblem, ...]:
    """Return what is wrong between the three dates of a recovery."""
    if valid_from is None:
        return ()
    found = []
    if first_positive is not None and valid_from < first_positive:
        found.append(FieldProblem("valid_from", "wrong_order", "lies before the first positive test"))
    if valid_until is not None and valid_until < valid_from:
        found.append(FieldProblem("valid_until", "wrong_order", "lies before valid_from"))
    return tuple(found)


def _refuse(problems: tuple[FieldProblem, ...]) -> None:
    if problems:
        fields = ", ".join(dict.fromkeys(problem.field for problem in problems))
        raise SchemaError(f"the record is wrong in {fields}", problems=problems)
