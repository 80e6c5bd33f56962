"""A report as a person reads it, in English or Vietnamese, and as a line of JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import click

from vaxcert.model.valuesets import value_set
from vaxcert.service.wording import reason, warning
from vaxcert.verify.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vaxcert.service.wording import Language
    from vaxcert.verify.report import Logged, Report

_COLOURS = {Outcome.VALID: "green", Outcome.REJECTED: "red", Outcome.UNDETERMINED: "yellow"}
_NAMES = (("family_name", "family_name_standardised"), ("given_name", "given_name_standardised"))
_EVENTS = (("doses", "vaccination"), ("tests", "test"), ("recoveries", "recovery"))
_CODES = (("product", "product"), ("test_type", "test-type"), ("result", "test-result"))  # member, value set
_FACTS = ("date", "sampled_at", "first_positive_date", "country")
_PERIOD = ("valid_from", "valid_until")

_WORDS = {
    "en": {
        "valid": "VALID",
        "rejected": "REJECTED",
        "undetermined": "UNDETERMINED",
        "not_verified": "NOT VERIFIED",
        "born": "born",
        "vaccination": "vaccination",
        "test": "test",
        "recovery": "recovery",
        "dose": "dose",
        "signer": "signer",
        "warning": "warning",
        "not_revoked": "in no revocation list as of {time}",
        "logged": "in the log {origin}, leaf {index}",
        "claimed": "; its receipt speaks of an anchor of {time}, which was not asked of the chain",
        "valid_through": "valid through",
    },
    "vi": {
        "valid": "HỢP LỆ",
        "rejected": "BỊ TỪ CHỐI",
        "undetermined": "CHƯA XÁC ĐỊNH",
        "not_verified": "CHƯA KIỂM CHỨNG",
        "born": "sinh",
        "vaccination": "tiêm chủng",
        "test": "xét nghiệm",
        "recovery": "khỏi bệnh",
        "dose": "mũi",
        "signer": "bên ký",
        "warning": "lưu ý",
        "not_revoked": "không có trong danh sách thu hồi tính đến {time}",
        "logged": "có trong sổ {origin}, mục {index}",
        "claimed": "; biên nhận nói đến một neo lúc {time}, chưa được hỏi lại trên chuỗi",
        "valid_through": "có hiệu lực đến hết",
    },
}


def card(report: Report, lang: Language) -> str:
    """Return the verdict on one certificate in a few lines.

    What the certificate says is shown only where it may be believed.
    """
    words = _WORDS[lang]
    lines = [_heading(report, lang) + _place(report)]
    if report.outcome is Outcome.VALID:
        lines += [f"  {line}" for line in _contents(report, lang)]
    else:
        lines.append(f"  {visible(reason(report, lang))} [{report.code}]")
    if report.signer is not None:
        known = ", ".join(part for part in (report.signer.country, report.signer.subject) if part)
        lines.append(f"  {words['signer']}: {visible(known) or '?'} (kid {report.signer.kid})")
    if report.revocation is not None and report.outcome is Outcome.VALID:
        lines.append("  " + words["not_revoked"].format(time=f"{report.revocation.as_of:%Y-%m-%dT%H:%MZ}"))
    if report.logged is not None:
        lines.append(f"  {_logged(report.logged, lang)}")
    lines += [f"  {words['warning']}: {visible(warning(each, lang))} [{each.code}]" for each in report.warnings]
    return "\n".join(lines)


def line(report: Report, lang: Language) -> str:
    """Return the verdict on one certificate of several, in one line."""
    width = max(len(_WORDS[lang][outcome]) for outcome in Outcome)
    start = _heading(report, lang, width) + _place(report) + "  "
    if report.outcome is not Outcome.VALID:
        return f"{start}{visible(reason(report, lang))} [{report.code}]"
    noted = "".join(f" [{code}]" for code in dict.fromkeys(each.code for each in report.warnings))
    contents = list(_contents(report, lang))
    return start + "; ".join(contents[:-1] or contents) + noted


def tally(outcomes: Mapping[Outcome, int], lang: Language) -> str:
    """Return how many of several certificates had each outcome."""
    return ", ".join(f"{outcome_name(outcome, lang)}: {outcomes.get(outcome, 0)}" for outcome in Outcome)


def outcome_name(outcome: Outcome, lang: Language) -> str:
    """Return what *outcome* is called."""
    return _WORDS[lang][outcome].lower()


def not_verified(source: str, lang: Language) -> str:
    """Return the heading over what was decoded and not verified."""
    return click.style(_WORDS[lang]["not_verified"], fg="yellow", bold=True) + f"  {visible(source)}"


def json_text(shown: Mapping[str, object], *, indent: int | None = None) -> bytes:
    """Return *shown* as JSON in UTF-8, which is the encoding of JSON whatever the terminal's; one line by default."""
    text = json.dumps(shown, ensure_ascii=False, allow_nan=False, indent=indent)
    return "\n".join(map(visible, text.split("\n"))).encode()


def visible(text: str) -> str:
    r"""Return *text* with what does not show in the form of JSON, such as ``\u001b``.

    A name must not move a terminal's cursor, nor end a line and begin a verdict of its own.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in text)


def _heading(report: Report, lang: Language, width: int = 0) -> str:
    return click.style(f"{_WORDS[lang][report.outcome]:<{width}}", fg=_COLOURS[report.outcome], bold=True)


def _place(report: Report) -> str:
    return "" if report.source is None or report.source == "text" else f"  {visible(report.source)}"


def _logged(logged: Logged, lang: Language) -> str:
    """Return where the certificate stands in a log: true whatever else is wrong with it."""
    words = _WORDS[lang]
    text = words["logged"].format(origin=visible(logged.origin), index=logged.index)
    if logged.claimed_anchor is not None:
        text += words["claimed"].format(time=f"{logged.claimed_anchor.at:%Y-%m-%dT%H:%MZ}")
    return text


def _contents(report: Report, lang: Language) -> Iterator[str]:
    words = _WORDS[lang]
    if report.certificate is None:  # a manifest speaks of files
        yield visible(report.message)
        return
    certificate = report.certificate
    holder = cast("Mapping[str, str | None]", certificate["holder"])
    name = " ".join(part for written, standard in _NAMES if (part := holder[written] or holder[standard]))
    yield visible(f"{name}, {words['born']} {holder['birth_date'] or '?'}")
    for group, kind in _EVENTS:
        for event in cast("Sequence[Mapping[str, object]]", certificate[group]):
            yield visible(f"{words[kind]}: {', '.join(_event(event, lang))}")
    yield visible(f"{certificate['id']}, {words['valid_through']} {report.expires_at:%Y-%m-%dT%H:%MZ}")


def _event(event: Mapping[str, object], lang: Language) -> Iterator[str]:
    for key, set_name in _CODES:
        if key in event:
            yield value_set(set_name).display(cast("Mapping[str, str]", event[key])["code"], lang)
    if "dose_number" in event:
        yield f"{_WORDS[lang]['dose']} {event['dose_number']}/{event['total_doses']}"
    yield from (str(event[key]) for key in _FACTS if key in event)
    if all(key in event for key in _PERIOD):
        yield " - ".join(str(event[key]) for key in _PERIOD)
