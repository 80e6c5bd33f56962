"""A ledger's folder: where its parts stand, and how they are opened and described."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerStateError
from vaxcert.ledger.anchor.config import CONFIG_NAME, read_config
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.create import DATABASE_NAME
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.service.files import read_file, whole_file
from vaxcert.service.log_description import read_description
from vaxcert.signing.private_key import MAX_KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    from vaxcert.ledger.anchor.settings import AnchorConfig
    from vaxcert.service.log_description import LogDescription

    Secret: TypeAlias = Callable[[], bytes]
    """Asked for only when it is needed, so that nobody types a passphrase for what cannot be done anyway."""

PUBLIC_MODE: Final = 0o644
"""The log's public key and description are for everybody who verifies."""


@dataclass(frozen=True, slots=True)
class LedgerFolder:
    """Where the parts of a ledger stand."""

    path: Path

    @property
    def log(self) -> Path:
        """The database: certificates, log and outbox in one."""
        return self.path / DATABASE_NAME

    @property
    def key(self) -> Path:
        """The log's private key, encrypted."""
        return self.path / "log-key.pem"

    @property
    def vkey(self) -> Path:
        """Its public half, one line of text (C2SP signed-note)."""
        return self.path / "log.vkey"

    @property
    def description(self) -> Path:
        """What those who verify and audit are given: the log's name, its public key and the chain it is anchored to."""
        return self.path / "log.json"

    @property
    def anchor_config(self) -> Path:
        """Which chain the log is anchored to and how: names secrets at most, holds none."""
        return self.path / CONFIG_NAME

    @property
    def anchor_file(self) -> Path:
        """The anchors where there is no chain: the file of the driver `file`."""
        return self.path / "anchors.jsonl"

    def open(self, *, read_only: bool = False) -> TransparencyLog:
        """Return the log, which has to be closed.

        Raises:
            LedgerFormatError: There is none.
            StorageError: It cannot be read.
        """
        return TransparencyLog.open(self.path, read_only=read_only)

    def config(self) -> AnchorConfig | None:
        """Return how the log is anchored, or None where nothing says so, as after a restoring.

        Raises:
            SettingsError: `anchor.json` is not right.
        """
        return read_config(self.anchor_config) if self.anchor_config.exists() else None

    def load_key(self, origin: str, passphrase: Secret) -> LogKey:
        """Return the log's key.

        Raises:
            PassphraseError: The passphrase is missing or wrong.
            KeyFileError: The file holds no such key.
            StorageError: It cannot be read.
        """
        pem = read_file(self.key, limit=MAX_KEY_BYTES)
        return LogKey.from_pem(pem, origin, passphrase())

    def check_described(self, vkey: str) -> None:
        """Check that what describes a log here, as far as it is here, describes the one with the public key *vkey*.

        Raises:
            KeyFileError: `log.json` or `log.vkey` has no public key.
            LedgerStateError: It describes another log.
            StorageError: It cannot be read.
        """
        for path in (self.description, self.vkey):
            if os.path.lexists(path) and read_description(path).vkey != vkey:
                raise LedgerStateError(
                    f"{self.path} has the files of another log: see {path.name}", hint="choose another folder"
                )

    def describe_missing(self, description: LogDescription) -> None:
        """Write which of `log.json` and `log.vkey` is not there.

        Raises:
            StorageError: It cannot be written.
        """
        for path, content in self._described(description):
            if not os.path.lexists(path):
                _write(path, content)

    def describe(self, description: LogDescription, *, replace: bool = False) -> None:
        """Write `log.json` and `log.vkey`.

        Raises:
            StorageError: They cannot be written.
        """
        for path, content in self._described(description):
            _write(path, content, replace=replace)

    def _described(self, description: LogDescription) -> tuple[tuple[Path, bytes], ...]:
        return (self.vkey, f"{description.vkey}\n".encode()), (self.description, description.to_json())


def _write(path: Path, content: bytes, *, replace: bool = False) -> None:
    with whole_file(path, replace=replace, mode=PUBLIC_MODE) as stream:
        stream.write(content)
