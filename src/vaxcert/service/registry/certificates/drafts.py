"""Certificates begun: drafted when an injection is over, found by who works on them, asked for from the sequencer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import CertificateStateError, NotRegisteredError, StaleVersionError
from vaxcert.registry.certificates import store
from vaxcert.registry.certificates.life import CertificateState, Origin
from vaxcert.registry.certificates.tables import IntentState, certificates, intents
from vaxcert.registry.sites.store import site_by_id
from vaxcert.service.registry.access import COUNTRY

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.registry.certificates.store import RegisteredCertificate
    from vaxcert.registry.certificates.tables import IntentKind
    from vaxcert.registry.doses.dose import Dose
    from vaxcert.service.registry.work import Work


def draft_first(work: Work, dose: Dose) -> UUID:
    """Draft the first certificate of a *dose*, and return its id.

    Raises:
        CertificateStateError: As for `draft`.
    """
    return draft(
        work, dose.id, person=dose.person, site=dose.site, area=_area_of(work, dose), entered_by=dose.entered_by
    )


def draft(
    work: Work,
    dose: UUID,
    *,
    person: UUID,
    site: UUID | None,
    area: str | None,
    entered_by: str,
    revision: int = 1,
    origin: Origin = Origin.INJECTION,
    replaces: UUID | None = None,
) -> UUID:
    """Draft the certificate of a *dose*, and return its id.

    Args:
        work: The transaction.
        dose: The dose: an injection that is over, or of which the paper was verified.
        person: The id under which it was entered.
        site: Where it was given, if that is one of the registry's.
        area: The reference of the area that answers for it.
        entered_by: Who entered what the certificate will say, and so does not certify it.
        revision: The how many-th certificate of the dose it is.
        origin: What it follows from.
        replaces: The certificate in whose place it comes.

    Raises:
        CertificateStateError: When it is written, with the next statement: there is one already.
    """
    certificate = work.new_id()
    begun = CertificateStateError(
        "a certificate for the same dose was begun just now", hint="look again, and decide then"
    )
    row: dict[str, object] = {
        "id": certificate,
        "version": 1,
        "person": person,
        "dose": dose,
        "revision": revision,
        "origin": origin,
        "replaces": replaces,
        "site": site,
        "area": area,
        "state": CertificateState.DRAFT,
        "made_at": work.at,
        "entered_by": entered_by,
    }
    work.insert_new(certificates, row, otherwise=begun)
    work.note("certificate.drafted", certificate, after={"dose": dose, "revision": revision}, person=person)
    return certificate


def find_here(work: Work, certificate: UUID, version: int | None = None) -> RegisteredCertificate:
    """Return the certificate with this id.

    Raises:
        NotRegisteredError: There is none.
        NotAllowedError: It is another site's or area's.
        StaleVersionError: It has another *version*.
    """
    return check_here(work, store.find(work.connection, certificate), version)


def check_here(work: Work, row: RegisteredCertificate | None, version: int | None = None) -> RegisteredCertificate:
    """Return *row*, which was looked for, if it is there and the actor may work with it.

    Raises:
        NotRegisteredError: There is none.
        NotAllowedError: It is another site's or area's.
        StaleVersionError: It has another *version*.
    """
    if row is None:
        raise NotRegisteredError("there is no such certificate")
    check_place(work, row)
    if version not in {None, row.version}:
        raise StaleVersionError("somebody else has changed it meanwhile")
    return row


def check_place(work: Work, row: RegisteredCertificate) -> None:
    """Refuse the certificate of another site or area to somebody of the staff.

    Raises:
        NotAllowedError: It is one.
    """
    if row.site is not None and row.area is not None:
        work.scope.check_site(row.site, row.area)
    else:
        work.scope.check_area(row.area or COUNTRY)


def ask_for(
    work: Work, kind: IntentKind, certificate: UUID, *, uvci: str | None = None, word: str | None = None
) -> None:
    """Ask the sequencer to write about a *certificate* into the log, in this transaction."""
    work.insert(
        intents,
        id=work.new_id(),
        kind=kind,
        certificate=certificate,
        uvci=uvci,
        at=work.at,
        word=word,
        state=IntentState.WAITING,
    )


def _area_of(work: Work, dose: Dose) -> str | None:
    site = None if dose.site is None else site_by_id(work.connection, dose.site)
    if site is not None:
        return site.area
    return None if work.actor.area == COUNTRY else work.actor.area
