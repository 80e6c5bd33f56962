"""Stored checkpoints: signed by the log's key, note and receipt signature alike, at times that go forward."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests.small_log import SmallLog, log_key
from vaxcert.errors import LedgerDamagedError, LedgerProofError
from vaxcert.ledger.audit.checkpoint_check import CheckpointCheck, kept_heads, verify_receipt_signature
from vaxcert.ledger.audit.findings import FindingCode, Findings
from vaxcert.ledger.audit.heads import Voucher
from vaxcert.ledger.log.receipt_encoding import receipt_signature
from vaxcert.ledger.store.reader import LoggedCheckpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vaxcert.ledger.audit.heads import Head

LOG = SmallLog(size=20)
OTHER = SmallLog(size=20, key=log_key("log.example/vn", seed="another"))
"""Of the same name and with the same entries, under another key."""


def checkpoint(size: int, *, at: int = 0, log: SmallLog = LOG) -> LoggedCheckpoint:
    root = log.tree.root(size)
    return LoggedCheckpoint(size, root, log.note(size), receipt_signature(log.key, root, size), at)


def read(
    checkpoints: Iterable[LoggedCheckpoint],
) -> tuple[CheckpointCheck, list[Head], list[tuple[FindingCode, int | None]]]:
    findings = Findings()
    check = CheckpointCheck(checkpoints, LOG.key.verifier, findings)
    heads = list(check.heads())
    return check, heads, [(finding.code, finding.size) for finding in findings.ordered()]


def test_signed_checkpoints_are_heads() -> None:
    check, heads, found = read([checkpoint(0), checkpoint(5), checkpoint(20)])
    assert found == []
    assert [(head.size, head.root, head.voucher) for head in heads] == [
        (size, LOG.tree.root(size), Voucher.CHECKPOINT) for size in (0, 5, 20)
    ]
    assert heads[1].metadata_hash == sha256(LOG.note(5).encode()).digest()
    assert check.read == 3
    assert check.newest == checkpoint(20)


@pytest.mark.parametrize("note", ["", "x", OTHER.note(5), LOG.note(5)[:-3], LOG.note(5).replace("\n5\n", "\n6\n")])
def test_what_the_log_did_not_sign_is_no_head(note: str) -> None:
    _, heads, found = read([checkpoint(5)._replace(note=note)])
    assert (heads, found) == ([], [(FindingCode.CHECKPOINT_SIGNATURE, 5)])


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        bytes(64),
        bytes(5000),
        receipt_signature(LOG.key, LOG.tree.root(6), 6),
        receipt_signature(LOG.key, LOG.tree.root(5), 6),
        checkpoint(5, log=OTHER).receipt_signature,
    ],
    ids=["none", "zeros", "too long", "another size", "another size, same root", "another key"],
)
def test_another_signature_for_the_receipts_is_told_and_the_head_stands(signature: bytes) -> None:
    _, heads, found = read([checkpoint(5)._replace(receipt_signature=signature)])
    assert found == [(FindingCode.CHECKPOINT_SIGNATURE, 5)]
    assert [head.size for head in heads] == [5]


def test_a_row_with_another_root_than_its_note_is_told_and_the_note_counts() -> None:
    _, heads, found = read([checkpoint(5)._replace(root=bytes(32))])
    assert found == [(FindingCode.CHECKPOINT_CHANGED, 5)]
    assert heads[0].root == LOG.tree.root(5)


def test_a_note_under_another_size_is_told_and_is_no_head() -> None:
    _, heads, found = read([checkpoint(5)._replace(size=7)])
    assert (heads, found) == ([], [(FindingCode.CHECKPOINT_CHANGED, 7)])


def test_an_earlier_time_is_a_warning_for_each_that_says_it() -> None:
    _, heads, found = read([checkpoint(1, at=50), checkpoint(2, at=40), checkpoint(3, at=45), checkpoint(4, at=50)])
    assert found == [(FindingCode.CLOCK_SET_BACK, 2), (FindingCode.CLOCK_SET_BACK, 3)]
    assert len(heads) == 4


def test_without_the_log_s_key_there_are_no_heads() -> None:
    findings = Findings()
    check = CheckpointCheck([checkpoint(5)], None, findings)
    assert list(check.heads()) == []
    assert (check.read, check.newest) == (1, None)


def test_checkpoints_that_cannot_be_read_to_their_end_are_told() -> None:
    def broken() -> Iterator[LoggedCheckpoint]:
        yield checkpoint(5)
        raise LedgerDamagedError("a line is malformed")

    _, heads, found = read(broken())
    assert [head.size for head in heads] == [5]
    assert found == [(FindingCode.LOG_UNREADABLE, None)]


def test_a_receipt_s_own_signature_holds() -> None:
    verify_receipt_signature(
        receipt_signature(LOG.key, LOG.tree.root(9), 9), root=LOG.tree.root(9), size=9, verifier=LOG.key.verifier
    )


def test_it_does_not_hold_for_another_root() -> None:
    with pytest.raises(LedgerProofError):
        verify_receipt_signature(
            receipt_signature(LOG.key, LOG.tree.root(9), 9), root=bytes(32), size=9, verifier=LOG.key.verifier
        )


def test_kept_notes_are_heads_and_strange_ones_are_counted() -> None:
    heads, strange = kept_heads([LOG.note(5), OTHER.note(5), "nothing", LOG.note(7)], LOG.key.verifier)
    assert [(head.size, head.voucher) for head in heads] == [(5, Voucher.KEPT), (7, Voucher.KEPT)]
    assert strange == 2


def test_without_the_log_s_key_every_note_is_strange() -> None:
    assert kept_heads([LOG.note(5)], None) == ([], 1)
