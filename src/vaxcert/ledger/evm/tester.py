"""An EVM chain inside this process, for trials and demonstrations: nothing to install and start, nothing that lasts.

It runs the real contract, and has real block headers and receipts, but no `eth_getProof`. So an anchor is final here
when the receipts root of its block has been recomputed from the block's receipts; that is the proof in the bundle.
"""

from __future__ import annotations

from vaxcert.ledger.anchor.settings import Finality
from vaxcert.ledger.evm.deploy import deploy
from vaxcert.ledger.evm.driver import EvmChain
from vaxcert.ledger.evm.in_process_node import InProcessNode
from vaxcert.ledger.evm.transaction_signer import KeystoreSigner

DRIVER = "tester"


def start_tester(*, log_id: bytes) -> EvmChain:
    """Return a log's side of a new chain in this process: with the contract, and an account that may write for it."""
    node = InProcessNode()
    signer = KeystoreSigner(node.account_key)
    identity = deploy([node], owner=signer, writer=signer.address, log_id=log_id, driver=DRIVER)
    # A block is final as soon as it is there: nobody else makes blocks.
    return EvmChain([node], identity, finality=Finality(1), signer=signer)
