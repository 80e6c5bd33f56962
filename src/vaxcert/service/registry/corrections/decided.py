"""Corrections decided, by somebody else than who asked: a new version of the record, and new certificates after it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from vaxcert.errors import CertificateStateError, CorrectionStateError, FieldProblem, RequestError
from vaxcert.registry.certificates import store as certificate_store
from vaxcert.registry.certificates.life import IN_FORCE, ON_THE_WAY, CertificateState, Origin
from vaxcert.registry.certificates.tables import certificates
from vaxcert.registry.corrections.life import Decision, DecisionReason, Lane, check_decides, is_reason_for, state_after
from vaxcert.registry.corrections.store import NOTE_PLACE, WISH_PLACE
from vaxcert.registry.corrections.tables import corrections
from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.doses.store import replace_dose
from vaxcert.registry.reactions.store import follow_dose
from vaxcert.service.registry.certificates.drafts import draft
from vaxcert.service.registry.certificates.revoked import withdraw_certificates
from vaxcert.service.registry.corrections.applied import corrected_dose, corrected_person
from vaxcert.service.registry.corrections.found import CorrectionCard, card_of, find_correction
from vaxcert.service.registry.doses.given import dose_by_id
from vaxcert.service.registry.notifications.notify import notify
from vaxcert.service.registry.people.finding import person_by_id, person_ids
from vaxcert.service.registry.people.writing import write_version
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.registry.certificates.store import RegisteredCertificate
    from vaxcert.registry.corrections.store import Correction
    from vaxcert.service.registry.work import Work

NOT_GIVEN: Final = "not_given"
"""The word of certificates of a dose that the person was not given."""


class DecideCorrection(Request, frozen=True, kw_only=True):
    """Which request, and why it is decided so."""

    correction: Annotated[UUID, Meta(description="its id")]
    reason: Annotated[DecisionReason, Meta(description="why")]
    note: Annotated[str, Meta(max_length=500, description="more about it; kept sealed")] | None = None
    version: Annotated[int, Meta(ge=1, description="the version that was read")] | None = None


class AcceptedCorrection(Answer, frozen=True, kw_only=True):
    """A request that was accepted, and what follows from it."""

    correction: CorrectionCard
    certificates: list[UUID]
    """The drafts that will stand in the place of certificates that are wrong now, and those that begin anew."""


class SealedWish(msgspec.Struct, frozen=True):
    """What was asked for, as it is sealed."""

    wish: dict[str, object]
    note: str | None = None

    def __repr__(self) -> str:
        return f"SealedWish({', '.join(self.wish)})"


@use_case(Right.DECIDE_IDENTITY_CORRECTIONS)
def accept_identity_correction(work: Work, request: DecideCorrection) -> AcceptedCorrection:
    """Correct who somebody is: a new version of the person, and drafts in the place of each certificate.

    Whoever decides has entered what the new certificates will say, and so takes none of their three steps. The old
    ones are superseded and revoked in the log when the new ones are issued.

    Raises:
        CertificateStateError: A certificate is being issued at this moment; decide again.
        CorrectionStateError: It was decided, or is in the other lane.
        NotRegisteredError: There is no such request.
        RequestError: What is asked for cannot be any more, or the reason is none for this.
        SeparationError: The account asked for it.
        StaleVersionError: Somebody else has changed it.
    """
    row = _open(work, request, Lane.IDENTITY, Decision.ACCEPT)
    check_decides(work.actor.account, asked_by=row.asked_by, entered_by=None)
    before = person_by_id(work, row.person)
    told = corrected_person(work, before, read_wish(work, row).wish)
    write_version(
        work, before, known=told.demographics, area=told.area, expected=before.version, reason=f"correction {row.id}"
    )
    found = certificate_store.of_persons(work.connection, person_ids(work, row.person))
    return AcceptedCorrection(correction=_decide(work, row, request, Decision.ACCEPT), certificates=_renew(work, found))


@use_case(Right.DECIDE_HEALTH_CORRECTIONS)
def accept_health_correction(work: Work, request: DecideCorrection) -> AcceptedCorrection:
    """Correct what was injected: a new version of the dose, and a draft in the place of its certificate.

    Where the person was not given it at all, it counts no longer, and its certificate is revoked. The lot in the stock
    is not touched: what was used is corrected there.

    Raises:
        CertificateStateError: The certificate is being issued at this moment; decide again.
        CorrectionStateError: It was decided, or is in the other lane.
        DoseStateError: Somebody else has changed the dose.
        NotRegisteredError: There is no such request.
        RequestError: What is asked for cannot be any more, or the reason is none for this.
        SeparationError: The account asked for it, or entered the dose.
        StaleVersionError: Somebody else has changed it.
    """
    row = _open(work, request, Lane.HEALTH, Decision.ACCEPT)
    assert row.dose is not None  # a constraint: this lane is about doses
    dose = dose_by_id(work, row.dose)
    check_decides(work.actor.account, asked_by=row.asked_by, entered_by=dose.entered_by)
    after = corrected_dose(work, dose, read_wish(work, row).wish)
    replace_dose(work.connection, dose, after, at=work.at)
    follow_dose(work.connection, after)
    work.note("dose.corrected", dose.id, before=dose, after=after, person=dose.person)
    if after.state is DoseState.VOIDED:
        withdraw_certificates(work, dose.id, word=NOT_GIVEN)
        begun = []
    else:
        begun = _renew(work, certificate_store.of_dose(work.connection, dose.id))
    return AcceptedCorrection(correction=_decide(work, row, request, Decision.ACCEPT), certificates=begun)


@use_case(Right.DECIDE_HEALTH_CORRECTIONS)
def refuse_health_correction(work: Work, request: DecideCorrection) -> CorrectionCard:
    """Refuse a correction of what was injected.

    Raises:
        CorrectionStateError: It was decided, or is in the other lane.
        NotRegisteredError: There is no such request.
        RequestError: The reason is none for this.
        SeparationError: The account asked for it.
        StaleVersionError: Somebody else has changed it.
    """
    row = _open(work, request, Lane.HEALTH, Decision.REFUSE)
    check_decides(work.actor.account, asked_by=row.asked_by, entered_by=None)
    return _decide(work, row, request, Decision.REFUSE)


@use_case(Right.DECIDE_IDENTITY_CORRECTIONS)
def refuse_identity_correction(work: Work, request: DecideCorrection) -> CorrectionCard:
    """Refuse a correction of who somebody is.

    Raises:
        CorrectionStateError: It was decided, or is in the other lane.
        NotRegisteredError: There is no such request.
        RequestError: The reason is none for this.
        SeparationError: The account asked for it.
        StaleVersionError: Somebody else has changed it.
    """
    row = _open(work, request, Lane.IDENTITY, Decision.REFUSE)
    check_decides(work.actor.account, asked_by=row.asked_by, entered_by=None)
    return _decide(work, row, request, Decision.REFUSE)


def read_wish(work: Work, row: Correction) -> SealedWish:
    """Return what is asked for.

    Raises:
        PersonErasedError: The person was erased.
    """
    return work.unseal(SealedWish, row.person, WISH_PLACE, row.id, row.wish)


def _open(work: Work, request: DecideCorrection, lane: Lane, decision: Decision) -> Correction:
    row = find_correction(work, request.correction)
    if row.lane is not lane:
        raise CorrectionStateError(f"the request is about {row.lane}")
    state_after(row.state, decision)
    if not is_reason_for(decision, request.reason):
        problem = FieldProblem("reason", "wrong_reason", f"is no reason to {decision}")
        raise RequestError("the request is wrong in reason", problems=[problem])
    return row


def _decide(work: Work, row: Correction, request: DecideCorrection, decision: Decision) -> CorrectionCard:
    state = state_after(row.state, decision)
    note = None if request.note is None else work.seal(row.person, NOTE_PLACE, row.id, request.note)
    expected = row.version if request.version is None else request.version
    by = work.actor.account
    version = work.update_version(
        corrections,
        row.id,
        expected,
        state=state,
        decided_by=by,
        decided_at=work.at,
        reason=request.reason,
        note=note,
    )
    work.note(
        f"correction.{state}", row.id, before=row.state, after=request.reason, reason=request.note, person=row.person
    )
    decided = replace(row, version=version, state=state, decided_at=work.at, decided_by=by, reason=request.reason)
    card = card_of(decided)
    notify(work, row.person, "correction-decided", f"correction:{row.id}", about=row.id, code=card.code)
    return card


def _renew(work: Work, found: Iterable[RegisteredCertificate]) -> list[UUID]:
    """Begin new certificates in the place of those among *found* that say what is wrong; return their ids."""
    rows = list(found)
    begun = [_begin_anew(work, row) for row in rows if row.state in ON_THE_WAY]
    waiting = {row.dose for row in rows if row.state in ON_THE_WAY}
    for row in rows:
        if row.state not in IN_FORCE or row.dose in waiting:
            continue
        begun.append(
            draft(
                work,
                row.dose,
                person=row.person,
                site=row.site,
                area=row.area,
                entered_by=work.actor.account,
                revision=certificate_store.next_revision(work.connection, row.dose),
                origin=Origin.CORRECTION,
                replaces=row.id,
            )
        )
    return begun


def _begin_anew(work: Work, row: RegisteredCertificate) -> UUID:
    """Let a certificate that is on its way be verified anew, as what whoever decides has entered."""
    if row.state is CertificateState.CERTIFIED:
        raise CertificateStateError("the certificate is being issued", hint="decide again when the sequencer has")
    unsigned = dict.fromkeys(
        ("verified_by", "verified_at", "site_signed_by", "site_signed_at", "certified_by", "certified_at", "record")
    )
    work.update_version(
        certificates, row.id, row.version, state=CertificateState.DRAFT, entered_by=work.actor.account, **unsigned
    )
    work.note("certificate.begun_anew", row.id, before=row.state, person=row.person)
    return row.id
