"""EU revocation lists as folders of files, written in constant memory.

A partitioned list lies as the revocation service answers, path by path, so that any web server can stand in for it:

    lists.json                                            the overview, with its date and the digest of each partition
    lists/KID/partitions/ID.json                          the slices of one partition, with their digests
    lists/KID/partitions/ID/chunks/CHUNK/slices.tar.gz    the slices of one chunk

KID is base64url without padding or ``UNKNOWN_KID``. The service's own overview is a bare array; the saved one is an
object around it that carries the date, as saved trust lists are.
"""

from __future__ import annotations

import json
import struct
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING

from vaxcert.trust.revocation.archive import pack_slices
from vaxcert.trust.revocation.batch import sign_batch
from vaxcert.trust.revocation.bloom import DEFAULT_RATE, BloomFilter
from vaxcert.trust.revocation.hashes import ENTRY_BYTES, HashType
from vaxcert.trust.revocation.partition import KidList, Mode, Partition, SliceNote, SliceType
from vaxcert.trust.revocation.revoked import batches_of, end_of_period
from vaxcert.trust.revocation.spool import SortedSpool
from vaxcert.trust.revocation.varhash import VarHashList
from vaxcert.trust.revocation.wire import UNKNOWN_KID, format_instant, format_kid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from vaxcert.trust.revocation.cms_writer import ContentSigner
    from vaxcert.trust.revocation.revoked import RevokedEntry

OVERVIEW_NAME = "lists.json"
BATCH_SUFFIX = ".p7m"
"""Of signed batches (RFC 8551 §3.2.1)."""

_RECORD = struct.Struct(f">I{ENTRY_BYTES}sQ")
"""A signer's number, a hash, and the end of its period in seconds since 1970: in the order of the files."""


@dataclass(frozen=True, slots=True)
class WriteFigures:
    """What was written."""

    entries: int
    """Different ones: what came twice counts once."""
    files: int


@dataclass(slots=True)
class _Signer:
    """What is known of one signer's list while its entries come in."""

    kid: bytes | None
    count: int = 0
    hash_types: set[HashType] = field(default_factory=set)


def write_batches(
    folder: Path, entries: Iterable[RevokedEntry], signer: ContentSigner, *, country: str, at: datetime
) -> WriteFigures:
    """Fill the empty *folder* with signed batches of *entries*, and return how many.

    Args:
        folder: Where the batches go, one a file.
        entries: What is revoked, in any order.
        signer: Signs each batch; it is of *country*.
        country: Whose certificates these are, ISO 3166-1 alpha-2.
        at: The instant of signing (aware).

    Raises:
        OSError: A file cannot be written.
        SigningError: The key could not be used.
        ValueError: The signer has no certificate, or one of another country.
    """
    count = files = 0
    for batch in batches_of(entries, country=country):
        files += 1
        (folder / f"batch-{files:06}{BATCH_SUFFIX}").write_bytes(sign_batch(batch, signer, at=at))
        count += len(batch.entries)
    return WriteFigures(count, files)


def write_partitions(
    folder: Path,
    entries: Iterable[RevokedEntry],
    *,
    as_of: datetime,
    kind: SliceType = SliceType.BLOOMFILTER,
    rate: float = DEFAULT_RATE,
) -> WriteFigures:
    """Fill the empty *folder* with the partitioned list of *entries*, and return how many there are.

    Memory is that of one chunk; the entries are put in order on the disk of *folder*, 28 bytes each.

    Args:
        folder: Where the list goes.
        entries: What is revoked, in any order; the number of a signer's entries decides the mode of its list.
        as_of: The instant that the list speaks for (aware).
        kind: The filter in each slice.
        rate: The rate of false hits that each slice is made for.

    Raises:
        OSError: A file cannot be written.
        ValueError: The rate is not between 0 and 1, or an instant is naive.
    """
    if as_of.tzinfo is None:
        raise ValueError("the list's date is naive")
    with SortedSpool(folder, _RECORD.size) as spool:
        signers = _collect(entries, spool)
        lists = []
        writer = _Writer(folder, as_of, kind, rate)
        for number, records in groupby(spool, key=lambda record: record[:4]):
            lists.append(writer.write_list(signers[int.from_bytes(number, "big")], records))
    overview = {"as_of": format_instant(as_of), "lists": [found.to_json() for found in lists]}
    (folder / OVERVIEW_NAME).write_text(json.dumps(overview, indent=1) + "\n")
    return WriteFigures(writer.entries, writer.files + 1)


def _collect(entries: Iterable[RevokedEntry], spool: SortedSpool) -> list[_Signer]:
    """Put *entries* into *spool*, and return the signers by their numbers."""
    numbers: dict[bytes | None, int] = {}
    signers: list[_Signer] = []
    seconds: dict[datetime, int] = {}
    for kid, hash_type, value, expires in entries:
        if (number := numbers.get(kid)) is None:
            number = numbers[kid] = len(signers)
            signers.append(_Signer(kid))
        period = end_of_period(expires)
        if period not in seconds:
            seconds[period] = int(period.timestamp())
        signer = signers[number]
        signer.count += 1
        signer.hash_types.add(hash_type)
        spool.add(_RECORD.pack(number, value[:ENTRY_BYTES], seconds[period]))
    return signers


@dataclass(slots=True)
class _Writer:
    folder: Path
    as_of: datetime
    kind: SliceType
    rate: float
    entries: int = 0
    files: int = 0

    def write_list(self, signer: _Signer, records: Iterable[bytes]) -> KidList:
        """Write the list of *signer*, whose *records* come in order, and return its line of the overview."""
        mode = Mode.for_count(signer.count)
        path = self.folder / "lists" / path_name(signer.kid) / "partitions"
        path.mkdir(parents=True)
        digests: dict[str, str] = {}
        latest = self.as_of
        placed = groupby(map(_RECORD.unpack, records), key=lambda record: mode.place_of(record[1]))
        for name, chunks in groupby(placed, key=lambda group: group[0].partition):
            partition = Partition(
                kid=signer.kid,
                name=name,
                last_updated=self.as_of,
                chunks={
                    place.chunk: self._write_chunk(path / name / "chunks" / place.chunk, signer, mode, name, rows)
                    for place, rows in chunks
                },
            )
            latest = max(latest, *(note.expires for notes in partition.chunks.values() for note in notes))
            document = partition.to_json()
            (path / f"{name}.json").write_bytes(document)
            self.files += 1
            digests[name] = sha256(document).hexdigest()
        return KidList(
            kid=signer.kid,
            mode=mode,
            hash_types=tuple(hash_type for hash_type in HashType if hash_type in signer.hash_types),
            expires=latest,
            last_updated=self.as_of,
            partitions=digests,
        )

    def _write_chunk(
        self, path: Path, signer: _Signer, mode: Mode, name: str, rows: Iterable[tuple[int, bytes, int]]
    ) -> tuple[SliceNote, ...]:
        slices = {expires: self._slice(entries, mode) for expires, entries in sorted(_by_period(rows).items())}
        self.files += 1
        path.mkdir(parents=True)
        archive = pack_slices(f"{format_kid(signer.kid)}/{name}/{path.name}", slices.values())
        (path / "slices.tar.gz").write_bytes(archive)
        return tuple(
            SliceNote(datetime.fromtimestamp(expires, UTC), self.kind, sha256(content).hexdigest())
            for expires, content in slices.items()
        )

    def _slice(self, entries: list[bytes], mode: Mode) -> bytes:
        self.entries += len(entries)
        if self.kind is SliceType.BLOOMFILTER:
            return BloomFilter.of(entries, rate=self.rate).to_bytes()
        return VarHashList.of(entries, rate=self.rate, known_bits=mode.known_bits).to_bytes()


def _by_period(rows: Iterable[tuple[int, bytes, int]]) -> Mapping[int, list[bytes]]:
    """Return the hashes of one chunk by the end of their period; of one that came twice, the later end counts."""
    periods: dict[int, list[bytes]] = {}
    for _value, same in groupby(rows, key=lambda row: row[1]):
        *_earlier, (_number, value, expires) = same
        periods.setdefault(expires, []).append(value)
    return periods


def path_name(kid: bytes | None) -> str:
    """Return *kid* as it stands in paths."""
    return UNKNOWN_KID if kid is None else urlsafe_b64encode(kid).decode().rstrip("=")


def batch_files(folder: Path) -> Iterator[Path]:
    """Yield the signed batches in *folder*, by their names."""
    return iter(sorted(folder.glob(f"*{BATCH_SUFFIX}")))
