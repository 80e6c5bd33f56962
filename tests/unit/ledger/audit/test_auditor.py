"""The audit as a whole: what it is given, what it says about itself, and what it never takes."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.audited_log import ORIGIN, START, certificates
from tests.small_log import log_key
from vaxcert.errors import KeyFileError
from vaxcert.ledger.audit.auditor import audit
from vaxcert.ledger.audit.findings import FindingCode
from vaxcert.ledger.audit.policy import AuditPolicy, Evidence
from vaxcert.ledger.audit.report import AuditOutcome
from vaxcert.ledger.audit.report_words import CHECKED_VI
from vaxcert.ledger.store.log import TransparencyLog

if TYPE_CHECKING:
    from pathlib import Path

    from tests.audited_log import AuditedLog
    from vaxcert.ledger.audit.report import AuditReport


def unchecked(report: AuditReport) -> set[tuple[str, bool]]:
    return {(item.code, item.decisive) for item in report.not_checked}


def test_without_any_evidence_an_audit_says_what_is_missing(log: AuditedLog) -> None:
    with log.open(read_only=True) as opened:
        report = audit(opened, at=log.clock())
    assert (report.outcome, report.findings) == (AuditOutcome.UNDETERMINED, ())
    assert unchecked(report) == {("no_chain", True), ("no_trust_list", True), ("own_word", False)}


def test_a_naive_time_is_a_mistake(log: AuditedLog) -> None:
    with log.open(read_only=True) as opened, pytest.raises(ValueError, match="time zone"):
        audit(opened, at=datetime(2026, 11, 23))  # noqa: DTZ001 - that is the point


def test_a_malformed_key_of_the_auditor_is_a_mistake(log: AuditedLog) -> None:
    with pytest.raises(KeyFileError):
        log.audit(vkey="no key")


def test_progress_goes_up_to_the_size(log: AuditedLog) -> None:
    seen: list[tuple[int, int]] = []
    with log.open(read_only=True) as opened:
        audit(opened, at=log.clock(), progress=lambda done, size: seen.append((done, size)))
    assert seen == [(32, 32)]


def test_an_empty_log_has_nothing_wrong(tmp_path: Path) -> None:
    key = log_key(ORIGIN)
    with TransparencyLog.create(tmp_path / "log", origin=key.name, vkey=key.vkey, at=START) as log:
        assert audit(log, at=START).findings == ()
        log.sign_checkpoint(key, at=START)
        report = audit(log, at=START)
    assert (report.findings, report.checkpoints) == ((), 1)


def test_a_log_that_never_signed_anything_is_undetermined(tmp_path: Path) -> None:
    key = log_key(ORIGIN)
    with TransparencyLog.create(tmp_path / "log", origin=key.name, vkey=key.vkey, at=START) as log:
        with log.transaction() as transaction:
            transaction.add_certificates(certificates(2, at=START, seed=1))
        report = audit(log, at=START)
    assert ("no_checkpoint", True) in unchecked(report)
    assert report.newest_checkpoint is None


def test_what_no_head_covers_yet_is_counted(log: AuditedLog) -> None:
    log.add(certificates(3, at=log.clock(), seed=5))
    log.sign()
    log.add(certificates(2, at=log.clock(), seed=6))
    report = log.audit()
    assert report.outcome is AuditOutcome.CLEAN
    assert {item.code: item.count for item in report.not_checked} == {
        "no_chain_behind": None,
        "unsigned": 2,
        "unanchored": 5,
    }
    assert (report.coverage.covered, report.log.size) == (32, 37)


def test_entries_logged_while_the_audit_runs_are_left_to_the_next_one(log: AuditedLog) -> None:
    rows = certificates(5, at=log.clock(), seed=5)
    with log.open() as opened:

        def meanwhile(_done: int, _size: int) -> None:
            with opened.transaction() as transaction:
                transaction.add_certificates(rows)

        report = audit(opened, at=log.clock(), evidence=log.evidence(), progress=meanwhile)
        assert opened.size == 37
    assert (report.findings, report.log.size) == ((), 32)


def test_the_pinned_key_counts_and_not_the_log_s(log: AuditedLog) -> None:
    report = log.audit(vkey=log_key(ORIGIN, seed="another").vkey)
    assert {FindingCode.LOG_REPLACED, FindingCode.CHECKPOINT_SIGNATURE} <= set(report.counts)


def test_anchors_of_another_log_are_told(log: AuditedLog) -> None:
    report = log.audit(identity=replace(log.identity, log_id=bytes(32)))
    assert report.first_wrong is not None
    assert report.first_wrong.code is FindingCode.LOG_REPLACED


def test_a_log_id_that_does_not_follow_from_name_and_key_is_told(log: AuditedLog) -> None:
    with log.open(read_only=True) as opened:
        opened.log_id = bytes(32)
        report = audit(opened, at=log.clock(), evidence=log.evidence())
    assert FindingCode.LOG_REPLACED in report.counts


def test_a_key_that_is_none_leaves_the_checkpoints_unbelieved(log: AuditedLog) -> None:
    with log.open(read_only=True) as opened:
        opened.vkey = "no key"
        report = audit(opened, at=log.clock(), evidence=Evidence(notes=[log.kept_note()]))
    assert FindingCode.LOG_REPLACED in report.counts
    assert {("no_checkpoint", True), ("strange_notes", True)} <= unchecked(report)


def test_a_kept_note_of_another_log_leaves_it_open(log: AuditedLog) -> None:
    report = log.audit(notes=["no note"])
    assert report.outcome is AuditOutcome.UNDETERMINED
    assert ("strange_notes", True) in unchecked(report)


def test_a_size_that_the_log_does_not_have_is_told(log: AuditedLog) -> None:
    log.sql("UPDATE log SET size = 40")
    report = log.audit()
    assert [(finding.code, finding.index) for finding in report.findings] == [
        (FindingCode.ENTRY_CHANGED, 0),
        (FindingCode.TILE_CHANGED, 0),
    ]


def test_the_report_says_by_what_was_judged_and_when(log: AuditedLog) -> None:
    report = log.audit()
    assert report.at == log.clock()
    assert report.settings == {
        "clock_skew": "0:05:00",
        "anchor_delay": "1:00:00",
        "rows_required": "yes",
        "trust_list": "1, 2026-11-23T08:00:00Z",
        "revoked_kids": "0",
        "confirmed_blocks": "0",
    }
    assert log.audit(trust_list=None).settings["trust_list"] == "none"
    assert report.coverage.pinned_by_auditor
    assert report.newest_checkpoint is not None
    assert report.newest_checkpoint.at == "2026-11-23T14:00:00Z"


def test_all_that_was_checked_has_a_name_in_vietnamese(log: AuditedLog) -> None:
    assert {item.name for item in log.audit().checked} == set(CHECKED_VI)


def test_an_audit_changes_nothing(log: AuditedLog) -> None:
    before = {path.name: path.read_bytes() for path in log.folder.iterdir() if path.is_file()}
    log.audit()
    after = {path.name: path.read_bytes() for path in log.folder.iterdir() if path.is_file()}
    assert {name: after[name] for name in ("log.sqlite", "checkpoint", "anchors.jsonl")} == {
        name: before[name] for name in ("log.sqlite", "checkpoint", "anchors.jsonl")
    }


def test_an_audit_of_tomorrow_finds_the_same(log: AuditedLog) -> None:
    log.clock.now += timedelta(days=1)
    assert log.audit().findings == ()


def test_its_memory_does_not_grow_with_the_entries(tmp_path: Path) -> None:
    peaks = []
    for size in (10_240, 40_960):
        key = log_key(ORIGIN)
        with TransparencyLog.create(tmp_path / str(size), origin=key.name, vkey=key.vkey, at=START) as log:
            log.append([number.to_bytes(32) for number in range(size)])
            log.sign_checkpoint(key, at=START)
        with TransparencyLog.open(tmp_path / str(size), read_only=True) as log:
            tracemalloc.start()
            report = audit(log, at=START, policy=AuditPolicy(rows_required=False))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert report.findings == ()
    assert peaks[1] < peaks[0] + 100_000
