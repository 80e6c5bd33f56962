"""A report as a person reads it, in English or Vietnamese."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from vaxcert.verify.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vaxcert.verify.report import Report

_COLOURS = {Outcome.VALID: "green", Outcome.REJECTED: "red", Outcome.UNDETERMINED: "yellow"}

_WORDS = {
    "en": {
        "valid": "VALID",
        "rejected": "REJECTED",
        "undetermined": "UNDETERMINED",
        "born": "born",
        "vaccination": "vaccination",
        "test": "test",
        "recovery": "recovery",
        "dose": "dose",
        "signer": "signer",
        "warning": "warning",
        "valid_until": "valid through",
    },
    "vi": {
        "valid": "HỢP LỆ",
        "rejected": "BỊ TỪ CHỐI",
        "undetermined": "CHƯA XÁC ĐỊNH",
        "born": "sinh",
        "vaccination": "tiêm chủng",
        "test": "xét nghiệm",
        "recovery": "khỏi bệnh",
        "dose": "mũi",
        "signer": "bên ký",
        "warning": "lưu ý",
        "valid_until": "có hiệu lực đến",
    },
}


def verdict(report: Report, lang: str) -> str:
    """Return the verdict in a few lines; what the certificate says is shown only where it may be believed."""
    words = _WORDS[lang]
    heading = click.style(words[report.outcome], fg=_COLOURS[report.outcome], bold=True)
    source = "" if report.source in (None, "text") else f"  {report.source}"
    lines = [heading + source]
    if report.outcome is Outcome.VALID:
        lines += [f"  {line}" for line in _contents(report, words)]
    else:
        lines.append(f"  {message_of(report, lang)} [{report.code}]")
    if report.signer is not None:
        known = ", ".join(part for part in (report.signer.country, report.signer.subject) if part)
        lines.append(f"  {words['signer']}: {known or '?'} (kid {report.signer.kid})")
    lines += [f"  {words['warning']}: {warning.message} [{warning.code}]" for warning in report.warnings]
    return "\n".join(lines)


def message_of(report: Report, lang: str) -> str:
    """Return why the certificate is not valid, in *lang*."""
    if lang == "en" or report.code is None:
        return report.message
    from vaxcert.commands.language import VIETNAMESE  # noqa: PLC0415 - English needs no table

    return VIETNAMESE[report.code]


def _contents(report: Report, words: Mapping[str, str]) -> Iterator[str]:
    certificate = cast("Mapping[str, object]", report.certificate)
    holder = cast("Mapping[str, str | None]", certificate["holder"])
    name = " ".join(
        part
        for written, standard in (("family_name", "family_name_standardised"), ("given_name", "given_name_standardised"))
        if (part := holder[written] or holder[standard])
    )
    yield f"{name}, {words['born']} {holder['birth_date'] or '?'}"
    for group, kind in (("doses", "vaccination"), ("tests", "test"), ("recoveries", "recovery")):
        for event in cast("Sequence[Mapping[str, object]]", certificate[group]):
            yield f"{words[kind]}: {', '.join(_event(event, words))}"
    if report.expires_at is not None:
        yield f"{certificate['id']}, {words['valid_until']} {report.expires_at:%Y-%m-%dT%H:%MZ}"


def _event(event: Mapping[str, object], words: Mapping[str, str]) -> Iterator[str]:
    for key in ("product", "test_type", "result"):
        if key in event:
            yield str(cast("Mapping[str, object]", event[key])["display"])
    if "dose_number" in event:
        yield f"{words['dose']} {event['dose_number']}/{event['total_doses']}"
    for key in ("date", "sampled_at", "first_positive_date", "country"):
        if key in event:
            yield str(event[key])
