"""Accounts and logs on the shared node: one contract for the whole run, a log and an account for each test."""

from __future__ import annotations

import functools
import secrets
import time
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests.simulator.anvil import shared_anvil
from vaxcert.ledger.anchor.chain import Head
from vaxcert.ledger.anchor.identity import NO_HASH
from vaxcert.ledger.anchor.settings import Finality
from vaxcert.ledger.evm.deploy import deploy
from vaxcert.ledger.evm.driver import EvmChain
from vaxcert.ledger.evm.registry_owner import RegistryOwner
from vaxcert.ledger.evm.rpc import HttpNode
from vaxcert.ledger.evm.transaction_signer import KeystoreSigner

if TYPE_CHECKING:
    from tests.simulator.anvil import Anvil
    from vaxcert.ledger.anchor.chain import AnchorEvent, Attempt
    from vaxcert.ledger.anchor.identity import ChainIdentity

AT_ONCE = Finality(1)
"""A block counts as final as soon as it is there."""


def a_moment() -> None:
    """Wait for the node, which mines at once, and yet a moment later."""
    time.sleep(0.01)


def head_of(size: int, *, word: str = "") -> Head:
    """Return an invented head of a log with *size* entries."""
    return Head(
        size=size,
        root=sha256(f"root {size} {word}".encode()).digest(),
        metadata_hash=sha256(f"note {size} {word}".encode()).digest(),
    )


def new_signer(anvil: Anvil) -> KeystoreSigner:
    """Return an account that has ten ether."""
    signer = KeystoreSigner(secrets.token_bytes(32))
    anvil.fund(f"0x{signer.address.hex()}")
    return signer


@functools.cache
def _owner() -> tuple[KeystoreSigner, ChainIdentity]:
    anvil = shared_anvil()
    owner = new_signer(anvil)
    return owner, deploy(
        [HttpNode(anvil.url)], owner=owner, writer=owner.address, log_id=secrets.token_bytes(32), wait=a_moment
    )


@dataclass(frozen=True, kw_only=True)
class LoggedOn:
    """A log of its own on a node: what is pinned, and the accounts."""

    anvil: Anvil
    identity: ChainIdentity
    owner: KeystoreSigner
    writer: KeystoreSigner

    def chain(self, *urls: str, **changes: Any) -> EvmChain:
        """Return the log's chain, asked at *urls* or else at the node itself."""
        nodes = [HttpNode(url) for url in urls or (self.anvil.url,)]
        wanted: dict[str, Any] = {"signer": self.writer, "finality": AT_ONCE} | changes
        return EvmChain(nodes, self.identity, **wanted)

    def set_writer(self, account: bytes, *, allowed: bool) -> None:
        registry = RegistryOwner([HttpNode(self.anvil.url)], owner=self.owner, wait=a_moment)
        registry.set_writer(self.identity.contract, self.identity.log_id, account, allowed=allowed)

    def withdraw(self, seq: int) -> None:
        registry = RegistryOwner([HttpNode(self.anvil.url)], owner=self.owner, wait=a_moment)
        registry.withdraw(self.identity.contract, self.identity.log_id, seq)

    def anchor(self, head: Head, *, chain: EvmChain | None = None) -> Attempt:
        """Anchor *head* on the real node, whatever stands there now; it is mined when this returns."""
        honest = self.chain()
        newest = honest.head()
        attempt = (chain or honest).sign(
            head, previous_root=newest.root if newest else NO_HASH, nonce=honest.next_nonce()
        )
        assert attempt is not None
        honest.send(attempt)
        self.anvil.wait_for(attempt.transaction_hash)
        return attempt

    def prove(self, head: Head, attempt: Attempt) -> tuple[AnchorEvent, bytes]:
        return self.chain().prove(head, attempt.transaction_hash)


def new_log(anvil: Anvil | None = None) -> LoggedOn:
    """Return a log of its own, with an account that may write for it, on the shared node or on *anvil*."""
    node = anvil or shared_anvil()
    writer = new_signer(node)
    log_id = secrets.token_bytes(32)
    if anvil is None:
        owner, pinned = _owner()
        log = LoggedOn(anvil=node, identity=replace(pinned, log_id=log_id), owner=owner, writer=writer)
        log.set_writer(writer.address, allowed=True)
        return log
    owner = new_signer(node)
    identity = deploy([HttpNode(node.url)], owner=owner, writer=writer.address, log_id=log_id, wait=a_moment)
    return LoggedOn(anvil=node, identity=identity, owner=owner, writer=writer)
