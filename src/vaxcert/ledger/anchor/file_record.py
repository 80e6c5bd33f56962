"""The lines of an anchor file: a first line that names the log, then one anchor a line, each bound to those before.

    {"created_at":1795392000,"format":"vaxcert-anchors/1","log_id":"<64 digits>","nonce":"<32 digits>"}
    {"chain_hash":"<64 digits>","metadata_hash":"...","previous_root":"...","root":"...","seq":1,"size":7,"time":...}

Keys are sorted and nothing stands between the tokens, so that a record is one sequence of bytes and no other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, cast

from vaxcert.errors import ChainProofError, LedgerFormatError
from vaxcert.ledger.anchor.chain import AnchorEvent
from vaxcert.ledger.anchor.identity import HASH_BYTES, MAX_UINT64, NO_HASH, fold_chain_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.ledger.anchor.chain import Head

FORMAT = "vaxcert-anchors/1"
MAX_LINE_BYTES = 1024
"""A line has some 440 bytes."""
NONCE_BYTES = 16

_HEADER_NUMBERS, _HEADER_HASHES = frozenset({"created_at"}), {"log_id": HASH_BYTES, "nonce": NONCE_BYTES}
_NUMBERS = frozenset({"seq", "size", "time"})
_HASHES = {"previous_root": HASH_BYTES, "root": HASH_BYTES, "metadata_hash": HASH_BYTES}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTransaction:
    """What is to be written: a line but for its chain hash, which depends on the lines before."""

    seq: int
    size: int
    root: bytes
    metadata_hash: bytes
    previous_root: bytes
    time: int

    @classmethod
    def of_head(cls, head: Head, *, seq: int, previous_root: bytes, time: int) -> FileTransaction:
        """Return the transaction that anchors *head* as number *seq*."""
        return cls(
            seq=seq,
            size=head.size,
            root=head.root,
            metadata_hash=head.metadata_hash,
            previous_root=previous_root,
            time=time,
        )

    @classmethod
    def of_bytes(cls, raw: bytes) -> FileTransaction:
        """Return the transaction that `to_bytes` wrote.

        Raises:
            ChainProofError: It is something else.
        """
        return cls(**_values(_record(raw), numbers=_NUMBERS, hashes=_HASHES))  # type: ignore[arg-type] # by their keys

    def to_bytes(self) -> bytes:
        """Return the transaction as JSON."""
        return _encode(
            {
                "seq": self.seq,
                "size": self.size,
                "root": self.root,
                "metadata_hash": self.metadata_hash,
                "previous_root": self.previous_root,
                "time": self.time,
            }
        )

    @property
    def hash(self) -> bytes:
        """What it is called by: SHA-256 of its bytes."""
        return sha256(self.to_bytes()).digest()

    def event(self, *, log_id: bytes, before: AnchorEvent | None) -> AnchorEvent:
        """Return the anchor that this makes after *before*."""
        chain_hash = fold_chain_hash(
            before.chain_hash if before else NO_HASH,
            log_id=log_id,
            seq=self.seq,
            size=self.size,
            root=self.root,
            metadata_hash=self.metadata_hash,
            time=self.time,
        )
        return AnchorEvent(
            seq=self.seq,
            size=self.size,
            root=self.root,
            metadata_hash=self.metadata_hash,
            time=self.time,
            chain_hash=chain_hash,
            block_number=self.seq,
            block_hash=chain_hash,
            transaction_hash=self.hash,
        )

    def line(self, chain_hash: bytes) -> bytes:
        """Return the line that the file gets, its end included."""
        return _encode({**_record(self.to_bytes()), "chain_hash": chain_hash}) + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHeader:
    """The first line; its SHA-256 is what is pinned of the file."""

    log_id: bytes
    created_at: int
    nonce: bytes
    """Random, so that no two files are taken for each other."""

    @classmethod
    def of_line(cls, line: bytes) -> FileHeader:
        """Return the header that *line* is, its end included.

        Raises:
            LedgerFormatError: It is another file.
        """
        try:
            record = dict(_record(line.removesuffix(b"\n")))
            if record.pop("format", None) != FORMAT or not line.endswith(b"\n"):
                raise LedgerFormatError(f"the file is not in the format {FORMAT}")
            return cls(**_values(record, numbers=_HEADER_NUMBERS, hashes=_HEADER_HASHES))  # type: ignore[arg-type] # by their keys
        except ChainProofError as error:
            raise LedgerFormatError(f"the file is not in the format {FORMAT}") from error

    def line(self) -> bytes:
        """Return the first line, its end included."""
        record = {"format": FORMAT, "log_id": self.log_id, "created_at": self.created_at, "nonce": self.nonce}
        return _encode(record) + b"\n"

    @property
    def hash(self) -> bytes:
        """SHA-256 of the line: the file's genesis hash."""
        return sha256(self.line()).digest()


def event_of_line(line: bytes, *, number: int, log_id: bytes, before: AnchorEvent | None) -> AnchorEvent:
    """Return the anchor in *line*, which follows *before*.

    Args:
        line: The line, without its end.
        number: The line's number in the file, 1 for the first.
        log_id: The log of the file.
        before: The anchor in the line before, None for the first.

    Raises:
        ChainProofError: The line was changed, or does not follow the one before it.
    """
    try:
        record = dict(_record(line))
        chain_hash = record.pop("chain_hash", None)
        transaction = FileTransaction(**_values(record, numbers=_NUMBERS, hashes=_HASHES))  # type: ignore[arg-type] # by their keys
    except ChainProofError as error:
        raise ChainProofError(f"line {number} of the anchor file is damaged: {error.message}") from error
    seq, size, root = (before.seq, before.size, before.root) if before else (0, 0, NO_HASH)
    event = transaction.event(log_id=log_id, before=before)
    if transaction.seq != seq + 1 or transaction.size <= size or transaction.previous_root != root:
        raise ChainProofError(f"line {number} of the anchor file does not follow the line before it")
    if chain_hash != event.chain_hash.hex():
        raise ChainProofError(f"line {number} of the anchor file, or one before it, was changed")
    return event


def _record(content: bytes) -> Mapping[str, object]:
    if len(content) > MAX_LINE_BYTES:
        raise ChainProofError(f"a record has over {MAX_LINE_BYTES} bytes")
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ChainProofError("a record is not JSON") from error
    if not isinstance(record, dict) or _encode(record) != content:
        raise ChainProofError("a record is not written as it has to be")
    return cast("Mapping[str, object]", record)


def _values(
    record: Mapping[str, object], *, numbers: frozenset[str], hashes: Mapping[str, int]
) -> dict[str, int | bytes]:
    if record.keys() != numbers | hashes.keys():
        raise ChainProofError("a record has other fields")
    values: dict[str, int | bytes] = {}
    for name, value in record.items():
        length = hashes.get(name)
        if length is None:
            if type(value) is not int or not 0 <= value <= MAX_UINT64:
                raise ChainProofError(f"{name} is no number")
            values[name] = value
        else:
            values[name] = _octets(value, name, length)
    return values


def _octets(value: object, name: str, length: int) -> bytes:
    try:
        content = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        content = b""
    if len(content) != length or value != content.hex():
        raise ChainProofError(f"{name} is not {length} bytes in hexadecimal")
    return content


def _encode(record: Mapping[str, object]) -> bytes:
    return json.dumps(record, default=bytes.hex, sort_keys=True, separators=(",", ":")).encode()
