"""The account that owns the contract: it deploys one, names its writers and withdraws anchors; best a cold one."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vaxcert.errors import AnchorError, ChainUnavailableError, FundsError, NodeRefusedError
from vaxcert.ledger.anchor.identity import ADDRESS_BYTES
from vaxcert.ledger.evm.account import cause_of, market_of, send_to_all
from vaxcert.ledger.evm.artifact import anchor_registry
from vaxcert.ledger.evm.contract_calls import set_writer_call, withdraw_call
from vaxcert.ledger.evm.fees import FeePolicy
from vaxcert.ledger.evm.finality import Quorum
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.node_view import NodeView
from vaxcert.ledger.evm.rlp_items import encode_integer, encode_rlp
from vaxcert.ledger.evm.transaction_signer import UnsignedTransaction, signed_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vaxcert.ledger.evm.node_view import MinedReceipt
    from vaxcert.ledger.evm.rpc import Node
    from vaxcert.ledger.evm.transaction_signer import TransactionSigner

DEPLOY_GAS = 1_500_000
"""The deployment takes about 640,000; what is not used is not paid."""
OWNER_GAS = 100_000
"""Naming a writer and withdrawing an anchor take about 50,000."""

FEES = FeePolicy()
_POLL_SECONDS = 2.0
_MAX_POLLS = 300
"""Ten minutes: then the transaction is left to itself, and somebody has to look."""


def wait_a_moment() -> None:
    """Wait for as long as is usual between two looks at the chain."""
    time.sleep(_POLL_SECONDS)


class RegistryOwner:
    """Deploys contracts, and does what only their owner may."""

    def __init__(
        self,
        nodes: Sequence[Node],
        *,
        owner: TransactionSigner,
        fees: FeePolicy = FEES,
        wait: Callable[[], None] = wait_a_moment,
    ) -> None:
        self._quorum = Quorum([NodeView(node) for node in nodes], agreeing=len(nodes))
        self._owner = owner
        self._fees = fees
        self._wait = wait

    def deploy(self) -> tuple[bytes, int]:
        """Return the address of a new contract, and its block.

        Raises:
            AnchorError: It could not be made.
        """
        nonce, block_number = self._transact(b"", anchor_registry().bytecode, gas=DEPLOY_GAS)
        # CREATE names a contract after its maker and the maker's nonce (Yellow Paper §7): no node has to be believed.
        contract = keccak(encode_rlp([self._owner.address, encode_integer(nonce)]))[-ADDRESS_BYTES:]
        for node in self._quorum.nodes:
            if keccak(node.code(contract)) != anchor_registry().code_hash:
                raise AnchorError(f"{node.name} does not have what was deployed at 0x{contract.hex()}")
        return contract, block_number

    def set_writer(self, contract: bytes, log_id: bytes, account: bytes, *, allowed: bool) -> None:
        """Let *account* anchor for the log, or no longer.

        Raises:
            NotOwnerError: The account does not own the contract.
            AnchorError: It could not be done.
        """
        self._call(contract, set_writer_call(log_id, account, allowed=allowed))

    def withdraw(self, contract: bytes, log_id: bytes, seq: int) -> None:
        """Mark an anchor as withdrawn, once and for good.

        Raises:
            NotOwnerError: The account does not own the contract.
            AnchorError: It could not be done: there is no such anchor, or it is withdrawn already.
        """
        self._call(contract, withdraw_call(log_id, seq))

    def _call(self, contract: bytes, data: bytes) -> None:
        with self._naming_who_pays():
            try:
                self._quorum.ask(lambda node: node.call(data, to=contract, at="pending", sender=self._owner.address))
            except NodeRefusedError as error:
                raise cause_of(error) from error
        self._transact(contract, data, gas=OWNER_GAS)

    @contextmanager
    def _naming_who_pays(self) -> Iterator[None]:
        try:
            yield
        except FundsError as error:
            raise FundsError(
                f"the account 0x{self._owner.address.hex()} cannot pay for the transaction",
                hint="give it funds on this chain, and try again",
            ) from error

    def _transact(self, to: bytes, data: bytes, *, gas: int) -> tuple[int, int]:
        """Send a transaction and wait for it; return its nonce and its block."""
        offer = self._fees.fees_for(self._quorum.ask(market_of))
        if offer is None:
            raise AnchorError("the chain's fees are above the cap")
        nonce = self._quorum.ask(lambda node: node.transaction_count(self._owner.address, at="latest"))
        transaction = UnsignedTransaction(
            chain_id=self._quorum.ask(NodeView.chain_id),
            nonce=nonce,
            to=to,
            data=data,
            gas=gas,
            max_fee=offer.max_fee,
            priority_fee=offer.priority_fee,
        )
        raw = signed_by(self._owner, transaction)
        with self._naming_who_pays():
            send_to_all(self._quorum, raw)
        receipt = self._mined(keccak(raw))
        if not receipt.succeeded:
            raise AnchorError(f"the transaction 0x{keccak(raw).hex()} failed")
        return nonce, receipt.block_number

    def _mined(self, transaction_hash: bytes) -> MinedReceipt:
        for _ in range(_MAX_POLLS):
            receipt = self._quorum.mined(transaction_hash)
            if receipt is not None and self._is_everywhere(receipt):
                return receipt
            self._wait()
        raise AnchorError(f"the transaction 0x{transaction_hash.hex()} is not mined after a long wait")

    def _is_everywhere(self, receipt: MinedReceipt) -> bool:
        try:
            return self._quorum.agreed_block(receipt.block_number).header.hash == receipt.block_hash
        except ChainUnavailableError:
            return False
