"""An anchor as the audit believes it, whoever showed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaxcert.ledger.anchor.chain import AnchorEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One anchor that is believed."""

    seq: int
    size: int
    root: bytes
    metadata_hash: bytes
    time: int
    chain_hash: bytes
    block_number: int | None = None
    """None where the anchor is known only from the fold of a later one."""
    block_hash: bytes | None = None
    """As `block_number`."""
    transaction_hash: bytes | None = None
    withdrawn: bool = False
    source: str
    """`chain` or `proof`."""
    is_recorded: bool
    """Whether the log keeps a proof of it, so that it is no stranger's."""

    @classmethod
    def of_event(cls, event: AnchorEvent, *, source: str, is_recorded: bool) -> Anchor:
        """Return the anchor that *event* is."""
        return cls(
            seq=event.seq,
            size=event.size,
            root=event.root,
            metadata_hash=event.metadata_hash,
            time=event.time,
            chain_hash=event.chain_hash,
            block_number=event.block_number,
            block_hash=event.block_hash,
            transaction_hash=event.transaction_hash,
            withdrawn=event.withdrawn,
            source=source,
            is_recorded=is_recorded,
        )
