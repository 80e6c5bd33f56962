"""Entries as leaves, and rows beside them, taken in the order of the leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.audit.entry_rows import Rows, derived_entries, leaves_of
from vaxcert.ledger.audit.findings import FindingCode, Findings
from vaxcert.ledger.log.entry import EntryKind, entry_of
from vaxcert.ledger.store.reader import ERASED_BIT, ROW_BIT, Bundle, Erasure

if TYPE_CHECKING:
    from collections.abc import Iterator

SALTS = [bytes([number]) * 16 for number in range(4)]
DIGESTS = [bytes([number + 100]) * 32 for number in range(4)]


def bundle(*kinds: int) -> Bundle:
    """Return entries of these kind bytes, each derived from its salt and digest."""
    entries = [
        entry_of(EntryKind.of_number(kind & 0x3F), salt, digest)
        for kind, salt, digest in zip(kinds, SALTS, DIGESTS, strict=False)
    ]
    count = len(kinds)
    return Bundle(bytes(kinds), b"".join(entries), b"".join(SALTS[:count]), b"".join(DIGESTS[:count]))


CERTIFICATE, REVOCATION = EntryKind.CERTIFICATE.number, EntryKind.REVOCATION.number


@pytest.mark.parametrize(
    "kinds",
    [
        (CERTIFICATE,) * 3,
        (CERTIFICATE | ROW_BIT, CERTIFICATE, CERTIFICATE),
        (REVOCATION,),
        (CERTIFICATE, REVOCATION, CERTIFICATE),
        (),
    ],
)
def test_entries_are_derived_from_kind_salt_and_digest(kinds: tuple[int, ...]) -> None:
    made = bundle(*kinds)
    assert derived_entries(made) == made.entries
    assert all(leaf.leads for leaf in leaves_of(0, made, frozenset()))


def test_what_was_erased_is_not_derived() -> None:
    made = bundle(CERTIFICATE, CERTIFICATE)
    erased = made._replace(kinds=bytes((CERTIFICATE, CERTIFICATE | ERASED_BIT)))
    assert derived_entries(erased) == made.entries[:32] + bytes(32)
    assert [(leaf.leads, leaf.is_erased) for leaf in leaves_of(0, erased, frozenset())] == [
        (True, False),
        (False, True),
    ]


def test_of_an_unknown_kind_nothing_is_derived() -> None:
    made = bundle(CERTIFICATE)._replace(kinds=bytes((9,)))
    assert derived_entries(made) == bytes(32)
    (leaf,) = leaves_of(0, made, frozenset())
    assert (leaf.kind, leaf.leads, leaf.is_led_to_by(DIGESTS[0])) == (None, False, False)


def test_a_leaf_knows_where_it_is_and_what_leads_to_it() -> None:
    made = bundle(CERTIFICATE | ROW_BIT, REVOCATION)
    first, second = leaves_of(3, made, frozenset((1,)))
    assert (first.leaf_index, first.kind, first.has_row, first.is_changed) == (768, EntryKind.CERTIFICATE, True, False)
    assert (second.leaf_index, second.kind, second.has_row, second.is_changed) == (
        769,
        EntryKind.REVOCATION,
        False,
        True,
    )
    assert first.is_led_to_by(DIGESTS[0])
    assert not first.is_led_to_by(DIGESTS[1])


def rows(*indexes: int) -> tuple[Rows[Erasure], list[int], Findings]:
    findings, strays = Findings(), []
    taken = Rows(
        (Erasure(index, 0) for index in indexes),
        findings,
        name="erasures",
        stray=lambda row: strays.append(row.leaf_index),
    )
    return taken, strays, findings


def test_rows_are_taken_by_their_leaves() -> None:
    taken, strays, _ = rows(1, 3)
    assert [taken.take(index) is not None for index in range(5)] == [False, True, False, True, False]
    taken.finish()
    assert strays == []
    assert taken.taken == 2


def test_a_row_that_no_leaf_took_is_a_stray() -> None:
    taken, strays, _ = rows(1, 3, 9)
    taken.take(3)
    taken.finish()
    assert strays == [1, 9]


def test_a_second_row_of_a_leaf_is_a_stray() -> None:
    taken, strays, _ = rows(1, 1, 1)
    assert taken.take(1) is not None
    taken.finish()
    assert strays == [1, 1]


def test_a_row_out_of_order_is_a_stray() -> None:
    taken, strays, _ = rows(3, 1)
    assert taken.take(3) is not None
    assert taken.take(4) is None
    assert strays == [1]


def test_rows_can_be_passed_over_without_a_word() -> None:
    taken, strays, _ = rows(1, 2, 5)
    taken.skip_to(5)
    assert taken.take(5) is not None
    assert strays == []


def test_a_table_that_cannot_be_read_to_its_end_is_told_and_is_cut() -> None:
    def broken() -> Iterator[Erasure]:
        yield Erasure(1, 0)
        raise LedgerDamagedError("a line is malformed")

    findings = Findings()
    taken = Rows(broken(), findings, name="erasures", stray=lambda _: None)
    assert taken.take(1) is not None
    assert taken.is_cut
    assert [finding.code for finding in findings.ordered()] == [FindingCode.LOG_UNREADABLE]
