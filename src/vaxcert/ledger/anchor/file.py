"""The file chain: anchors as hash-chained lines of a file beside the log. The default where there is no chain.

It shows that nobody has changed a line since a later one was written down elsewhere, and nothing more: whoever can
write the file can write all of it anew, and its times are the caller's. What it shares with a real chain is the order
of things: compare and set, numbers without a gap, exactly one line a head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import AnchorConflictError, ChainProofError, ChainResetError, ChainUnavailableError
from vaxcert.ledger.anchor.anchor_file import DRIVER, AnchorFile
from vaxcert.ledger.anchor.chain import Attempt, Outcome
from vaxcert.ledger.anchor.file_bundle import encode_file_bundle
from vaxcert.ledger.anchor.file_record import FileTransaction
from vaxcert.ledger.anchor.identity import NO_HASH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from vaxcert.ledger.anchor.chain import AnchorEvent, Head
    from vaxcert.ledger.anchor.identity import ChainIdentity


class FileChain:
    """The `Chain` that an anchor file is."""

    def __init__(
        self,
        path: Path,
        identity: ChainIdentity,
        *,
        clock: Callable[[], datetime],
        newest_final: AnchorEvent | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            path: The file that `create_anchor_file` made.
            identity: What is pinned of it.
            clock: The caller's time: the file has none of its own.
            newest_final: The newest anchor that is known from elsewhere, such as the outbox: it has to be there.
        """
        self._file = AnchorFile(path, identity)
        self._identity = identity
        self._clock = clock
        self._newest_final = newest_final

    @property
    def name(self) -> str:
        """The kind of chain: `file`."""
        return DRIVER

    @property
    def identity(self) -> ChainIdentity:
        """What is pinned of the file."""
        return self._identity

    def check(self) -> None:
        """Read the whole file and check every line, and that the newest known anchor is still there."""
        self._file.forget()
        events = self._file.events()
        known = self._newest_final
        if known is not None and (known.seq > len(events) or events[known.seq - 1].chain_hash != known.chain_hash):
            raise ChainResetError(f"the anchor file no longer has anchor {known.seq}, which was final")

    def head(self) -> AnchorEvent | None:
        """Return the last line's anchor."""
        events = self._file.events()
        return events[-1] if events else None

    def events(self, *, after_seq: int = 0) -> Sequence[AnchorEvent]:
        """Return the anchors after *after_seq*."""
        return tuple(self._file.events()[after_seq:])

    def preflight(self, head: Head, *, previous_root: bytes) -> None:
        """Check that *head* could be the next line."""
        _check_next(self.head(), size=head.size, previous_root=previous_root)

    def next_nonce(self) -> int:
        """Return how many anchors there are."""
        return len(self._file.events())

    def sign(
        self,
        head: Head,
        *,
        previous_root: bytes,
        nonce: int,
        earlier: Attempt | None = None,  # noqa: ARG002 - there are no fees: whichever is sent first takes the nonce
    ) -> Attempt:
        """Return the line to be written, with the caller's time; nobody signs it and it costs nothing."""
        last = self.head()
        # Lines never go back in time, whatever the clock does.
        time = max(int(self._clock().timestamp()), last.time if last else 0)
        transaction = FileTransaction.of_head(head, seq=nonce + 1, previous_root=previous_root, time=time)
        return Attempt(
            nonce=nonce,
            raw=transaction.to_bytes(),
            transaction_hash=transaction.hash,
            max_fee=0,
            priority_fee=0,
        )

    def send(self, attempt: Attempt) -> None:
        """Write the line, unless the file has one of its number: that may be this one or another, the outcome tells.

        Raises:
            AnchorConflictError: It does not follow the last line.
            StorageError: The file cannot be written; it is as it was before.
        """
        transaction = FileTransaction.of_bytes(attempt.raw)
        self._file.append(
            transaction,
            check=lambda last: _check_next(last, size=transaction.size, previous_root=transaction.previous_root),
        )

    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        """Return the line with this transaction, which has succeeded if it is there."""
        for event in reversed(self._file.events()):
            if event.transaction_hash == transaction_hash:
                return Outcome(succeeded=True, block_number=event.block_number, block_hash=event.block_hash)
        return None

    def is_final(self, outcome: Outcome) -> bool:
        """Return whether the line is there: it was on the disk before `send` came back."""
        events = self._file.events()
        number = outcome.block_number
        return 0 < number <= len(events) and events[number - 1].block_hash == outcome.block_hash

    def prove(self, head: Head, transaction_hash: bytes) -> tuple[AnchorEvent, bytes]:
        """Return the event, and a bundle that says that no chain stands behind it."""
        outcome = self.outcome(transaction_hash)
        if outcome is None:
            raise ChainUnavailableError("the anchor file has no such anchor")
        events = self._file.events()
        event = events[outcome.block_number - 1]
        if (event.size, event.root, event.metadata_hash) != (head.size, head.root, head.metadata_hash):
            raise ChainProofError(f"anchor {event.seq} in the anchor file is of another head")
        before = events[event.seq - 2].chain_hash if event.seq > 1 else NO_HASH
        if self._newest_final is None or self._newest_final.seq < event.seq:
            self._newest_final = event
        return event, encode_file_bundle(event, identity=self._identity, before=before)


def _check_next(last: AnchorEvent | None, *, size: int, previous_root: bytes) -> None:
    if previous_root != (last.root if last else NO_HASH):
        raise AnchorConflictError("another root of this log is the newest in the anchor file")
    if size <= (last.size if last else 0):
        raise AnchorConflictError("the newest tree in the anchor file is not smaller")
