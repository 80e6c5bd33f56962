"""The file of the file chain: read, checked line by line, and written to by one process at a time."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from vaxcert.errors import (
    AnchorError,
    AnchorFileMissingError,
    ChainProofError,
    ChainResetError,
    ChainUnavailableError,
    LedgerFormatError,
    MissingDependencyError,
    StorageError,
    WrongChainError,
)
from vaxcert.ledger.anchor.file_record import MAX_LINE_BYTES, NONCE_BYTES, FileHeader, event_of_line
from vaxcert.ledger.anchor.identity import ADDRESS_BYTES, HASH_BYTES, ChainIdentity

try:
    import fcntl
except ImportError as _error:
    raise MissingDependencyError(
        "the file chain needs the file locks of POSIX, which this system lacks", hint="anchor to an EVM chain"
    ) from _error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from vaxcert.ledger.anchor.chain import AnchorEvent
    from vaxcert.ledger.anchor.file_record import FileTransaction

DRIVER = "file"


def create_anchor_file(path: Path, *, log_id: bytes, at: datetime) -> ChainIdentity:
    """Return the identity of a new anchor file at *path*, which is its owner's alone.

    Raises:
        StorageError: There is a file already, or none can be made.
    """
    header = FileHeader(log_id=log_id, created_at=int(at.timestamp()), nonce=secrets.token_bytes(NONCE_BYTES))
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _write(file.fileno(), header.line(), start=0)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StorageError(f"the anchor file {path.name} cannot be made: {error.strerror}") from error
    return identity_of_header(header)


def identity_of_header(header: FileHeader) -> ChainIdentity:
    """Return what is pinned of an anchor file: its first line. It has no contract and no chain id."""
    return ChainIdentity(
        driver=DRIVER,
        chain_id=0,
        genesis_hash=header.hash,
        contract=bytes(ADDRESS_BYTES),
        code_hash=bytes(HASH_BYTES),
        deploy_block=0,
        log_id=header.log_id,
    )


class AnchorFile:
    """An anchor file. What was read and checked once is not read again until `forget`."""

    def __init__(self, path: Path, identity: ChainIdentity) -> None:
        self._path = path
        self._identity = identity
        self._events: list[AnchorEvent] = []
        self._read_to = 0

    def forget(self) -> None:
        """Read and check every line again the next time."""
        self._events, self._read_to = [], 0

    def events(self) -> list[AnchorEvent]:
        """Return all anchors; not a copy.

        Raises:
            ChainUnavailableError: The file cannot be read.
            AnchorFileMissingError: It is not there.
            WrongChainError: It is another file than the pinned one, or has become shorter.
            ChainProofError: A line was changed.
        """
        try:
            with self._locked("rb", fcntl.LOCK_SH) as file:
                self._read(file)
        except FileNotFoundError as error:
            raise AnchorFileMissingError(
                f"there is no {self._path.name}, the file that the log is anchored to",
                hint="put its copy back, which no backup of the log holds; where there is none, anchor the log to a "
                "chain with `vaxcert anchor deploy`",
            ) from error
        except OSError as error:
            message = f"the anchor file {self._path.name} cannot be read: {error.strerror}"
            raise ChainUnavailableError(message) from error
        return self._events

    def append(self, transaction: FileTransaction, *, check: Callable[[AnchorEvent | None], None]) -> None:
        """Write *transaction* as the next line, unless there is a line with its number; on the disk when this returns.

        Args:
            transaction: What to write.
            check: What has to hold for the last anchor; it raises where it does not.

        Raises:
            StorageError: The file cannot be written; it is as it was before.
            AnchorError: It is not the next line.
        """
        try:
            with self._locked("r+b", fcntl.LOCK_EX) as file:
                self._read(file)
                count = len(self._events)
                if transaction.seq <= count:
                    return
                if transaction.seq != count + 1:
                    raise AnchorError(f"the anchor file has {count} anchors, and this would be {transaction.seq}")
                last = self._events[-1] if self._events else None
                check(last)
                event = transaction.event(log_id=self._identity.log_id, before=last)
                self._append(file, transaction.line(event.chain_hash))
        except OSError as error:
            message = f"the anchor file {self._path.name} cannot be written: {error.strerror}"
            raise StorageError(message) from error

    @contextmanager
    def _locked(self, mode: str, lock: int) -> Iterator[IO[bytes]]:
        with self._path.open(mode) as file:
            fcntl.flock(file, lock)  # until it is closed, or this process ends in whatever way
            yield file

    def _read(self, file: IO[bytes]) -> None:
        """Read on from where the last reading ended; a last line without its end was never written whole."""
        if os.fstat(file.fileno()).st_size < self._read_to:
            raise ChainResetError("the anchor file has become shorter")
        file.seek(self._read_to)
        if not self._read_to:
            self._read_to = self._check_header(file.readline(MAX_LINE_BYTES + 1))
        while (line := file.readline(MAX_LINE_BYTES + 1)).endswith(b"\n"):
            event = event_of_line(
                line[:-1],
                number=len(self._events) + 2,
                log_id=self._identity.log_id,
                before=self._events[-1] if self._events else None,
            )
            self._events.append(event)
            self._read_to += len(line)
        if len(line) > MAX_LINE_BYTES:
            raise ChainProofError(f"line {len(self._events) + 2} of the anchor file is too long")

    def _check_header(self, line: bytes) -> int:
        try:
            seen = identity_of_header(FileHeader.of_line(line))
        except LedgerFormatError as error:
            raise WrongChainError(f"{self._path.name} is no anchor file") from error
        self._identity.verify_same(seen)
        return len(line)

    def _append(self, file: IO[bytes], line: bytes) -> None:
        try:
            os.truncate(file.fileno(), self._read_to)  # what a crash left of a line
            _write(file.fileno(), line, start=self._read_to)
        except OSError:
            os.truncate(file.fileno(), self._read_to)
            raise
        self._read(file)


def _write(descriptor: int, content: bytes, *, start: int) -> None:
    """Write without a buffer, which would try again when it is closed, and wait until it is on the disk."""
    while content:
        written = os.pwrite(descriptor, content, start)
        content, start = content[written:], start + written
    os.fsync(descriptor)
