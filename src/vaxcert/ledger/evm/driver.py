"""The `Chain` that the contract on an EVM chain is, asked of one node or of several.

web3's client is not used to read: it decodes what a node says before anybody has checked it, and its errors are of
many kinds. What nodes say is read here as raw JSON, bounded and strictly, and believed only as far as it follows from a
block hash on which enough nodes agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import (
    ChainResetError,
    ChainUnavailableError,
    NoContractError,
    SignerUnavailableError,
    WrongChainError,
    WrongContractError,
)
from vaxcert.ledger.anchor.chain import Attempt, Outcome
from vaxcert.ledger.anchor.settings import Finality
from vaxcert.ledger.evm.account import AnchoringAccount
from vaxcert.ledger.evm.fees import FeePolicy
from vaxcert.ledger.evm.finality import Quorum
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.node_view import NodeView
from vaxcert.ledger.evm.prover import Prover
from vaxcert.ledger.evm.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaxcert.ledger.anchor.chain import AnchorEvent, Head
    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.evm.rpc import Node
    from vaxcert.ledger.evm.transaction_signer import TransactionSigner

_BY_ITS_OWN_WORD, _CAUTIOUS = Finality(), FeePolicy()


class EvmChain:
    """One log's side of the contract."""

    def __init__(
        self,
        nodes: Sequence[Node],
        identity: ChainIdentity,
        *,
        agreeing: int | None = None,
        finality: Finality = _BY_ITS_OWN_WORD,
        fees: FeePolicy = _CAUTIOUS,
        signer: TransactionSigner | None = None,
        newest_final: AnchorEvent | None = None,
    ) -> None:
        """Ask nothing yet.

        Args:
            nodes: Nodes of the chain, in the order in which they are asked.
            identity: What is pinned of the chain, the contract and the log.
            agreeing: How many nodes have to give the same block; without it all of them.
            finality: When a block is there for good.
            fees: What may be paid.
            signer: The account that anchors; without it the chain is only read.
            newest_final: The newest anchor that is known to be final: it has to be on the chain.
        """
        self._identity = identity
        self._quorum = Quorum([NodeView(node) for node in nodes], agreeing=agreeing or len(nodes))
        self._quorum.known_height = identity.deploy_block
        self._finality = finality
        self._account = None if signer is None else AnchoringAccount(self._quorum, identity, signer=signer, fees=fees)
        self._registry = Registry(self._quorum, identity)
        self._prover = Prover(self._quorum, self._registry, identity)
        self._newest_final: AnchorEvent | None = None
        if newest_final is not None:
            self._remember(newest_final)

    @property
    def name(self) -> str:
        """The kind of chain: `evm`, or `tester`."""
        return self._identity.driver

    @property
    def identity(self) -> ChainIdentity:
        """What is pinned."""
        return self._identity

    def check(self) -> None:
        """Check every node that answers against what is pinned: chain, contract, and the newest final anchor.

        Raises:
            WrongChainError: A node is of another chain, or of one that has been started anew.
            NoContractError: There is nothing at the address.
            WrongContractError: There is another contract.
            ChainResetError: The newest final anchor is gone.
            ChainUnavailableError: Too few nodes answer, or are behind that anchor.
        """
        failures: list[ChainUnavailableError] = []
        for node in self._quorum.nodes:
            try:
                self._check_node(node)
            except ChainUnavailableError as error:
                failures.append(error)
        if len(self._quorum.nodes) - len(failures) < self._quorum.agreeing:
            raise failures[-1]
        known = self._newest_final
        if known is not None:
            stored = self._registry.head_at(self._quorum.newest_block())
            if stored.seq < known.seq:
                raise ChainResetError(f"anchor {known.seq} was final, and the newest on the chain is {stored.seq}")

    def head(self) -> AnchorEvent | None:
        """Return the log's newest anchor: proved from the hash of the newest block that the nodes agree on."""
        block = self._quorum.newest_block()
        known = self._newest_final
        events = self._registry.events(after=known, at=block)
        if events:
            return events[-1]
        return None if known is None else self._registry.with_withdrawal(known, at=block)

    def events(self, *, after_seq: int = 0) -> Sequence[AnchorEvent]:
        """Return the log's anchors after *after_seq*: folded, and the last chain hash proved."""
        known = self._newest_final
        after = known if known is not None and known.seq <= after_seq else None
        events = self._registry.events(after=after, at=self._quorum.newest_block())
        if known is not None and after is None and known.chain_hash not in {event.chain_hash for event in events}:
            raise ChainResetError(f"anchor {known.seq} was final, and is no longer on the chain")
        return tuple(event for event in events if event.seq > after_seq)

    def preflight(self, head: Head, *, previous_root: bytes) -> None:
        """Check by a call what the contract would say to *head*, with what is pending taken for done."""
        self._paying().preflight(head, previous_root=previous_root)

    def next_nonce(self) -> int:
        """Return the account's next nonce, at the newest block that the nodes agree on."""
        return self._paying().next_nonce()

    def sign(self, head: Head, *, previous_root: bytes, nonce: int, earlier: Attempt | None = None) -> Attempt | None:
        """Return a signed transaction, or None where the fee cap allows none that would do."""
        return self._paying().sign(head, previous_root=previous_root, nonce=nonce, earlier=earlier)

    def send(self, attempt: Attempt) -> None:
        """Hand *attempt* to every node; nothing is raised where one has it, or another one with its nonce."""
        self._paying().send(attempt.raw)

    def affordable_anchors(self) -> int | None:
        """Return for how many anchors the account's balance lasts at today's fees, or None where nothing is paid."""
        return self._paying().affordable_anchors()

    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        """Return what became of a transaction; that it failed is believed only if the block's receipts root says so."""
        receipt = self._quorum.mined(transaction_hash)
        if receipt is None:
            return None
        if not receipt.succeeded:
            self._prover.check_failed(receipt, transaction_hash)
        return Outcome(succeeded=receipt.succeeded, block_number=receipt.block_number, block_hash=receipt.block_hash)

    def is_final(self, outcome: Outcome) -> bool:
        """Return whether enough nodes take the block of *outcome* to be final.

        Raises:
            NodesDisagreeError: They give different blocks: then nothing is final.
        """
        block = self._quorum.final_block(outcome.block_number, self._finality)
        return block is not None and block.header.hash == outcome.block_hash

    def prove(self, head: Head, transaction_hash: bytes) -> tuple[AnchorEvent, bytes]:
        """Return the event that anchored *head*, and its bundle, verified as anybody else would."""
        event, bundle = self._prover.prove(
            head, transaction_hash, finality=self._finality, newest_final=self._newest_final
        )
        self._remember(event)
        return event, bundle

    def _remember(self, event: AnchorEvent) -> None:
        if self._newest_final is None or self._newest_final.seq < event.seq:
            self._newest_final = event
            self._quorum.known_height = max(self._quorum.known_height, event.block_number)

    def _check_node(self, node: NodeView) -> None:
        pinned = self._identity
        chain_id = node.chain_id()
        if chain_id != pinned.chain_id:
            raise WrongChainError(f"{node.name} is of chain {chain_id}, and chain {pinned.chain_id} is pinned")
        if node.genesis_hash() != pinned.genesis_hash:
            raise WrongChainError(
                f"{node.name} is of another chain with the id {chain_id}: its first block is not the pinned one",
                hint="a chain for trials that is started anew is another chain; anchor to it as to a new one",
            )
        self._quorum.check_height(node, node.height())
        code = node.code(pinned.contract)
        if not code:
            raise NoContractError(f"{node.name} has no contract at 0x{pinned.contract.hex()}")
        if keccak(code) != pinned.code_hash:
            raise WrongContractError(f"{node.name} has another contract at 0x{pinned.contract.hex()}")
        known = self._newest_final
        if known is not None:
            block = node.block(known.block_number)
            if block is None or block.header.hash != known.block_hash:
                raise ChainResetError(f"{node.name} no longer has the block of anchor {known.seq}, which was final")

    def _paying(self) -> AnchoringAccount:
        if self._account is None:
            raise SignerUnavailableError("there is no anchoring account here: the chain is only read")
        return self._account
