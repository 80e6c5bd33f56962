"""Choosing a chain for a ledger: an account for it, a contract on it, and what is pinned of both from then on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerStateError, NotWriterError, SettingsError, StorageError
from vaxcert.ledger.anchor.config import write_config
from vaxcert.ledger.anchor.file_bundle import is_file_bundle
from vaxcert.ledger.anchor.identity import ADDRESS_BYTES, HASH_BYTES, ChainIdentity
from vaxcert.ledger.anchor.policy import AnchorPolicy
from vaxcert.ledger.anchor.settings import DEFAULT_FEE_CAP, AnchorConfig, Finality, NodeAddress
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.ledger.store.outbox_reset import reset_outbox
from vaxcert.service.anchor_state import READER
from vaxcert.service.anchoring import config_of
from vaxcert.service.chains import load_account, open_nodes, watch_account
from vaxcert.service.files import whole_file
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.log_description import LogDescription

if TYPE_CHECKING:
    from datetime import datetime

    from vaxcert.ledger.evm.registry_owner import RegistryOwner
    from vaxcert.ledger.evm.transaction_signer import KeystoreSigner
    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.service.ledger_folder import Secret

_UNKNOWN: Final = ChainIdentity(
    driver="evm",
    chain_id=0,
    genesis_hash=bytes(HASH_BYTES),
    contract=bytes(ADDRESS_BYTES),
    code_hash=bytes(HASH_BYTES),
    deploy_block=0,
    log_id=bytes(HASH_BYTES),
)
"""Before anything is paid for, what was chosen is checked as far as it can be."""


def create_account(path: Path, passphrase: Secret) -> bytes:
    """Make a new account for anchoring, its key encrypted in the new file *path*, and return its address.

    Raises:
        MissingDependencyError: The extra ``anchor`` is not installed.
        PassphraseError: The passphrase is missing or too short.
        StorageError: There is something at *path*, or it cannot be written.
    """
    from vaxcert.ledger.evm.transaction_signer import create_keystore  # noqa: PLC0415 - slow to load, and an extra

    with whole_file(path) as stream:
        stream.write(create_keystore(passphrase()))
    return watch_account(path).address


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPlan:
    """How a ledger is to be anchored."""

    nodes: tuple[NodeAddress, ...]
    keystore: Path
    """The anchoring account's key."""
    owner_keystore: Path | None = None
    """The key of the account that owns the contract; the anchoring account itself where it deploys one."""
    contract: bytes | None = None
    """A contract that stands already; None deploys one."""
    deploy_block: int | None = None
    """A block before the log's first anchor in that contract."""
    agreeing: int | None = None
    """How many nodes have to agree; by default more than half of them."""
    finality: Finality
    fee_cap: int = DEFAULT_FEE_CAP


def deploy_anchor(
    folder: Path, plan: ChainPlan, *, passphrase: Secret, owner_passphrase: Secret, at: datetime
) -> ChainIdentity:
    """Anchor the ledger in *folder* to a chain from now on, and return what is pinned of it.

    Args:
        folder: The ledger; as long as it has not been anchored to another chain.
        plan: The chain, the accounts and the contract.
        passphrase: Opens the anchoring account's keystore.
        owner_passphrase: Opens the owner's.
        at: The time (aware).

    Raises:
        AnchorError: The contract could not be deployed or joined; the class says why.
        KeyFileError: A key cannot be had; a `PassphraseError` where it is the passphrase.
        LedgerStateError: There is no ledger, or it is anchored to a chain already.
        LedgerUnavailableError: The nodes do not answer, or do not agree.
        MissingDependencyError: The extra ``anchor`` is not installed.
        SettingsError: The plan cannot work.
        StorageError: A file cannot be read or written.
    """
    ledger = LedgerFolder(folder)
    with ledger.open() as log:
        is_on_a_chain = _is_on_a_chain(ledger, log, plan)
        config = AnchorConfig(
            identity=replace(_UNKNOWN, log_id=log.log_id),
            nodes=tuple(_kept(folder, node) for node in plan.nodes),
            agreeing=plan.agreeing or len(plan.nodes) // 2 + 1,
            finality=plan.finality,
            fee_cap=plan.fee_cap,
            keystore=_relative(folder, plan.keystore),
        )
        writer = load_account(plan.keystore, passphrase)
        owner = None if plan.owner_keystore is None else load_account(plan.owner_keystore, owner_passphrase)
        identity = _established(plan, log.log_id, writer=writer, owner=owner)
        description = replace(LogDescription.of_vkey(log.vkey), chain=identity)
        try:
            if not is_on_a_chain:
                reset_outbox(log.database, at=at, lease=AnchorPolicy().lease)
            write_config(ledger.anchor_config, replace(config, identity=identity))
            ledger.describe(description, replace=True)
        except (StorageError, LedgerStateError) as error:
            where = f"0x{identity.contract.hex()} --deploy-block {identity.deploy_block}"
            raise type(error)(error.message, hint=f"the contract stands; use it with --contract {where}") from error
    return identity


def set_writer(folder: Path, account: bytes, *, allowed: bool, owner_keystore: Path, owner_passphrase: Secret) -> None:
    """Let *account* anchor for the log of the ledger in *folder*, or no longer: how the anchoring key is replaced.

    Raises:
        AnchorError: It could not be done; a `NotOwnerError` where the account does not own the contract.
        KeyFileError: The owner's key cannot be had; a `PassphraseError` where it is the passphrase.
        LedgerUnavailableError: The nodes do not answer.
        SettingsError: The ledger is not anchored to a contract.
    """
    config, owner = _owner(folder, owner_keystore, owner_passphrase)
    owner.set_writer(config.identity.contract, config.identity.log_id, account, allowed=allowed)


def withdraw_anchor(folder: Path, seq: int, *, owner_keystore: Path, owner_passphrase: Secret) -> None:
    """Mark an anchor of the ledger in *folder* as withdrawn on its chain, once and for good; raises as `set_writer`."""
    config, owner = _owner(folder, owner_keystore, owner_passphrase)
    owner.withdraw(config.identity.contract, config.identity.log_id, seq)


def _is_on_a_chain(ledger: LedgerFolder, log: TransparencyLog, plan: ChainPlan) -> bool:
    """Return whether *log* has anchors on a chain already, of which only `anchor.json` was lost.

    Raises:
        LedgerStateError: It is to stay there.
    """
    config = ledger.config()
    if config is not None and config.identity.driver != "file":
        raise LedgerStateError(
            f"the log is anchored already, to chain {config.identity.chain_id}",
            hint="its anchors stand there; a log that is to be on another chain is a new log",
        )
    finals = Outbox(log.database, holder=READER).finals()
    found = any(not is_file_bundle(bundle) for _, bundle in finals)
    if found and plan.contract is None:
        raise LedgerStateError("the log has anchors on a chain", hint="name their contract with --contract")
    return found


def _established(
    plan: ChainPlan, log_id: bytes, *, writer: KeystoreSigner, owner: KeystoreSigner | None
) -> ChainIdentity:
    """Return the contract of *plan*, deployed or joined, in which *writer* may anchor."""
    from vaxcert.ledger.evm.deploy import deploy, join  # noqa: PLC0415 - slow to load, and an extra
    from vaxcert.ledger.evm.fees import FeePolicy  # noqa: PLC0415 - as above
    from vaxcert.ledger.evm.registry_owner import RegistryOwner  # noqa: PLC0415 - as above

    nodes = open_nodes(plan.nodes, Path())
    fees = FeePolicy(cap=plan.fee_cap)
    if plan.contract is None:
        return deploy(nodes, owner=owner or writer, writer=writer.address, log_id=log_id, fees=fees)
    joined = partial(
        join, nodes, contract=plan.contract, writer=writer.address, log_id=log_id, deploy_block=plan.deploy_block
    )
    try:
        return joined()
    except NotWriterError:
        if owner is None:
            raise
    RegistryOwner(nodes, owner=owner, fees=fees).set_writer(plan.contract, log_id, writer.address, allowed=True)
    return joined()


def _owner(folder: Path, keystore: Path, passphrase: Secret) -> tuple[AnchorConfig, RegistryOwner]:
    ledger = LedgerFolder(folder)
    with ledger.open(read_only=True) as log:
        config = config_of(ledger, log)
    if config.identity.driver != "evm":
        raise SettingsError("the log is not anchored to a contract", hint="see `vaxcert anchor deploy`")
    from vaxcert.ledger.evm.fees import FeePolicy  # noqa: PLC0415 - slow to load, and an extra
    from vaxcert.ledger.evm.registry_owner import RegistryOwner  # noqa: PLC0415 - as above

    nodes = open_nodes(config.nodes, folder)
    return config, RegistryOwner(nodes, owner=load_account(keystore, passphrase), fees=FeePolicy(cap=config.fee_cap))


def _kept(folder: Path, node: NodeAddress) -> NodeAddress:
    return node if node.url else NodeAddress(file=_relative(folder, Path(node.file)))


def _relative(folder: Path, path: Path) -> str:
    """Return *path* as `anchor.json` in *folder* names it: so that a ledger can be moved with what is inside it."""
    whole = path.resolve()
    return str(whole.relative_to(folder.resolve()) if whole.is_relative_to(folder.resolve()) else whole)
