"""A log that is anchored in the contract on the shared node, and how to look at both."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulator.anvil import shared_anvil
from tests.simulator.evm import new_log
from tests.simulator.sequencer import Sequencer
from vaxcert.ledger.anchor.event_json import newest_final_event, parse_event
from vaxcert.ledger.anchor.identity import NO_HASH
from vaxcert.ledger.anchor.progress import Progress
from vaxcert.ledger.anchor.settings import GWEI, Finality
from vaxcert.ledger.evm.bundle import verify_bundle
from vaxcert.ledger.evm.bundle_codec import decode_bundle
from vaxcert.ledger.evm.driver import EvmChain
from vaxcert.ledger.evm.rpc import HttpNode
from vaxcert.ledger.evm.transaction_signer import UnsignedTransaction, signed_by
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.simulator.anvil import Anvil
    from tests.simulator.evm import LoggedOn
    from vaxcert.ledger.anchor.anchorer import Anchorer
    from vaxcert.ledger.anchor.policy import AnchorPolicy

CONFIRMATIONS = 5


class AnchorBench:
    """A log, its side of the contract on the shared node, and how to look at both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.anvil: Anvil = shared_anvil()
        self.key = LogKey.create("ledger.example/vn")
        fresh = new_log()
        self.logged: LoggedOn = replace(fresh, identity=replace(fresh.identity, log_id=self.key.log_id))
        self.logged.set_writer(self.logged.writer.address, allowed=True)
        self.anvil.mine(CONFIRMATIONS)  # so that no reorganisation reaches what was set up
        self.sequencer = Sequencer(folder / "log", key=self.key)

    def chain(self, *urls: str, of: Sequencer | None = None, **changes: Any) -> EvmChain:
        """Return the chain as the process asks it that has just read its outbox; a busy node is not waited for."""
        wanted: dict[str, Any] = {
            "signer": self.logged.writer,
            "finality": Finality(CONFIRMATIONS),
            "newest_final": newest_final_event((of or self.sequencer).outbox),
        }
        nodes = [HttpNode(url, pause=lambda _seconds: None) for url in urls or (self.anvil.url,)]
        return EvmChain(nodes, self.logged.identity, **wanted | changes)

    def anchorer(
        self, *urls: str, of: Sequencer | None = None, policy: AnchorPolicy | None = None, **changes: Any
    ) -> Anchorer:
        return (of or self.sequencer).process(self.chain(*urls, of=of, **changes), policy=policy)

    def run(self, anchorer: Anchorer, *, of: Sequencer | None = None, hours: int = 1) -> Progress:
        return (of or self.sequencer).run(anchorer, time=timedelta(hours=hours), meanwhile=self.anvil.mine)

    def finish(self, anchorer: Anchorer, *, of: Sequencer | None = None) -> None:
        """Run to the end; then each final head has one anchor, and a bundle that proves it without a node."""
        sequencer = of or self.sequencer
        assert self.run(anchorer, of=sequencer) == Progress()
        assert set(sequencer.states().values()) <= {AnchorState.FINAL, AnchorState.SUPERSEDED}
        finals = list(sequencer.outbox.finals())
        assert [row.root for row, _ in finals] == [event.root for event in self.events()]
        previous = (0, NO_HASH)
        for row, bundle in finals:
            event = verify_bundle(decode_bundle(bundle), pinned=self.logged.identity, previous=previous)
            assert row.event is not None
            assert event == parse_event(row.event)
            assert (event.size, event.root) == (row.size, sequencer.log.root(row.size))
            previous = (event.seq, event.chain_hash)

    def events(self) -> list[Any]:
        return list(self.logged.chain().events())

    def transactions(self) -> int:
        """Return how many transactions of the writer were ever mined, whatever became of them."""
        return int(self.anvil.rpc("eth_getTransactionCount", self.writer, "latest"), 16)

    @property
    def writer(self) -> str:
        return f"0x{self.logged.writer.address.hex()}"

    def pool(self) -> list[Any]:
        content = self.anvil.rpc("txpool_content")["pending"]
        return [each for name, each in content.items() if name.lower() == self.writer]


@contextmanager
def changing_fees(bench: AnchorBench) -> Iterator[None]:
    """Put the node's fees back afterwards; they are no part of what it can roll back."""
    try:
        with bench.anvil.rolled_back():
            base_fee(bench, GWEI)
            yield
    finally:
        base_fee(bench, GWEI)


def base_fee(bench: AnchorBench, wei: int) -> None:
    bench.anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(wei))
    bench.anvil.mine()


def transact(bench: AnchorBench, signer: Any, data: str) -> None:
    """Send a transaction of *signer* to the contract; it is mined when this returns."""
    nonce = int(bench.anvil.rpc("eth_getTransactionCount", f"0x{signer.address.hex()}", "latest"), 16)
    raw = signed_by(
        signer,
        UnsignedTransaction(
            chain_id=bench.logged.identity.chain_id,
            nonce=nonce,
            to=bench.logged.identity.contract,
            data=bytes.fromhex(data),
            gas=150_000,
            max_fee=50 * GWEI,
            priority_fee=GWEI,
        ),
    )
    transaction_hash = bench.anvil.rpc("eth_sendRawTransaction", f"0x{raw.hex()}")
    bench.anvil.mine()
    receipt = bench.anvil.rpc("eth_getTransactionReceipt", transaction_hash)
    assert receipt is not None
