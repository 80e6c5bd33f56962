"""A report's words in the language of who reads it: for terminals and for the HTTP service alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vaxcert.errors import VaxcertError
    from vaxcert.verify.report import Report, RevocationStatus, Warning_

Language = Literal["en", "vi"]


def reason(report: Report, lang: Language) -> str:
    """Return why the certificate is not valid."""
    if lang == "en" or report.code is None:
        return report.message
    from vaxcert.service.language import VIETNAMESE  # noqa: PLC0415 - English needs no table

    return VIETNAMESE[report.code].format(
        message=report.message,
        issued=f"{report.issued_at:%d/%m/%Y %H:%M} UTC" if report.issued_at else "?",
        expires=f"{report.expires_at:%d/%m/%Y %H:%M} UTC" if report.expires_at else "?",
        revoked=_since(report.revocation),
    )


def hint(report: Report, lang: Language) -> str | None:
    """Return what the reader can do about a certificate that is not valid, where that is known."""
    if lang == "en" or report.hint is None or report.code is None:
        return report.hint
    from vaxcert.service.language import VIETNAMESE_HINTS  # noqa: PLC0415 - English needs no table

    return VIETNAMESE_HINTS.get(report.code, report.hint)


def warning(told: Warning_, lang: Language) -> str:
    """Return what is out of order with the certificate without changing the outcome."""
    if lang == "en":
        return told.message
    from vaxcert.service.language import VIETNAMESE_WARNINGS  # noqa: PLC0415 - English needs no table

    return VIETNAMESE_WARNINGS[told.code].format(message=told.message)


def refusal(error: VaxcertError, lang: Language) -> tuple[str, str | None]:
    """Return why something was refused and what can be done about it; in English what has no words in *lang*."""
    if lang == "en":
        return error.message, error.hint
    from vaxcert.service.language import (  # noqa: PLC0415 - English needs no table
        VIETNAMESE,
        VIETNAMESE_HINTS,
        VIETNAMESE_REFUSAL_HINTS,
        VIETNAMESE_REFUSALS,
    )

    sentence = VIETNAMESE_REFUSALS.get(error.code) or VIETNAMESE.get(error.code) or "{message}"
    told = sentence.format(message=error.message, issued="?", expires="?", revoked="")
    return told, VIETNAMESE_REFUSAL_HINTS.get(error.code) or VIETNAMESE_HINTS.get(error.code, error.hint)


def _since(revocation: RevocationStatus | None) -> str:
    return "" if revocation is None or revocation.at is None else f" từ {revocation.at:%d/%m/%Y %H:%M} UTC"
