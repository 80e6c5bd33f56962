"""The contract against a model of it: any sequence of calls, by anyone, with right and wrong arguments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pyrevm import EVM, BlockEnv

from vaxcert.ledger.anchor.identity import MAX_UINT64, NO_HASH, fold_chain_hash
from vaxcert.ledger.evm.anchored import AnchoredLog
from vaxcert.ledger.evm.artifact import StoredHead, anchor_registry

ARTIFACT = anchor_registry()
FORK = "BERLIN"
"""The oldest rules that a private chain may have been started with."""
ACCOUNTS = ["0x" + f"{byte:02x}" * 20 for byte in (0x11, 0x22, 0x33, 0x44)]
LOGS = [bytes([0xA1] * 32), bytes([0xB2] * 32)]
NOBODY = "0x" + "00" * 20
ETHER = 10**18

accounts = st.sampled_from(ACCOUNTS)
logs = st.sampled_from(LOGS)
mostly = st.sampled_from((True, True, True, False))
changes = st.sampled_from(("", "", "", "any caller", "stale", "from nothing", "not grown", "zero root"))
digests = st.binary(min_size=32, max_size=32)


class RevertedError(Exception):
    """The contract refused: the name of its error, or nothing."""

    def __init__(self, output: bytes) -> None:
        self.name = ARTIFACT.error_names.get(output[:4], "") if output else ""
        super().__init__(self.name)


class Contract:
    """The contract in an EVM in this process."""

    def __init__(self) -> None:
        self.evm = EVM(spec_id=FORK)
        self.time = 1_790_000_000
        self.tick(0)
        for account in ACCOUNTS:
            self.evm.set_balance(account, ETHER)
        self.address = self.evm.deploy(ACCOUNTS[0], ARTIFACT.bytecode)

    def tick(self, seconds: int) -> None:
        self.time += seconds
        self.evm.set_block_env(BlockEnv(number=1, timestamp=self.time))

    def send(self, caller: str, content: bytes, value: int = 0) -> bytes:
        try:
            output = self.evm.message_call(caller=caller, to=self.address, calldata=content, value=value)
        except RuntimeError as error:
            found = re.search(r"output: 0x([0-9a-f]*)", str(error))
            raise RevertedError(bytes.fromhex(found[1]) if found else b"") from error
        return bytes(output)

    def call(self, caller: str, signature: str, *words: bytes | str | int, value: int = 0) -> bytes:
        return self.send(caller, encoded(signature, *words), value)

    @property
    def logs(self) -> list[tuple[list[bytes], bytes]]:
        assert self.evm.result is not None
        return [log.data for log in self.evm.result.logs]


def encoded(signature: str, *words: bytes | str | int) -> bytes:
    return ARTIFACT.function_selectors[signature] + b"".join(map(word, words))


def word(value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(32)
    return (bytes.fromhex(value[2:]) if isinstance(value, str) else value).rjust(32, b"\0")


NO_HEAD = StoredHead(root=NO_HASH, size=0, seq=0, time=0, chain_hash=NO_HASH)


@dataclass
class Model:
    owner: str = ACCOUNTS[0]
    pending: str = NOBODY
    writers: set[tuple[bytes, str]] = field(default_factory=set)
    heads: dict[bytes, StoredHead] = field(default_factory=lambda: dict.fromkeys(LOGS, NO_HEAD))
    withdrawn: set[tuple[bytes, int]] = field(default_factory=set)


class AnchorRegistryMachine(RuleBasedStateMachine):
    """Each rule works out what has to happen, then sees that it does and that nothing else did."""

    @initialize()
    def deploy(self) -> None:
        self.contract = Contract()
        self.model = Model()
        for log in LOGS:
            self.set_writer(ACCOUNTS[0], log, ACCOUNTS[1], allowed=True, by_owner=True)

    def expect(self, refusal: str | None, caller: str, signature: str, *words: bytes | str | int) -> bool:
        """Call, and return whether the contract took it, which it has to where there is no *refusal*."""
        if refusal is None:
            self.contract.call(caller, signature, *words)
            return True
        with pytest.raises(RevertedError) as reverted:
            self.contract.call(caller, signature, *words)
        assert reverted.value.name == refusal
        return False

    @rule(seconds=st.integers(0, 10_000))
    def time_passes(self, seconds: int) -> None:
        self.contract.tick(seconds)

    @rule(caller=accounts, log=logs, account=accounts, allowed=mostly, by_owner=mostly)
    def set_writer(self, caller: str, log: bytes, account: str, *, allowed: bool, by_owner: bool) -> None:
        caller = self.model.owner if by_owner else caller
        refusal = None if caller == self.model.owner else "NotOwner"
        if self.expect(refusal, caller, "setWriter(bytes32,address,bool)", log, account, int(allowed)):
            (self.model.writers.add if allowed else self.model.writers.discard)((log, account))
            [(topics, data)] = self.contract.logs
            assert topics == [ARTIFACT.topics["WriterSet"], log, word(account)]
            assert data == word(int(allowed))

    @rule(caller=accounts, log=logs, change=changes, growth=st.integers(1, 10**6), root=digests, metadata_hash=digests)
    def anchor(self, caller: str, log: bytes, *, change: str, growth: int, root: bytes, metadata_hash: bytes) -> None:
        head = self.model.heads[log]
        writers = sorted(account for of_log, account in self.model.writers if of_log == log)
        caller = caller if change == "any caller" or not writers else writers[growth % len(writers)]
        previous = {"stale": metadata_hash, "from nothing": NO_HASH}.get(change, head.root)
        size = max(0, head.size - growth % 3) if change == "not grown" else head.size + growth
        root = NO_HASH if change == "zero root" else root
        refusals = [
            ("NotWriter", (log, caller) not in self.model.writers),
            ("StaleHead", previous != head.root),
            ("SizeNotGrown", size <= head.size),
            ("ZeroRoot", root == NO_HASH),
        ]
        refusal = next((name for name, refused in refusals if refused), None)
        signature = "anchor(bytes32,bytes32,uint64,bytes32,bytes32)"
        if not self.expect(refusal, caller, signature, log, previous, size, root, metadata_hash):
            return
        seq, time = head.seq + 1, self.contract.time
        chain_hash = fold_chain_hash(
            head.chain_hash, log_id=log, seq=seq, size=size, root=root, metadata_hash=metadata_hash, time=time
        )
        self.model.heads[log] = StoredHead(root=root, size=size, seq=seq, time=time, chain_hash=chain_hash)
        assert [AnchoredLog.of_topics(topics, data) for topics, data in self.contract.logs] == [
            AnchoredLog(
                log_id=log,
                seq=seq,
                root=root,
                size=size,
                metadata_hash=metadata_hash,
                time=time,
                chain_hash=chain_hash,
            )
        ]

    @rule(caller=accounts, log=logs, pick=st.sampled_from((1, 1, 1, 2, 0, 99)), by_owner=mostly)
    def withdraw(self, caller: str, log: bytes, pick: int, *, by_owner: bool) -> None:
        caller = self.model.owner if by_owner else caller
        seq = min(pick, self.model.heads[log].seq + 1)
        refusals = [
            ("NotOwner", caller != self.model.owner),
            ("UnknownAnchor", not 1 <= seq <= self.model.heads[log].seq),
            ("AlreadyWithdrawn", (log, seq) in self.model.withdrawn),
        ]
        refusal = next((name for name, refused in refusals if refused), None)
        if self.expect(refusal, caller, "withdraw(bytes32,uint64)", log, seq):
            self.model.withdrawn.add((log, seq))
            assert self.contract.logs == [([ARTIFACT.topics["Withdrawn"], log, word(seq)], b"")]
            assert not self.expect("AlreadyWithdrawn", caller, "withdraw(bytes32,uint64)", log, seq)

    @rule(caller=accounts, account=st.one_of(accounts, st.just(NOBODY)), by_owner=mostly)
    def transfer_ownership(self, caller: str, account: str, *, by_owner: bool) -> None:
        caller = self.model.owner if by_owner else caller
        refusal = None if caller == self.model.owner else "NotOwner"
        if self.expect(refusal, caller, "transferOwnership(address)", account):
            self.model.pending = account

    @rule(caller=accounts, by_heir=mostly)
    def accept_ownership(self, caller: str, *, by_heir: bool) -> None:
        caller = self.model.pending if by_heir and self.model.pending != NOBODY else caller
        refusal = None if caller == self.model.pending else "NotPendingOwner"
        if self.expect(refusal, caller, "acceptOwnership()"):
            self.model.owner, self.model.pending = caller, NOBODY

    @rule(caller=accounts, signature=st.sampled_from([None, *ARTIFACT.function_selectors]), value=st.integers(1, 1000))
    def ether_is_refused(self, caller: str, signature: str | None, value: int) -> None:
        arguments = bytes(31) + b"\1" if signature else b""
        selector = ARTIFACT.function_selectors[signature] if signature else b""
        self.refused(caller, selector + arguments * 5, value)

    @rule(caller=accounts, content=st.binary(max_size=200))
    def unknown_calls_are_refused(self, caller: str, content: bytes) -> None:
        if content[:4] not in ARTIFACT.function_selectors.values():
            self.refused(caller, content, 0)

    @rule(caller=accounts, log=logs, excess=st.integers(1, 2**64))
    def numbers_out_of_range_are_refused(self, caller: str, log: bytes, excess: int) -> None:
        signature = "anchor(bytes32,bytes32,uint64,bytes32,bytes32)"
        previous = self.model.heads[log].root
        self.refused(caller, encoded(signature, log, previous, MAX_UINT64 + excess, b"\1", b"\1"), 0)

    def refused(self, caller: str, content: bytes, value: int) -> None:
        with pytest.raises(RevertedError) as reverted:
            self.contract.send(caller, content, value)
        assert reverted.value.name == ""

    @invariant()
    def the_state_is_the_model_s(self) -> None:
        if not hasattr(self, "model"):
            return
        contract, model = self.contract, self.model
        assert contract.call(ACCOUNTS[3], "owner()") == word(model.owner)
        assert contract.call(ACCOUNTS[3], "pendingOwner()") == word(model.pending)
        assert contract.evm.get_balance(contract.address) == 0
        for log in LOGS:
            head = model.heads[log]
            said = contract.call(ACCOUNTS[3], "head(bytes32)", log)
            assert said == head.root + word(head.size) + word(head.seq) + word(head.time) + head.chain_hash
            root, packed, chain_hash = (
                contract.evm.storage(contract.address, int.from_bytes(slot)).to_bytes(32)
                for slot in ARTIFACT.slots_of(log)
            )
            assert ARTIFACT.head_of(root=root, packed=packed, chain_hash=chain_hash) == head
            for account in ACCOUNTS:
                is_writer = contract.call(account, "isWriter(bytes32,address)", log, account)
                assert is_writer == word(int((log, account) in model.writers))
            for seq in range(head.seq + 2):
                is_withdrawn = contract.call(ACCOUNTS[3], "isWithdrawn(bytes32,uint64)", log, seq)
                assert is_withdrawn == word(int((log, seq) in model.withdrawn))


TestAnchorRegistry = AnchorRegistryMachine.TestCase
TestAnchorRegistry.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
