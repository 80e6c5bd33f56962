"""The chain that a ledger's `anchor.json` names, opened: its nodes, and the account that anchors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from vaxcert.errors import KeyFileError, SettingsError, SignerUnavailableError
from vaxcert.ledger.anchor.identity import ADDRESS_BYTES
from vaxcert.service.files import read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from vaxcert.ledger.anchor.chain import AnchorEvent, Chain
    from vaxcert.ledger.anchor.settings import AnchorConfig, NodeAddress
    from vaxcert.ledger.evm.rpc import Node
    from vaxcert.ledger.evm.transaction_signer import KeystoreSigner, TransactionSigner, UnsignedTransaction
    from vaxcert.service.ledger_folder import LedgerFolder, Secret

MAX_KEYSTORE_BYTES = 64 * 1024
"""One has under a kilobyte."""


def open_chain(
    ledger: LedgerFolder,
    config: AnchorConfig,
    *,
    clock: Callable[[], datetime],
    signer: TransactionSigner | None = None,
    newest_final: AnchorEvent | None = None,
) -> Chain:
    """Return the chain that *config* names; nothing is asked of it yet.

    Args:
        ledger: The folder of the ledger.
        config: What its `anchor.json` says.
        clock: The time where the chain has none of its own.
        signer: The account that anchors; without it the chain is only read.
        newest_final: The newest anchor that is known to be final: it has to be there.

    Raises:
        MissingDependencyError: The extra ``anchor`` is not installed.
        SettingsError: A node's address cannot be had, or the chain is one that lives in the process that made it.
    """
    if config.identity.driver == "file":
        from vaxcert.ledger.anchor.file import FileChain  # noqa: PLC0415 - needs POSIX, which a chain does not

        return FileChain(ledger.anchor_file, config.identity, clock=clock, newest_final=newest_final)
    if config.identity.driver != "evm":
        raise SettingsError("the log is anchored to a chain for trials, which ended with the process that made it")
    from vaxcert.ledger.evm.driver import EvmChain  # noqa: PLC0415 - slow to load, and an extra
    from vaxcert.ledger.evm.fees import FeePolicy  # noqa: PLC0415 - as above

    return EvmChain(
        open_nodes(config.nodes, ledger.path),
        config.identity,
        agreeing=config.agreeing,
        finality=config.finality,
        fees=FeePolicy(cap=config.fee_cap),
        signer=signer,
        newest_final=newest_final,
    )


def open_nodes(addresses: Iterable[NodeAddress], folder: Path) -> list[Node]:
    """Return the nodes at *addresses*; nothing is sent yet. Files with an address are looked for from *folder* on.

    Raises:
        SettingsError: One is no address of a node.
    """
    from vaxcert.ledger.evm.rpc import HttpNode  # noqa: PLC0415 - only where there are nodes

    return [HttpNode(address.resolve(folder)) for address in addresses]


def open_account(ledger: LedgerFolder, config: AnchorConfig, passphrase: Secret) -> KeystoreSigner | None:
    """Return the account that anchors by *config*, or None where the chain needs none.

    Raises:
        KeyFileError: Its key cannot be had; a `PassphraseError` where it is the passphrase.
        SettingsError: `anchor.json` names no keystore.
        StorageError: The keystore cannot be read.
    """
    if config.identity.driver == "file":
        return None
    if config.keystore is None:
        raise SettingsError("anchor.json names no keystore of the anchoring account")
    return load_account(ledger.path / config.keystore, passphrase)


def load_account(keystore: Path, passphrase: Secret) -> KeystoreSigner:
    """Return the account whose key is in the file *keystore*.

    Raises:
        KeyFileError: It is no keystore; a `PassphraseError` where it is the passphrase.
        MissingDependencyError: The extra ``anchor`` is not installed.
        StorageError: It cannot be read.
    """
    from vaxcert.ledger.evm.transaction_signer import KeystoreSigner  # noqa: PLC0415 - slow to load, and an extra

    content = read_file(keystore, limit=MAX_KEYSTORE_BYTES)
    return KeystoreSigner.of_keystore(content, passphrase())


@dataclass(frozen=True, slots=True)
class WatchedAccount:
    """An account that can be looked at and not used: its key stays where it is."""

    address: bytes

    def sign(self, transaction: UnsignedTransaction) -> NoReturn:
        """Refuse: there is no key here."""
        del transaction
        raise SignerUnavailableError("the account is only looked at here")


def watch_account(keystore: Path) -> WatchedAccount:
    """Return the account that the file *keystore* says it is of; it is not opened.

    Raises:
        KeyFileError: It does not say.
        StorageError: It cannot be read.
    """
    try:
        members = json.loads(read_file(keystore, limit=MAX_KEYSTORE_BYTES))
        address = bytes.fromhex(str(members["address"]).removeprefix("0x"))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise KeyFileError(f"{keystore} is no keystore of an account") from error
    if len(address) != ADDRESS_BYTES:
        raise KeyFileError(f"{keystore} is no keystore of an account")
    return WatchedAccount(address)
