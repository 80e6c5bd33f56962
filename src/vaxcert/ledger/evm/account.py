"""What the anchoring account does on the chain: asks the contract beforehand, signs, sends, and counts its money."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vaxcert.errors import AnchorError, ChainUnavailableError, FundsError, NodeRefusedError
from vaxcert.ledger.anchor.chain import Attempt
from vaxcert.ledger.evm.artifact import anchor_registry
from vaxcert.ledger.evm.contract_calls import anchor_call
from vaxcert.ledger.evm.fees import Market
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.transaction_signer import UnsignedTransaction, signed_by

if TYPE_CHECKING:
    from vaxcert.ledger.anchor.chain import Head
    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.evm.fees import FeePolicy
    from vaxcert.ledger.evm.finality import Quorum
    from vaxcert.ledger.evm.node_view import NodeView
    from vaxcert.ledger.evm.transaction_signer import TransactionSigner

ANCHOR_GAS = 150_000
"""A log's first anchor takes about 97,000, each later one 46,000; what is not used is not paid."""

_MAY_HAVE_IT = re.compile(
    r"known.?transaction|already.?(known|imported|exists)"  # the node has this very one
    r"|nonce.{0,20}too.?low|old.?nonce|invalid transaction nonce"  # one with its nonce is mined
    r"|underpriced|fee.?too.?low|(gas price|fee per gas).{0,40}(below|too low|lower|less)",  # one waits, or fees rose
    re.IGNORECASE,
)
_NO_FUNDS = re.compile(r"insufficient.?(funds|balance)|upfront cost|exceeds.{0,20}balance|cannot afford", re.IGNORECASE)
"""What geth, Erigon, Reth, Besu, Nethermind, anvil and py-evm say: there is no number for it that they share."""


class AnchoringAccount:
    """The account that pays for anchors, and may do nothing else in the contract."""

    def __init__(self, quorum: Quorum, identity: ChainIdentity, *, signer: TransactionSigner, fees: FeePolicy) -> None:
        self._quorum = quorum
        self._identity = identity
        self._signer = signer
        self._fees = fees

    def preflight(self, head: Head, *, previous_root: bytes) -> None:
        """Check by a call what the contract would say to *head*, with what is pending taken for done.

        Raises:
            AnchorError: It would refuse; the class says why.
            FundsError: The account cannot pay.
            NodeRefusedError: The call fails for a reason that is not the contract's.
        """
        data = anchor_call(head, log_id=self._identity.log_id, previous_root=previous_root)
        to, sender = self._identity.contract, self._signer.address
        try:
            self._quorum.ask(lambda node: node.call(data, to=to, at="pending", sender=sender))
        except NodeRefusedError as error:
            raise cause_of(error) from error
        offer = self._fees.fees_for(self._market())
        if offer is None:
            return  # it waits for lower fees, whatever the account has
        needed, balance = ANCHOR_GAS * offer.max_fee, self._balance()
        if balance < needed:
            account = f"0x{self._signer.address.hex()}"
            raise FundsError(f"the anchoring account {account} has {balance} wei, and an anchor may take {needed}")

    def next_nonce(self) -> int:
        """Return how many transactions of the account are mined, up to the newest block that the nodes agree on."""
        height = self._quorum.newest_block().header.number
        return self._quorum.ask(lambda node: node.transaction_count(self._signer.address, at=height))

    def sign(self, head: Head, *, previous_root: bytes, nonce: int, earlier: Attempt | None) -> Attempt | None:
        """Return a signed transaction, or None where the fee cap allows none that would do."""
        offer = self._fees.fees_for(self._market(), earlier=earlier)
        if offer is None:
            return None
        transaction = UnsignedTransaction(
            chain_id=self._identity.chain_id,
            nonce=nonce,
            to=self._identity.contract,
            data=anchor_call(head, log_id=self._identity.log_id, previous_root=previous_root),
            gas=ANCHOR_GAS,
            max_fee=offer.max_fee,
            priority_fee=offer.priority_fee,
        )
        raw = signed_by(self._signer, transaction)
        return Attempt(
            nonce=nonce,
            raw=raw,
            transaction_hash=keccak(raw),
            max_fee=offer.max_fee,
            priority_fee=offer.priority_fee,
        )

    def send(self, raw: bytes) -> None:
        """Hand over a signed transaction; see `send_to_all`."""
        send_to_all(self._quorum, raw)

    def affordable_anchors(self) -> int | None:
        """Return for how many anchors the balance lasts at today's fees, or None where nothing is paid."""
        market = self._market()
        price = min(market.base_fee + market.priority_fee, self._fees.cap)  # with a cap of 0 a free chain stays free
        return self._balance() // (ANCHOR_GAS * price) if price else None

    def _balance(self) -> int:
        return self._quorum.ask(lambda node: node.balance(self._signer.address))

    def _market(self) -> Market:
        return self._quorum.ask(market_of)


def market_of(node: NodeView) -> Market:
    """Return what a block takes per gas now, by what *node* says.

    Raises:
        AnchorError: The chain has no EIP-1559 transactions.
    """
    block = node.block("latest")
    if block is None or block.base_fee is None:
        raise AnchorError(f"the chain of {node.name} has no base fee: it is older than EIP-1559")
    return Market(base_fee=block.base_fee, priority_fee=node.priority_fee(block.base_fee))


def send_to_all(quorum: Quorum, raw: bytes) -> None:
    """Hand over a signed transaction to every node, so that none can keep it to itself.

    Nothing is raised where a node has it, or another one with its nonce: only the chain shows what became of it.

    Raises:
        FundsError: The account cannot pay.
        NodeRefusedError: No node takes it.
        ChainUnavailableError: No node answers; it may have arrived all the same.
    """
    failures: list[ChainUnavailableError] = []
    for node in quorum.nodes:
        try:
            node.send(raw)
        except NodeRefusedError as error:
            if not _MAY_HAVE_IT.search(error.reason):
                failures.insert(0, error)
        except ChainUnavailableError as error:
            quorum.put_last(node)
            failures.append(error)
    if len(failures) == len(quorum.nodes):
        first = failures[0]
        raise cause_of(first) if isinstance(first, NodeRefusedError) else first


def cause_of(refusal: NodeRefusedError) -> AnchorError | NodeRefusedError:
    """Return what the contract or the node means by its refusal."""
    if _NO_FUNDS.search(refusal.reason):
        return FundsError("the anchoring account cannot pay for the transaction")
    return anchor_registry().error_of(refusal.revert) or refusal
