"""One account's view of a simulated chain: it can be away, lose requests and answers, hold back, and lag behind."""

from __future__ import annotations

import contextlib
import functools
import json
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from tests.simulator.memory_network import GAS, GWEI, Transaction, execute
from vaxcert.errors import (
    AnchorConflictError,
    AnchorError,
    ChainProofError,
    ChainUnavailableError,
    FundsError,
    NotWriterError,
    WrongChainError,
)
from vaxcert.ledger.anchor.chain import Attempt
from vaxcert.ledger.anchor.event_json import format_event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.simulator.memory_network import Block, MemoryNetwork
    from vaxcert.ledger.anchor.chain import AnchorEvent, Head, Outcome


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
