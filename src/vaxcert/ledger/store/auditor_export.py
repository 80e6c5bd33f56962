"""A log as an auditor has it: read from an export, with neither SQLite nor a node, and nothing in it believed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, Self, cast

from vaxcert.errors import KeyFileError, LedgerDamagedError, LedgerFormatError, TileError
from vaxcert.ledger.log.checkpoint import open_checkpoint
from vaxcert.ledger.log.entry import DIGEST_BYTES, ENTRY_BYTES, SALT_BYTES, EntryKind
from vaxcert.ledger.log.log_key import log_id
from vaxcert.ledger.log.note import MAX_NOTE_BYTES
from vaxcert.ledger.log.note_key import NoteVerifier
from vaxcert.ledger.log.tile import ENTRIES, TILE_HEIGHT, TILE_WIDTH, parse_entry_bundle, tile_path
from vaxcert.ledger.log.tree import HASH_BYTES
from vaxcert.ledger.store import tiles
from vaxcert.ledger.store.check import first_problem
from vaxcert.ledger.store.create import CHECKPOINT_NAME
from vaxcert.ledger.store.export_about import bundle_starts, read_about
from vaxcert.ledger.store.export_lines import (
    CERTIFICATES,
    CHECKPOINTS,
    ERASURES,
    LEAVES,
    MAX_LINE_BYTES,
    PROOFS,
    STATEMENTS,
)
from vaxcert.ledger.store.files import read_bounded, storage_errors
from vaxcert.ledger.store.reader import (
    ERASED_BIT,
    ROW_BIT,
    Bundle,
    Erasure,
    LoggedCertificate,
    LoggedCheckpoint,
    LoggedEntry,
    LoggedStatement,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vaxcert.ledger.log.tile import TileLevel
    from vaxcert.ledger.store.problem import Problem
    from vaxcert.ledger.store.sealed import Opener

_MAX_TILE_BYTES: Final = TILE_WIDTH * (ENTRY_BYTES + 2)
"""A full bundle of entries, each behind its length; a full tile is smaller."""


class AuditorExport:
    """An export of a log, with the same reading methods as `TransparencyLog`: see `LogReader`."""

    def __init__(self, folder: Path, *, origin: str, vkey: str, size: int) -> None:
        """Take over a folder; `open` is the way in."""
        self.path = folder
        self.origin = origin
        self.vkey = vkey
        self.log_id = log_id(origin, vkey)
        self.size = size
        self._bundles = bundle_starts(folder, size)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Return the export in *folder*.

        Raises:
            LedgerFormatError: There is none, or of another version.
            LedgerDamagedError: Its checkpoint or its leaves are not of the size it says.
            NoteError: Its checkpoint was not signed by the log it says.
            StorageError: It cannot be read.
        """
        origin, vkey, size = read_about(folder)
        try:
            verifier = NoteVerifier.of_vkey(vkey)
        except KeyFileError as error:
            raise LedgerFormatError("the export's verifier key is malformed") from error
        note = read_bounded(folder / CHECKPOINT_NAME, MAX_NOTE_BYTES)
        checkpoint = open_checkpoint(note or b"", verifier=verifier)
        if (checkpoint.origin, checkpoint.size) != (origin, size):
            raise LedgerDamagedError("the export's checkpoint is of another log or size than the export")
        return cls(folder, origin=origin, vkey=vkey, size=size)

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first *size* entries, by default of all, as the tiles have it."""
        return tiles.root_at(self, self.size if size is None else size)

    def tile(self, level: int, n: int) -> bytes:
        """Return the hashes of tile *n* of *level*.

        Raises:
            LedgerDamagedError: It is missing or has the wrong length.
        """
        width = self._width(self.size >> TILE_HEIGHT * level, n)
        content = self._file(level, n, width)
        if len(content) != width * HASH_BYTES:
            raise LedgerDamagedError(f"tile {n} of level {level} has not {width} hashes")
        return content

    def bundle(self, n: int) -> Bundle:
        """Return the entries 256 * *n* and the following ones, packed.

        Raises:
            LedgerDamagedError: They are missing or malformed.
        """
        width = self._width(self.size, n)
        try:
            entries = parse_entry_bundle(self._file(ENTRIES, n, width))
        except TileError as error:
            raise LedgerDamagedError(f"bundle {n} of entries is malformed") from error
        if len(entries) != width or any(len(entry) != ENTRY_BYTES for entry in entries):
            raise LedgerDamagedError(f"bundle {n} of entries has not {width} entries of {ENTRY_BYTES} bytes")
        kinds, salts, digests = zip(*self._leaves(n, width), strict=True)
        return Bundle(bytes(kinds), b"".join(entries), b"".join(salts), b"".join(digests))

    def next_stored(self, index: int) -> int | None:
        """Return *index*, or None past the end: there are as many leaves as the export says, since it is open."""
        return index if index < self.size else None

    def entry(self, index: int) -> LoggedEntry:
        """Return the entry at *index*.

        Raises:
            ValueError: There is none.
        """
        (entry,) = self.entries(index, index + 1)
        return entry

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[LoggedEntry]:
        """Yield the entries from *start* on, up to and without *stop*."""
        return tiles.entries(self, start, stop)

    def certificates(self) -> Iterator[LoggedCertificate]:
        """Yield the certificates in the order of their leaves."""
        for values in CERTIFICATES.read(self.path):
            yield LoggedCertificate(*cast("tuple[int, str, bytes, bytes, bytes, int, int]", tuple(values)))

    def certificate(self, key: str | bytes) -> LoggedCertificate | None:
        """Return the certificate with an id (text) or a digest (bytes), or None.

        Those that statements are about are found at once; for others all are read.
        """
        if key in self._subjects:
            return self._subjects[str(key)]
        return next((row for row in self.certificates() if key in (row.id, row.digest)), None)

    def statements(self) -> Iterator[LoggedStatement]:
        """Yield the statements in the order of their leaves."""
        for values in STATEMENTS.read(self.path):
            yield LoggedStatement(*cast("tuple[int, EntryKind, bytes, str | None, int, str | None]", tuple(values)))

    def erasures(self) -> Iterator[Erasure]:
        """Yield the erased entries in the order of their leaves."""
        for values in ERASURES.read(self.path):
            yield Erasure(*cast("tuple[int, int]", tuple(values)))

    def checkpoints(self) -> Iterator[LoggedCheckpoint]:
        """Yield the checkpoints, smallest size first."""
        for values in CHECKPOINTS.read(self.path):
            yield LoggedCheckpoint(*cast("tuple[int, bytes, str, bytes, int]", tuple(values)))

    def checkpoint(self, size: int | None = None) -> LoggedCheckpoint | None:
        """Return the checkpoint of *size*, by default the newest; None where there is none: it reads all of them."""
        found = None
        for checkpoint in self.checkpoints():
            if size is None or checkpoint.size == size:
                found = checkpoint
        return found

    def proof_bundles(self) -> Iterator[bytes]:
        """Yield the bundles that prove the log's anchors without its chain, oldest first."""
        for _, _, _, bundle in PROOFS.read(self.path):
            yield cast("bytes", bundle)

    def inclusion_path(self, index: int, tree_size: int) -> list[bytes]:
        """Return the proof that the entry at *index* stands under the root of *tree_size* (RFC 9162 §2.1.3.1)."""
        return tiles.inclusion_path(self, index, tree_size)

    def consistency_path(self, smaller: int, larger: int) -> list[bytes]:
        """Return the proof that the tree of *larger* begins with that of *smaller* (RFC 9162 §2.1.4.1)."""
        return tiles.consistency_path(self, smaller, larger)

    def check(self, *, opener: Opener | None = None) -> Problem | None:
        """Return the first thing wrong with the log as it is in the export, or None; *opener* opens what is sealed."""
        return first_problem(self, opener=opener)

    @cached_property
    def _subjects(self) -> dict[str, LoggedCertificate | None]:
        """The certificates that statements are about, by id; of those that were erased None."""
        found: dict[str, LoggedCertificate | None] = {}
        for statement in self.statements():
            if statement.kind is not EntryKind.AUDIT_HEAD:
                found |= dict.fromkeys(filter(None, (statement.subject, self._successor(statement))))
        found |= {row.id: row for row in self.certificates() if row.id in found}
        return found

    @staticmethod
    def _successor(statement: LoggedStatement) -> str | None:
        return statement.detail if statement.kind is EntryKind.SUPERSESSION else None

    @staticmethod
    def _width(count: int, n: int) -> int:
        """Return how much of tile or bundle *n* there is of *count* hashes or entries."""
        width = min(TILE_WIDTH, count - n * TILE_WIDTH)
        if n < 0 or width <= 0:
            raise LedgerDamagedError(f"there is no tile or bundle {n} in a log of this size")
        return width

    def _file(self, level: TileLevel, n: int, width: int) -> bytes:
        name = tile_path(level, n, width)
        content = read_bounded(self.path / name, _MAX_TILE_BYTES)
        if content is None:
            raise LedgerDamagedError(f"{name} is missing")
        return content

    def _leaves(self, n: int, width: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield kind byte, salt and digest of each leaf of bundle *n*."""
        path = self.path / LEAVES.name
        with storage_errors(path, "read"), path.open("rb") as stream:
            stream.seek(self._bundles[n])
            for _ in range(width):
                values = LEAVES.values(LEAVES.whole(stream.readline(MAX_LINE_BYTES)))
                kind, has_row, salt, digest = cast("tuple[EntryKind, bool, bytes | None, bytes | None]", tuple(values))
                if (salt is None) != (digest is None) or len(salt or bytes(SALT_BYTES)) != SALT_BYTES:
                    raise LedgerDamagedError(f"a salt or digest in {LEAVES.name} is missing or of another length")
                if len(digest or bytes(DIGEST_BYTES)) != DIGEST_BYTES:
                    raise LedgerDamagedError(f"a digest in {LEAVES.name} is of another length")
                byte = kind.number | (ROW_BIT if has_row else 0) | (ERASED_BIT if salt is None else 0)
                yield byte, salt or bytes(SALT_BYTES), digest or bytes(DIGEST_BYTES)
