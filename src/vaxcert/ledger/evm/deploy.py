"""A contract for a log: deployed anew, or joined where one stands; what is pinned of it from then on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vaxcert.errors import (
    NoContractError,
    NotWriterError,
    SettingsError,
    VaxcertError,
    WrongChainError,
    WrongContractError,
)
from vaxcert.ledger.anchor.identity import ADDRESS_BYTES, ChainIdentity
from vaxcert.ledger.evm.artifact import anchor_registry
from vaxcert.ledger.evm.contract_calls import head_call, head_of_returned, is_true, is_writer_call
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.node_view import NodeView
from vaxcert.ledger.evm.registry_owner import FEES, RegistryOwner, wait_a_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vaxcert.ledger.evm.fees import FeePolicy
    from vaxcert.ledger.evm.rpc import Node
    from vaxcert.ledger.evm.transaction_signer import TransactionSigner

DRIVER = "evm"


def deploy(
    nodes: Sequence[Node],
    *,
    owner: TransactionSigner,
    writer: bytes,
    log_id: bytes,
    fees: FeePolicy = FEES,
    driver: str = DRIVER,
    wait: Callable[[], None] = wait_a_moment,
) -> ChainIdentity:
    """Return what to pin of a contract that is deployed now, in which *writer* may anchor for the log.

    Args:
        nodes: Nodes of the chain; all have to agree on what became of it.
        owner: The account that pays, and owns the contract: it names writers and withdraws anchors.
        writer: The anchoring account: best another one, which may do nothing else.
        log_id: The log.
        fees: What may be paid.
        driver: The kind of chain.
        wait: Lets some time pass between two looks at the chain.

    Raises:
        AnchorError: A transaction failed, or is not mined after a long wait.
        FundsError: The owner cannot pay.
        WrongChainError: The nodes are of different chains.
        ChainUnavailableError: The nodes do not answer.
    """
    chain = _chain_of(nodes, log_id=log_id, driver=driver)
    registry_owner = RegistryOwner(nodes, owner=owner, fees=fees, wait=wait)
    contract, deploy_block = registry_owner.deploy()
    try:
        registry_owner.set_writer(contract, log_id, writer, allowed=True)
    except VaxcertError as error:
        error.hint = (
            f"the contract stands at 0x{contract.hex()} since block {deploy_block}: name the writer and join it"
        )
        raise
    return replace(chain, contract=contract, deploy_block=deploy_block)


def join(
    nodes: Sequence[Node],
    *,
    contract: bytes,
    writer: bytes,
    log_id: bytes,
    deploy_block: int | None = None,
    driver: str = DRIVER,
) -> ChainIdentity:
    """Return what to pin of a contract that stands at *contract*, in which *writer* may anchor for the log.

    Args:
        nodes: Nodes of the chain; all are asked.
        contract: Its address.
        writer: The anchoring account.
        log_id: The log.
        deploy_block: A block before the log's first anchor; not needed where it has none yet.
        driver: The kind of chain.

    Raises:
        NoContractError: There is nothing at the address.
        WrongContractError: There is another contract.
        NotWriterError: The account may not anchor for the log there.
        SettingsError: The log has anchors there, and it is not said since when.
    """
    if len(contract) != ADDRESS_BYTES:
        raise SettingsError(f"a contract's address has {ADDRESS_BYTES} bytes")
    chain = _chain_of(nodes, log_id=log_id, driver=driver)
    views = [NodeView(node) for node in nodes]
    for view in views:
        code = view.code(contract)
        if not code:
            raise NoContractError(f"{view.name} has no contract at 0x{contract.hex()}")
        if keccak(code) != anchor_registry().code_hash:
            raise WrongContractError(f"{view.name} has another contract at 0x{contract.hex()}")
        if not is_true(view.call(is_writer_call(log_id, writer), to=contract, at="latest")):
            raise NotWriterError(f"the contract does not let 0x{writer.hex()} write for this log")
    if deploy_block is None:
        deploy_block = min(view.height() for view in views)
        if any(head_of_returned(view.call(head_call(log_id), to=contract, at="latest")).seq for view in views):
            raise SettingsError("the log has anchors in this contract: name the block in which it was deployed")
    return replace(chain, contract=contract, deploy_block=deploy_block)


def _chain_of(nodes: Sequence[Node], *, log_id: bytes, driver: str) -> ChainIdentity:
    """Return what is pinned of the chain, before there is a contract."""
    seen = {
        ChainIdentity(
            driver=driver,
            chain_id=view.chain_id(),
            genesis_hash=view.genesis_hash(),
            contract=bytes(ADDRESS_BYTES),
            code_hash=anchor_registry().code_hash,
            deploy_block=0,
            log_id=log_id,
        )
        for view in map(NodeView, nodes)
    }
    if len(seen) > 1:
        raise WrongChainError("the nodes are of different chains")
    return seen.pop()
