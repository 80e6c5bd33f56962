"""What a partitioned list of the EU's revocation service says of a certificate, read piece by piece.

A hit means revoked, as every verifier in use takes it: the service's filters err once in 10^12 certificates, and a
filter that errs more than once in a thousand is refused. The form has no signature. The digests in it bind every
piece to the overview, which is as good as the way on which it came.
"""

from __future__ import annotations

from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Self

from vaxcert.errors import RevocationListError, RevocationSliceError
from vaxcert.trust.revocation.archive import MAX_ARCHIVE_BYTES, unpack_slices
from vaxcert.trust.revocation.bloom import BloomFilter
from vaxcert.trust.revocation.eu_batches import FOUND
from vaxcert.trust.revocation.folder import OVERVIEW_NAME, path_name
from vaxcert.trust.revocation.hashes import ENTRY_BYTES
from vaxcert.trust.revocation.partition import (
    MAX_LISTS_BYTES,
    MAX_PARTITION_BYTES,
    KidList,
    Partition,
    Place,
    SliceType,
)
from vaxcert.trust.revocation.varhash import VarHashList
from vaxcert.trust.revocation.wire import Fields, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from vaxcert.trust.revocation.revocation_list import CertificateMarks, Revocation

CACHE_BYTES = 64 * 1024 * 1024
"""Of slices that are kept once they were read: a list of nine million certificates."""

MAX_LISTS = 100_000
"""Two hundred times the signers in use."""

_Filters = tuple[BloomFilter | VarHashList, ...]


class _OpenList:
    """One signer's list with what of it was read so far."""

    __slots__ = ("chunks", "found", "partitions", "shift")

    def __init__(self, found: KidList) -> None:
        self.found = found
        self.shift = 16 - found.mode.known_bits
        """What is left of a hash's first 16 bits after this shift is the number of its chunk."""
        self.chunks: dict[int, _Filters] = {}
        self.partitions: dict[str, Partition | None] = {}


class EuPartitions:
    """A revocation list in a folder, of which one lookup reads one chunk; what was read is kept."""

    def __init__(
        self,
        folder: Path,
        lists: Iterable[KidList],
        *,
        as_of: datetime,
        at: datetime,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        """Take the *lists* of *folder*, whose slices are skipped where they have expired by *at*."""
        self.as_of = as_of
        self._folder = folder
        self._at = at
        self._lists = {found.kid: _OpenList(found) for found in lists}
        self._cache_bytes = cache_bytes
        self._cached_bytes = 0
        self._lock = Lock()

    @classmethod
    def open(cls, folder: Path, *, at: datetime, as_of: datetime | None = None, cache_bytes: int = CACHE_BYTES) -> Self:
        """Return the list in *folder*, of which only the overview is read now.

        Args:
            folder: As `vaxcert.trust.revocation.folder` lays it out.
            at: Slices that have expired by then (aware) are left out.
            as_of: When the list was fetched, where its overview is the service's own, which has no date. Without, it
                is as old as the last change in it: too old, never too young.
            cache_bytes: How much of what was read is kept.

        Raises:
            RevocationListError: The overview is missing, malformed, past a bound, without a date, or names a signer
                twice.
        """
        content = _read(folder / OVERVIEW_NAME, MAX_LISTS_BYTES)
        if content is None:
            raise RevocationListError(f"the folder has no {OVERVIEW_NAME}")
        document = read_json(content, limit=MAX_LISTS_BYTES, kind=RevocationListError)
        if isinstance(document, list):
            listed, dated = document, None
        else:
            fields = Fields.of(document, RevocationListError)
            listed, dated = fields.items("lists"), fields.instant("as_of")
        if len(listed) > MAX_LISTS:
            raise RevocationListError(f"the overview has over {MAX_LISTS} lists")
        lists = [KidList.of_json(value) for value in listed]
        if len({found.kid for found in lists}) != len(lists):
            raise RevocationListError("the overview has a signer twice")
        as_of = dated or as_of or max((found.last_updated for found in lists), default=None)
        if as_of is None:
            raise RevocationListError("the list is empty and has no date, so its age is not known")
        return cls(folder, lists, as_of=as_of, at=at, cache_bytes=cache_bytes)

    def __reduce__(self) -> tuple[object, ...]:
        # The lock cannot be pickled, and what was read is read again by a worker process that needs it.
        lists = tuple(opened.found for opened in self._lists.values())
        return _revive, (self._folder, lists, self.as_of, self._at, self._cache_bytes)

    def find(self, marks: CertificateMarks) -> Revocation | None:
        """Return that the list has the certificate with *marks*, or None.

        The list of certificates whose signer is not known is asked for every certificate.

        Raises:
            RevocationListError: A piece of the list is missing or damaged.
        """
        for kid in (marks.kid, None):
            opened = self._lists.get(kid)
            if opened is None:
                continue
            for hash_type in opened.found.hash_types:
                for value in marks.hashes.get(hash_type, ()):
                    entry = value[:ENTRY_BYTES]
                    filters = opened.chunks.get(int.from_bytes(entry[:2], "big") >> opened.shift)
                    if filters is None:
                        filters = self._read_chunk(opened, entry)
                    for each in filters:
                        if entry in each:
                            return FOUND
        return None

    def _read_chunk(self, opened: _OpenList, entry: bytes) -> _Filters:
        filters, size = self._load(opened, opened.found.mode.place_of(entry))
        with self._lock:
            if self._cached_bytes + size > self._cache_bytes:
                for each in self._lists.values():
                    each.chunks.clear()
                self._cached_bytes = 0
            opened.chunks[int.from_bytes(entry[:2], "big") >> opened.shift] = filters
            self._cached_bytes += size
        return filters

    def _load(self, opened: _OpenList, place: Place) -> tuple[_Filters, int]:
        """Return the filters of the chunk at *place* that have not expired, and the bytes that they take."""
        found = opened.found
        partition = self._partition(opened, place.partition)
        notes = () if partition is None else partition.chunks.get(place.chunk, ())
        notes = tuple(note for note in notes if note.expires > self._at)
        if not notes:
            return (), 0
        path = self._path(found.kid) / place.partition / "chunks" / place.chunk / "slices.tar.gz"
        archive = _read(path, MAX_ARCHIVE_BYTES)
        if archive is None:
            raise RevocationSliceError("the slices of a chunk are missing from the folder")
        slices = unpack_slices(archive)
        missing = [note for note in notes if note.digest not in slices]
        if missing:
            raise RevocationSliceError("a slice is missing from the archive of its chunk")
        filters = tuple(_filter(slices[note.digest], note.kind, found.mode.known_bits) for note in notes)
        return filters, sum(len(slices[note.digest]) for note in notes)

    def _partition(self, opened: _OpenList, name: str) -> Partition | None:
        """Return the partition *name* of the list *opened*, or None where there is none."""
        if name not in opened.partitions:
            content = self._partition_file(opened.found, name)
            partition = None if content is None else Partition.parse(content)
            if partition is not None and (partition.kid, partition.name) != (opened.found.kid, name):
                raise RevocationListError("a partition is of another signer or place than its path says")
            opened.partitions[name] = partition
        return opened.partitions[name]

    def _partition_file(self, found: KidList, name: str) -> bytes | None:
        """Return the file of the partition *name*, or None where there is none.

        A saved overview says which there are. The service's own does not, and what it does not answer for has no
        revocations; so a file that got lost on the way cannot be told from one that never was.
        """
        path = self._path(found.kid) / f"{name}.json"
        if found.partitions is None:
            return _read(path, MAX_PARTITION_BYTES)
        digest = found.partitions.get(name)
        if digest is None:
            return None
        content = _read(path, MAX_PARTITION_BYTES)
        if content is None or sha256(content).hexdigest() != digest:
            raise RevocationListError("a partition is missing, or is not the one that the overview says")
        return content

    def _path(self, kid: bytes | None) -> Path:
        return self._folder / "lists" / path_name(kid) / "partitions"


def _filter(content: bytes, kind: SliceType, known_bits: int) -> BloomFilter | VarHashList:
    if kind is SliceType.BLOOMFILTER:
        return BloomFilter.parse(content)
    return VarHashList.parse(content, known_bits=known_bits)


def _read(path: Path, limit: int) -> bytes | None:
    """Return the content of the file at *path*, or None where there is none."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RevocationListError(f"a file of the revocation list cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise RevocationListError(f"a file of the revocation list has over {limit} bytes")
    return content


def _revive(folder: Path, lists: tuple[KidList, ...], as_of: datetime, at: datetime, cache_bytes: int) -> EuPartitions:
    return EuPartitions(folder, lists, as_of=as_of, at=at, cache_bytes=cache_bytes)
