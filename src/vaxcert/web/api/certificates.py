"""Certificates over HTTP: issued for services that hold a key with this right, revoked, and asked about."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from msgspec import Meta

from vaxcert.errors import NotSetUpError
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.online_issuing import MAX_RECORDS
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.revocation_book import RevocationBook
from vaxcert.service.revoking import Refused, Revoker, read_name
from vaxcert.trust.revocation.own_key import canonical_id
from vaxcert.web.api.ledger import CertificateId
from vaxcert.web.api.route import Caller, office_call
from vaxcert.web.office import Office

if TYPE_CHECKING:
    from pathlib import Path


MAX_REVOKED = 1000
_MAX_NAMED = 9000
"""Of what names a certificate: its identifier, or its text."""


class IssueCertificates(Request, frozen=True, kw_only=True):
    """Records to be certified."""

    records: Annotated[
        list[dict[str, str | int | None]],
        Meta(min_length=1, max_length=MAX_RECORDS, description="each as a line of a file for `vaxcert issue`"),
    ]


class IssuedCertificate(Answer, frozen=True, kw_only=True):
    """A certificate."""

    record_id: str | None
    id: str
    text: Annotated[str, Meta(description="what the QR code holds")]
    kid: str
    issued_at: str
    expires_at: str
    leaf_index: Annotated[int | None, Meta(description="its place in the log")] = None


class RefusedField(Answer, frozen=True, kw_only=True):
    """What is wrong with one field of one record."""

    number: Annotated[int, Meta(description="of the record, from 1")]
    record_id: str
    field: str
    code: str
    message: str


class IssuedCertificates(Answer, frozen=True, kw_only=True):
    """What became of the records: those that are wrong do not keep the others waiting."""

    certificates: list[IssuedCertificate]
    rejects: list[RefusedField]


class RevokeCertificates(Request, frozen=True, kw_only=True):
    """Certificates that shall no longer count."""

    certificates: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=_MAX_NAMED)]],
        Meta(min_length=1, max_length=MAX_REVOKED, description="identifiers, or the certificates' texts"),
    ]
    word: (
        Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="why, from a list of the issuer's own")]
        | None
    ) = None


class NotRevoked(Answer, frozen=True, kw_only=True):
    """One that was not revoked."""

    number: Annotated[int, Meta(description="among those that were named, from 1")]
    code: str
    message: str


class Revoked(Answer, frozen=True, kw_only=True):
    """What became of a revocation."""

    revoked: int
    revoked_before: int
    refused: list[NotRevoked]


class AskRevocation(Request, frozen=True, kw_only=True):
    """A certificate."""

    id: CertificateId


class RevocationState(Answer, frozen=True, kw_only=True):
    """Whether a certificate was revoked."""

    id: str
    state: Literal["not_revoked", "revoked", "superseded"]
    since: datetime | None


class AskList(Request, frozen=True, kw_only=True):
    """Takes no field."""


@office_call(Right.ISSUE_FROM_RECORDS, waits=True)
def issue_certificates(office: Office, request: IssueCertificates, caller: Caller) -> IssuedCertificates:
    """Issue certificates for records, into the log.

    A record keeps its certificate: sent again it gets the same one, and under the same `record_id` with other content
    one that supersedes it.
    """
    del caller
    if office.issuing is None:
        raise NotSetUpError("this service has no key to issue with")
    done = office.issuing.issue(request.records, at=office.clock())
    return IssuedCertificates(
        certificates=[IssuedCertificate(**cast("dict[str, Any]", each)) for each in done.certificates],
        rejects=[
            RefusedField(
                number=each.line,
                record_id=each.record_id,
                field=each.problem.field,
                code=each.problem.code,
                message=each.problem.message,
            )
            for each in done.rejects
        ],
    )


@office_call(Right.REVOKE_BY_ID, waits=True)
def revoke_certificates(office: Office, request: RevokeCertificates, caller: Caller) -> Revoked:
    """Revoke certificates, in the issuer's book and in the log.

    What is revoked already stays as it is, so that the same can be sent twice.
    """
    del caller
    with ExitStack() as stack:
        log = None if office.ledger is None else stack.enter_context(LedgerFolder(office.ledger).open())
        book = stack.enter_context(RevocationBook.open(_book(office), create=True))
        revoker = Revoker(book, at=office.clock(), word=request.word, log=log)
        named = (read_name(str(number), text) for number, text in enumerate(request.certificates, 1))
        refused = [each for each in revoker.revoke(named) if isinstance(each, Refused)]
    return Revoked(
        revoked=revoker.tally.written,
        revoked_before=revoker.tally.known,
        refused=[
            NotRevoked(number=int(each.place), code=each.error.code, message=each.error.message) for each in refused
        ],
    )


@office_call(waits=True)
def show_revocation(office: Office, request: AskRevocation, caller: Caller) -> RevocationState:
    """Tell whether a certificate was revoked or superseded.

    The issuer's lists say the same to everybody, and to verifiers without a network.
    """
    del caller
    path = _book(office)
    if path.exists():
        with RevocationBook.open(path) as book:
            found = book.entries_by_id([canonical_id(request.id)]).get(canonical_id(request.id))
            if found is not None:
                since = datetime.fromtimestamp(found.at, UTC)
                state: Any = str(found.reason)
                return RevocationState(id=request.id, state=state, since=since)
    return RevocationState(id=request.id, state="not_revoked", since=None)


@office_call(waits=True)
def show_revocation_list(office: Office, request: AskList, caller: Caller) -> bytes:
    """Return the issuer's signed list of what was revoked, as it was exported last."""
    del request, caller
    if office.revocation_list is None or not office.revocation_list.is_file():
        raise NotSetUpError("this service has no list of what was revoked")
    return office.revocation_list.read_bytes()


def _book(office: Office) -> Path:
    if office.book is None:
        raise NotSetUpError("this service has no book of revocations")
    return office.book
