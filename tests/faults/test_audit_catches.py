"""What insiders, nodes and old backups do to a log, and by which finding an audit names it.

The insider has the database, its files and, where a test says so, the log's own key.
"""

from __future__ import annotations

import copy
import json
import random
from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.audited_log import (
    PAUSE,
    START,
    AuditedLog,
    EvmLog,
    certificates,
    make_evm_log,
    make_file_log,
    signer,
)
from tests.simulator.anvil import shared_anvil
from tests.simulator.evm import new_signer
from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.anchor.chain import Head
from vaxcert.ledger.audit.auditor import audit
from vaxcert.ledger.audit.findings import FindingCode, Severity
from vaxcert.ledger.audit.policy import AuditPolicy
from vaxcert.ledger.audit.report import AuditOutcome
from vaxcert.ledger.evm.in_process_node import InProcessNode
from vaxcert.ledger.evm.rpc import HttpNode
from vaxcert.ledger.evm.transaction_signer import KeystoreSigner
from vaxcert.ledger.log.entry import EntryKind, entry_of
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.log.note import sign_note
from vaxcert.ledger.log.tree import leaf_hash
from vaxcert.ledger.store.auditor_export import AuditorExport
from vaxcert.ledger.store.auditor_writer import EXPORT_NAME
from vaxcert.ledger.store.reader import ERASED_BIT, ROW_BIT, CertificateRow
from vaxcert.ledger.store.statements import revoke

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vaxcert.ledger.audit.report import AuditReport
    from vaxcert.ledger.evm.rpc import Node

Code = FindingCode


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> AuditedLog:
    """Return a log with three anchored batches that nobody has touched."""
    return make_file_log(tmp_path_factory.mktemp("whole") / "log")


@pytest.fixture
def log(whole: AuditedLog, tmp_path: Path) -> AuditedLog:
    """Return a copy of it, to be ruined."""
    return whole.copy(tmp_path / "log")


def wrong(report: AuditReport) -> list[tuple[str, int | None]]:
    """Return code and leaf of everything wrong in *report*, in its order."""
    return [(finding.code, finding.index) for finding in report.findings if finding.severity is Severity.WRONG]


def codes(report: AuditReport) -> set[str]:
    return {str(code) for code in report.counts}


def segment_of(log: AuditedLog, index: int) -> tuple[int, int]:
    """Return the first leaf of the segment of leaf *index*, and its place there."""
    ((first,),) = log.sql("SELECT max(first) FROM segment WHERE first <= ?", index)
    return first, index - first


def overwrite(log: AuditedLog, index: int, column: str, piece: bytes) -> bytes:
    """Put *piece* in the place of what *column* has for leaf *index*, and return what stood there."""
    first, place = segment_of(log, index)
    ((packed,),) = log.sql(f"SELECT {column} FROM segment WHERE first = ?", first)
    start = place * len(piece)
    changed = packed[:start] + piece + packed[start + len(piece) :]
    log.sql(f"UPDATE segment SET {column} = ? WHERE first = ?", changed, first)
    return bytes(packed[start : start + len(piece)])


def salt_of(log: AuditedLog, index: int) -> bytes:
    salt = overwrite(log, index, "salts", bytes(16))
    overwrite(log, index, "salts", salt)
    return salt


def overwrite_tile(log: AuditedLog, level: int, n: int, place: int, piece: bytes) -> None:
    key = level << 56 | n
    ((hashes,),) = log.sql("SELECT hashes FROM tile WHERE id = ?", key)
    log.sql("UPDATE tile SET hashes = ? WHERE id = ?", hashes[: 32 * place] + piece + hashes[32 * (place + 1) :], key)


def forged_certificate(*, at: timedelta = timedelta(0)) -> CertificateRow:
    """Return a certificate that the real signer signed and that never came into the log."""
    return certificates(1, at=START + at, seed=99)[0]


def replace_row(log: AuditedLog, index: int, row: CertificateRow) -> None:
    log.sql(
        "UPDATE certificate SET id = ?, digest = ?, cose = ?, kid = ?, issued_at = ?, expires_at = ?"
        " WHERE leaf_index = ?",
        *row,
        index,
    )


def replace_entry(log: AuditedLog, index: int, row: CertificateRow) -> bytes:
    """Put a forged certificate in the place of another's, down to the entry, and return the leaf that it makes."""
    replace_row(log, index, row)
    overwrite(log, index, "digests", row.digest)
    entry = entry_of(EntryKind.CERTIFICATE, salt_of(log, index), row.digest)
    overwrite(log, index, "entries", entry)
    return leaf_hash(entry)


def hide_the_newest_anchor(log: AuditedLog, _leaf: int) -> None:
    path = log.folder / "anchors.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


DEEDS: dict[str, tuple[Callable[[AuditedLog, int], object], FindingCode]] = {
    "forge a row": (lambda log, leaf: replace_row(log, leaf, forged_certificate()), Code.CERTIFICATE_FORGED),
    "delete a row": (
        lambda log, leaf: log.sql("DELETE FROM certificate WHERE leaf_index = ?", leaf),
        Code.CERTIFICATE_MISSING,
    ),
    "change a column": (
        lambda log, leaf: log.sql("UPDATE certificate SET issued_at = 0 WHERE leaf_index = ?", leaf),
        Code.CERTIFICATE_CHANGED,
    ),
    "change a salt": (lambda log, leaf: overwrite(log, leaf, "salts", bytes(16)), Code.SALT_CHANGED),
    "change a digest": (lambda log, leaf: overwrite(log, leaf, "digests", bytes(32)), Code.ENTRY_CHANGED),
    "change an entry": (lambda log, leaf: overwrite(log, leaf, "entries", bytes(32)), Code.ENTRY_CHANGED),
    "change a leaf hash": (lambda log, leaf: overwrite_tile(log, 0, 0, leaf, bytes(32)), Code.TILE_CHANGED),
    "change a hash above": (lambda log, _: overwrite_tile(log, 1, 0, 0, bytes(32)), Code.TILE_CHANGED),
    "change a receipt signature": (
        lambda log, _: log.sql("UPDATE checkpoint SET receipt_signature = zeroblob(64) WHERE size = 100"),
        Code.CHECKPOINT_SIGNATURE,
    ),
    "hide an anchor": (hide_the_newest_anchor, Code.EVENT_HIDDEN),
    "back-date a certificate": (
        lambda log, _: log.add(certificates(1, at=START, seed=98)),
        Code.CERTIFICATE_BACKDATED,
    ),
}
"""What an insider can do to one leaf, or to the log once, and by which code it is named."""


class TestNothingWrong:
    def test_an_untouched_log_is_clean(self, whole: AuditedLog) -> None:
        report = whole.audit()
        assert report.outcome is AuditOutcome.CLEAN
        assert report.findings == ()
        assert {item.name: item.count for item in report.checked} == {
            "entries": 300,
            "certificates": 300,
            "signatures": 300,
            "statements": 0,
            "hashes": 301,
            "checkpoints": 3,
            "heads": 6,
            "proofs": 3,
            "events": 3,
        }

    def test_so_it_is_without_its_chain(self, whole: AuditedLog) -> None:
        report = whole.audit(chain=None)
        assert report.outcome is AuditOutcome.CLEAN
        assert report.findings == ()
        assert "newer_anchors" in {item.code for item in report.not_checked}
        assert report.coverage.covered == 300

    def test_a_certificate_stored_in_another_encoding_is_the_same(self, log: AuditedLog) -> None:
        ((cose,),) = log.sql("SELECT cose FROM certificate WHERE leaf_index = 40")
        assert cose[:1] == b"\xd2"
        log.sql("UPDATE certificate SET cose = ? WHERE leaf_index = 40", cose[1:])  # the tag is optional
        assert log.audit().findings == ()


class TestCertificates:
    def test_a_row_without_a_leaf_is_forged(self, log: AuditedLog) -> None:
        log.sql("INSERT INTO certificate VALUES (300, ?, ?, ?, ?, ?, ?)", *forged_certificate())
        assert wrong(log.audit()) == [(Code.CERTIFICATE_FORGED, 300)]

    def test_a_row_put_in_the_place_of_another_is_forged(self, log: AuditedLog) -> None:
        replace_row(log, 17, forged_certificate())
        assert wrong(log.audit()) == [(Code.CERTIFICATE_FORGED, 17)]

    def test_a_certificate_that_is_none_is_forged(self, log: AuditedLog) -> None:
        log.sql("UPDATE certificate SET cose = x'00' WHERE leaf_index = 17")
        assert wrong(log.audit()) == [(Code.CERTIFICATE_FORGED, 17)]

    def test_a_certificate_with_another_signature_is_forged(self, log: AuditedLog) -> None:
        # What is signed stays the same, and with it the digest and the leaf.
        ((cose,),) = log.sql("SELECT cose FROM certificate WHERE leaf_index = 17")
        log.sql("UPDATE certificate SET cose = ? WHERE leaf_index = 17", cose[:-1] + bytes((cose[-1] ^ 1,)))
        assert wrong(log.audit()) == [(Code.CERTIFICATE_FORGED, 17)]

    def test_without_a_trust_list_that_is_undetermined(self, log: AuditedLog) -> None:
        ((cose,),) = log.sql("SELECT cose FROM certificate WHERE leaf_index = 17")
        log.sql("UPDATE certificate SET cose = ? WHERE leaf_index = 17", cose[:-1] + bytes((cose[-1] ^ 1,)))
        report = log.audit(trust_list=None)
        assert report.outcome is AuditOutcome.UNDETERMINED
        assert ("no_trust_list", 300, True) in {(item.code, item.count, item.decisive) for item in report.not_checked}

    @pytest.mark.parametrize("column", ["id", "digest", "kid", "issued_at", "expires_at"])
    def test_a_column_that_says_otherwise_than_the_certificate_is_named(self, log: AuditedLog, column: str) -> None:
        value = {"id": "URN:UVCI:01:VN:OTHER", "digest": bytes(32), "kid": bytes(8)}.get(column, 1)
        log.sql(f"UPDATE certificate SET {column} = ? WHERE leaf_index = 17", value)
        report = log.audit()
        assert wrong(report) == [(Code.CERTIFICATE_CHANGED, 17)]
        assert report.findings[0].evidence == {"columns": column}

    def test_a_deleted_row_is_missing(self, log: AuditedLog) -> None:
        log.sql("DELETE FROM certificate WHERE leaf_index = 17")
        report = log.audit()
        assert wrong(report) == [(Code.CERTIFICATE_MISSING, 17)]
        assert [kind.is_balanced for kind in report.kinds] == [False]

    def test_so_it_is_where_the_log_denies_that_it_ever_kept_it(self, log: AuditedLog) -> None:
        log.sql("DELETE FROM certificate WHERE leaf_index = 17")
        overwrite(log, 17, "kinds", bytes((EntryKind.CERTIFICATE.number,)))
        assert wrong(log.audit()) == [(Code.CERTIFICATE_MISSING, 17)]

    def test_so_it_is_where_it_looks_erased_and_no_erasure_is_recorded(self, log: AuditedLog) -> None:
        log.sql("DELETE FROM certificate WHERE leaf_index = 17")
        overwrite(log, 17, "kinds", bytes((EntryKind.CERTIFICATE.number | ROW_BIT | ERASED_BIT,)))
        overwrite(log, 17, "salts", bytes(16))
        overwrite(log, 17, "digests", bytes(32))
        assert wrong(log.audit()) == [(Code.CERTIFICATE_MISSING, 17)]

    def test_an_erasure_is_told_and_is_not_wrong(self, log: AuditedLog) -> None:
        with log.open() as opened:
            opened.erase(17, at=log.clock())
        report = log.audit()
        assert report.outcome is AuditOutcome.CLEAN
        assert [(finding.code, finding.index) for finding in report.findings] == [(Code.ENTRY_ERASED, 17)]
        assert [(kind.leaves, kind.rows, kind.erased, kind.is_balanced) for kind in report.kinds] == [
            (300, 299, 1, True)
        ]

    def test_a_row_at_an_erased_leaf_is_forged(self, log: AuditedLog) -> None:
        with log.open() as opened:
            opened.erase(17, at=log.clock())
        log.sql("INSERT INTO certificate VALUES (17, ?, ?, ?, ?, ?, ?)", *forged_certificate())
        assert wrong(log.audit()) == [(Code.CERTIFICATE_FORGED, 17)]

    def test_an_erasure_whose_salt_is_still_there_is_wrong(self, log: AuditedLog) -> None:
        log.sql("INSERT INTO erasure VALUES (17, 0)")
        assert wrong(log.audit()) == [(Code.SALT_CHANGED, 17)]

    def test_a_certificate_of_a_stranger_who_had_access_is_unknown(self, log: AuditedLog) -> None:
        log.batch(1, seed=50, by=signer("Somebody else's DSC"))
        report = log.audit()
        assert report.outcome is AuditOutcome.UNDETERMINED
        assert ("unknown_signer", 1) in {(item.code, item.count) for item in report.not_checked}


class TestEntries:
    def test_a_changed_salt_is_named(self, log: AuditedLog) -> None:
        overwrite(log, 17, "salts", bytes(16))
        assert wrong(log.audit()) == [(Code.SALT_CHANGED, 17)]

    def test_a_changed_digest_is_named(self, log: AuditedLog) -> None:
        overwrite(log, 17, "digests", bytes(32))
        assert wrong(log.audit()) == [(Code.ENTRY_CHANGED, 17)]

    @pytest.mark.parametrize("index", [17, 280], ids=["full tile", "last tile"])
    def test_a_changed_entry_is_named(self, log: AuditedLog, index: int) -> None:
        overwrite(log, index, "entries", bytes(32))
        assert wrong(log.audit()) == [(Code.ENTRY_CHANGED, index)]

    def test_another_kind_is_a_changed_entry(self, log: AuditedLog) -> None:
        overwrite(log, 17, "kinds", bytes((EntryKind.REVOCATION.number | ROW_BIT,)))
        assert {code for code, _ in wrong(log.audit())} == {
            Code.CERTIFICATE_FORGED,
            Code.STATEMENT_MISSING,
            Code.ENTRY_CHANGED,
        }

    @pytest.mark.parametrize("index", [17, 280], ids=["full tile", "last tile"])
    def test_a_certificate_replaced_down_to_its_entry_is_a_changed_entry(self, log: AuditedLog, index: int) -> None:
        replace_entry(log, index, forged_certificate())
        assert (Code.ENTRY_CHANGED, index) in wrong(log.audit())

    def test_entries_that_are_gone_are_named_and_the_audit_goes_on(self, log: AuditedLog) -> None:
        log.sql("DELETE FROM segment WHERE first = 0")
        replace_row(log, 290, forged_certificate(at=2 * PAUSE))
        assert wrong(log.audit()) == [(Code.CERTIFICATE_FORGED, 290), (Code.ENTRY_CHANGED, 0)]

    @pytest.mark.parametrize("size", [10**6, 9 * 10**18])
    def test_a_size_that_is_made_up_ends_the_audit_all_the_same(self, log: AuditedLog, size: int) -> None:
        log.sql("UPDATE log SET size = ?", size)
        log.sql("INSERT INTO segment SELECT ?, kinds, entries, salts, digests FROM segment WHERE first = 0", size - 256)
        steps: list[int] = []
        with log.open(read_only=True) as opened:
            report = audit(opened, at=log.clock(), evidence=log.evidence(), progress=lambda done, _: steps.append(done))
        assert report.counts[Code.ENTRY_CHANGED] <= 4
        assert (Code.ENTRY_CHANGED, 512) in wrong(report)
        assert len(steps) <= 5
        assert steps[-1] == size

    def test_an_export_of_a_size_that_is_made_up_is_none(self, log: AuditedLog, tmp_path: Path) -> None:
        log.export(tmp_path / "export")
        about = tmp_path / "export" / EXPORT_NAME
        about.write_text(json.dumps(json.loads(about.read_text()) | {"size": 2**62}))
        with pytest.raises(LedgerDamagedError, match="size"):
            AuditorExport.open(tmp_path / "export")
        signed = sign_checkpoint_of(log.key, 2**62)  # as whoever has the log's key can
        (tmp_path / "export" / "checkpoint").write_text(signed)
        with pytest.raises(LedgerDamagedError, match="has 300 lines"):
            AuditorExport.open(tmp_path / "export")


class TestTiles:
    @pytest.mark.parametrize(("n", "place"), [(0, 17), (1, 30)], ids=["full tile", "last tile"])
    def test_a_changed_leaf_hash_is_named(self, log: AuditedLog, n: int, place: int) -> None:
        overwrite_tile(log, 0, n, place, bytes(32))
        assert wrong(log.audit()) == [(Code.TILE_CHANGED, 256 * n + place)]

    def test_a_changed_hash_above_is_named(self, log: AuditedLog) -> None:
        overwrite_tile(log, 1, 0, 0, bytes(32))
        report = log.audit()
        assert wrong(report) == [(Code.TILE_CHANGED, 0)]
        assert report.findings[0].evidence["level"] == 1

    @pytest.mark.parametrize("level", [0, 1])
    def test_a_tile_that_is_gone_is_named(self, log: AuditedLog, level: int) -> None:
        log.sql("DELETE FROM tile WHERE id = ?", level << 56)
        assert wrong(log.audit()) == [(Code.TILE_CHANGED, 0)]

    def test_a_leaf_replaced_with_its_tile_is_no_head_of_the_log(self, log: AuditedLog) -> None:
        leaf = replace_entry(log, 17, forged_certificate())
        overwrite_tile(log, 0, 0, 17, leaf)
        assert {Code.TILE_CHANGED, Code.HISTORY_REWRITTEN} <= {code for code, _ in wrong(log.audit())}


class TestCheckpoints:
    def test_a_checkpoint_signed_by_another_key_is_named(self, log: AuditedLog) -> None:
        stranger = LogKey.create(log.key.name)
        ((note,),) = log.sql("SELECT note FROM checkpoint WHERE size = 190")
        signature = note.rsplit("\n\n", 1)[0] + "\n"
        forged = f"{signature}\n{_signature_line(stranger, signature)}"
        log.sql("UPDATE checkpoint SET note = ? WHERE size = 190", forged)
        report = log.audit()
        assert {(finding.code, finding.size) for finding in report.findings} == {
            (Code.CHECKPOINT_SIGNATURE, 190),
            (Code.CHECKPOINT_CHANGED, 190),
        }

    def test_another_signature_for_its_receipts_is_named(self, log: AuditedLog) -> None:
        log.sql("UPDATE checkpoint SET receipt_signature = zeroblob(64) WHERE size = 190")
        report = log.audit()
        assert [(finding.code, finding.size) for finding in report.findings] == [(Code.CHECKPOINT_SIGNATURE, 190)]

    def test_a_deleted_checkpoint_is_named(self, log: AuditedLog) -> None:
        log.sql("DELETE FROM checkpoint WHERE size = 190")
        report = log.audit()
        assert [(finding.code, finding.size) for finding in report.findings] == [(Code.CHECKPOINT_CHANGED, 190)]

    def test_a_root_that_is_not_the_signed_one_is_named(self, log: AuditedLog) -> None:
        log.sql("UPDATE checkpoint SET root = zeroblob(32) WHERE size = 190")
        report = log.audit()
        assert [(finding.code, finding.size) for finding in report.findings] == [(Code.CHECKPOINT_CHANGED, 190)]

    def test_a_log_with_another_key_is_another_log(self, log: AuditedLog) -> None:
        stranger = LogKey.create(log.key.name)
        log.sql("UPDATE log SET vkey = ?, log_id = ?", stranger.vkey, stranger.log_id)
        report = log.audit()
        assert report.first_wrong is not None
        assert report.first_wrong.code is Code.LOG_REPLACED

    def test_a_clock_that_went_back_is_a_warning(self, log: AuditedLog) -> None:
        log.sql("UPDATE checkpoint SET at = at - 86400 WHERE size = 190")
        report = log.audit()
        assert report.outcome is not AuditOutcome.WRONG
        assert [(finding.code, finding.size) for finding in report.findings] == [(Code.CLOCK_SET_BACK, 190)]


class TestHistory:
    def test_a_rewritten_history_is_named_by_its_anchors(self, log: AuditedLog) -> None:
        """The insider has the log's key, builds all anew, signs all anew, and leaves no trace in the database."""
        log.rewrite(lambda rows: rows.__setitem__(17, forged_certificate()))
        report = log.audit(bundles=())
        assert report.outcome is AuditOutcome.WRONG
        assert codes(report) == {Code.HISTORY_REWRITTEN}
        assert [finding.seq for finding in report.findings] == [1, 2, 3]

    def test_so_it_is_by_the_proofs_alone(self, log: AuditedLog) -> None:
        log.rewrite(lambda rows: rows.__setitem__(17, forged_certificate()), keep_proofs=True)
        report = log.audit(chain=None)
        assert codes(report) == {Code.HISTORY_REWRITTEN}
        assert [finding.seq for finding in report.findings] == [1, 2, 3]

    def test_so_it_is_by_one_checkpoint_that_somebody_kept(self, log: AuditedLog, whole: AuditedLog) -> None:
        log.rewrite(lambda rows: rows.__setitem__(17, forged_certificate()))
        report = log.audit(chain=None, bundles=(), notes=[whole.kept_note()])
        assert codes(report) == {Code.HISTORY_REWRITTEN}
        assert [(finding.size, finding.evidence["vouched_by"]) for finding in report.findings] == [(300, "kept")]

    def test_without_any_of_them_it_is_undetermined(self, log: AuditedLog) -> None:
        log.rewrite(lambda rows: rows.__setitem__(17, forged_certificate()))
        report = log.audit(chain=None, bundles=())
        assert report.outcome is AuditOutcome.UNDETERMINED
        assert report.findings == ()
        assert [item.code for item in report.not_checked if item.decisive] == ["no_chain"]

    def test_a_history_rewritten_in_the_tiles_is_named_by_the_checkpoints(self, log: AuditedLog) -> None:
        # Without the key: the new tree stands under the old checkpoints.
        notes = log.sql("SELECT size, root, note, receipt_signature, at FROM checkpoint")
        log.rewrite(lambda rows: rows.__setitem__(17, forged_certificate()))
        log.sql("DELETE FROM checkpoint")
        for row in notes:
            log.sql("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", *row)
        report = log.audit(chain=None, bundles=())
        assert codes(report) == {Code.HISTORY_REWRITTEN}
        assert [finding.size for finding in report.findings] == [100, 190, 300]

    def test_a_head_that_somebody_else_anchored_is_a_fork(self, log: AuditedLog) -> None:
        chain = log.chain()
        newest = chain.head()
        assert newest is not None
        stranger = Head(size=320, root=b"\x11" * 32, metadata_hash=b"\x22" * 32)
        attempt = chain.sign(stranger, previous_root=newest.root, nonce=chain.next_nonce())
        assert attempt is not None
        chain.send(attempt)
        log.add(certificates(30, at=log.clock(), seed=9))
        log.sign()
        report = log.audit()
        assert [(finding.code, finding.size, finding.seq) for finding in report.findings] == [
            (Code.HEAD_FORKED, 320, 4)
        ]

    def test_a_database_from_an_old_backup_is_rolled_back(self, log: AuditedLog, tmp_path: Path) -> None:
        old = log.copy(tmp_path / "old")
        log.batch(20, seed=7)
        report = log.audit()
        assert report.outcome is AuditOutcome.CLEAN
        (old.folder / "anchors.jsonl").write_bytes((log.folder / "anchors.jsonl").read_bytes())
        report = old.audit()
        assert [(finding.code, finding.size, finding.seq) for finding in report.findings] == [
            (Code.LOG_ROLLED_BACK, 320, 4)
        ]

    def test_so_it_is_by_the_checkpoint_file_alone(self, log: AuditedLog, tmp_path: Path) -> None:
        old = log.copy(tmp_path / "old")
        log.batch(20, seed=7)
        report = old.audit(notes=[log.kept_note()])
        assert [(finding.code, finding.size) for finding in report.findings] == [(Code.LOG_ROLLED_BACK, 320)]

    def test_a_log_cut_to_fewer_entries_is_rolled_back(self, log: AuditedLog) -> None:
        log.sql("UPDATE log SET size = 190")
        report = log.audit()
        assert (Code.LOG_ROLLED_BACK, 300) in {(finding.code, finding.size) for finding in report.findings}


class TestTimes:
    def test_a_backdated_certificate_is_named(self, log: AuditedLog) -> None:
        """Issued today by an insider with the signing key, and said to be issued before the last anchor."""
        log.add([*certificates(3, at=log.clock(), seed=7), forged_certificate()])
        log.sign()
        log.anchor()
        report = log.audit()
        assert wrong(report) == [(Code.CERTIFICATE_BACKDATED, 303)]
        assert report.findings[0].evidence["issued_at"] == "2026-11-23T08:00:00Z"
        assert report.findings[0].seq == 3

    def test_so_it_is_before_it_is_anchored(self, log: AuditedLog) -> None:
        log.add([forged_certificate()])
        assert wrong(log.audit()) == [(Code.CERTIFICATE_BACKDATED, 300)]

    def test_a_certificate_of_the_future_is_named(self, log: AuditedLog) -> None:
        log.add(certificates(1, at=log.clock() + timedelta(minutes=6), seed=7))
        assert wrong(log.audit()) == [(Code.CERTIFICATE_POSTDATED, 300)]

    def test_a_clock_that_is_a_little_off_is_allowed(self, log: AuditedLog) -> None:
        log.add(certificates(1, at=log.clock() + timedelta(minutes=5), seed=7))
        assert log.audit().findings == ()
        report = log.audit(policy=AuditPolicy(clock_skew=timedelta(minutes=4)))
        assert wrong(report) == [(Code.CERTIFICATE_POSTDATED, 300)]

    def test_what_was_issued_while_the_chain_was_away_is_not_backdated(self, log: AuditedLog) -> None:
        _issue_during_outage(log, outage=timedelta(minutes=50))
        assert log.audit().outcome is AuditOutcome.CLEAN

    def test_while_it_was_away_for_long_it_is_undetermined(self, log: AuditedLog) -> None:
        _issue_during_outage(log, outage=timedelta(hours=5))
        report = log.audit()
        assert report.outcome is AuditOutcome.UNDETERMINED
        assert ("anchor_overdue", 4) in {(item.code, item.count) for item in report.not_checked}

    def test_a_revoked_key_is_believed_for_what_was_anchored_before(self, log: AuditedLog) -> None:
        kid = signer().certificate.kid.value
        revoked_at = START + PAUSE + timedelta(hours=1)  # the second batch is anchored, the third is not
        report = log.audit(revoked_kids={kid: revoked_at})
        assert report.counts == {Code.REVOKED_KID_LATE: 110}
        assert wrong(report)[0] == (Code.REVOKED_KID_LATE, 190)
        assert len(report.findings) == 100

    def test_what_was_anchored_at_that_very_instant_is_believed(self, log: AuditedLog) -> None:
        kid = signer().certificate.kid.value
        assert log.audit(revoked_kids={kid: START + 2 * PAUSE}).findings == ()

    def test_what_is_not_anchored_at_all_is_too_late(self, log: AuditedLog) -> None:
        log.add(certificates(1, at=log.clock(), seed=7))
        kid = signer().certificate.kid.value
        report = log.audit(revoked_kids={kid: log.clock() - timedelta(seconds=1)})
        assert wrong(report) == [(Code.REVOKED_KID_LATE, 300)]


class TestChain:
    def test_an_anchor_left_out_of_the_proofs_is_named(self, log: AuditedLog) -> None:
        log.sql("DELETE FROM attempt")
        log.sql("DELETE FROM anchor WHERE seq = 2")
        report = log.audit(chain=None)
        assert [(finding.code, finding.seq) for finding in report.findings] == [(Code.EVENT_HIDDEN, 3)]

    def test_a_chain_that_shows_less_than_the_proofs_is_named(self, log: AuditedLog) -> None:
        path = log.folder / "anchors.jsonl"
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
        report = log.audit()
        assert [(finding.code, finding.seq) for finding in report.findings] == [(Code.EVENT_HIDDEN, 3)]
        assert report.coverage.covered == 300

    def test_a_chain_whose_past_was_changed_is_not_believed(self, log: AuditedLog) -> None:
        path = log.folder / "anchors.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"size":190', b'"size":191'))
        report = log.audit()
        assert [finding.code for finding in report.findings] == [Code.CHAIN_PROOF_INVALID]

    def test_another_chain_is_not_the_pinned_one(self, log: AuditedLog, tmp_path: Path) -> None:
        other = make_file_log(tmp_path / "other", batches=(3,))
        report = log.audit(chain=other.chain())
        assert report.first_wrong is not None
        assert report.outcome is AuditOutcome.WRONG

    def test_a_chain_that_is_away_leaves_it_undetermined(self, log: AuditedLog) -> None:
        (log.folder / "anchors.jsonl").unlink()
        report = log.audit()
        assert report.outcome is AuditOutcome.UNDETERMINED
        assert ("chain_unreachable", True) in {(item.code, item.decisive) for item in report.not_checked}
        assert report.coverage.covered == 300

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_a_damaged_proof_is_named(self, log: AuditedLog, place: int) -> None:
        log.sql("UPDATE anchor SET bundle = x'00' WHERE seq = ?", place + 1)
        report = log.audit()
        assert [finding.code for finding in report.findings] == [Code.CHAIN_PROOF_INVALID]


class TestSeveralAtOnce:
    """One thing wrong does not hide another."""

    def test_each_is_named_and_the_cause_first(self, log: AuditedLog) -> None:
        replace_row(log, 3, forged_certificate())
        log.sql("DELETE FROM certificate WHERE leaf_index = 120")
        overwrite(log, 200, "salts", bytes(16))
        overwrite_tile(log, 0, 0, 77, bytes(32))
        log.sql("UPDATE checkpoint SET receipt_signature = zeroblob(64) WHERE size = 100")
        log.add([forged_certificate()])
        path = log.folder / "anchors.jsonl"
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
        report = log.audit()
        assert [finding.code for finding in report.findings] == [
            Code.CERTIFICATE_FORGED,
            Code.CERTIFICATE_MISSING,
            Code.SALT_CHANGED,
            Code.TILE_CHANGED,
            Code.CHECKPOINT_SIGNATURE,
            Code.EVENT_HIDDEN,
            Code.CERTIFICATE_BACKDATED,
        ]

    @pytest.mark.parametrize("seed", range(10))
    def test_any_few_of_them_are_all_named(self, log: AuditedLog, seed: int) -> None:
        chance = random.Random(seed)
        leaves = iter(chance.sample(range(256), 20))  # all in the full tile, each at a leaf of its own
        done = chance.sample(sorted(DEEDS), chance.randint(2, 6))
        done.sort(key=lambda name: name != "back-date a certificate")  # a log that is damaged takes nothing more
        for name in done:
            DEEDS[name][0](log, next(leaves))
        report = log.audit()
        assert sorted(str(code) for code in report.counts) == sorted({DEEDS[name][1].value for name in done})
        assert sum(report.counts.values()) == len(done)

    def test_a_changed_entry_and_a_changed_tile_beside_it_are_told_apart(self, log: AuditedLog) -> None:
        overwrite(log, 17, "entries", bytes(32))
        overwrite_tile(log, 0, 0, 18, bytes(32))
        assert wrong(log.audit()) == [(Code.ENTRY_CHANGED, 17), (Code.TILE_CHANGED, 18)]

    def test_a_changed_entry_does_not_hide_a_rewritten_history(self, log: AuditedLog) -> None:
        log.rewrite(lambda rows: rows.__setitem__(17, forged_certificate()))
        overwrite(log, 40, "entries", bytes(32))
        assert codes(log.audit(bundles=())) == {Code.ENTRY_CHANGED, Code.HISTORY_REWRITTEN}

    def test_old_tiles_over_a_rewritten_history_do_not_hide_it(self, log: AuditedLog) -> None:
        tiles = log.sql("SELECT id, hashes FROM tile")
        log.rewrite(lambda rows: rows.__setitem__(17, forged_certificate()))
        for key, hashes in tiles:
            log.sql("UPDATE tile SET hashes = ? WHERE id = ?", hashes, key)
        report = log.audit(bundles=())
        # The tiles still lead to what is anchored: so each entry that was written anew is named.
        assert report.counts[Code.ENTRY_CHANGED] == 300
        assert report.outcome is AuditOutcome.WRONG

    def test_a_rolled_back_log_with_a_forged_row_has_both(self, log: AuditedLog, tmp_path: Path) -> None:
        old = log.copy(tmp_path / "old")
        log.batch(20, seed=7)
        replace_row(old, 17, forged_certificate())
        assert codes(old.audit(notes=[log.kept_note()])) == {Code.CERTIFICATE_FORGED, Code.LOG_ROLLED_BACK}

    def test_gone_tiles_and_gone_entries_leave_the_heads_open(self, log: AuditedLog) -> None:
        log.sql("DELETE FROM segment WHERE first < 256")
        log.sql("DELETE FROM tile WHERE id = 0")
        report = log.audit()
        assert {Code.ENTRY_CHANGED, Code.TILE_CHANGED} <= {code for code, _ in wrong(report)}
        assert Code.HISTORY_REWRITTEN not in report.counts
        assert "heads_skipped" in {item.code for item in report.not_checked}


def sign_checkpoint_of(key: LogKey, size: int) -> str:
    text = f"{key.name}\n{size}\n{b64encode(bytes(32)).decode()}\n"
    return sign_note(text, key)


def _signature_line(key: LogKey, text: str) -> str:
    return sign_note(text, key).removeprefix(text + "\n")


def _issue_during_outage(log: AuditedLog, *, outage: timedelta) -> None:
    """Sign a head, issue on while its anchor waits, and anchor it only afterwards."""
    log.add(certificates(2, at=log.clock(), seed=7))
    log.sign()
    log.clock.now += timedelta(minutes=2)
    log.add(certificates(4, at=log.clock(), seed=8))
    log.clock.now += outage
    log.anchor()
    log.clock.now += PAUSE
    log.batch(1, seed=9)


@dataclass
class LyingNode:
    """A node that passes every question on, and does as it likes with the answers to some."""

    node: Node
    lies: dict[str, Callable[[Any], Any]]
    """What becomes of the answer to a method."""
    name: str = "a lying node"

    def request(self, method: str, *params: Any) -> Any:
        answer = self.node.request(method, *params)
        return self.lies[method](copy.deepcopy(answer)) if method in self.lies else answer


def on_tester(folder: Path) -> EvmLog:
    node = InProcessNode()
    return make_evm_log(folder, node, KeystoreSigner(node.account_key), driver="tester")


def on_anvil(folder: Path) -> EvmLog:
    anvil = shared_anvil()
    return make_evm_log(folder, HttpNode(anvil.url), new_signer(anvil), driver="evm")


@pytest.fixture(scope="module", params=[on_tester, on_anvil], ids=["tester", "anvil"])
def anchored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> EvmLog:
    """Return a log on a real EVM that nobody has touched; what is anchored on it is its own."""
    made: EvmLog = request.param(tmp_path_factory.mktemp("evm") / "log")
    return made


class TestEvm:
    """The same on the real contract, with real blocks."""

    def test_an_untouched_log_is_clean(self, anchored: EvmLog) -> None:
        report = anchored.audit()
        assert (report.outcome, report.findings) == (AuditOutcome.CLEAN, ())
        assert {item.code for item in report.not_checked} <= {"trial_chain"}
        assert (report.coverage.covered, report.coverage.anchors) == (300, 3)

    def test_so_it_is_as_an_export_without_any_network(self, anchored: EvmLog, tmp_path: Path) -> None:
        anchored.export(tmp_path / "export")
        report = anchored.audit_export(tmp_path / "export")
        assert report.findings == ()
        is_trial = anchored.identity.driver == "tester"
        limit = "trial_chain" if is_trial else "block_unconfirmed"
        assert {item.code for item in report.not_checked} == {"newer_anchors", limit}
        assert report.outcome is (AuditOutcome.CLEAN if is_trial else AuditOutcome.UNDETERMINED)
        assert {item.name: item.count for item in report.checked}["proofs"] == 3

    def test_the_newest_block_confirmed_elsewhere_makes_it_clean(self, anchored: EvmLog, tmp_path: Path) -> None:
        anchored.export(tmp_path / "export")
        newest = list(anchored.chain().events())[-1]
        report = anchored.audit_export(tmp_path / "export", confirmed_blocks=[newest.block_hash])
        assert (report.outcome, report.findings) == (AuditOutcome.CLEAN, ())

    @pytest.mark.parametrize("seq", [1, 2])
    def test_a_hidden_event_is_named(self, anchored: EvmLog, seq: int) -> None:
        def hide(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [log for log in logs if int(log["topics"][2], 16) != seq]

        report = anchored.audit(chain=anchored.chain_at(LyingNode(anchored.node, {"eth_getLogs": hide})))
        assert [finding.code for finding in report.findings] == [Code.EVENT_HIDDEN]
        assert report.coverage.covered == 300

    def test_an_altered_event_is_named(self, anchored: EvmLog) -> None:
        def alter(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
            for log in logs:
                log["topics"][3] = "0x" + "11" * 32
            return logs

        report = anchored.audit(chain=anchored.chain_at(LyingNode(anchored.node, {"eth_getLogs": alter})))
        assert [finding.code for finding in report.findings] == [Code.EVENT_HIDDEN]

    def test_a_node_that_lies_about_the_chain_is_named(self, anchored: EvmLog) -> None:
        def forge(block: dict[str, Any]) -> dict[str, Any]:
            return block | {"stateRoot": "0x" + "11" * 32, "receiptsRoot": "0x" + "11" * 32}

        report = anchored.audit(chain=anchored.chain_at(LyingNode(anchored.node, {"eth_getBlockByNumber": forge})))
        assert [finding.code for finding in report.findings] == [Code.CHAIN_PROOF_INVALID]

    def test_a_node_of_another_chain_is_named(self, anchored: EvmLog) -> None:
        report = anchored.audit(chain=anchored.chain_at(LyingNode(anchored.node, {"eth_chainId": lambda _: "0x1"})))
        assert [finding.code for finding in report.findings] == [Code.CHAIN_REPLACED]

    def test_another_contract_at_the_address_is_named(self, anchored: EvmLog) -> None:
        report = anchored.audit(chain=anchored.chain_at(LyingNode(anchored.node, {"eth_getCode": lambda _: "0x6000"})))
        assert [finding.code for finding in report.findings] == [Code.CHAIN_REPLACED]

    def test_a_forged_proof_is_named(self, anchored: EvmLog, tmp_path: Path) -> None:
        log = anchored.copy(tmp_path / "log")
        ((bundle,),) = log.sql("SELECT bundle FROM anchor WHERE seq = 2")
        ((root,),) = log.sql("SELECT root FROM anchor WHERE seq = 2")
        log.sql("UPDATE anchor SET bundle = ? WHERE seq = 2", bundle.replace(root, b"\x11" * 32))
        assert [finding.code for finding in log.audit(chain=None).findings] == [Code.CHAIN_PROOF_INVALID]

    def test_a_proof_left_out_is_named(self, anchored: EvmLog, tmp_path: Path) -> None:
        log = anchored.copy(tmp_path / "log")
        log.sql("DELETE FROM attempt")
        log.sql("DELETE FROM anchor WHERE seq = 2")
        assert [finding.code for finding in log.audit(chain=None).findings] == [Code.EVENT_HIDDEN]

    def test_a_rewritten_history_is_named(self, anchored: EvmLog, tmp_path: Path) -> None:
        log = anchored.copy(tmp_path / "log")
        log.rewrite(lambda rows: rows.__setitem__(17, certificates(1, at=log.clock(), seed=99)[0]))
        report = log.audit(bundles=())
        assert {finding.code for finding in report.findings if finding.seq} == {Code.HISTORY_REWRITTEN}


class TestEvmGoesOn:
    """What happens on the chain after a copy of the log was made; each test has a log of its own."""

    @pytest.fixture(params=[on_tester, on_anvil], ids=["tester", "anvil"])
    def log(self, request: pytest.FixtureRequest, tmp_path: Path) -> EvmLog:
        node_log: EvmLog = request.param(tmp_path / "log")
        return node_log

    def test_old_backup_fork_and_withdrawal_are_named(self, log: EvmLog, tmp_path: Path) -> None:
        old = log.copy(tmp_path / "old")
        log.withdraw(2)
        report = log.audit()
        assert report.outcome is AuditOutcome.CLEAN
        assert [(finding.code, finding.seq) for finding in report.findings] == [(Code.ANCHOR_WITHDRAWN, 2)]

        log.catch_up()
        log.batch(20, seed=7)
        old.clock.now = log.clock.now
        report = old.audit()
        assert [(finding.code, finding.size, finding.seq) for finding in report.findings] == [
            (Code.LOG_ROLLED_BACK, 320, 4),
            (Code.ANCHOR_WITHDRAWN, 190, 2),
        ]

        old.add(certificates(25, at=old.clock(), seed=8))  # the old copy goes on: two histories
        report = old.audit()
        assert [(finding.code, finding.size, finding.seq) for finding in report.findings] == [
            (Code.HEAD_FORKED, 320, 4),
            (Code.ANCHOR_WITHDRAWN, 190, 2),
        ]


class TestExport:
    """What can be done to the folder that an auditor is given."""

    @pytest.fixture
    def export(self, log: AuditedLog, tmp_path: Path) -> Path:
        log.export(tmp_path / "export")
        return tmp_path / "export"

    def test_a_whole_one_is_clean(self, log: AuditedLog, export: Path) -> None:
        report = log.audit_export(export)
        assert (report.outcome, report.findings) == (AuditOutcome.CLEAN, ())

    def test_a_forged_certificate_is_named(self, log: AuditedLog, tmp_path: Path) -> None:
        replace_row(log, 17, forged_certificate())
        log.export(tmp_path / "export")
        assert wrong(log.audit_export(tmp_path / "export")) == [(Code.CERTIFICATE_FORGED, 17)]

    def test_a_line_left_out_of_the_certificates_is_named(self, log: AuditedLog, export: Path) -> None:
        path = export / "certificates.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:17] + lines[18:]))
        assert wrong(log.audit_export(export)) == [(Code.CERTIFICATE_MISSING, 17)]

    def test_a_line_that_is_damaged_ends_the_reading_and_nothing_is_called_missing(
        self, log: AuditedLog, export: Path
    ) -> None:
        path = export / "certificates.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join([*lines[:17], b"{\n", *lines[18:]]))
        report = log.audit_export(export)
        assert codes(report) == {Code.LOG_UNREADABLE}

    def test_statements_about_certificates_that_cannot_be_read_are_not_called_forged(
        self, log: AuditedLog, tmp_path: Path
    ) -> None:
        with log.open() as opened:
            row = next(opened.certificates())
            with opened.transaction() as transaction:
                revoke(transaction, row, at=log.clock())
        log.sign()
        log.export(tmp_path / "export")
        assert log.audit_export(tmp_path / "export").findings == ()
        (tmp_path / "export" / "certificates.jsonl").write_bytes(b"{\n")
        report = log.audit_export(tmp_path / "export")
        assert codes(report) == {Code.LOG_UNREADABLE}
        assert ("subject_not_here", 1) in {(item.code, item.count) for item in report.not_checked}

    def test_a_tile_that_is_gone_is_named(self, log: AuditedLog, export: Path) -> None:
        (export / "tile" / "0" / "000").unlink()
        assert wrong(log.audit_export(export)) == [(Code.TILE_CHANGED, 0)]

    def test_entries_that_are_gone_are_named(self, log: AuditedLog, export: Path) -> None:
        (export / "tile" / "entries" / "000").unlink()
        assert wrong(log.audit_export(export)) == [(Code.ENTRY_CHANGED, 0)]
