"""A verdict as the API shows it: the JSON of `vaxcert verify --json`, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from vaxcert.service.registry.request import Answer
from vaxcert.service.wording import hint, reason, warning

if TYPE_CHECKING:
    from vaxcert.service.wording import Language
    from vaxcert.verify.report import Report

OutcomeName = Annotated[
    Literal["valid", "rejected", "undetermined"],
    Meta(description="it holds; it lies or has lapsed; what would decide is missing"),
]


class VerdictStep(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """One step of the verification."""

    name: str
    status: Literal["passed", "failed", "undetermined", "skipped"]
    code: str | None = None
    message: str | None = None


class Signer(Answer, frozen=True, kw_only=True):
    """Who signed, as far as the trust list knows."""

    kid: str
    country: str | None
    subject: str | None


class Remark(Answer, frozen=True, kw_only=True):
    """Something out of order that does not change the outcome."""

    code: str
    message: str


class Verdict(Answer, frozen=True, kw_only=True):
    """What is to be thought of a certificate, and why."""

    source: str | None
    format: str | None
    outcome: OutcomeName
    code: str | None
    message: str
    hint: str | None
    steps: tuple[VerdictStep, ...]
    signer: Signer | None
    warnings: tuple[Remark, ...]
    issued_at: str | None
    expires_at: str | None
    certificate: Annotated[dict[str, Any] | None, Meta(description="the same shape for every format")]
    payload: Annotated[dict[str, Any] | None, Meta(description="as the format has it")]
    revocation: dict[str, Any] | None
    ledger: dict[str, Any] | None

    @classmethod
    def of(cls, report: Report, lang: Language) -> Verdict:
        """Return *report* in *lang*."""
        shown: dict[str, Any] = report.to_dict()
        if lang != "en":
            shown["message"], shown["hint"] = reason(report, lang), hint(report, lang)
            shown["warnings"] = [{"code": each.code, "message": warning(each, lang)} for each in report.warnings]
        return cls(
            **shown
            | {
                "steps": tuple(VerdictStep(**step) for step in shown["steps"]),
                "signer": shown["signer"] and Signer(**shown["signer"]),
                "warnings": tuple(Remark(**each) for each in shown["warnings"]),
            }
        )
