"""What can be read of a log, whether it lies in its database or in an auditor's export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.ledger.log.entry import EntryKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEntry:
    """One entry as the log keeps it."""

    index: int
    kind: EntryKind
    entry: bytes
    """The commitment, 32 bytes; it stays when the salt and the digest are erased."""
    salt: bytes | None
    """16 bytes, or None once erased."""
    digest: bytes | None
    """32 bytes, or None once erased."""
    leaf: bytes
    """The leaf hash in the tree."""
    has_row: bool
    """Whether what it states, a certificate or a statement, is kept by the log too, and not its digest alone."""

    @property
    def is_erased(self) -> bool:
        """Whether nobody can tie the entry to what it stood for any more."""
        return self.salt is None


class CertificateRow(NamedTuple):
    """A certificate to be logged; a tuple, being made in a quarter of a frozen dataclass's time."""

    id: str
    """The UVCI."""
    digest: bytes
    """SHA-256 of its Sig_structure: its text and COSE bytes can be re-encoded, what was signed cannot."""
    cose: bytes
    kid: bytes
    issued_at: int
    """In seconds since 1970, as in its claims."""
    expires_at: int

    def __repr__(self) -> str:
        return f"CertificateRow(digest={self.digest.hex()})"  # the COSE bytes say whose certificate it is


class LoggedCertificate(NamedTuple):
    """A certificate in the log."""

    leaf_index: int
    id: str
    digest: bytes
    cose: bytes
    kid: bytes
    issued_at: int
    expires_at: int

    def __repr__(self) -> str:
        return f"LoggedCertificate(leaf_index={self.leaf_index}, digest={self.digest.hex()})"


class LoggedStatement(NamedTuple):
    """A statement in the log: a revocation, a supersession, or another log's head."""

    leaf_index: int
    kind: EntryKind
    digest: bytes
    subject: str | None
    """The id of the certificate that is revoked or replaced; None once that certificate is erased."""
    at: int
    """In seconds since 1970."""
    detail: str | None
    """Of a revocation its reason, of a supersession the new certificate's id (None once that certificate is erased), of
    a head its size and root in hex."""


class LoggedCheckpoint(NamedTuple):
    """A tree head that was signed."""

    size: int
    root: bytes
    note: str
    """The signed note (C2SP tlog-checkpoint)."""
    receipt_signature: bytes
    """The log key's signature in every COSE receipt of this size (RFC 9942)."""
    at: int
    """When it was signed by the signer's clock, in seconds since 1970."""


class Erasure(NamedTuple):
    """An entry whose salt and digest were erased."""

    leaf_index: int
    at: int


class Bundle(NamedTuple):
    """Up to 256 entries side by side, packed."""

    kinds: bytes
    """One byte each: the kind's number, and `ROW_BIT` and `ERASED_BIT`."""
    entries: bytes
    """32 bytes each."""
    salts: bytes
    """16 bytes each, zeros where erased."""
    digests: bytes
    """32 bytes each, zeros where erased."""

    @property
    def width(self) -> int:
        """How many entries it has."""
        return len(self.kinds)

    def cut(self, first: int, stop: int) -> Bundle:
        """Return the entries from *first* up to and without *stop*."""
        return Bundle(
            self.kinds[first:stop],
            self.entries[32 * first : 32 * stop],
            self.salts[16 * first : 16 * stop],
            self.digests[32 * first : 32 * stop],
        )


ROW_BIT = 0x40
"""In a kind byte: the certificate or statement itself is kept too."""
ERASED_BIT = 0x80
"""In a kind byte: salt and digest were erased."""
KIND_BITS = 0x3F


class TileReader(Protocol):
    """Whatever has the tiles of a log."""

    @property
    def size(self) -> int:
        """The number of entries."""
        ...

    def tile(self, level: int, n: int) -> bytes:
        """Return the hashes of tile *n* of *level* (C2SP tlog-tiles), as many as there are now.

        Raises:
            LedgerDamagedError: It is missing or has the wrong length.
        """
        ...


class LogReader(TileReader, Protocol):
    """A log that can be read: `TransparencyLog` and `AuditorExport`."""

    @property
    def origin(self) -> str:
        """The log's name, the first line of its checkpoints."""
        ...

    @property
    def vkey(self) -> str:
        """The log's public key (C2SP signed-note)."""
        ...

    @property
    def log_id(self) -> bytes:
        """SHA-256 of origin and vkey: the log's name on a chain."""
        ...

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first *size* entries, by default of all."""
        ...

    def bundle(self, n: int) -> Bundle:
        """Return the entries 256 * *n* and the following ones, packed."""
        ...

    def next_stored(self, index: int) -> int | None:
        """Return the first bundle's start, at *index* or later, of which anything is stored; None where nothing is.

        *index* is a bundle's start itself. So that nobody walks through what a log merely says of its size.
        """
        ...

    def entry(self, index: int) -> LoggedEntry:
        """Return the entry at *index*."""
        ...

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[LoggedEntry]:
        """Yield the entries from *start* on, up to and without *stop*."""
        ...

    def certificates(self) -> Iterator[LoggedCertificate]:
        """Yield the certificates in the order of their leaves."""
        ...

    def certificate(self, key: str | bytes) -> LoggedCertificate | None:
        """Return the certificate with an id (text) or a digest (bytes), or None."""
        ...

    def statements(self) -> Iterator[LoggedStatement]:
        """Yield the statements in the order of their leaves."""
        ...

    def erasures(self) -> Iterator[Erasure]:
        """Yield the erased entries in the order of their leaves."""
        ...

    def checkpoints(self) -> Iterator[LoggedCheckpoint]:
        """Yield the checkpoints, smallest size first."""
        ...

    def checkpoint(self, size: int | None = None) -> LoggedCheckpoint | None:
        """Return the checkpoint of *size*, by default the newest; None where there is none."""
        ...

    def inclusion_path(self, index: int, tree_size: int) -> list[bytes]:
        """Return the proof that the entry at *index* stands under the root of *tree_size* (RFC 9162 §2.1.3.1)."""
        ...

    def consistency_path(self, smaller: int, larger: int) -> list[bytes]:
        """Return the proof that the tree of *larger* begins with that of *smaller* (RFC 9162 §2.1.4.1)."""
        ...
