"""The report of an audit as one HTML page that needs nothing else: to be printed, signed and filed."""

from __future__ import annotations

from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Final

from vaxcert.ledger.audit.report import instant
from vaxcert.ledger.audit.report_words import CHECKED_VI, NOT_CHECKED_VI, WORDS, meaning

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vaxcert.ledger.audit.findings import AuditFinding
    from vaxcert.ledger.audit.report import AuditReport
    from vaxcert.ledger.audit.report_words import Language

_STYLE: Final = """
@page { size: A4; margin: 18mm 16mm 16mm;
  @bottom-right { content: counter(page) " / " counter(pages); color: #444; font-size: 8.5pt } }
* { box-sizing: border-box }
html { color: #1a1a1a; background: #fff; font: 10.5pt/1.45 system-ui, "Noto Sans", "Segoe UI", Arial, sans-serif }
body { max-width: 190mm; margin: 0 auto; padding: 8mm 4mm }
h1 { font-size: 19pt; font-weight: 600; margin: 0 0 1mm }
h2 { font-size: 12.5pt; font-weight: 600; margin: 8mm 0 2mm; padding-bottom: 1mm; border-bottom: .5pt solid #888;
  break-after: avoid }
p { margin: 0 0 2mm }
.origin { color: #444; margin-bottom: 5mm }
.outcome { border: 1.2pt solid #1a1a1a; border-left-width: 6pt; padding: 3mm 4mm; break-inside: avoid }
.outcome strong { display: block; font-size: 15pt }
.outcome.clean { border-color: #1d5e2f }
.outcome.wrong { border-color: #9c1414 }
.outcome.undetermined { border-color: #7a5200 }
.clean strong { color: #1d5e2f } .wrong strong { color: #9c1414 } .undetermined strong { color: #7a5200 }
.outcome p { margin: 0 }
table { width: 100%; border-collapse: collapse; font-size: 9.5pt }
th, td { text-align: left; vertical-align: top; padding: 1.2mm 3mm 1.2mm 0; border-bottom: .5pt solid #ccc }
thead { display: table-header-group } thead th { font-weight: 600; border-bottom: .8pt solid #1a1a1a }
tr { break-inside: avoid }
.facts th { width: 48mm; font-weight: 400; color: #444 }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
code, .hex { font: 8.5pt/1.4 ui-monospace, "Noto Sans Mono", "DejaVu Sans Mono", Consolas, monospace;
  overflow-wrap: anywhere }
td.number:first-child { width: 8mm } .code { width: 48mm } .where { width: 32mm }
.time { white-space: nowrap }
.severity { display: block; color: #444; font-size: 8.5pt }
.severity.wrong { color: #9c1414; font-weight: 600 }
.meaning { color: #444; margin: 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 3mm; margin: 1mm 0 0 }
dt { color: #444; font-size: 8.5pt } dd { margin: 0 }
.sign { display: grid; grid-template-columns: 2fr 2fr 1fr; gap: 8mm; margin-top: 22mm; break-inside: avoid }
.sign div { border-top: .5pt solid #1a1a1a; padding-top: 1mm; color: #444; font-size: 9pt }
@media print { body { padding: 0; max-width: none } }
"""


def render_html(report: AuditReport, *, lang: Language = "en") -> str:
    """Return *report* as one HTML page in *lang*, with no script and nothing to be fetched.

    A finding's own message and evidence stay as they are in JSON; what its code means is said in *lang*.
    """
    words = WORDS[lang]
    sections = (
        _heading(report, words),
        _section(words["subject"], _subject(report, words)),
        _section(words["findings"], _findings(report, words, lang)),
        _section(words["checked"], _checked(report, words, lang)),
        _section(words["not_checked"], _not_checked(report, words, lang)),
        _section(words["reconciliation"], _kinds(report, words)),
        _section(words["newest_anchors"], _anchors(report, words)) if report.coverage.newest else "",
        _section(words["settings"], _facts((words.get(name, name), value) for name, value in report.settings.items())),
        _signature_lines(words),
    )
    title = f"{words['title']}: {report.log.origin}, {instant(report.at)}"
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        # Whatever stands in a report, a browser that shows it runs nothing and fetches nothing.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{''.join(sections)}</body>\n</html>\n"
    )


def _heading(report: AuditReport, words: dict[str, str]) -> str:
    outcome = str(report.outcome)
    return (
        f'<h1>{words["title"]}</h1>\n<p class="origin">{escape(report.log.origin)}, {instant(report.at)}</p>\n'
        f'<div class="outcome {outcome}"><strong>{words[outcome]}</strong>\n<p>{words[f"{outcome}_means"]}</p>\n'
        f"<p>{escape(_sentence(report.summary()))}</p></div>\n"
    )


def _subject(report: AuditReport, words: dict[str, str]) -> str:
    head, coverage = report.newest_checkpoint, report.coverage
    chain = words["none"]
    if coverage.driver is not None:
        pinned = words["pinned" if coverage.pinned_by_auditor else "not_pinned"]
        chain = f"{coverage.driver}, id {coverage.chain_id} ({pinned})"
    facts = [
        (words["log"], report.log.origin),
        (words["log_id"], report.log.log_id),
        (words["log_key"], report.log.vkey),
        (words["entries"], str(report.log.size)),
        (words["checkpoints"], str(report.checkpoints)),
        (words["newest_checkpoint"], words["none"] if head is None else _head(head.size, head.root, words)),
        (words["chain"], chain),
        (words["contract"], coverage.contract or words["none"]),
        (words["anchors"], str(coverage.anchors)),
        (words["covered"], f"{coverage.covered} / {report.log.size}"),
        (words["audited_at"], instant(report.at)),
        (words["version"], f"vaxcert {report.version}"),
        (words["digest"], sha256(report.to_json().encode()).hexdigest()),
    ]
    return _facts(facts)


def _findings(report: AuditReport, words: dict[str, str], lang: Language) -> str:
    if not report.findings:
        return f"<p>{words['no_findings']}</p>\n"
    shown: dict[str, int] = {}
    for finding in report.findings:
        shown[finding.code] = shown.get(finding.code, 0) + 1
    cut = [
        f"<p><code>{code}</code>: {words['shown_of'].format(shown=shown.get(code, 0), count=count)}</p>\n"
        for code, count in report.counts.items()
        if count > shown.get(code, 0)
    ]
    explained: set[str] = set()
    rows = []
    for number, finding in enumerate(report.findings, start=1):
        explanation = "" if finding.code in explained else meaning(finding.code, lang)
        explained.add(finding.code)
        rows.append(f'<tr><td class="number">{number}</td>{_finding(finding, words, explanation)}</tr>\n')
    heads = ("", words["code"], words["where"], words["finding"])
    return "".join(cut) + _table(heads, rows)


def _finding(finding: AuditFinding, words: dict[str, str], explanation: str) -> str:
    severity = str(finding.severity)
    places = ((words["leaf"], finding.index), (words["size"], finding.size), (words["anchor"], finding.seq))
    where = "<br>".join(f"{name} {place}" for name, place in places if place is not None)
    shown = {name: words["none"] if value is None else str(value) for name, value in finding.evidence.items()}
    evidence = "".join(
        f'<dt>{escape(name.replace("_", " "))}</dt><dd class="hex">{escape(value)}</dd>'
        for name, value in shown.items()
    )
    return (
        f'<td class="code"><code>{finding.code}</code>'
        f'<span class="severity {severity}">{words[f"severity_{severity}"]}</span></td>'
        f'<td class="where">{where}</td><td>{escape(_sentence(finding.message))}'
        f"{_meaning(explanation)}{f'<dl>{evidence}</dl>' if evidence else ''}</td>"
    )


def _checked(report: AuditReport, words: dict[str, str], lang: Language) -> str:
    rows = []
    for item in report.checked:
        what = item.meaning if lang == "en" else CHECKED_VI[item.name]
        rows.append(f'<tr><td>{escape(_sentence(what))}</td><td class="number">{item.count}</td></tr>\n')
    return _table((words["what"], f"#{words['count']}"), rows)


def _not_checked(report: AuditReport, words: dict[str, str], lang: Language) -> str:
    if not report.not_checked:
        return f"<p>{words['all_checked']}</p>\n"
    rows = []
    for item in report.not_checked:
        decides = f'<span class="severity">{words["decides"]}</span>' if item.decisive else ""
        count = "" if item.count is None else str(item.count)
        translated = NOT_CHECKED_VI.get(item.code, "") if lang == "vi" else ""
        rows.append(
            f'<tr><td class="code"><code>{escape(item.code)}</code>{decides}</td>'
            f'<td>{escape(_sentence(item.reason))}{_meaning(translated)}</td><td class="number">{count}</td></tr>\n'
        )
    return _table((words["code"], words["what"], f"#{words['count']}"), rows)


def _kinds(report: AuditReport, words: dict[str, str]) -> str:
    rows = []
    for kind in report.kinds:
        numbers = (kind.leaves, kind.rows, kind.erased, kind.digests_only)
        cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
        balanced = words["yes" if kind.is_balanced else "no"]
        rows.append(f"<tr><td><code>{escape(kind.kind)}</code></td>{cells}<td>{balanced}</td></tr>\n")
    names = (
        words["kind"],
        *(f"#{words[name]}" for name in ("leaves", "rows", "erased", "digests_only")),
        words["balanced"],
    )
    return _table(names, rows)


def _anchors(report: AuditReport, words: dict[str, str]) -> str:
    rows = []
    for anchor in report.coverage.newest:
        withdrawn = f'<span class="severity wrong">{words["withdrawn"]}</span>' if anchor.withdrawn else ""
        block = "" if anchor.block_number is None else str(anchor.block_number)
        rows.append(
            f'<tr><td class="number">{anchor.seq}</td><td class="number">{anchor.size}</td>'
            f'<td class="time">{escape(anchor.time)}{withdrawn}</td>'
            f'<td class="number">{block}</td><td class="hex">{anchor.root}</td>'
            f"<td>{escape(anchor.source)}</td></tr>\n"
        )
    names = (f"#{words['number']}", f"#{words['entries']}", words["time"], f"#{words['block']}")
    return _table((*names, words["root"], words["source"]), rows)


def _signature_lines(words: dict[str, str]) -> str:
    lines = "".join(f"<div>{words[name]}</div>" for name in ("auditor", "signature", "date"))
    return f'<div class="sign">{lines}</div>\n'


def _section(title: str, body: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}</section>\n"


def _table(heads: Sequence[str], rows: Iterable[str]) -> str:
    """Return a table; a head that begins with # stands over numbers."""
    cells = "".join(
        f'<th class="number">{escape(head[1:])}</th>' if head.startswith("#") else f"<th>{escape(head)}</th>"
        for head in heads
    )
    return f"<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody>\n</table>\n"


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f'<tr><th>{escape(name)}</th><td class="hex">{escape(value)}</td></tr>\n' for name, value in facts)
    return f'<table class="facts">\n<tbody>\n{rows}</tbody>\n</table>\n'


def _head(size: int, root: str, words: dict[str, str]) -> str:
    return f"{words['size']} {size}, {root}"


def _meaning(text: str) -> str:
    return f'<p class="meaning">{escape(_sentence(text))}</p>' if text else ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
