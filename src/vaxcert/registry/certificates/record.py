"""What a certificate is made from: the record of one dose and its holder, as it was verified.

It is kept, sealed, from the verification on: what the site signs, what the centre signs and what is issued is this, and
no later edit of the person or the dose slips in between (`RecordChangedError`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec

from vaxcert.model.checks import MAX_TEXT_CHARACTERS
from vaxcert.model.records import VaccinationRecord

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from vaxcert.model.names import PersonName
    from vaxcert.model.partial_date import PartialDate


class CertifiedRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of Decision 5772/QĐ-BYT but the certificate's id, named as `VaccinationRecord` reads them.

    Numbers of identity documents and the sex are not among them: the certificate needs neither.
    """

    record_id: str
    """The dose: the certificate's id follows from it and from the version."""
    family_name: str
    given_name: str
    family_name_standardised: str
    given_name_standardised: str
    birth_date: str
    nationality: str
    product: str
    lot: str
    dose_number: int
    total_doses: int
    vaccination_date: str
    site: str | None
    country: str

    def __repr__(self) -> str:
        return f"CertifiedRecord(record_id={self.record_id!r})"  # the rest says whose it is

    @classmethod
    def of(
        cls,
        *,
        dose: UUID,
        name: PersonName,
        birth_date: PartialDate,
        nationality: str,
        product: str,
        lot: str,
        number: int,
        total: int,
        given_on: date,
        site: str | None,
        country: str,
    ) -> Self:
        """Return the record of the *dose* that the person with these facts was given.

        Args:
            dose: The dose's id in the registry.
            name: The holder's name.
            birth_date: The birth date, or what is known of it.
            nationality: The holder's country, printed.
            product: The EU code of the vaccine product.
            lot: The lot's number, printed.
            number: Which dose it was.
            total: Of how many, as a DCC counts.
            given_on: The day of the dose.
            site: The name of the site, printed.
            country: Where it was given.
        """
        return cls(
            record_id=str(dose),
            family_name=name.family,
            given_name=name.given,
            family_name_standardised=name.family_std,
            given_name_standardised=name.given_std,
            birth_date=birth_date.iso,
            nationality=nationality,
            product=product,
            lot=lot,
            dose_number=number,
            total_doses=total,
            vaccination_date=given_on.isoformat(),
            site=None if site is None else _shortened(site),
            country=country,
        )

    def to_fields(self) -> dict[str, object]:
        """Return the fields as `VaccinationRecord.from_mapping` and a batch's workers read them."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value not in {None, ""}}

    def to_record(self) -> VaccinationRecord:
        """Return the record to issue from.

        Raises:
            SchemaError: No certificate may say this; every bad field is named.
        """
        return VaccinationRecord.from_mapping(self.to_fields())

    @property
    def is_course_complete(self) -> bool:
        """Whether the dose ends the primary series, or comes after it."""
        return self.dose_number >= self.total_doses


def _shortened(site: str) -> str:
    """Return the name of a *site* as far as a card has room for it: it is printed, and signed nowhere."""
    return site if len(site) <= MAX_TEXT_CHARACTERS else f"{site[: MAX_TEXT_CHARACTERS - 1]}…"
