"""A simulated chain in memory: blocks, a mempool, nonces and a base fee, and all that goes wrong with them.

`MemoryNetwork` is the chain itself, with the contract's rules; `MemoryChain` is one account's view of it and implements
the `Chain` protocol. The network can lose blocks, drop and reorder transactions and fork; a view can be away, lose
requests or answers, hold back what is sent, and lag behind.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections import deque
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from vaxcert.errors import (
    AnchorConflictError,
    AnchorError,
    ChainProofError,
    ChainUnavailableError,
    FundsError,
    NotWriterError,
    WrongChainError,
)
from vaxcert.ledger.anchor.chain import AnchorEvent, Attempt, Head, Outcome
from vaxcert.ledger.anchor.event_json import format_event
from vaxcert.ledger.anchor.identity import NO_HASH, fold_chain_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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


class Fault(Enum):
    """What happens to one call."""

    REQUEST_LOST = "request lost"
    ANSWER_LOST = "answer lost"
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"


class CrashError(BaseException):
    """The calling process has come to its end; nothing of it may go on."""


_P = ParamSpec("_P")
_R = TypeVar("_R")


def _remote(
    method: Callable[Concatenate[MemoryChain, _P], _R],
) -> Callable[Concatenate[MemoryChain, _P], _R]:
    """Have a call fail as calls over a network do."""

    def call(self: MemoryChain, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        self.calls.append(method.__name__)
        fault = self.faults.popleft() if self.faults else None
        if fault is Fault.CRASH_BEFORE:
            raise CrashError
        if self.is_down or fault is Fault.REQUEST_LOST:
            raise ChainUnavailableError("no answer")
        answer = method(self, *args, **kwargs)
        if fault is Fault.CRASH_AFTER:
            raise CrashError
        if fault is Fault.ANSWER_LOST:
            raise ChainUnavailableError("the answer is lost")
        return answer

    functools.update_wrapper(call, method)
    return call


class MemoryChain:
    """One account's view of a network."""

    name = "memory"

    def __init__(
        self,
        network: MemoryNetwork,
        *,
        account: str = "writer",
        confirmations: int = 3,
        fee_cap: int = 100 * GWEI,
    ) -> None:
        self.network = network
        self.account = account
        self.confirmations = confirmations
        self.fee_cap = fee_cap
        self.genesis = network.blocks[0].hash
        self.calls: list[str] = []
        self.faults: deque[Fault | None] = deque()
        """What happens to the next calls, one each."""
        self.is_down = False
        self.stale_by = 0
        """How many blocks the view lags behind."""
        self.holds_back = False
        """Whether what is sent arrives only with `release`."""
        self._held: list[Transaction] = []

    @property
    def visible(self) -> Block:
        """The newest block that this view knows."""
        return self.network.blocks[max(0, len(self.network.blocks) - 1 - self.stale_by)]

    def release(self) -> None:
        """Let what was held back arrive."""
        held, self._held = self._held, []
        for transaction in held:
            with contextlib.suppress(AnchorError):  # nobody is there any more to hear it
                self.network.receive(transaction)

    @_remote
    def check(self) -> None:
        if self.network.blocks[0].hash != self.genesis:
            raise WrongChainError("another network")

    @_remote
    def head(self) -> AnchorEvent | None:
        events = self.visible.state.events
        return events[-1] if events else None

    @_remote
    def events(self, *, after_seq: int = 0) -> Sequence[AnchorEvent]:
        return self.visible.state.events[after_seq:]

    @_remote
    def preflight(self, head: Head, *, previous_root: bytes) -> None:
        """Ask the contract as it will be after what waits in the mempool, as `eth_call` at `pending` does."""
        state = self.visible.state
        for (_, nonce), waiting in sorted(self.network.mempool.items()):
            if nonce == state.nonces.get(waiting.sender, 0) and waiting.max_fee >= self.network.base_fee:
                state = execute(state, waiting, self.visible, self.network)
        if self.account not in state.writers:
            raise NotWriterError("not a writer")
        if state.newest_root != previous_root or (state.events and head.size <= state.events[-1].size):
            raise AnchorConflictError("another head")
        if state.balances.get(self.account, 0) < GAS * self.network.base_fee:
            raise FundsError("no funds")

    @_remote
    def next_nonce(self) -> int:
        return self.visible.state.nonces.get(self.account, 0)

    @_remote
    def sign(self, head: Head, *, previous_root: bytes, nonce: int, earlier: Attempt | None = None) -> Attempt | None:
        base_fee = self.network.base_fee
        priority, least = GWEI // 10, base_fee
        if earlier is not None:
            priority = max(priority, -(-earlier.priority_fee * 9 // 8))
            least = max(least, -(-earlier.max_fee * 9 // 8))
        max_fee = min(max(2 * base_fee + priority, least), self.fee_cap)
        if max_fee < least:
            return None
        transaction = Transaction(
            sender=self.account,
            nonce=nonce,
            max_fee=max_fee,
            priority_fee=priority,
            size=head.size,
            root=head.root.hex(),
            metadata_hash=head.metadata_hash.hex(),
            previous_root=previous_root.hex(),
        )
        return Attempt(
            nonce=nonce,
            raw=transaction.raw,
            transaction_hash=transaction.hash,
            max_fee=max_fee,
            priority_fee=priority,
        )

    @_remote
    def send(self, attempt: Attempt) -> None:
        transaction = Transaction(**json.loads(attempt.raw))
        if self.holds_back:
            self._held.append(transaction)
        else:
            self.network.receive(transaction)

    @_remote
    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        return self.visible.state.outcomes.get(transaction_hash)

    @_remote
    def is_final(self, outcome: Outcome) -> bool:
        confirmations = self.visible.number - outcome.block_number + 1
        if not 0 < confirmations <= self.visible.number + 1:
            return False
        block = self.network.blocks[outcome.block_number]
        return block.hash == outcome.block_hash and confirmations >= self.confirmations

    @_remote
    def prove(self, head: Head, transaction_hash: bytes) -> tuple[AnchorEvent, bytes]:
        for event in self.visible.state.events:
            if event.transaction_hash == transaction_hash:
                if (event.size, event.root, event.metadata_hash) != (head.size, head.root, head.metadata_hash):
                    raise ChainProofError("another head")
                return event, format_event(event).encode()
        raise ChainUnavailableError("no such transaction here")

    @_remote
    def affordable_anchors(self) -> int | None:
        return self.visible.state.balances.get(self.account, 0) // (GAS * self.network.base_fee)
