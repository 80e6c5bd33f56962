"""Which block the nodes agree on, and whether it is there for good.

There is no light client here: that so many nodes of the operator's choice give one hash is where trust begins. All
that is read from a block afterwards follows from its hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from vaxcert.errors import ChainUnavailableError, NodeRefusedError, NodesDisagreeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vaxcert.ledger.anchor.settings import Finality
    from vaxcert.ledger.evm.header import BlockHeader
    from vaxcert.ledger.evm.node_view import Block, MinedReceipt, NodeView

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class AgreedBlock:
    """A block whose hash enough nodes give, and these nodes."""

    header: BlockHeader
    nodes: tuple[NodeView, ...]


class Quorum:
    """The nodes of one chain, as many of which as are *agreeing* have to say the same."""

    def __init__(self, nodes: Sequence[NodeView], *, agreeing: int) -> None:
        """Take the *nodes*, in the order in which they are asked.

        Raises:
            ValueError: So many could agree on two different answers, or never on one.
        """
        if not len(nodes) // 2 < agreeing <= len(nodes):
            raise ValueError("more than half of the nodes have to agree, and at most all can")
        self._nodes = list(nodes)
        self._agreeing = agreeing
        self.known_height = 0
        """A node that has not come so far is behind, and does not count."""

    @property
    def agreeing(self) -> int:
        """How many nodes have to say the same."""
        return self._agreeing

    @property
    def nodes(self) -> tuple[NodeView, ...]:
        """All nodes, those that answered last in front."""
        return tuple(self._nodes)

    def ask(self, question: Callable[[NodeView], _Answer]) -> _Answer:
        """Return the answer of the first node that has one.

        Raises:
            NodeRefusedError: A contract refused, or every node that answers says no.
            ChainUnavailableError: No node answers.
        """
        failure = ChainUnavailableError("there is no node to ask")
        for node in self.nodes:
            try:
                return question(node)
            except NodeRefusedError as error:
                if error.revert:
                    raise
                failure = error
            except ChainUnavailableError as error:
                self.put_last(node)
                if not isinstance(failure, NodeRefusedError):
                    failure = error
        raise failure

    def put_last(self, node: NodeView) -> None:
        """Ask *node* after the others from now on: it keeps silent until a deadline."""
        self._nodes.remove(node)
        self._nodes.append(node)

    def passed_over(self, node: NodeView, error: ChainUnavailableError) -> None:
        """Note that *node* did not answer with what others may have; one that says no is as quick as any."""
        if not isinstance(error, NodeRefusedError):
            self.put_last(node)

    def agreed_block(self, height: int) -> AgreedBlock:
        """Return the block at *height*.

        Raises:
            NodesDisagreeError: The nodes give different blocks, none of them often enough.
            ChainUnavailableError: Too few nodes have the block.
        """
        return self._agreed(height, lambda node: node.block(height))

    def newest_block(self) -> AgreedBlock:
        """Return the newest block that enough nodes have.

        Raises:
            NodesDisagreeError: They give different blocks.
            ChainUnavailableError: Too few nodes answer, or have come as far as is known already.
        """
        heights: list[int] = []
        failures: list[ChainUnavailableError] = []
        for node in self.nodes:
            try:
                heights.append(self.check_height(node, node.height()))
            except ChainUnavailableError as error:
                self.put_last(node)
                failures.append(error)
                continue
            if len(heights) == self._agreeing:
                return self.agreed_block(min(heights))
        raise failures[-1]

    def final_block(self, height: int, finality: Finality) -> AgreedBlock | None:
        """Return the block at *height*, or None as long as too few nodes take it to be final.

        Raises:
            NodesDisagreeError: The nodes give different blocks.
            ChainUnavailableError: Too few nodes answer.
            NodeRefusedError: A node has no notion of finality: count confirmations there.
        """
        waiting = 0

        def final_on(node: NodeView) -> Block | None:
            nonlocal waiting
            if self._final_height(node, finality) < height:
                waiting += 1
                return None
            return node.block(height)

        try:
            return self._agreed(height, final_on)
        except NodesDisagreeError:
            raise
        except ChainUnavailableError:
            if waiting:
                return None
            raise

    def mined(self, transaction_hash: bytes) -> MinedReceipt | None:
        """Return the receipt of a transaction in a block that the node still has in its chain; None where no node does.

        Raises:
            ChainUnavailableError: No node answers.
        """
        failures: list[ChainUnavailableError] = []
        for node in self.nodes:
            try:
                receipt = node.receipt(transaction_hash)
                if receipt is None:
                    continue
                block = node.block(receipt.block_number)
            except ChainUnavailableError as error:
                self.put_last(node)
                failures.append(error)
                continue
            if block is not None and block.header.hash == receipt.block_hash:
                return receipt
        if len(failures) == len(self._nodes):
            raise failures[0]
        return None

    def _agreed(self, height: int, block_of: Callable[[NodeView], Block | None]) -> AgreedBlock:
        blocks: dict[bytes, list[tuple[NodeView, BlockHeader]]] = {}
        failures: list[ChainUnavailableError] = []
        for node in self.nodes:
            try:
                block = block_of(node)
            except ChainUnavailableError as error:
                self.put_last(node)
                failures.append(error)
                continue
            if block is None:
                failures.append(ChainUnavailableError(f"{node.name} does not have block {height} yet"))
                continue
            same = blocks.setdefault(block.header.hash, [])
            same.append((node, block.header))
            if len(same) == self._agreeing:
                return AgreedBlock(block.header, tuple(agreed for agreed, _ in same))
        if len(blocks) > 1:
            raise NodesDisagreeError(
                f"the nodes give {len(blocks)} different blocks {height}", height=height, hashes=frozenset(blocks)
            )
        raise failures[-1]

    def _final_height(self, node: NodeView, finality: Finality) -> int:
        """Return up to which block the chain is final by what *node* says; -1 where no block is."""
        if finality.confirmations is not None:
            return self.check_height(node, node.height()) - finality.confirmations + 1
        block = node.block("finalized")
        return -1 if block is None else block.header.number

    def check_height(self, node: NodeView, height: int) -> int:
        """Return *height*, the newest block of *node*.

        Raises:
            ChainUnavailableError: It is behind what is known already.
        """
        if height < self.known_height:
            raise ChainUnavailableError(
                f"{node.name} has come to block {height}, and block {self.known_height} was final: it is behind",
                hint="if this is a chain for trials that was started anew, anchor to it as to a new chain",
            )
        return height
