"""A ledger's life at its operator's: made, signed, looked at, checked, resumed after a halt, an entry erased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import PassphraseError
from vaxcert.ledger.anchor.config import write_config
from vaxcert.ledger.anchor.settings import AnchorConfig
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.sealed import opener_of
from vaxcert.service.anchor_state import anchoring_of
from vaxcert.service.cosigned import newest_cosigned
from vaxcert.service.files import whole_file, whole_folder
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.log_description import LogDescription
from vaxcert.service.proving import find_certificate

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from vaxcert.ledger.store.problem import Problem
    from vaxcert.ledger.store.reader import LoggedCheckpoint
    from vaxcert.service.anchor_state import Anchoring
    from vaxcert.service.ledger_folder import Secret
    from vaxcert.signing.issuer_secret import IssuerSecret


def create_ledger(folder: Path, *, origin: str, passphrase: Secret, at: datetime) -> LogDescription:
    """Make an empty ledger in the new *folder*, anchored to a file until it is anchored to a chain; return its log.

    Args:
        folder: A new or empty folder; it is filled whole or not at all.
        origin: The log's name, such as ``ledger.moh.example/vn``: the first line of its checkpoints, never changed.
        passphrase: Encrypts the log's key.
        at: The time of its making (aware).

    Raises:
        PassphraseError: The passphrase is missing or too short.
        StorageError: There is something in *folder*, or it cannot be written.
        ValueError: *origin* cannot be a log's name.
    """
    from vaxcert.ledger.anchor.anchor_file import create_anchor_file  # noqa: PLC0415 - needs POSIX, unlike the rest

    key = LogKey.create(origin)
    with whole_folder(folder) as work:
        made = LedgerFolder(work)
        pem = key.to_pem(passphrase())
        TransparencyLog.create(work, origin=origin, vkey=key.vkey, at=at).close()
        with whole_file(made.key) as stream:
            stream.write(pem)
        identity = create_anchor_file(made.anchor_file, log_id=key.log_id, at=at)
        write_config(made.anchor_config, AnchorConfig(identity=identity))
        description = LogDescription(verifier=key.verifier, chain=identity)
        made.describe(description)
    return description


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A checkpoint, and whether it is new."""

    note: str
    size: int
    is_new: bool


def sign_checkpoint(folder: Path, *, passphrase: Secret, at: datetime) -> Signed:
    """Sign the log of the ledger in *folder* as it is, and queue its head for the chain; a size is signed once.

    Args:
        folder: The ledger.
        passphrase: Opens the log's key.
        at: The time (aware).

    Raises:
        KeyFileError: The log's key cannot be had; a `PassphraseError` where it is the passphrase.
        LedgerStateError: There is no ledger, it may not be written to, or it contradicts what was signed before.
        StorageError: It cannot be written.
    """
    ledger = LedgerFolder(folder)
    with ledger.open() as log:
        before = log.checkpoint()
        note = log.sign_checkpoint(ledger.load_key(log.origin, passphrase), at=at)
        signed = log.checkpoint()
        assert signed is not None  # it was just made
        return Signed(note=note, size=signed.size, is_new=before is None or before.size != signed.size)


def check_passphrase(folder: Path, passphrase: Secret) -> None:
    """Check that *passphrase* opens the key of the log in *folder*: before a batch, not after it.

    Raises:
        KeyFileError: The log's key cannot be had; a `PassphraseError` where it is the passphrase.
        LedgerStateError: There is no ledger.
    """
    ledger = LedgerFolder(folder)
    with ledger.open(read_only=True) as log:
        origin = log.origin
    try:
        ledger.load_key(origin, passphrase)
    except PassphraseError as error:
        raise PassphraseError(f"the log's key: {error.message}", hint=f"it is that of {ledger.key}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStatus:
    """How a ledger stands."""

    description: LogDescription
    size: int
    checkpoint: LoggedCheckpoint | None
    """The newest."""
    erased: int
    halted: str | None
    """Why nothing may be written."""
    is_restored: bool
    """Whether it came out of a backup and was not compared with its chain since."""
    cosigned_size: int | None
    """The largest tree that a witness has cosigned."""
    anchoring: Anchoring | None
    """None where nothing says how the log is anchored."""

    @property
    def unsigned(self) -> int:
        """How many entries the newest checkpoint does not cover."""
        return self.size - (0 if self.checkpoint is None else self.checkpoint.size)


def ledger_status(folder: Path) -> LedgerStatus:
    """Return how the ledger in *folder* stands, by what it says itself: no node is asked.

    Raises:
        LedgerStateError: There is no ledger, or it is damaged.
        SettingsError: `anchor.json` is not right.
        StorageError: It cannot be read.
    """
    ledger = LedgerFolder(folder)
    with ledger.open(read_only=True) as log, log.database.reading():
        return LedgerStatus(
            description=LogDescription.of_vkey(log.vkey),
            size=log.size,
            checkpoint=log.checkpoint(),
            erased=sum(1 for _ in log.erasures()),
            halted=log.halted,
            is_restored=log.is_restored,
            cosigned_size=newest_cosigned(ledger),
            anchoring=anchoring_of(ledger, log),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCheck:
    """What recomputing a log came to."""

    problem: Problem | None
    """The first thing that is wrong."""
    sealed: int
    """How many certificates are sealed and could not be looked into."""


def check_ledger(folder: Path, secret: IssuerSecret | None = None) -> LedgerCheck:
    """Recompute the log of the ledger in *folder*; *secret* opens the certificates that are sealed.

    Raises:
        LedgerStateError: There is no ledger.
        StorageError: It cannot be read.
    """
    with LedgerFolder(folder).open(read_only=True) as log, log.database.reading():
        problem = log.check(opener=None if secret is None else opener_of(secret))
        return LedgerCheck(problem=problem, sealed=log.count_sealed() if secret is None else 0)


def resume_ledger(folder: Path) -> None:
    """Let the ledger in *folder* be written to again, on the word of an operator who has settled why it was not."""
    with LedgerFolder(folder).open() as log:
        if log.is_restored:
            log.confirm_restored()
        if log.halted is not None:
            log.resume()


def erase_entry(folder: Path, certificate_id: str, *, at: datetime) -> int:
    """Erase what ties the certificate *certificate_id* to its leaf in the ledger in *folder*; return the leaf's index.

    Raises:
        LedgerStateError: There is no ledger, or no such certificate in it.
        StorageError: It cannot be written, or a reader keeps the erased bytes for now.
    """
    with LedgerFolder(folder).open() as log:
        leaf = find_certificate(log, certificate_id).leaf_index
        log.erase(leaf, at=at)
        return leaf
