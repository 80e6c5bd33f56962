"""A chain in memory of which each part can fail or lie: what an audit asks of it, and no more."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn

from vaxcert.ledger.anchor.chain import AnchorEvent
from vaxcert.ledger.anchor.identity import NO_HASH, ChainIdentity, fold_chain_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.errors import VaxcertError

IDENTITY = ChainIdentity(
    driver="evm",
    chain_id=1337,
    genesis_hash=b"\x01" * 32,
    contract=b"\x02" * 20,
    code_hash=b"\x03" * 32,
    deploy_block=1,
    log_id=b"\x04" * 32,
)


def events_of(*sizes: int, time: int = 1_795_000_000, root: bytes = b"\x05" * 32) -> tuple[AnchorEvent, ...]:
    """Return anchors of these sizes, a minute apart, as the contract would have folded them."""
    events: list[AnchorEvent] = []
    for seq, size in enumerate(sizes, start=1):
        event = AnchorEvent(
            seq=seq,
            size=size,
            root=root,
            metadata_hash=b"\x06" * 32,
            time=time + 60 * seq,
            chain_hash=NO_HASH,
            block_number=seq + 1,
            block_hash=b"\x07" * 32,
            transaction_hash=bytes((seq,)) * 32,
        )
        events.append(folded(event, events[-1].chain_hash if events else NO_HASH))
    return tuple(events)


def folded(event: AnchorEvent, before: bytes) -> AnchorEvent:
    chain_hash = fold_chain_hash(
        before,
        log_id=IDENTITY.log_id,
        seq=event.seq,
        size=event.size,
        root=event.root,
        metadata_hash=event.metadata_hash,
        time=event.time,
    )
    return replace(event, chain_hash=chain_hash)


@dataclass
class PlayedChain:
    """What the nodes say; `failing` raises instead, by the name of what is asked."""

    listed: Sequence[AnchorEvent] = ()
    newest: AnchorEvent | None = None
    failing: dict[str, VaxcertError] = field(default_factory=dict)
    name: str = "evm"

    def check(self) -> None:
        self._fail("check")

    def head(self) -> AnchorEvent | None:
        self._fail("head")
        return self.newest

    def events(self, *, after_seq: int = 0) -> Sequence[AnchorEvent]:
        self._fail("events")
        return self.listed[after_seq:]

    def _fail(self, asked: str) -> None:
        if asked in self.failing:
            raise self.failing[asked]

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"an audit only reads, and does not ask for {name}")


def whole_chain(*sizes: int) -> PlayedChain:
    """Return a chain that says the truth."""
    events = events_of(*sizes)
    return PlayedChain(listed=events, newest=events[-1] if events else None)
