"""Entries and rows of every kind: certificates, revocations, supersessions, heads; kept, erased, digests alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.audited_log import ORIGIN, START, Clock, certificates
from tests.small_log import log_key
from vaxcert.ledger.audit.auditor import audit
from vaxcert.ledger.audit.findings import FindingCode, Severity
from vaxcert.ledger.audit.policy import AuditPolicy
from vaxcert.ledger.log.entry import EntryKind, entry_of
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.reader import ERASED_BIT, ROW_BIT
from vaxcert.ledger.store.statements import keep_head, revoke, supersede

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.ledger.audit.report import AuditReport

REVOKED, SUPERSEDED, HEAD = 3, 4, 5
"""The leaves of the statements."""


class Log:
    """Three certificates, a revocation, a supersession and another log's head, signed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        key = log_key(ORIGIN)
        clock = Clock(START)
        with TransparencyLog.create(folder, origin=key.name, vkey=key.vkey, at=START) as log:
            with log.transaction() as transaction:
                transaction.add_certificates(certificates(3, at=START, seed=1))
            first, second, third = log.certificates()
            with log.transaction() as transaction:
                revoke(transaction, first, at=clock(), reason="key-compromise")
                supersede(transaction, second, third, at=clock())
                keep_head(transaction, bytes(32), size=7, at=clock())
            log.sign_checkpoint(key, at=clock())

    def sql(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.folder / "log.sqlite", isolation_level=None)) as connection:
            connection.execute(statement, values)

    def overwrite(self, index: int, column: str, piece: bytes) -> bytes:
        """Put *piece* in the place of a leaf's, and return what stood there; each entry has its own segment or part."""
        with closing(sqlite3.connect(self.folder / "log.sqlite", isolation_level=None)) as connection:
            (first, packed) = connection.execute(
                f"SELECT first, {column} FROM segment WHERE first <= ? ORDER BY first DESC LIMIT 1", (index,)
            ).fetchone()
            start = (index - first) * len(piece)
            changed = packed[:start] + piece + packed[start + len(piece) :]
            connection.execute(f"UPDATE segment SET {column} = ? WHERE first = ?", (changed, first))
        found: bytes = packed[start : start + len(piece)]
        return found

    def audit(self, *, rows_required: bool = True) -> AuditReport:
        with TransparencyLog.open(self.folder, read_only=True) as log:
            return audit(log, at=START, policy=AuditPolicy(rows_required=rows_required))

    def wrong(self) -> list[tuple[FindingCode, int | None]]:
        return [
            (finding.code, finding.index) for finding in self.audit().findings if finding.severity is Severity.WRONG
        ]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "log")


def test_every_kind_of_statement_is_recomputed(log: Log) -> None:
    report = log.audit()
    assert report.findings == ()
    assert [(kind.kind, kind.leaves, kind.rows, kind.is_balanced) for kind in report.kinds] == [
        ("certificate/v1", 3, 3, True),
        ("revocation/v1", 1, 1, True),
        ("supersession/v1", 1, 1, True),
        ("audit-head/v1", 1, 1, True),
    ]
    assert "subject_not_here" not in {item.code for item in report.not_checked}


@pytest.mark.parametrize("index", [REVOKED, SUPERSEDED, HEAD])
def test_a_deleted_statement_is_missing(log: Log, index: int) -> None:
    """A certificate that was revoked and whose revocation is gone would be good again."""
    log.sql("DELETE FROM statement WHERE leaf_index = ?", index)
    assert log.wrong() == [(FindingCode.STATEMENT_MISSING, index)]


CHANGES = [
    (index, column)
    for index in (REVOKED, SUPERSEDED, HEAD)
    for column in ("at", "detail", "subject", "digest", "kind")
    if (index, column) != (HEAD, "subject")  # a head is about no certificate
]


@pytest.mark.parametrize(("index", "column"), CHANGES)
def test_a_changed_statement_is_forged(log: Log, index: int, column: str) -> None:
    value = {"at": 1, "digest": bytes(32), "kind": REVOKED + (index == SUPERSEDED)}.get(column)
    if column in ("detail", "subject"):
        with TransparencyLog.open(log.folder, read_only=True) as opened:
            value = list(opened.certificates())[0 if index == SUPERSEDED and column == "detail" else 2].id
    log.sql(f"UPDATE statement SET {column} = ? WHERE leaf_index = ?", value, index)
    assert log.wrong() == [(FindingCode.STATEMENT_FORGED, index)]


def test_a_statement_without_a_leaf_is_forged(log: Log) -> None:
    log.sql("INSERT INTO statement VALUES (6, 2, zeroblob(32), NULL, 0, NULL)")
    assert log.wrong() == [(FindingCode.STATEMENT_FORGED, 6)]


def test_a_statement_at_a_certificate_s_leaf_is_forged(log: Log) -> None:
    log.sql("INSERT INTO statement VALUES (1, 2, zeroblob(32), NULL, 0, NULL)")
    assert log.wrong() == [(FindingCode.STATEMENT_FORGED, 1)]


def test_a_certificate_at_a_statement_s_leaf_is_forged(log: Log) -> None:
    log.sql("INSERT INTO certificate VALUES (3, 'x', zeroblob(32), x'00', x'00', 0, 0)")
    assert log.wrong() == [(FindingCode.CERTIFICATE_FORGED, 3)]


def test_a_statement_of_no_known_kind_cannot_be_read(log: Log) -> None:
    log.sql("UPDATE statement SET kind = 9 WHERE leaf_index = ?", SUPERSEDED)
    assert log.wrong() == [(FindingCode.LOG_UNREADABLE, None)]


@pytest.mark.parametrize("index", [0, REVOKED])
def test_a_changed_salt_is_told(log: Log, index: int) -> None:
    log.overwrite(index, "salts", bytes(16))
    assert log.wrong() == [(FindingCode.SALT_CHANGED, index)]


@pytest.mark.parametrize("index", [0, REVOKED])
def test_a_changed_digest_is_told(log: Log, index: int) -> None:
    log.overwrite(index, "digests", bytes(32))
    assert log.wrong() == [(FindingCode.ENTRY_CHANGED, index)]


@pytest.mark.parametrize("index", [0, REVOKED])
def test_salt_and_digest_both_changed_are_told_beside_the_row(log: Log, index: int) -> None:
    log.overwrite(index, "digests", bytes(32))
    log.overwrite(index, "salts", bytes(16))
    forged = FindingCode.STATEMENT_FORGED if index else FindingCode.CERTIFICATE_FORGED
    assert log.wrong() == [(forged, index), (FindingCode.ENTRY_CHANGED, index)]


@pytest.mark.parametrize("index", [0, REVOKED])
def test_without_its_row_a_changed_salt_is_a_changed_entry(log: Log, index: int) -> None:
    log.overwrite(index, "salts", bytes(16))
    log.sql(f"DELETE FROM {'statement' if index else 'certificate'} WHERE leaf_index = ?", index)
    missing = FindingCode.STATEMENT_MISSING if index else FindingCode.CERTIFICATE_MISSING
    follows = [] if index else [(FindingCode.STATEMENT_FORGED, REVOKED)]  # it is about that certificate
    assert log.wrong() == [(missing, index), *follows, (FindingCode.ENTRY_CHANGED, index)]


def test_an_entry_of_no_known_kind_is_a_changed_entry(log: Log) -> None:
    log.overwrite(2, "kinds", bytes((9,)))
    assert log.wrong() == [(FindingCode.CERTIFICATE_FORGED, 2), (FindingCode.ENTRY_CHANGED, 2)]


@pytest.mark.parametrize("index", [0, 2])
def test_an_erased_entry_is_told_and_its_statements_are_not_recomputed(log: Log, index: int) -> None:
    with TransparencyLog.open(log.folder) as opened:
        opened.erase(index, at=START)
    report = log.audit()
    assert [(finding.code, finding.index) for finding in report.findings] == [(FindingCode.ENTRY_ERASED, index)]
    assert report.findings[0].evidence == {"erased_at": "2026-11-23T08:00:00Z"}
    assert ("erased", 1, False) in {(item.code, item.count, item.decisive) for item in report.not_checked}
    unlinked = {item.count for item in report.not_checked if item.code == "subject_not_here"}
    assert unlinked == {1}, "the first is revoked, the third stands in the place of the second"


def forget(log: Log, index: int) -> None:
    """Take salt, digest and row of a leaf away, as an erasure does, whatever it stands for."""
    log.overwrite(index, "kinds", bytes((log.overwrite(index, "kinds", b"\x00")[0] | ERASED_BIT,)))
    log.overwrite(index, "salts", bytes(16))
    log.overwrite(index, "digests", bytes(32))
    log.sql("DELETE FROM statement WHERE leaf_index = ?", index)
    log.sql("INSERT INTO erasure VALUES (?, 0)", index)


@pytest.mark.parametrize("index", [REVOKED, SUPERSEDED, HEAD])
def test_an_erased_statement_is_wrong(log: Log, index: int) -> None:
    """A revocation would be hidden by the very means that forget a person."""
    forget(log, index)
    assert log.wrong() == [(FindingCode.STATEMENT_ERASED, index)]


@pytest.mark.parametrize("index", [REVOKED, SUPERSEDED])
@pytest.mark.parametrize("subject", ["nobody", None])
def test_a_statement_about_nobody_is_forged(log: Log, index: int, subject: str | None) -> None:
    log.sql("UPDATE statement SET subject = ? WHERE leaf_index = ?", subject, index)
    assert log.wrong() == [(FindingCode.STATEMENT_FORGED, index)]


def test_an_erasure_of_another_does_not_account_for_a_subject_that_is_named(log: Log) -> None:
    with TransparencyLog.open(log.folder) as opened:
        opened.erase(2, at=START)
    log.sql("UPDATE statement SET subject = 'nobody' WHERE leaf_index = ?", REVOKED)
    assert log.wrong() == [(FindingCode.STATEMENT_FORGED, REVOKED)]


def test_an_erasure_that_nobody_recorded_accounts_for_no_statement(log: Log) -> None:
    with TransparencyLog.open(log.folder) as opened:
        opened.erase(0, at=START)
    log.sql("DELETE FROM erasure")
    assert log.wrong() == [(FindingCode.CERTIFICATE_MISSING, 0), (FindingCode.STATEMENT_FORGED, REVOKED)]


@pytest.mark.parametrize("column", ["salts", "digests"])
def test_an_erasure_that_left_something_is_told(log: Log, column: str) -> None:
    with TransparencyLog.open(log.folder) as opened:
        opened.erase(0, at=START)
    log.overwrite(0, column, b"\x01" * (16 if column == "salts" else 32))
    assert log.wrong() == [(FindingCode.SALT_CHANGED, 0)]


@pytest.mark.parametrize(("index", "code"), [(1, "certificate_missing"), (REVOKED, "statement_missing")])
def test_an_erasure_that_nobody_recorded_is_told(log: Log, index: int, code: str) -> None:
    forget(log, index)
    log.sql("DELETE FROM certificate WHERE leaf_index = ?", index)
    log.sql("DELETE FROM erasure")
    assert (FindingCode(code), index) in log.wrong()


def test_an_erasure_without_a_leaf_is_told(log: Log) -> None:
    log.sql("INSERT INTO erasure VALUES (6, 0)")
    assert log.wrong() == [(FindingCode.SALT_CHANGED, 6)]


def test_a_log_of_digests_alone_needs_no_rows_where_that_is_the_policy(tmp_path: Path) -> None:
    key = log_key(ORIGIN)
    folder = tmp_path / "digests"
    with TransparencyLog.create(folder, origin=key.name, vkey=key.vkey, at=START) as log:
        log.append([bytes([number]) * 32 for number in range(4)])
        log.append([bytes(32)], kind=EntryKind.REVOCATION)
        log.sign_checkpoint(key, at=START)
        report = audit(log, at=START, policy=AuditPolicy(rows_required=False))
        assert report.findings == ()
        assert ("digests_only", 5, False) in {(item.code, item.count, item.decisive) for item in report.not_checked}
        assert all(kind.is_balanced for kind in report.kinds)
        strict = audit(log, at=START)
    assert strict.counts == {FindingCode.CERTIFICATE_MISSING: 4, FindingCode.STATEMENT_MISSING: 1}


def test_a_row_that_the_log_says_it_keeps_is_required_whatever_the_policy(log: Log) -> None:
    log.sql("DELETE FROM certificate WHERE leaf_index = 2")
    counts = log.audit(rows_required=False).counts
    assert counts == {FindingCode.CERTIFICATE_MISSING: 1, FindingCode.STATEMENT_FORGED: 1}  # one is about it


def test_an_entry_replaced_with_its_statement_is_a_changed_entry(log: Log) -> None:
    """Its salt, digest and row agree with it, and the tree does not."""
    salt = log.overwrite(HEAD, "salts", bytes(16))
    log.overwrite(HEAD, "salts", salt)
    digest = log.overwrite(HEAD, "digests", bytes(32))
    log.overwrite(HEAD, "digests", digest)
    log.overwrite(HEAD, "entries", entry_of(EntryKind.REVOCATION, salt, digest))
    log.overwrite(HEAD, "kinds", bytes((EntryKind.REVOCATION.number | ROW_BIT,)))
    assert (FindingCode.ENTRY_CHANGED, HEAD) in log.wrong()
