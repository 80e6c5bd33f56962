"""A simulated chain in memory: blocks, a mempool, nonces, a base fee, the contract's rules, and all that goes wrong.

It can lose blocks, put a longer branch in their place, drop transactions, mine them later and in other blocks, and be
forked. Each block keeps the state after it, so that a lost block takes its state with it.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from vaxcert.errors import AnchorError, FundsError
from vaxcert.ledger.anchor.chain import AnchorEvent, Outcome
from vaxcert.ledger.anchor.identity import NO_HASH, fold_chain_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GAS = 45_000
GWEI = 10**9
ETHER = 10**18
BLOCK_SECONDS = 12
GENESIS_TIME = 1_795_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A signed transaction; its hash is that of its bytes, so the same one signed twice is the same."""

    sender: str
    nonce: int
    max_fee: int
    priority_fee: int
    size: int = 0
    """0: it does something else than anchoring."""
    root: str = ""
    metadata_hash: str = ""
    previous_root: str = ""

    @property
    def raw(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @property
    def hash(self) -> bytes:
        return sha256(self.raw).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The chain's state after a block."""

    events: tuple[AnchorEvent, ...] = ()
    nonces: Mapping[str, int] = field(default_factory=dict)
    balances: Mapping[str, int] = field(default_factory=dict)
    writers: frozenset[str] = frozenset()
    outcomes: Mapping[bytes, Outcome] = field(default_factory=dict)

    @property
    def newest_root(self) -> bytes:
        return self.events[-1].root if self.events else NO_HASH


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    number: int
    hash: bytes
    time: int
    transactions: tuple[Transaction, ...]
    state: State


class MemoryNetwork:
    """The chain that all views look at."""

    def __init__(self, log_id: bytes, *, name: str = "test network") -> None:
        self.log_id = log_id
        genesis = sha256(name.encode()).digest()
        self.blocks = [Block(number=0, hash=genesis, time=GENESIS_TIME, transactions=(), state=State())]
        self.mempool: dict[tuple[str, int], Transaction] = {}
        self.base_fee = GWEI
        self.is_automatic = True
        """Whether a block is made as soon as a transaction arrives."""
        self.received: set[bytes] = set()
        """The hashes of all transactions that ever arrived."""
        self._made = 0
        """How many blocks were ever made: no two have the same hash."""

    @property
    def tip(self) -> Block:
        return self.blocks[-1]

    @property
    def events(self) -> tuple[AnchorEvent, ...]:
        return self.tip.state.events

    def receive(self, transaction: Transaction) -> None:
        """Take a transaction into the mempool, if it may go in."""
        self.received.add(transaction.hash)
        state = self.tip.state
        if transaction.nonce < state.nonces.get(transaction.sender, 0):
            raise AnchorError("nonce too low")
        if state.balances.get(transaction.sender, 0) < GAS * transaction.max_fee:
            raise FundsError("insufficient funds")
        key = (transaction.sender, transaction.nonce)
        known = self.mempool.get(key)
        if known is not None and known != transaction and not _replaces(transaction, known):
            raise AnchorError("replacement transaction underpriced")
        self.mempool[key] = transaction
        if self.is_automatic:
            self.mine()

    def mine(self, count: int = 1) -> None:
        """Make blocks; a transaction goes in if its nonce is next and it pays the base fee."""
        for _ in range(count):
            self._append([])
            while (transaction := self._next_payable()) is not None:
                del self.mempool[transaction.sender, transaction.nonce]
                block = self.blocks.pop()
                state = execute(block.state, transaction, block, self)
                self.blocks.append(replace(block, state=state, transactions=(*block.transactions, transaction)))

    def _next_payable(self) -> Transaction | None:
        nonces = self.tip.state.nonces
        for (sender, nonce), transaction in sorted(self.mempool.items()):
            if nonce == nonces.get(sender, 0) and transaction.max_fee >= self.base_fee:
                return transaction
        return None

    def _append(self, transactions: Sequence[Transaction], **changes: object) -> None:
        self._made += 1
        before = self.tip
        name = sha256(before.hash + self._made.to_bytes(8)).digest()
        self.blocks.append(
            Block(
                number=before.number + 1,
                hash=name,
                time=before.time + BLOCK_SECONDS,
                transactions=tuple(transactions),
                state=replace(before.state, **changes),  # type: ignore[arg-type] # by their names
            )
        )

    # What others do.

    def fund(self, account: str, wei: int) -> None:
        """Give an account so much, no more and no less."""
        self._append([], balances={**self.tip.state.balances, account: wei})

    def grant(self, account: str) -> None:
        self._append([], writers=self.tip.state.writers | {account})

    def revoke(self, account: str) -> None:
        self._append([], writers=self.tip.state.writers - {account})

    def spend_nonce(self, account: str) -> None:
        """Mine a transaction of the account that has nothing to do with the log."""
        nonces = self.tip.state.nonces
        nonce = nonces.get(account, 0)
        self.mempool.pop((account, nonce), None)
        self._append([], nonces={**nonces, account: nonce + 1})

    # What goes wrong.

    def rollback(self, depth: int, *, to_mempool: bool = False) -> None:
        """Put a longer branch without transactions in the place of the newest blocks.

        Writers and balances stay as they are. The transactions are lost with their blocks, or wait once more.
        """
        now = self.tip.state
        depth = min(depth, len(self.blocks) - 1)
        lost = self.blocks[len(self.blocks) - depth :]
        del self.blocks[len(self.blocks) - depth :]
        if to_mempool:
            for transaction in (each for block in lost for each in block.transactions):
                self.mempool.setdefault((transaction.sender, transaction.nonce), transaction)
        self._append([], writers=now.writers, balances=now.balances)
        for _ in range(depth):
            self._append([])

    def drop_mempool(self) -> None:
        self.mempool.clear()

    def fork(self) -> MemoryNetwork:
        """Return a second network with the same past."""
        return deepcopy(self)


def _replaces(transaction: Transaction, known: Transaction) -> bool:
    """Return whether a node takes *transaction* in the place of *known*: both fees a tenth higher."""
    return min(transaction.max_fee / known.max_fee, transaction.priority_fee / known.priority_fee) >= 1.1


def execute(state: State, transaction: Transaction, block: Block, network: MemoryNetwork) -> State:
    """Return the state after *transaction*: the contract's rules."""
    fee = GAS * min(transaction.max_fee, network.base_fee + transaction.priority_fee)
    sender = transaction.sender
    newest_size = state.events[-1].size if state.events else 0
    succeeds = transaction.size == 0 or (
        sender in state.writers
        and bytes.fromhex(transaction.previous_root) == state.newest_root
        and transaction.size > newest_size
    )
    outcome = Outcome(succeeded=succeeds, block_number=block.number, block_hash=block.hash)
    events = state.events
    if succeeds and transaction.size:
        events = (*events, _event(state, transaction, block, network.log_id))
    return replace(
        state,
        events=events,
        nonces={**state.nonces, sender: transaction.nonce + 1},
        balances={**state.balances, sender: state.balances.get(sender, 0) - fee},
        outcomes={**state.outcomes, transaction.hash: outcome},
    )


def _event(state: State, transaction: Transaction, block: Block, log_id: bytes) -> AnchorEvent:
    seq = len(state.events) + 1
    root, metadata_hash = bytes.fromhex(transaction.root), bytes.fromhex(transaction.metadata_hash)
    chain_hash = fold_chain_hash(
        state.events[-1].chain_hash if state.events else NO_HASH,
        log_id=log_id,
        seq=seq,
        size=transaction.size,
        root=root,
        metadata_hash=metadata_hash,
        time=block.time,
    )
    return AnchorEvent(
        seq=seq,
        size=transaction.size,
        root=root,
        metadata_hash=metadata_hash,
        time=block.time,
        chain_hash=chain_hash,
        block_number=block.number,
        block_hash=block.hash,
        transaction_hash=transaction.hash,
    )
