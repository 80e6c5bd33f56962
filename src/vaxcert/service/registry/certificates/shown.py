"""A certificate as it is shown: by id, as its code, as a page to be printed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import CertificateStateError, NotRegisteredError, PersonErasedError, UvciError
from vaxcert.model.uvci import Uvci
from vaxcert.registry.certificates import store
from vaxcert.registry.certificates.life import IN_FORCE
from vaxcert.registry.certificates.record import CertifiedRecord
from vaxcert.registry.certificates.store import RECORD_PLACE, TEXT_PLACE
from vaxcert.service.batch.stored import certificate_of
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.certificates.drafts import check_place
from vaxcert.service.registry.certificates.listed import CertificateCard, card_of
from vaxcert.service.registry.people.access import check_person
from vaxcert.service.registry.request import Answer, Document, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case
from vaxcert.verify.formats.hcert import layers

if TYPE_CHECKING:
    from vaxcert.issue.issuer import Certificate
    from vaxcert.registry.certificates.store import FoundCertificate, RegisteredCertificate
    from vaxcert.service.registry.work import Work

_LEVEL: Final = 9
"""Of zlib: texts are printed."""


class DocumentFormat(StrEnum):
    """As what a certificate is given out."""

    PNG = "png"
    SVG = "svg"
    PDF = "pdf"
    TEXT = "txt"


MEDIA_TYPES: Final = {
    DocumentFormat.PNG: "image/png",
    DocumentFormat.SVG: "image/svg+xml",
    DocumentFormat.PDF: "application/pdf",
    DocumentFormat.TEXT: "text/plain",
}


class OneCertificate(Request, frozen=True, kw_only=True):
    """Which certificate."""

    certificate: Annotated[
        str, Meta(min_length=1, max_length=80, description="the id in the registry, or the one printed on it")
    ]


class CertificateDocument(OneCertificate, frozen=True, kw_only=True):
    """Which certificate, and as what."""

    format: Annotated[DocumentFormat, Meta(description="png, svg, pdf or txt")] = DocumentFormat.PDF


class ShownCertificate(Answer, frozen=True, kw_only=True):
    """A certificate: the fields of Decision 5772/QĐ-BYT, and the text of its code."""

    card: CertificateCard
    record: CertifiedRecord
    text: str


@use_case(Right.SHOW_CERTIFICATES, reads=True)
def show_certificate(work: Work, request: OneCertificate) -> ShownCertificate:
    """Show an issued certificate: what it says, and the text of its code.

    Raises:
        CertificateStateError: It is not issued yet, or was refused.
        NotRegisteredError: There is no such certificate, or it is not the citizen's to see.
        PersonErasedError: Its holder was erased.
    """
    row = find_certificate(work, request.certificate)
    record, text = opened(work, row)
    return ShownCertificate(card=card_of(row), record=record, text=text)


@use_case(Right.SHOW_CERTIFICATES, reads=True)
def certificate_document(work: Work, request: CertificateDocument) -> Document:
    """Give out an issued certificate as its code (PNG, SVG), as a page to be printed (PDF), or as its text.

    Raises:
        CertificateStateError: It is not in force: what was superseded or revoked is not printed any more.
        NotRegisteredError: There is no such certificate, or it is not the citizen's to see.
        PersonErasedError: Its holder was erased.
        UnprintableTextError: The card's typeface lacks a character.
    """
    row = find_certificate(work, request.certificate)
    if row.state not in IN_FORCE:
        raise CertificateStateError(f"the certificate is {row.state}, and only one in force is given out")
    record, text = opened(work, row)
    assert row.uvci is not None  # it is issued and not erased
    return Document(
        name=f"{Uvci.parse(row.uvci).opaque.lower()}.{request.format}",
        media_type=MEDIA_TYPES[request.format],
        content=_render(record, certificate_in(text), request.format),
    )


def find_certificate(work: Work, text: str) -> RegisteredCertificate:
    """Return the certificate that *text* names: its id in the registry, or the one printed on it in any spelling.

    Raises:
        NotRegisteredError: There is none, or it is not the citizen's to see.
        NotAllowedError: It is another site's or area's.
    """
    found = _named(work, text)
    if found is None:
        raise NotRegisteredError("there is no such certificate")
    row = found.row
    if work.actor.kind is ActorKind.CITIZEN:
        check_person(work, row.person)
    else:
        check_place(work, row)
    if found.key_id is not None and found.wrapped is not None:
        work.open_subject(row.person, found.key_id, found.wrapped)
    return row


def opened(work: Work, row: RegisteredCertificate) -> tuple[CertifiedRecord, str]:
    """Return the record and the text of an issued certificate.

    Raises:
        CertificateStateError: It is not issued.
        PersonErasedError: Its holder was erased.
    """
    if row.erased_at is not None:
        raise PersonErasedError("the data of this person were erased")
    if row.text is None or row.record is None:
        raise CertificateStateError(f"the certificate is {row.state}: it is not issued")
    record = work.unseal(CertifiedRecord, row.person, RECORD_PLACE, row.id, row.record)
    return record, work.unseal(str, row.person, TEXT_PLACE, row.id, row.text)


def certificate_in(text: str) -> Certificate:
    """Return the certificate that *text*, which was issued here, holds."""
    _, message, _ = layers(text)
    return certificate_of(message, level=_LEVEL, text=text)


def _named(work: Work, text: str) -> FoundCertificate | None:
    try:
        return store.find_with_key(work.connection, UUID(text))
    except ValueError:
        pass
    try:
        return store.find_by_uvci(work.connection, Uvci.parse(text).urn)
    except UvciError:
        return None


def _render(record: CertifiedRecord, certificate: Certificate, form: DocumentFormat) -> bytes:
    if form is DocumentFormat.TEXT:
        return certificate.text.encode()
    if form is DocumentFormat.PDF:
        from vaxcert.issue.card import render_cards  # noqa: PLC0415 - typst, only where a page is asked for
        from vaxcert.issue.documents import card_of as printed  # noqa: PLC0415 - the same

        return render_cards([printed(record.to_record(), certificate)])
    from vaxcert.codec import qr  # noqa: PLC0415 - only where a picture is asked for

    symbol = qr.encode(certificate.text)
    return qr.to_png(symbol) if form is DocumentFormat.PNG else qr.to_svg(symbol).encode()
