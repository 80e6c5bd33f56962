"""The three steps by which a certificate is certified, each another account's, and the two ways back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import RecordChangedError, RegistryError, RequestError
from vaxcert.registry.certificates import store
from vaxcert.registry.certificates.life import CertificateState, Step, state_after
from vaxcert.registry.certificates.record import CertifiedRecord
from vaxcert.registry.certificates.store import RECORD_PLACE
from vaxcert.registry.certificates.tables import WORD_LENGTH, IntentKind, certificates
from vaxcert.service.registry.certificates.drafts import ask_for, check_here, find_here
from vaxcert.service.registry.certificates.record import Records
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.certificates.store import RegisteredCertificate
    from vaxcert.service.registry.work import Work

MAX_AT_ONCE = 500

Word = Annotated[
    str, Meta(pattern="^[a-z][a-z_]*$", max_length=WORD_LENGTH, description="why, in a word such as wrong_lot")
]


class SignCertificates(Request, frozen=True, kw_only=True):
    """Which certificates to take one step further."""

    certificates: Annotated[list[UUID], Meta(min_length=1, max_length=MAX_AT_ONCE, description="their ids")]
    version: Annotated[int, Meta(ge=1, description="the version that was read, where it is one alone")] | None = None


class StepResult(Answer, frozen=True, kw_only=True):
    """What became of one certificate."""

    certificate: UUID
    state: CertificateState | None = None
    """Where it is now; None where it was refused."""
    version: int | None = None
    code: str | None = None
    """Why it was refused."""
    message: str | None = None


class StepResults(Answer, frozen=True, kw_only=True):
    """What became of each."""

    results: list[StepResult]


class RefuseCertificate(Request, frozen=True, kw_only=True):
    """Which certificate is not to go on, and why."""

    certificate: Annotated[UUID, Meta(description="its id")]
    word: Word
    reason: Annotated[str, Meta(max_length=500, description="why, in your own words; kept sealed")] | None = None
    version: Annotated[int, Meta(ge=1, description="the version that was read")] | None = None


@use_case(Right.VERIFY_CERTIFICATES)
def verify_certificates(work: Work, request: SignCertificates) -> StepResults:
    """Confirm that records are what happened.

    Whoever entered an injection does not verify it. What is wrong with one of several is told, and the others are
    verified; of one alone it is an error.

    Raises:
        CertificateStateError: It is no draft, or its dose is not confirmed.
        NotRegisteredError: There is no such certificate.
        RequestError: No certificate may say what the record says; every bad field is named.
        SeparationError: The account entered the injection.
    """
    return _sign(work, request, Step.VERIFY)


@use_case(Right.SITE_SIGN_CERTIFICATES)
def site_sign_certificates(work: Work, request: SignCertificates) -> StepResults:
    """Sign verified records for the site.

    Raises:
        CertificateStateError: It is not verified.
        NotRegisteredError: There is no such certificate.
        RecordChangedError: The record is not what was verified any more.
        SeparationError: The account entered or verified it.
    """
    return _sign(work, request, Step.SITE_SIGN)


@use_case(Right.CENTRE_SIGN_CERTIFICATES)
def centre_sign_certificates(work: Work, request: SignCertificates) -> StepResults:
    """Sign certificates for the centre; the sequencer then issues them and writes them into the log.

    Raises:
        CertificateStateError: The site has not signed it.
        NotRegisteredError: There is no such certificate.
        RecordChangedError: The record is not what was verified any more.
        SeparationError: The account had a hand in it before.
    """
    return _sign(work, request, Step.CENTRE_SIGN)


@use_case(Right.REFUSE_CERTIFICATES)
def return_certificate(work: Work, request: RefuseCertificate) -> StepResult:
    """Send a certificate back to be verified anew.

    Raises:
        CertificateStateError: It is neither verified nor signed by the site, or it is signed by the centre.
        NotRegisteredError: There is no such certificate.
        StaleVersionError: Somebody else has changed it.
    """
    row = find_here(work, request.certificate, request.version)
    unsigned = dict.fromkeys(("verified_by", "verified_at", "site_signed_by", "site_signed_at", "record"))
    return _change(work, row, Step.RETURN, request.reason, word=request.word, **unsigned)


@use_case(Right.REFUSE_CERTIFICATES)
def refuse_certificate(work: Work, request: RefuseCertificate) -> StepResult:
    """Refuse a certificate: it is not issued.

    Raises:
        CertificateStateError: The centre has signed it.
        NotRegisteredError: There is no such certificate.
        StaleVersionError: Somebody else has changed it.
    """
    row = find_here(work, request.certificate, request.version)
    return _change(work, row, Step.REFUSE, request.reason, word=request.word, ended_at=work.at)


def _sign(work: Work, request: SignCertificates, step: Step) -> StepResults:
    """Take *step* of each certificate that it can be taken of; of one alone the reason why not is an error."""
    ids = list(dict.fromkeys(request.certificates))
    found = {each.row.id: each for each in store.find_locked(work.connection, ids)}
    for each in found.values():
        if each.key_id is not None and each.wrapped is not None:
            work.open_subject(each.row.person, each.key_id, each.wrapped)
    rows = {certificate: each.row for certificate, each in found.items()}
    records = Records(work, rows.values())
    results, signed = [], []
    for certificate in ids:
        try:
            row = _signable(work, rows.get(certificate), step, request.version if len(ids) == 1 else None)
            signed.append((row.id, _record(work, row, records.of(row), step)))
        except (RegistryError, RequestError) as error:
            if len(ids) == 1:
                raise
            results.append(StepResult(certificate=certificate, code=error.code, message=error.message))
        else:
            state = state_after(row.state, step)
            results.append(StepResult(certificate=certificate, state=state, version=row.version + 1))
    store.sign(work.connection, step, signed, account=work.actor.account, at=work.at)
    for certificate, _ in signed:
        row = rows[certificate]
        if step is Step.CENTRE_SIGN:
            ask_for(work, IntentKind.ISSUE, certificate)
        work.note(
            f"certificate.{step}", certificate, before=row.state, after=state_after(row.state, step), person=row.person
        )
    return StepResults(results=results)


def _signable(work: Work, row: RegisteredCertificate | None, step: Step, version: int | None) -> RegisteredCertificate:
    """Return *row* if the actor may take *step* of it."""
    row = check_here(work, row, version)
    state_after(row.state, step)
    row.hands.check_free(work.actor.account)
    return row


def _record(work: Work, row: RegisteredCertificate, record: CertifiedRecord, step: Step) -> bytes | None:
    """Return the sealed *record* where it is verified now; where it was before, check that it is still the same."""
    if step is Step.VERIFY:
        return work.seal(row.person, RECORD_PLACE, row.id, record)
    assert row.record is not None  # a constraint: what is verified has its record
    if record != work.unseal(CertifiedRecord, row.person, RECORD_PLACE, row.id, row.record):
        raise RecordChangedError("the record says something else than when it was verified")
    return None


def _change(
    work: Work, row: RegisteredCertificate, step: Step, reason: str | None = None, **values: object
) -> StepResult:
    state = state_after(row.state, step)
    version = work.update_version(certificates, row.id, row.version, state=state, **values)
    work.note(f"certificate.{step}", row.id, before=row.state, after=state, reason=reason, person=row.person)
    return StepResult(certificate=row.id, state=state, version=version)
