"""Heads of the log that somebody vouches for, each compared with the tree as it is recomputed."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from vaxcert.ledger.audit.findings import FindingCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vaxcert.ledger.audit.findings import Findings


class Voucher(IntEnum):
    """Who vouches for a head: the higher, the harder to change afterwards."""

    CHECKPOINT = 1
    """A checkpoint that the log itself stores."""
    KEPT = 2
    """A checkpoint that somebody else kept, such as the last auditor or a witness."""
    ANCHOR = 3
    """An anchor on the chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A size and the root that somebody vouches for."""

    size: int
    root: bytes
    voucher: Voucher
    seq: int | None = None
    """Of an anchor, its number."""
    metadata_hash: bytes | None = None
    """Of an anchor, SHA-256 of the checkpoint note; of a stored checkpoint, of the note as it is."""
    is_newest: bool = False
    """Of an anchor, whether it is the newest."""
    is_recorded: bool = False
    """Of an anchor, whether the log itself keeps a proof of it, so that it is no stranger's."""


class HeadCheck:
    """Meets the heads in the order of their sizes, while the tree grows past them."""

    def __init__(self, stored: Iterable[Head], others: Iterable[Head], findings: Findings) -> None:
        """Compare *stored* heads, smallest first and read one by one, and *others*, in any order."""
        self._findings = findings
        self._heads = heapq.merge(stored, sorted(others, key=_place), key=_place)
        self._next = next(self._heads, None)
        self._an_anchor_disagrees = False
        self.compared = 0
        """How many heads were compared with the tree."""
        self.covered = 0
        """The size of the largest anchor that agrees with the log."""

    def is_due(self, size: int) -> bool:
        """Return whether a head of at most *size* has not been met yet."""
        return self._next is not None and self._next.size <= size

    def take(self) -> list[Head]:
        """Return the heads of the smallest size not met yet, the strongest voucher last."""
        heads: list[Head] = []
        while self._next is not None and (not heads or self._next.size == heads[0].size):
            heads.append(self._next)
            self._next = next(self._heads, None)
        return heads

    def meet(self, heads: Sequence[Head], roots: Sequence[bytes]) -> None:
        """Compare *heads*, all of one size, with the roots that the log has at that size.

        Args:
            heads: What `take` gave.
            roots: The root over the entries as they are stored first; then that over what is left of the tree where
                the two differ, which has been told already.
        """
        self.compared += len(heads)
        stored = next((head for head in heads if head.voucher is Voucher.CHECKPOINT), None)
        for head in heads:
            if head.root not in roots:
                self._disagrees(head, roots[0])
            elif head.voucher is Voucher.ANCHOR:
                self.covered = head.size
                self._compare_note(head, stored)

    def skip(self) -> int:
        """Pass over all heads that are left, and return how many."""
        skipped = 0
        while self._next is not None:
            skipped += len(self.take())
        return skipped

    def finish(self, size: int) -> None:
        """Tell of every head past the log's own *size*."""
        while self._next is not None:
            for head in self.take():
                self._findings.add(
                    FindingCode.LOG_ROLLED_BACK,
                    f"the log has {size} entries, and {_who(head)} has {head.size}",
                    size=head.size,
                    seq=head.seq,
                    log_size=size,
                    root=head.root,
                )

    def _disagrees(self, head: Head, root: bytes) -> None:
        # Of a log that was rewritten, an older anchor disagrees too, or one whose proof the log still keeps. Where only
        # the newest does, and the log knows nothing of it, somebody else wrote to the chain in the log's name.
        is_strange = head.is_newest and not head.is_recorded and not self._an_anchor_disagrees
        code = FindingCode.HEAD_FORKED if is_strange else FindingCode.HISTORY_REWRITTEN
        self._an_anchor_disagrees = self._an_anchor_disagrees or head.voucher is Voucher.ANCHOR
        self._findings.add(
            code,
            f"the log's root of its first {head.size} entries is another than that of {_who(head)}",
            size=head.size,
            seq=head.seq,
            vouched_by=head.voucher.name.lower(),
            vouched_root=head.root,
            root=root,
        )

    def _compare_note(self, anchor: Head, stored: Head | None) -> None:
        """Compare the checkpoint whose hash *anchor* has with the one *stored* for the same size."""
        if stored is not None and (stored.metadata_hash == anchor.metadata_hash or stored.root != anchor.root):
            return  # a checkpoint of another tree has been told of
        is_stored = "another than the one stored" if stored else "not stored, or not signed"
        self._findings.add(
            FindingCode.CHECKPOINT_CHANGED,
            f"the checkpoint that anchor {anchor.seq} stands for is {is_stored}",
            size=anchor.size,
            seq=anchor.seq,
            anchored_note_hash=anchor.metadata_hash,
            note_hash=stored.metadata_hash if stored else None,
        )


def _place(head: Head) -> tuple[int, Voucher]:
    return head.size, head.voucher


def _who(head: Head) -> str:
    match head.voucher:
        case Voucher.CHECKPOINT:
            return "a checkpoint that it signed"
        case Voucher.KEPT:
            return "a checkpoint that it signed and others kept"
        case Voucher.ANCHOR:
            return f"anchor {head.seq}"
