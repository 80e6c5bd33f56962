"""What a certificate is made from: a vaccination, a test or a recovery of one person.

Records are frozen and hold only values that passed their checks, whichever way they came in: whoever has one can issue
from it. `from_mapping` reads named fields, as files and requests have them (`vaxcert.model.fields`). They and their
holders are structs of msgspec, being made in a quarter of a frozen dataclass's time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, ClassVar

import msgspec

from vaxcert.model import checks
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.fields import RECOVERY_FIELDS, TEST_FIELDS, VACCINATION_FIELDS
from vaxcert.model.mapping import Reading
from vaxcert.model.person import Person
from vaxcert.model.record import Record
from vaxcert.model.valuesets import ProductCodes, check_combination

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COVID_19", "Record", "RecoveryRecord", "TestRecord", "VaccinationRecord"]

COVID_19 = "840539006"
"""SNOMED CT: the disease that every EU DCC is about."""


class VaccinationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One dose given: who, what, which lot, when, where, and who answers for it.

    Raises:
        SchemaError: Its `problems` name everything that is wrong.
    """

    certificate_type: ClassVar[CertificateType] = CertificateType.VACCINATION
    group: ClassVar[str] = CertificateType.VACCINATION.value
    event_field: ClassVar[str] = "vaccination_date"

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
        product = self.product
        if problems := (
            check_combination(product.product, product.manufacturer, product.vaccine)
            + checks.dose_problems(product.product, self.dose_number, self.total_doses)
            + checks.event_problems("vaccination_date", self.vaccination_date, self.person.birth_date)
            + checks.text_problems(lot=self.lot, site=self.site, issuer=self.issuer, record_id=self.record_id)
            + checks.country_problems("country", self.country)
        ):
            checks.refuse(problems)

    @classmethod
    def from_mapping(cls, fields: Mapping[str, object]) -> VaccinationRecord:
        """Return the record in *fields*, keyed as docs/reference/records.md lists.

        Raises:
            SchemaError: Its `problems` name every bad field at once.
        """
        reading = Reading(fields, VACCINATION_FIELDS)
        values, person, product = reading.values, reading.person(), reading.product()
        if person is None or product is None or reading.problems:
            name = product.product if product else None
            reading.refuse(
                checks.dose_problems(name, values.get("dose_number"), values.get("total_doses")),
                checks.event_problems("vaccination_date", values.get("vaccination_date"), values.get("birth_date")),
            )
        return cls(
            person=person,
            product=product,
            lot=values["lot"],
            dose_number=values["dose_number"],
            total_doses=values["total_doses"],
            vaccination_date=values["vaccination_date"],
            site=values.get("site"),
            country=values.get("country"),
            issuer=values.get("issuer"),
            record_id=values.get("record_id"),
        )

    def is_ahead_of(self, at: datetime) -> bool:
        """Return whether the day of the dose has begun nowhere on Earth at the instant *at* (aware)."""
        return self.vaccination_date > checks.latest_day(at)

    def to_entry(self, *, uvci: str, country: str, issuer: str) -> dict[str, object]:
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


class TestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One test: which kind, when the sample was taken, and what was found.

    Raises:
        SchemaError: Its `problems` name everything that is wrong.
        ValueError: `sampled_at` is naive.
    """

    __test__ = False  # a record, not a test case
    certificate_type: ClassVar[CertificateType] = CertificateType.TEST
    group: ClassVar[str] = CertificateType.TEST.value
    event_field: ClassVar[str] = "sampled_at"

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
        if problems := (
            checks.code_problems("test_type", "test-type", self.test_type)
            + checks.code_problems("result", "test-result", self.result)
            + checks.code_problems("device", "test-manufacturer", self.device)
            + checks.device_problems(self.test_type, self.test_name, self.device)
            + checks.event_problems("sampled_at", self.sampled_at.date(), self.person.birth_date)
            + checks.text_problems(
                test_name=self.test_name, test_centre=self.test_centre, issuer=self.issuer, record_id=self.record_id
            )
            + checks.country_problems("country", self.country)
        ):
            checks.refuse(problems)

    @classmethod
    def from_mapping(cls, fields: Mapping[str, object]) -> TestRecord:
        """Return the record in *fields*; `SchemaError` names every bad one at once."""
        reading = Reading(fields, TEST_FIELDS)
        values, person = reading.values, reading.person()
        if person is None or reading.problems:
            sampled_at = values.get("sampled_at")
            day = sampled_at.date() if sampled_at else None
            reading.refuse(
                checks.device_problems(values.get("test_type"), values.get("test_name"), values.get("device")),
                checks.event_problems("sampled_at", day, values.get("birth_date")),
            )
        return cls(
            person=person,
            test_type=values["test_type"],
            sampled_at=values["sampled_at"],
            result=values["result"],
            test_name=values.get("test_name"),
            device=values.get("device"),
            test_centre=values.get("test_centre"),
            country=values.get("country"),
            issuer=values.get("issuer"),
            record_id=values.get("record_id"),
        )

    def is_ahead_of(self, at: datetime) -> bool:
        """Return whether the sample is taken after the instant *at* (aware)."""
        return self.sampled_at > at

    def to_entry(self, *, uvci: str, country: str, issuer: str) -> dict[str, object]:
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


class RecoveryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One recovery: the first positive test, and the days between which it counts.

    Raises:
        SchemaError: Its `problems` name everything that is wrong.
    """

    certificate_type: ClassVar[CertificateType] = CertificateType.RECOVERY
    group: ClassVar[str] = CertificateType.RECOVERY.value
    event_field: ClassVar[str] = "first_positive_date"

    person: Person
    first_positive_date: date
    valid_from: date
    valid_until: date
    country: str | None = None
    issuer: str | None = None
    record_id: str | None = None

    def __post_init__(self) -> None:
        if problems := (
            checks.window_problems(self.first_positive_date, self.valid_from, self.valid_until)
            + checks.event_problems("first_positive_date", self.first_positive_date, self.person.birth_date)
            + checks.text_problems(issuer=self.issuer, record_id=self.record_id)
            + checks.country_problems("country", self.country)
        ):
            checks.refuse(problems)

    @classmethod
    def from_mapping(cls, fields: Mapping[str, object]) -> RecoveryRecord:
        """Return the record in *fields*; `SchemaError` names every bad one at once."""
        reading = Reading(fields, RECOVERY_FIELDS)
        values, person = reading.values, reading.person()
        first, born = values.get("first_positive_date"), values.get("birth_date")
        if person is None or reading.problems:
            reading.refuse(
                checks.window_problems(first, values.get("valid_from"), values.get("valid_until")),
                checks.event_problems("first_positive_date", first, born),
            )
        return cls(
            person=person,
            first_positive_date=values["first_positive_date"],
            valid_from=values["valid_from"],
            valid_until=values["valid_until"],
            country=values.get("country"),
            issuer=values.get("issuer"),
            record_id=values.get("record_id"),
        )

    def is_ahead_of(self, at: datetime) -> bool:
        """Return whether the day of the first positive test has begun nowhere on Earth at the instant *at* (aware)."""
        return self.first_positive_date > checks.latest_day(at)

    def to_entry(self, *, uvci: str, country: str, issuer: str) -> dict[str, object]:
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
