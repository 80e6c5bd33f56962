"""Renewal: before a certificate's code lapses, a new one is made for the same dose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from vaxcert.errors import RegistryError, RequestError
from vaxcert.registry.certificates import store
from vaxcert.registry.certificates.life import CertificateState, Origin
from vaxcert.registry.certificates.record import CertifiedRecord
from vaxcert.registry.certificates.renewal import rule_on
from vaxcert.registry.certificates.store import RECORD_PLACE
from vaxcert.registry.certificates.tables import IntentKind, certificates
from vaxcert.registry.database.inserting import insert_new
from vaxcert.service.registry.certificates.drafts import ask_for
from vaxcert.service.registry.certificates.record import Records
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.registry.certificates.store import RegisteredCertificate
    from vaxcert.service.registry.work import Work


class RenewCertificates(Request, frozen=True, kw_only=True):
    """How many certificates to renew at once."""

    limit: Annotated[int, Meta(ge=1, le=500, description="how many at most")] = 200


class Renewed(Answer, frozen=True, kw_only=True):
    """What a renewal came to."""

    renewed: int
    drafted: int
    """Of which the record says something else by now: they have to be certified anew."""
    source: str
    """The decision that says when a code is made anew."""


@use_case(Right.RENEW_CERTIFICATES)
def renew_certificates(work: Work, request: RenewCertificates) -> Renewed:
    """Ask for new codes in the place of those that lapse soon; call it again until it does nothing.

    The new certificate says what the old one says, so those who signed that one answer for it too. When the sequencer
    has issued it, the old one is superseded; it is not revoked, and holds until it lapses. Where the record says
    something else by now, the new certificate is a draft that takes its three steps.
    """
    rule = rule_on(work.day)
    due = store.due_for_renewal(work.connection, rule.due_before(work.at), request.limit)
    records = Records(work, due)
    renewed = drafted = 0
    for old in due:
        record = _certified(work, old)
        if _now(records, old) == record:
            renewed += _renew(work, old, record)
        else:
            drafted += _draft(work, old)
    return Renewed(renewed=renewed, drafted=drafted, source=rule.source)


def _certified(work: Work, old: RegisteredCertificate) -> CertifiedRecord:
    assert old.record is not None  # it is in force and not erased
    return work.unseal(CertifiedRecord, old.person, RECORD_PLACE, old.id, old.record)


def _now(records: Records, old: RegisteredCertificate) -> CertifiedRecord | None:
    """Return what the record says now; None where no certificate could be made of it."""
    try:
        return records.of(old)
    except (RegistryError, RequestError):
        return None


def _renew(work: Work, old: RegisteredCertificate, record: CertifiedRecord) -> bool:
    certificate = work.new_id()
    signed = {
        "verified_by": old.hands.verified_by,
        "site_signed_by": old.hands.site_signed_by,
        "certified_by": old.hands.certified_by,
        "record": work.seal(old.person, RECORD_PLACE, certificate, record),
    }
    if not _insert(work, old, certificate, Origin.RENEWAL, CertificateState.CERTIFIED, **signed):
        return False
    ask_for(work, IntentKind.ISSUE, certificate)
    work.note("certificate.renewed", certificate, before=old.id, person=old.person)
    return True


def _draft(work: Work, old: RegisteredCertificate) -> bool:
    certificate = work.new_id()
    if not _insert(work, old, certificate, Origin.CORRECTION, CertificateState.DRAFT):
        return False
    work.note("certificate.drafted", certificate, before=old.id, person=old.person)
    return True


def _insert(
    work: Work,
    old: RegisteredCertificate,
    certificate: UUID,
    origin: Origin,
    state: CertificateState,
    **signed: object,
) -> bool:
    """Begin a certificate in the place of *old*; say whether there was none on its way just before."""
    row = {
        "id": certificate,
        "version": 1,
        "person": old.person,
        "dose": old.dose,
        "revision": store.next_revision(work.connection, old.dose),
        "origin": origin,
        "replaces": old.id,
        "site": old.site,
        "area": old.area,
        "state": state,
        "made_at": work.at,
        "entered_by": old.hands.entered_by,
        **signed,
    }
    return insert_new(work.connection, certificates, row)
