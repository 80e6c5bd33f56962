"""How the EU's revocation service cuts its lists into pieces that a verifier fetches one at a time.

The first digits of a hash in hexadecimal choose: of a signer with few revocations the chunk (POINT), of one with many
the partition's x and then the chunk (VECTOR), of one with very many x, y and the chunk (COORDINATE). A chunk has
slices, one for each instant at which its certificates expire.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Self

from vaxcert.errors import RevocationListError
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.wire import Fields, format_instant, format_kid, parse_instant, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MAX_LISTS_BYTES = 8 * 1024 * 1024
"""Of the overview: 300 bytes for each of 500 signers, and the digests of their partitions."""
MAX_PARTITION_BYTES = 8 * 1024 * 1024
"""Of one partition: 16 chunks, each with a slice of 150 bytes for every day of two years, take 2 MB."""

POINT_LIMIT, VECTOR_LIMIT = 100_000, 1_600_000
"""The most entries of a list of either mode, as the service is configured."""

NO_PARTITION = "null"
"""The name of the one partition of a POINT list in paths."""

SLICE_VERSION = "1.0"
_SLICE_HASH = re.compile(r"[0-9a-f]{64}")
_CHUNKS = frozenset("0123456789abcdef")


class SliceType(StrEnum):
    """The kind of filter in a slice."""

    BLOOMFILTER = "BLOOMFILTER"
    VARHASHLIST = "VARHASHLIST"


class Place(NamedTuple):
    """Where in a list a hash belongs."""

    partition: str
    """Its digits x and y, as many as there are, or `NO_PARTITION`."""
    chunk: str


class Mode(StrEnum):
    """Into how many pieces a signer's list is cut: 16, 256 or 4096."""

    POINT = "POINT"
    VECTOR = "VECTOR"
    COORDINATE = "COORDINATE"

    @classmethod
    def for_count(cls, count: int) -> Self:
        """Return the mode for a list of *count* entries, by the limits of the service."""
        if count <= POINT_LIMIT:
            return cls.POINT
        return cls.VECTOR if count <= VECTOR_LIMIT else cls.COORDINATE

    @property
    def digits(self) -> int:
        """The digits that choose the partition; one more chooses the chunk."""
        return list(Mode).index(self)

    @property
    def known_bits(self) -> int:
        """The leading bits that all hashes in one chunk share."""
        return 4 * (self.digits + 1)

    def place_of(self, entry: bytes) -> Place:
        """Return where *entry*, a hash, belongs."""
        text, digits = entry[:2].hex(), self.digits
        return Place(text[:digits] or NO_PARTITION, text[digits])


@dataclass(frozen=True, slots=True, kw_only=True)
class KidList:
    """What the overview says of one signer's list."""

    kid: bytes | None
    """None of the certificates whose signer is not known."""
    mode: Mode
    hash_types: tuple[HashType, ...]
    expires: datetime
    last_updated: datetime
    partitions: Mapping[str, str] | None = field(default=None, repr=False)
    """The SHA-256 in hexadecimal of each partition's file; None where the overview does not say which there are."""

    @classmethod
    def of_json(cls, value: object) -> Self:
        """Return the entry that the decoded JSON *value* is.

        Raises:
            RevocationListError: A field is missing, malformed, or names a mode or hash type that is not known.
        """
        fields = Fields.of(value, RevocationListError)
        listed = fields.items("hashTypes")
        try:
            mode = Mode(fields.text("mode"))
            # The service joins the types with commas in one of its versions.
            hash_types = tuple(HashType(name) for each in listed for name in str(each).split(","))
        except ValueError as error:
            raise RevocationListError("the list has a mode or a hash type that is not known") from error
        partitions = None if "partitions" not in fields.members else fields.table("partitions")
        return cls(
            kid=fields.kid(),
            mode=mode,
            hash_types=hash_types,
            expires=fields.instant("expires"),
            last_updated=fields.instant("lastUpdated"),
            partitions=None if partitions is None else {name: str(digest) for name, digest in partitions.items()},
        )

    def to_json(self) -> dict[str, object]:
        """Return the entry for the overview."""
        fields: dict[str, object] = {
            "kid": format_kid(self.kid),
            "mode": self.mode.value,
            "hashTypes": [hash_type.value for hash_type in self.hash_types],
            "expires": format_instant(self.expires),
            "lastUpdated": format_instant(self.last_updated),
        }
        return fields if self.partitions is None else fields | {"partitions": dict(self.partitions)}


class SliceNote(NamedTuple):
    """What a partition says of one slice."""

    expires: datetime
    kind: SliceType
    digest: str
    """The SHA-256 of the slice in hexadecimal, which is its name too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """The slices of one partition, by chunk."""

    kid: bytes | None
    name: str
    last_updated: datetime
    chunks: Mapping[str, tuple[SliceNote, ...]]

    @classmethod
    def parse(cls, document: bytes) -> Self:
        """Return the partition that the JSON *document* writes.

        Raises:
            RevocationListError: A field is missing or malformed, a slice is of a kind that is not known, or a bound
                is passed.
        """
        value = read_json(document, limit=MAX_PARTITION_BYTES, kind=RevocationListError)
        fields = Fields.of(value, RevocationListError)
        name = fields.members.get("id")
        chunks = fields.table("chunks")
        if not _CHUNKS.issuperset(chunks):
            raise RevocationListError("a chunk of the partition is no hexadecimal digit")
        return cls(
            kid=fields.kid(),
            name=NO_PARTITION if name is None else fields.text("id"),
            last_updated=fields.instant("lastUpdated"),
            chunks={chunk: _slice_notes(slices) for chunk, slices in chunks.items()},
        )

    def to_json(self) -> bytes:
        """Return the partition as the service answers."""
        x, y = (self.name[digit : digit + 1] or None for digit in (0, 1))
        known = self.name != NO_PARTITION
        slices = [note for notes in self.chunks.values() for note in notes]
        fields = {
            "kid": format_kid(self.kid),
            "id": self.name if known else None,
            "x": x if known else None,
            "y": y if known else None,
            "lastUpdated": format_instant(self.last_updated),
            "expired": format_instant(max(note.expires for note in slices)),
            "chunks": {chunk: dict(map(_json_of, notes)) for chunk, notes in self.chunks.items()},
        }
        return json.dumps(fields, separators=(",", ":")).encode()


def _slice_notes(value: object) -> tuple[SliceNote, ...]:
    notes = []
    for expires, slice_ in Fields.of(value, RevocationListError).members.items():
        fields = Fields.of(slice_, RevocationListError)
        digest = fields.text("hash")
        try:
            kind = SliceType(fields.text("type"))
        except ValueError as error:
            raise RevocationListError("a slice is of a kind that is not known") from error
        if not _SLICE_HASH.fullmatch(digest) or fields.text("version") != SLICE_VERSION:
            raise RevocationListError("a slice's hash or version is malformed or not known")
        notes.append(SliceNote(parse_instant(expires, "chunks", RevocationListError), kind, digest))
    return tuple(notes)


def _json_of(note: SliceNote) -> tuple[str, dict[str, str]]:
    return format_instant(note.expires), {"type": note.kind.value, "version": SLICE_VERSION, "hash": note.digest}
