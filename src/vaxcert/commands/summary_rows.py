"""The summary of many verdicts as a person reads it, in English or Vietnamese."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.commands.render import outcome_name, visible
from vaxcert.service.verification_summary import OTHERS, largest
from vaxcert.verify.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vaxcert.service.verification_summary import CountedIssuer, Summary
    from vaxcert.service.wording import Language

MAX_ROWS = 20
"""Of one table; JSON has all."""

_WORDS = {
    "en": {
        "certificates": "certificates: {count}",
        "number": "number",
        "reasons": "why not valid",
        "warnings": "warning",
        "countries": "country of the signer",
        "issuers": "issuer and signer",
        "unknown": "unknown",
        "claimed": "{issuer}, not proven",
        "others": "others",
        "more": "... and {count} more, which --json has",
    },
    "vi": {
        "certificates": "chứng nhận: {count}",
        "number": "số lượng",
        "reasons": "lý do không hợp lệ",
        "warnings": "lưu ý",
        "countries": "quốc gia của bên ký",
        "issuers": "cơ quan cấp và bên ký",
        "unknown": "không rõ",
        "claimed": "{issuer}, chưa được chứng minh",
        "others": "khác",
        "more": "... và {count} dòng nữa, xem bằng --json",
    },
}
_THOUSANDS = {"en": ",", "vi": "."}


def lines(summary: Summary, lang: Language) -> Iterator[str]:
    """Yield the lines of *summary*: the outcomes, then a table each for whatever else there is to count."""
    words = _WORDS[lang]
    yield words["certificates"].format(count=_number(summary.total, lang))
    yield ", ".join(f"{outcome_name(outcome, lang)}: {_number(summary.outcomes[outcome], lang)}" for outcome in Outcome)
    for title, counts in (("reasons", summary.reasons), ("warnings", summary.warnings)):
        rows = [((count,), code) for code, count in counts.most_common()]
        yield from _table((words["number"],), words[title], rows, lang)
    headings = tuple(outcome_name(outcome, lang) for outcome in Outcome)
    countries = [
        (tuple(counts[outcome] for outcome in Outcome), country or words["unknown"])
        for country, counts in largest(summary.countries)
    ]
    yield from _table(headings, words["countries"], countries, lang)
    issuers = [
        (tuple(counts[outcome] for outcome in Outcome), _name(issuer, lang))
        for issuer, counts in largest(summary.issuers)
    ]
    yield from _table(headings, words["issuers"], issuers, lang)


def _table(
    headings: Sequence[str], title: str, rows: Sequence[tuple[Sequence[int], str]], lang: Language
) -> Iterator[str]:
    if not rows:
        return
    shown = [([_number(count, lang) for count in counts], name) for counts, name in rows[:MAX_ROWS]]
    columns = list(zip(headings, *(counts for counts, _ in shown), strict=True))
    widths = [max(map(len, column)) for column in columns]
    yield ""
    for cells, name in [(headings, title), *shown]:
        yield "  ".join([f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)] + [visible(name)])
    if len(rows) > MAX_ROWS:
        yield _WORDS[lang]["more"].format(count=_number(len(rows) - MAX_ROWS, lang))


def _name(issuer: CountedIssuer, lang: Language) -> str:
    words = _WORDS[lang]
    if issuer == OTHERS:
        return words["others"]
    name = issuer.issuer or words["unknown"]
    if issuer.is_proven:
        name = ", ".join(part for part in (name, issuer.subject) if part)
    elif issuer.issuer:
        name = words["claimed"].format(issuer=name)
    return f"{name} (kid {issuer.kid})" if issuer.kid else name


def _number(count: int, lang: Language) -> str:
    return f"{count:,}".replace(",", _THOUSANDS[lang])
