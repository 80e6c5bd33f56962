"""The record that a certificate is made from, put together from the rooms that know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import CertificateStateError, PersonErasedError, RequestError, SchemaError
from vaxcert.registry.certificates.record import CertifiedRecord
from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.doses.store import doses_by_id
from vaxcert.registry.sites.store import site_by_id
from vaxcert.service.registry.people.finding import people_by_id

if TYPE_CHECKING:
    from collections.abc import Collection

    from vaxcert.registry.certificates.store import RegisteredCertificate
    from vaxcert.service.registry.work import Work

NO_LOT = "—"
"""What a card shows where a paper from elsewhere named no lot."""


class Records:
    """What the registry knows now of the doses and the holders of some certificates, read together."""

    def __init__(self, work: Work, rows: Collection[RegisteredCertificate]) -> None:
        """Read what *rows* are about."""
        self._doses = doses_by_id(work.connection, {row.dose for row in rows})
        self._people = people_by_id(work, {row.person for row in rows})
        ids = {dose.site for dose in self._doses.values()} - {None}
        self._sites = {site: site_by_id(work.connection, site) for site in ids if site is not None}

    def of(self, certificate: RegisteredCertificate) -> CertifiedRecord:
        """Return the record that *certificate* would be made from now.

        Raises:
            CertificateStateError: The injection is not over, its paper is not verified, or it was entered by mistake.
            PersonErasedError: The holder was erased.
            RequestError: No certificate may say this; every bad field is named.
        """
        dose, person = self._doses[certificate.dose], self._people.get(certificate.person)
        if dose.state is not DoseState.CONFIRMED:
            raise CertificateStateError(f"the dose is {dose.state}, and only a confirmed one is certified")
        if person is None:
            raise PersonErasedError("the data of this person were erased")
        site = None if dose.site is None else self._sites[dose.site]
        record = CertifiedRecord.of(
            dose=dose.id,
            name=person.name,
            birth_date=person.birth_date,
            nationality=person.nationality,
            product=dose.product,
            lot=dose.lot_number or NO_LOT,
            number=dose.number,
            total=dose.of,
            given_on=dose.given_on,
            site=dose.place if site is None else site.name,
            country=dose.country,
        )
        try:
            record.to_record()
        except SchemaError as error:
            raise RequestError(f"no certificate can be made: {error.message}", problems=error.problems) from error
        return record
