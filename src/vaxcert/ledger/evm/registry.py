"""What the contract holds for one log: its newest head, and the events that led to it, none hidden."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from vaxcert.errors import ChainProofError, ChainResetError, ChainUnavailableError, NodeRefusedError
from vaxcert.ledger.anchor.identity import ADDRESS_BYTES, HASH_BYTES, NO_HASH, verify_events
from vaxcert.ledger.evm.anchored import MAX_TOPICS, event_of_log, is_stored
from vaxcert.ledger.evm.artifact import anchor_registry
from vaxcert.ledger.evm.contract_calls import head_call, head_of_returned, is_true, is_withdrawn_call
from vaxcert.ledger.evm.json_values import json_list, json_object, octets_exactly
from vaxcert.ledger.evm.state_proof import StateProof

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vaxcert.ledger.anchor.chain import AnchorEvent
    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.evm.artifact import StoredHead
    from vaxcert.ledger.evm.finality import AgreedBlock, Quorum
    from vaxcert.ledger.evm.node_view import NodeView
    from vaxcert.ledger.evm.rpc import Json

MAX_BLOCKS = 10_000
"""How many blocks are searched for events at once; hosted nodes allow 1,000 to 10,000, others any number."""
_WITHDRAWN_TOPICS = 3


class Registry:
    """One log in the contract, as the nodes of a quorum show it."""

    def __init__(self, quorum: Quorum, identity: ChainIdentity) -> None:
        self._quorum = quorum
        self._identity = identity

    def head_at(self, block: AgreedBlock) -> StoredHead:
        """Return the log's newest head in the state of *block*: proved from the block's hash.

        Where no node gives proofs, it is what the nodes that agree on the block all say.

        Raises:
            ChainProofError: What a node says does not follow from the hash.
            WrongChainError: There is no such contract in that state.
        """
        slots = anchor_registry().slots_of(self._identity.log_id)
        for node in block.nodes:
            try:
                answer = node.state_proof(self._identity.contract, slots, at=block.header.number)
            except ChainUnavailableError as error:
                self._quorum.passed_over(node, error)
                continue
            return self.proved_head(answer, node=node, block=block)[1]
        said = {self._head_said_by(node, at=block.header.number) for node in block.nodes}
        if len(said) > 1:
            raise ChainUnavailableError(f"the nodes give different heads of the log at block {block.header.number}")
        return head_of_returned(said.pop())

    def _head_said_by(self, node: NodeView, *, at: int) -> bytes:
        try:
            return node.call(head_call(self._identity.log_id), to=self._identity.contract, at=at)
        except ChainUnavailableError as error:
            self._quorum.passed_over(node, error)  # so that another one is asked the next time
            raise

    def proved_head(self, answer: Json, *, node: NodeView, block: AgreedBlock) -> tuple[StateProof, StoredHead]:
        """Return the head that *node*'s proof proves, and the proof.

        Raises:
            ChainProofError: It proves none.
        """
        identity = self._identity
        try:
            return StateProof.of_json(
                answer,
                state_root=block.header.state_root,
                contract=identity.contract,
                code_hash=identity.code_hash,
                log_id=identity.log_id,
            )
        except ChainProofError as error:
            now = node.block(block.header.number)
            if now is None or now.header.hash != block.header.hash:
                raise ChainUnavailableError(f"{node.name} has just lost block {block.header.number}") from error
            raise ChainProofError(f"{node.name} gave no proof of the log's head: {error.message}") from error

    def events(self, *, after: AnchorEvent | None, at: AgreedBlock) -> list[AnchorEvent]:
        """Return the anchors after *after*, which is final, up to the block *at*: all of them.

        Raises:
            ChainResetError: *after* is no longer there.
            ChainProofError: An event is missing, altered or made up.
        """
        stored = self.head_at(at)
        seq, size, chain_hash = (after.seq, after.size, after.chain_hash) if after else (0, 0, NO_HASH)
        if stored.seq < seq or (stored.seq == seq and stored.chain_hash != chain_hash):
            raise ChainResetError(f"anchor {seq} was final, and is no longer on the chain")
        if stored.seq == seq:
            return []
        first = after.block_number if after else self._identity.deploy_block
        found = [event for event in self._scan(first, at.header.number) if event.seq > seq]
        verify_events(found, log_id=self._identity.log_id, after_seq=seq, after_size=size, after_hash=chain_hash)
        if not found or not is_stored(found[-1], stored):
            raise ChainProofError(
                f"the chain has {stored.seq} anchors of the log, and the events of {seq + len(found)}"
            )
        return found

    def with_withdrawal(self, event: AnchorEvent, *, at: AgreedBlock) -> AnchorEvent:
        """Return *event* with whether it is withdrawn now: a node's word, and not proved."""
        call = is_withdrawn_call(self._identity.log_id, event.seq)
        returned = self._quorum.ask(lambda node: node.call(call, to=self._identity.contract, at=at.header.number))
        return replace(event, withdrawn=is_true(returned))

    def _scan(self, first: int, last: int) -> list[AnchorEvent]:
        """Return the anchors whose events are in the blocks *first* to *last*, and which of them are withdrawn."""
        anchored: list[AnchorEvent] = []
        withdrawn: set[int] = set()
        for log in self._logs(first, last):
            seq = self._withdrawn_seq(log)
            if seq is None:
                event = event_of_log(log, contract=self._identity.contract, log_id=self._identity.log_id)
                anchored.append(event)
            else:
                withdrawn.add(seq)
        return [replace(event, withdrawn=event.seq in withdrawn) for event in anchored]

    def _withdrawn_seq(self, log: object) -> int | None:
        fields = json_object(log, "event")
        topics = json_list(fields.get("topics"), "event's topics", limit=MAX_TOPICS)
        values = [octets_exactly(topic, "event's topic", length=HASH_BYTES) for topic in topics]
        if values[:2] != [anchor_registry().topics["Withdrawn"], self._identity.log_id]:
            return None
        address = octets_exactly(fields.get("address"), "event's address", length=ADDRESS_BYTES)
        if len(values) != _WITHDRAWN_TOPICS or address != self._identity.contract:
            raise ChainProofError("a withdrawal is malformed, or of another contract")
        return int.from_bytes(values[2])

    def _logs(self, first: int, last: int) -> Iterator[object]:
        names = anchor_registry().topics
        topics: list[Json] = [[_hex(names["Anchored"]), _hex(names["Withdrawn"])], _hex(self._identity.log_id)]
        window = MAX_BLOCKS
        while first <= last:
            end = min(last, first + window - 1)
            ask = partial(_logs_of, contract=self._identity.contract, topics=topics, first=first, last=end)
            try:
                logs = self._quorum.ask(ask)
            except NodeRefusedError:
                if end == first:
                    raise
                window = (end - first + 1) // 2  # it is said to be too many blocks or too many events
                continue
            yield from logs
            first, window = end + 1, min(2 * window, MAX_BLOCKS)


def _logs_of(node: NodeView, *, contract: bytes, topics: Sequence[Json], first: int, last: int) -> Sequence[object]:
    return node.logs(contract=contract, topics=topics, first=first, last=last)


def _hex(content: bytes) -> str:
    return f"0x{content.hex()}"
