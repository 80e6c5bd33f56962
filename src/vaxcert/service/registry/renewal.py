"""Renewal: before a certificate's code lapses, a new one is made for the same dose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from vaxcert.registry.certificates import store
from vaxcert.registry.certificates.life import CertificateState, Origin
from vaxcert.registry.certificates.record import CertifiedRecord
from vaxcert.registry.certificates.renewal import rule_on
from vaxcert.registry.certificates.store import RECORD_PLACE
from vaxcert.registry.certificates.tables import IntentKind, certificates
from vaxcert.registry.database.inserting import insert_new
from vaxcert.service.registry.access import Right
from vaxcert.service.registry.certificates import ask_for
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.certificates.store import RegisteredCertificate
    from vaxcert.service.registry.work import Work


class RenewCertificates(Request, frozen=True, kw_only=True):
    """How many certificates to renew at once."""

    limit: Annotated[int, Meta(ge=1, le=500, description="how many at most")] = 200


class Renewed(Answer, frozen=True, kw_only=True):
    """What a renewal came to."""

    renewed: int
    source: str
    """The decision that says when a code is made anew."""


@use_case(Right.RENEW_CERTIFICATES)
def renew_certificates(work: Work, request: RenewCertificates) -> Renewed:
    """Ask for new codes in the place of those that lapse soon; call it again until it renews none.

    The new certificate says what the old one says, so those who signed that one answer for it too. When the sequencer
    has issued it, the old one is superseded; it is not revoked, and holds until it lapses.
    """
    rule = rule_on(work.day)
    due = store.due_for_renewal(work.connection, rule.due_before(work.at), request.limit)
    return Renewed(renewed=sum(_renew(work, old) for old in due), source=rule.source)


def _renew(work: Work, old: RegisteredCertificate) -> bool:
    assert old.record is not None  # it is in force and not erased
    certificate = work.new_id()
    record = work.unseal(CertifiedRecord, old.person, RECORD_PLACE, old.id, old.record)
    is_new = insert_new(
        work.connection,
        certificates,
        {
            "id": certificate,
            "version": 1,
            "person": old.person,
            "dose": old.dose,
            "revision": store.next_revision(work.connection, old.dose),
            "origin": Origin.RENEWAL,
            "replaces": old.id,
            "site": old.site,
            "area": old.area,
            "state": CertificateState.CERTIFIED,
            "made_at": work.at,
            "entered_by": old.hands.entered_by,
            "verified_by": old.hands.verified_by,
            "site_signed_by": old.hands.site_signed_by,
            "certified_by": old.hands.certified_by,
            "record": work.seal(old.person, RECORD_PLACE, certificate, record),
        },
    )
    if is_new:  # another renewal, or a correction, may have come between
        ask_for(work, IntentKind.ISSUE, certificate)
        work.note("certificate.renewed", certificate, before=old.id, person=old.person)
    return is_new
