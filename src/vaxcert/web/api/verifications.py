"""Verification over HTTP: one text, many texts, or a picture. Nothing of what is sent is kept."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Any, cast

from msgspec import Meta

from vaxcert.codec.picture import Limits as PictureLimits
from vaxcert.errors import FieldProblem, RequestError, VaxcertError
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.sources import found_in_picture
from vaxcert.service.verification import examine
from vaxcert.service.wording import reason
from vaxcert.verify.report import Outcome
from vaxcert.web.api.route import Caller, office_call
from vaxcert.web.api.verdict import OutcomeName, Verdict
from vaxcert.web.office import Office

if TYPE_CHECKING:
    from datetime import datetime

    from vaxcert.service.wording import Language
    from vaxcert.verify.quick import VerifiedCertificate
    from vaxcert.verify.report import Report
    from vaxcert.verify.verifier import Verifier

MAX_TEXT = 8192
"""Of a certificate's text, as the decoder has it; a longer one is refused before it is looked at."""
MAX_BATCH = 500
_SLICE = 20
"""So many are verified, some 2 ms, before the others that wait have their turn."""

_EVENTS = ("v", "t", "r")
_MINUTES, _SECONDS = len("2026-01-30T00:00"), len("2026-01-30T00:00:00")

CertificateText = Annotated[str, Meta(max_length=MAX_TEXT, description="what the QR code holds, `HC1:...`")]


class VerifyText(Request, frozen=True, kw_only=True):
    """A certificate to be verified."""

    text: CertificateText
    receipt: (
        Annotated[str, Meta(max_length=90_000, description="the holder's proof that it stands in a log: CBOR, base64")]
        | None
    ) = None


class VerifyTexts(Request, frozen=True, kw_only=True):
    """Certificates to be verified."""

    texts: Annotated[list[CertificateText], Meta(min_length=1, max_length=MAX_BATCH)]


class BriefVerdict(Answer, frozen=True, kw_only=True):
    """An outcome and its reason, without what the certificate says of a person."""

    outcome: OutcomeName
    code: str | None
    message: str
    id: str | None
    """The certificate's identifier, where its signature holds."""
    expires_at: str | None
    country: str | None
    """Of the signer, where the trust list knows one."""


class BriefVerdicts(Answer, frozen=True, kw_only=True):
    """One verdict for each text, in their order."""

    verdicts: list[BriefVerdict]


class Picture(Request, frozen=True, kw_only=True):
    """A picture or PDF with certificates."""

    content: bytes


class ScannedVerdicts(Answer, frozen=True, kw_only=True):
    """A verdict for each certificate that was found."""

    verdicts: list[Verdict]


@office_call()
def verify_text(office: Office, request: VerifyText, caller: Caller) -> Verdict:
    """Verify a certificate.

    The answer is 200 whatever the outcome: `outcome` says whether the certificate holds. Nothing is kept.
    """
    report = office.verifying.current.examine(
        request.text, at=office.clock(), receipt=None if request.receipt is None else _bytes_of(request.receipt)
    )
    office.metrics.verified(report.outcome)
    return Verdict.of(report, caller.lang)


@office_call()
async def verify_texts(office: Office, request: VerifyTexts, caller: Caller) -> BriefVerdicts:
    """Verify many certificates at once.

    Of each there is the outcome and its reason; `POST /verifications` tells all of one.
    """
    verifier, at, lang = office.verifying.current, office.clock(), caller.lang
    verdicts: list[BriefVerdict] = []
    texts = request.texts
    for start in range(0, len(texts), _SLICE):
        if start:
            await asyncio.sleep(0)
        verdicts += [_brief(verifier, text, at, lang) for text in texts[start : start + _SLICE]]
    for outcome, number in Counter([verdict.outcome for verdict in verdicts]).items():
        office.metrics.verified(Outcome(outcome), number)
    return BriefVerdicts(verdicts=verdicts)


@office_call(waits=True)
def verify_picture(office: Office, request: Picture, caller: Caller) -> ScannedVerdicts:
    """Verify every certificate in a picture or a PDF.

    Takes PNG, JPEG, WebP, TIFF and PDF. Where there is no certificate to be found, the one verdict says so. The picture
    is not kept.
    """
    return _scan(office, request.content, caller, quick=False)


@office_call(waits=True)
def verify_frame(office: Office, request: Picture, caller: Caller) -> ScannedVerdicts:
    """Verify what a camera sees at this moment.

    As `POST /scans`, but only looks once: of a blurred frame nothing is found, and the next one is not far.
    """
    return _scan(office, request.content, caller, quick=True)


def _scan(office: Office, content: bytes, caller: Caller, *, quick: bool) -> ScannedVerdicts:
    limits = PictureLimits(
        file_bytes=office.limits.picture_bytes, pixels=office.limits.picture_pixels, pages=4, is_quick=quick
    )
    verifier, at = office.verifying.current, office.clock()
    reports = [examine(found, verifier, at=at) for found in found_in_picture(BytesIO(content), "picture", limits)]
    for report in reports:
        office.metrics.verified(report.outcome)
    return ScannedVerdicts(verdicts=[Verdict.of(report, caller.lang) for report in reports])


def _brief(verifier: Verifier, text: str, at: datetime, lang: Language) -> BriefVerdict:
    try:
        return _believed(verifier.verify(text, at=at))
    except VaxcertError:
        return _refused(verifier.examine(text, at=at), lang)


def _believed(verified: VerifiedCertificate) -> BriefVerdict:
    expires_at = verified.claims.expires_at.isoformat()  # many times faster than any form but its own
    dcc = cast("dict[str, Any]", verified.payload)
    group = next(group for group in _EVENTS if group in dcc)
    return BriefVerdict(
        outcome="valid",
        code=None,
        message=f"valid through {expires_at[:_MINUTES]}Z",
        id=dcc[group][0]["ci"],
        expires_at=f"{expires_at[:_SECONDS]}Z",
        country=verified.dsc.country,
    )


def _refused(report: Report, lang: Language) -> BriefVerdict:
    shown: dict[str, Any] = report.to_dict()
    return BriefVerdict(
        outcome=shown["outcome"],
        code=report.code,
        message=reason(report, lang),
        id=_proven_id(report),
        expires_at=shown["expires_at"],
        country=None if report.signer is None else report.signer.country,
    )


def _proven_id(report: Report) -> str | None:
    proven = any(step.name == "signature" and step.status == "passed" for step in report.steps)
    return cast("str | None", report.certificate["id"]) if proven and report.certificate is not None else None


def _bytes_of(receipt: str) -> bytes:
    try:
        return b64decode(receipt, validate=True)
    except ValueError:
        problem = FieldProblem("receipt", "invalid", "is no base64")
        raise RequestError("the receipt is no base64", problems=[problem]) from None
