"""Heads that somebody vouches for, against the tree."""

from __future__ import annotations

from typing import TypeAlias

import pytest

from vaxcert.ledger.audit.findings import FindingCode, Findings
from vaxcert.ledger.audit.heads import Head, HeadCheck, Voucher

RIGHT, WRONG = b"\x01" * 32, b"\x02" * 32
NOTE, OTHER_NOTE = b"\x03" * 32, b"\x04" * 32


def checkpoint(size: int, root: bytes = RIGHT, note: bytes = NOTE) -> Head:
    return Head(size=size, root=root, voucher=Voucher.CHECKPOINT, metadata_hash=note)


def kept(size: int, root: bytes = RIGHT) -> Head:
    return Head(size=size, root=root, voucher=Voucher.KEPT)


def anchor(seq: int, size: int, root: bytes = RIGHT, *, newest: bool = False, recorded: bool = True) -> Head:
    return Head(
        size=size,
        root=root,
        voucher=Voucher.ANCHOR,
        seq=seq,
        metadata_hash=NOTE,
        is_newest=newest,
        is_recorded=recorded,
    )


Found: TypeAlias = "list[tuple[FindingCode, int | None, int | None]]"
"""Code, size and number of each finding."""


def met(stored: list[Head], others: list[Head], *, size: int = 100) -> tuple[HeadCheck, Found]:
    """Meet every head up to *size* with the root that the log has everywhere."""
    findings = Findings()
    check = HeadCheck(stored, others, findings)
    while check.is_due(size):
        check.meet(check.take(), [RIGHT])
    check.finish(size)
    return check, [(finding.code, finding.size, finding.seq) for finding in findings.ordered()]


def test_heads_that_agree_leave_nothing_to_say() -> None:
    check, found = met([checkpoint(10), checkpoint(20)], [kept(10), anchor(1, 10), anchor(2, 20, newest=True)])
    assert found == []
    assert (check.compared, check.covered) == (5, 20)


def test_heads_of_one_size_are_met_together_and_in_order_of_size() -> None:
    check = HeadCheck([checkpoint(10), checkpoint(20)], [anchor(2, 20), kept(15), anchor(1, 10)], Findings())
    taken = [[(head.size, head.voucher.name) for head in check.take()] for _ in range(3)]
    assert taken == [
        [(10, "CHECKPOINT"), (10, "ANCHOR")],
        [(15, "KEPT")],
        [(20, "CHECKPOINT"), (20, "ANCHOR")],
    ]
    assert not check.is_due(10**9)


@pytest.mark.parametrize("head", [checkpoint(10, WRONG), kept(10, WRONG), anchor(1, 10, WRONG)])
def test_a_head_with_another_root_tells_of_a_rewritten_history(head: Head) -> None:
    stored, others = ([head], []) if head.voucher is Voucher.CHECKPOINT else ([], [head])
    check, found = met(stored, others)
    assert found == [(FindingCode.HISTORY_REWRITTEN, 10, head.seq)]
    assert check.covered == 0


def test_a_root_that_what_is_left_of_the_tree_still_has_is_not_wrong() -> None:
    findings = Findings()
    check = HeadCheck([checkpoint(10)], [], findings)
    check.meet(check.take(), [WRONG, RIGHT])
    assert not findings.counts


def test_only_the_newest_anchor_a_stranger_s_is_a_fork() -> None:
    _, found = met([], [anchor(1, 10), anchor(2, 20, WRONG, newest=True, recorded=False)])
    assert (FindingCode.HEAD_FORKED, 20, 2) in found
    assert not any(code is FindingCode.HISTORY_REWRITTEN for code, _, _ in found)


@pytest.mark.parametrize(
    "anchors",
    [
        [anchor(1, 10, WRONG, recorded=False), anchor(2, 20, WRONG, newest=True, recorded=False)],
        [anchor(1, 10, WRONG, recorded=False), anchor(2, 20, newest=True, recorded=False)],
        [anchor(1, 10, WRONG, newest=True, recorded=True)],
    ],
    ids=["older too", "older alone", "kept as proof"],
)
def test_any_other_anchor_that_disagrees_is_a_rewritten_history(anchors: list[Head]) -> None:
    _, found = met([], anchors)
    assert FindingCode.HISTORY_REWRITTEN in {code for code, _, _ in found}
    assert FindingCode.HEAD_FORKED not in {code for code, _, _ in found}


@pytest.mark.parametrize(
    ("stored", "others"),
    [([checkpoint(101)], []), ([], [kept(101)]), ([], [anchor(1, 101, newest=True)])],
    ids=["stored", "kept", "anchored"],
)
def test_a_head_past_the_log_s_end_tells_that_it_was_rolled_back(stored: list[Head], others: list[Head]) -> None:
    _, found = met(stored, others)
    assert [code for code, _, _ in found] == [FindingCode.LOG_ROLLED_BACK]


def test_an_anchor_without_its_checkpoint_is_told() -> None:
    _, found = met([], [anchor(1, 10, newest=True)])
    assert found == [(FindingCode.CHECKPOINT_CHANGED, 10, 1)]


def test_an_anchor_of_another_note_is_told() -> None:
    _, found = met([checkpoint(10, note=OTHER_NOTE)], [anchor(1, 10, newest=True)])
    assert found == [(FindingCode.CHECKPOINT_CHANGED, 10, 1)]


def test_of_an_anchor_of_another_tree_the_note_is_not_asked_for() -> None:
    _, found = met([], [anchor(1, 10, WRONG, newest=True)])
    assert [code for code, _, _ in found] == [FindingCode.HISTORY_REWRITTEN]


def test_of_a_checkpoint_of_another_tree_the_note_is_not_compared() -> None:
    _, found = met([checkpoint(10, WRONG, OTHER_NOTE)], [anchor(1, 10, newest=True)])
    assert found == [(FindingCode.HISTORY_REWRITTEN, 10, None)]


def test_heads_can_be_passed_over() -> None:
    findings = Findings()
    check = HeadCheck([checkpoint(10), checkpoint(20)], [anchor(1, 20)], findings)
    assert check.skip() == 3
    assert not check.is_due(10**9)
    assert not findings.counts
