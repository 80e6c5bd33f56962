"""The form of an issuer's own revocation list: what its bytes are.

A file is a CBOR sequence (RFC 8742) of four items: the text `vaxcert revocations/1`, and three byte strings.

1. The *head*: a COSE_Sign1 over a map with the country, the instants, the rules for whole kids, the number of records
   and the digest of the directory. Its content type, and a context in the signature, keep it apart from certificates.
2. The *directory*: for each block of 256 records the first key and the SHA-256 of the block.
3. The *records*, sorted by their keys, 16 bytes each: 11 of the SHA-256 of a certificate's identifier (the `urn` of
   `model.uvci`), one of the reason, four of the instant.

So a reader checks one signature and one digest, and then of each block that it touches that block's: of a list of any
length it reads a few kilobytes, and nothing that was not signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

from vaxcert.codec import cbor, cose
from vaxcert.errors import CodecError, RevocationListError
from vaxcert.trust.revocation.own_key import KEY_BYTES
from vaxcert.trust.revocation.revocation_list import RevocationReason

MAGIC: Final = cbor.encode("vaxcert revocations/1")
"""How a file begins, whatever its name."""

MAX_HEAD_BYTES: Final = 256 * 1024
MAX_KID_RULES: Final = 4096
"""A country has some hundred keys in its whole life."""

RECORD_BYTES: Final = 16
BLOCK_RECORDS: Final = 256
BLOCK_BYTES: Final = RECORD_BYTES * BLOCK_RECORDS
DIGEST_BYTES: Final = 32
PLACE_BYTES: Final = KEY_BYTES + DIGEST_BYTES
"""What the directory has of a block."""

_ITEM_START: Final = b"\x5b"
"""A byte string whose length has eight bytes: one form for every length, so that there is one way to write a list."""
_LENGTH_BYTES: Final = 8
_CUT: Final = "the revocation list is cut, or goes on after its end"

_CONTENT_TYPE: Final = "application/vnd.vaxcert.revocations+cbor"
_CONTEXT: Final = b"vaxcert/revocations/v1"
"""The external data under the signature (RFC 9052 §4.3): of a certificate it is empty, so no signature fits both."""
_ALGORITHM, _TYPE, _KID = 1, 3, 4  # header labels (RFC 9052 §3.1)

_REASONS: Final = {RevocationReason.REVOKED: 1, RevocationReason.SUPERSEDED: 2}
_REASON_OF: Final = {number: reason for reason, number in _REASONS.items()}
MAX_SECONDS: Final = 2**32 - 1
"""An instant has four bytes: until the year 2106."""


class Sliceable(Protocol):
    """Bytes, or a file mapped into memory."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: slice, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KidRule:
    """All that one key signed from an instant on: it was stolen then, or nobody knows when."""

    kid: bytes
    since: int
    """What was issued then or later, in seconds since 1970, by its own word."""
    reason: RevocationReason
    at: int
    """When the rule was made, in seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is signed."""

    country: str
    """Whose certificates the list speaks of."""
    as_of: int
    next_update: int | None
    """By when a newer list is promised, or None where nothing is."""
    count: int
    """How many records there are."""
    directory: bytes
    """The SHA-256 of the directory."""
    kid_rules: tuple[KidRule, ...] = ()


class Record(NamedTuple):
    """One certificate that no longer counts."""

    key: bytes
    reason: RevocationReason
    at: int


def pack_record(record: Record) -> bytes:
    """Return the 16 bytes of *record*."""
    return record.key + _REASONS[record.reason].to_bytes(1, "big") + record.at.to_bytes(4, "big")


def unpack_record(packed: bytes) -> Record:
    """Return the record in 16 bytes.

    Raises:
        RevocationListError: Its reason is none.
    """
    reason = _REASON_OF.get(packed[KEY_BYTES])
    if reason is None:
        raise RevocationListError("a record of the revocation list has a reason that is not known here")
    return Record(packed[:KEY_BYTES], reason, int.from_bytes(packed[KEY_BYTES + 1 :], "big"))


def moment(seconds: int) -> datetime:
    """Return *seconds* since 1970 as an aware time."""
    return datetime.fromtimestamp(seconds, UTC)


def item_start(size: int) -> bytes:
    """Return what stands before the *size* bytes of a part: the start of a CBOR byte string (RFC 8949 §3)."""
    return _ITEM_START + size.to_bytes(_LENGTH_BYTES, "big")


def protected_header(algorithm: int, kid: bytes) -> bytes:
    """Return the protected header of a head."""
    return cbor.encode({_ALGORITHM: algorithm, _TYPE: _CONTENT_TYPE, _KID: kid})


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure of a head (RFC 9052 §4.4)."""
    return cbor.encode(["Signature1", protected, _CONTEXT, payload])


def encode_head(head: Head) -> bytes:
    """Return *head* as the payload to be signed."""
    rules = [[rule.kid, rule.since, _REASONS[rule.reason], rule.at] for rule in head.kid_rules]
    return cbor.encode(
        {
            "country": head.country,
            "as_of": head.as_of,
            "next_update": head.next_update,
            "count": head.count,
            "directory": head.directory,
            "kid_rules": rules,
        }
    )


def parse_message(message: bytes) -> cose.Sign1:
    """Return the COSE_Sign1 that a head is in, its signature not verified.

    Raises:
        RevocationListError: It is none, or one of something else.
    """
    try:
        parsed = cose.parse(cbor.decode(message))
    except CodecError as error:
        raise RevocationListError(f"the revocation list's head is malformed: {error.message}") from error
    if parsed.protected != protected_header(parsed.algorithm, parsed.kid):
        raise RevocationListError("the revocation list's head is a signed message of another kind")
    return parsed


def parse_head(payload: bytes) -> Head:
    """Return what the signed *payload* says.

    Raises:
        RevocationListError: It is malformed.
    """
    try:
        wire = cbor.decode(payload)
    except CodecError as error:
        raise RevocationListError(f"the revocation list's head is malformed: {error.message}") from error
    match wire:
        case {
            "country": str(country),
            "as_of": int(as_of),
            "next_update": (None | int()) as next_update,
            "count": int(count),
            "directory": bytes(directory),
            "kid_rules": list(rules),
        } if (
            all(map(_is_instant, (as_of, as_of if next_update is None else next_update, count)))
            and len(directory) == DIGEST_BYTES
            and len(rules) <= MAX_KID_RULES
        ):
            return Head(
                country=country,
                as_of=as_of,
                next_update=next_update,
                count=count,
                directory=directory,
                kid_rules=tuple(map(_kid_rule, rules)),
            )
    raise RevocationListError("the revocation list's head is not of the form that is known here")


def _kid_rule(wire: object) -> KidRule:
    match wire:
        case [bytes(kid), int(since), int(number), int(at)] if (
            number in _REASON_OF and _is_instant(since) and _is_instant(at)
        ):
            return KidRule(kid=kid, since=since, reason=_REASON_OF[number], at=at)
    raise RevocationListError("a rule of the revocation list is not of the form that is known here")


def _is_instant(value: int) -> bool:
    return type(value) is int and 0 <= value <= MAX_SECONDS


def directory_size(count: int) -> int:
    """Return how many bytes the directory of *count* records has."""
    return PLACE_BYTES * -(-count // BLOCK_RECORDS)


class Layout(NamedTuple):
    """Where the three parts stand in a file."""

    head: slice
    directory: slice
    records: slice


def layout(content: Sliceable) -> Layout:
    """Return where the parts of the file *content* stand.

    Raises:
        RevocationListError: It is no such file, or is cut, or goes on after its end.
    """
    size, place = len(content), len(MAGIC)
    if content[:place] != MAGIC:
        raise RevocationListError("the file is no revocation list of this form")
    parts = []
    for _ in range(3):
        start = place + len(_ITEM_START) + _LENGTH_BYTES
        if content[place : place + len(_ITEM_START)] != _ITEM_START or start > size:
            raise RevocationListError(_CUT)
        place = start + int.from_bytes(content[start - _LENGTH_BYTES : start], "big")
        parts.append(slice(start, place))
    if place != size:
        raise RevocationListError(_CUT)
    found = Layout(*parts)
    if found.head.stop - found.head.start > MAX_HEAD_BYTES:
        raise RevocationListError(f"the revocation list's head has over {MAX_HEAD_BYTES} bytes")
    return found
