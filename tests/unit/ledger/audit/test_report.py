"""The report as a value, a dict, JSON and a page."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from vaxcert.ledger.audit.findings import FindingCode, Findings
from vaxcert.ledger.audit.report import (
    SCHEMA_VERSION,
    AnchorSummary,
    AuditOutcome,
    AuditReport,
    Counted,
    Coverage,
    HeadSummary,
    KindCount,
    LogIdentity,
    NotChecked,
    instant,
    instant_of,
)
from vaxcert.ledger.audit.report_page import render_html
from vaxcert.ledger.audit.report_words import (
    MEANINGS_VI,
    NOT_CHECKED_VI,
    WORDS,
    Language,
)

AT = datetime(2026, 11, 23, 15, 0, tzinfo=timezone(timedelta(hours=7)))

ANCHOR = AnchorSummary(
    seq=1,
    size=100,
    root="ab" * 32,
    time="2026-11-23T08:00:00Z",
    block_number=7,
    transaction_hash="cd" * 32,
    withdrawn=False,
    source="chain",
)
CLEAN = AuditReport(
    log=LogIdentity(origin="ledger.moh.example/vn", vkey="ledger.moh.example/vn+00+AA", log_id="ef" * 32, size=120),
    at=AT,
    version="1.2.3",
    findings=(),
    counts={},
    kinds=(KindCount(kind="certificate/v1", leaves=120, erased=1, rows=119),),
    checked=(Counted(name="entries", count=119, meaning="entries recomputed from kind, salt and digest"),),
    not_checked=(NotChecked(code="erased", reason="erased entries stand in the tree", count=1, decisive=False),),
    checkpoints=2,
    newest_checkpoint=HeadSummary(size=120, root="12" * 32, at="2026-11-23T08:00:00Z"),
    coverage=Coverage(
        driver="evm", chain_id=5, contract="0x" + "34" * 20, pinned_by_auditor=True, anchors=1, covered=100,
        newest=(ANCHOR,),
    ),
    settings={"clock_skew": "0:05:00"},
)  # fmt: skip
OPEN = replace(CLEAN, not_checked=(NotChecked(code="no_chain", reason="there was no chain", decisive=True),))


def with_findings(report: AuditReport, *codes: FindingCode, message: str = "a finding", times: int = 1) -> AuditReport:
    findings = Findings(kept_per_code=3)
    for code in codes:
        for index in range(times):
            findings.add(code, message, index=index, size=5, seq=2, root=bytes(32), note_hash=None)
    return replace(report, findings=findings.ordered(), counts=dict(findings.counts))


@pytest.mark.parametrize(
    ("report", "outcome"),
    [
        (CLEAN, AuditOutcome.CLEAN),
        (OPEN, AuditOutcome.UNDETERMINED),
        (with_findings(CLEAN, FindingCode.TILE_CHANGED), AuditOutcome.WRONG),
        (with_findings(OPEN, FindingCode.TILE_CHANGED), AuditOutcome.WRONG),
        (with_findings(CLEAN, FindingCode.ANCHOR_WITHDRAWN, FindingCode.ENTRY_ERASED), AuditOutcome.CLEAN),
        (with_findings(OPEN, FindingCode.ENTRY_ERASED), AuditOutcome.UNDETERMINED),
    ],
)
def test_wrong_wins_over_undetermined_and_that_over_clean(report: AuditReport, outcome: AuditOutcome) -> None:
    assert report.outcome is outcome
    assert report.to_dict()["outcome"] == outcome.value


def test_the_first_thing_wrong_is_named_and_the_others_counted() -> None:
    report = with_findings(CLEAN, FindingCode.HISTORY_REWRITTEN, FindingCode.SALT_CHANGED, FindingCode.ENTRY_ERASED)
    assert report.first_wrong is not None
    assert report.first_wrong.code is FindingCode.SALT_CHANGED
    assert report.to_dict()["code"] == "salt_changed"
    assert report.summary() == "a finding, and 1 more"


def test_what_is_not_wrong_is_not_named_first() -> None:
    report = with_findings(CLEAN, FindingCode.ENTRY_ERASED)
    assert report.first_wrong is None
    assert report.to_dict()["code"] is None
    assert report.summary() == "all 120 entries are in order, 100 of them anchored"


def test_what_leaves_it_open_is_said() -> None:
    assert OPEN.summary() == "there was no chain"


@pytest.mark.parametrize(
    ("kind", "balanced"),
    [
        (KindCount(kind="x", leaves=3, erased=1, rows=2), True),
        (KindCount(kind="x", leaves=3, erased=1, rows=1, digests_only=1), True),
        (KindCount(kind="x", leaves=3, erased=1, rows=1), False),
        (KindCount(kind="x", leaves=3, erased=1, rows=3), False),
    ],
)
def test_leaves_are_reconciled_with_rows_and_erasures(kind: KindCount, balanced: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert kind.is_balanced is balanced


def test_the_json_has_its_keys_and_says_the_same() -> None:
    report = with_findings(CLEAN, FindingCode.TILE_CHANGED)
    shown = json.loads(report.to_json())
    assert shown == report.to_dict() | {"coverage": shown["coverage"]}
    assert list(shown) == [
        "schema_version", "outcome", "code", "message", "at", "version", "log", "findings", "counts", "kinds",
        "checked", "not_checked", "checkpoints", "newest_checkpoint", "coverage", "settings",
    ]  # fmt: skip
    assert shown["schema_version"] == SCHEMA_VERSION
    assert shown["at"] == "2026-11-23T08:00:00Z"
    assert shown["counts"] == {"tile_changed": 1}
    assert shown["kinds"][0]["balanced"] is True
    assert shown["coverage"]["newest"][0]["size"] == 100


def test_a_log_without_checkpoint_and_chain_has_a_report_too() -> None:
    bare = replace(
        CLEAN,
        newest_checkpoint=None,
        coverage=Coverage(driver=None, chain_id=None, contract=None, pinned_by_auditor=False, anchors=0, covered=0),
    )
    assert json.loads(bare.to_json())["newest_checkpoint"] is None
    assert "none" in render_html(bare)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1795392000, "2026-11-23T00:00:00Z"), (2**63, str(2**63)), (-(2**62), str(-(2**62)))],
)
def test_an_instant_that_no_calendar_has_is_a_number(seconds: int, text: str) -> None:
    assert instant_of(seconds) == text


def test_an_instant_is_shown_in_utc() -> None:
    assert instant(AT) == "2026-11-23T08:00:00Z"


class Page(HTMLParser):
    """What a browser would make of the page: its tags, what it would fetch, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [name for name, _ in attrs if name in ("src", "href", "srcset", "data", "action", "style")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


FULL = with_findings(
    replace(CLEAN, not_checked=(*CLEAN.not_checked, *OPEN.not_checked)),
    FindingCode.CERTIFICATE_FORGED,
    FindingCode.ANCHOR_WITHDRAWN,
    FindingCode.ENTRY_ERASED,
    message="<script>alert('x')</script> & \"more\"",
    times=5,
)


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("report", [CLEAN, OPEN, FULL], ids=["clean", "open", "full"])
def test_the_page_needs_nothing_else_and_runs_nothing(report: AuditReport, lang: Language) -> None:
    page = Page(render_html(report, lang=lang))
    assert page.open == []
    assert page.fetched == []
    assert not {"script", "link", "img", "iframe", "a", "form"} & set(page.tags)
    assert "default-src 'none'" in render_html(report, lang=lang)
    assert "url(" not in render_html(report, lang=lang)


def test_what_stands_in_a_report_is_shown_and_never_run() -> None:
    assert "<script>alert('x')</script> & \"more\"" in Page(render_html(FULL)).text
    hostile = replace(CLEAN, log=replace(CLEAN.log, origin="</title><b>x"))
    assert "b" not in Page(render_html(hostile)).tags


def test_the_page_has_everything_that_the_json_has() -> None:
    report = replace(FULL, coverage=replace(FULL.coverage, newest=(replace(ANCHOR, withdrawn=True),)))
    text = Page(render_html(report)).text
    for wanted in (
        "Wrong", report.log.origin, report.log.log_id, report.log.vkey, "2026-11-23T08:00:00Z", "vaxcert 1.2.3",
        "certificate_forged", "anchor_withdrawn", "entry_erased", "leaf 2", "size 5", "anchor 2", "00" * 32,
        "3 shown of 5", "Entries recomputed", "no_chain", "leaves the outcome open", "certificate/v1", "withdrawn",
        "ab" * 32, "12" * 32, "100 / 120", "0x" + "34" * 20, "Clocks may be apart by", "Signature",
        "pinned by the auditor", sha256(report.to_json().encode()).hexdigest(),
    ):  # fmt: skip
        assert wanted in text, wanted


def test_an_anchor_known_by_its_fold_alone_has_no_block() -> None:
    bare = replace(CLEAN, coverage=replace(CLEAN.coverage, newest=(replace(ANCHOR, block_number=None),)))
    assert ">None<" not in render_html(bare)
    assert "7" in Page(render_html(CLEAN)).text


def test_the_page_of_a_report_is_always_the_same() -> None:
    assert render_html(FULL) == render_html(FULL)


def test_both_languages_have_every_word() -> None:
    assert WORDS["en"].keys() == WORDS["vi"].keys()
    assert MEANINGS_VI.keys() == set(FindingCode)
    assert all(MEANINGS_VI.values())
    assert "Có sai phạm" in Page(render_html(FULL, lang="vi")).text


@pytest.mark.parametrize("code", NOT_CHECKED_VI)
def test_in_vietnamese_what_was_not_checked_is_said_beside_its_facts(code: str) -> None:
    item = NotChecked(code=code, reason="what there is to know", decisive=True)
    text = Page(render_html(replace(CLEAN, not_checked=(item,)), lang="vi")).text
    assert "What there is to know." in text
    assert NOT_CHECKED_VI[code][1:] in text


def test_a_report_that_left_nothing_open_says_so() -> None:
    assert "Everything was checked." in Page(render_html(replace(CLEAN, not_checked=()))).text


def test_a_reason_without_a_translation_stands_alone() -> None:
    item = NotChecked(code="something_new", reason="a new reason", decisive=False)
    assert "A new reason." in Page(render_html(replace(CLEAN, not_checked=(item,)), lang="vi")).text
