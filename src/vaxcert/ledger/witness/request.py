"""What a log asks of a witness (C2SP tlog-witness, add-checkpoint).

old 20852014
BASE64 ...              the consistency path from that size to the checkpoint's
(empty line)
the signed checkpoint
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vaxcert.errors import WitnessRefusedError
from vaxcert.ledger.log.note import MAX_NOTE_BYTES
from vaxcert.ledger.log.text import decode_base64, encode_base64, parse_size
from vaxcert.ledger.log.tree import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PATH_LENGTH: Final = 63
"""Lines of a consistency proof (tlog-witness: the client MUST NOT send more)."""
MAX_REQUEST_BYTES: Final = MAX_NOTE_BYTES + 4096
"""A checkpoint, and before it 63 hashes in base64 (2.8 kB) and a size."""
BAD_REQUEST: Final = 400

_OLD = "old "


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """A request, taken apart; nothing in it is verified."""

    old_size: int
    """The size that the log believes the witness has cosigned; 0 where it has none."""
    path: tuple[bytes, ...]
    note: str


def format_request(note: str, *, old_size: int, path: Sequence[bytes]) -> bytes:
    """Return the body that asks for a cosignature on *note*."""
    return "\n".join((f"{_OLD}{old_size}", *map(encode_base64, path), "", note)).encode()


def parse_request(body: bytes) -> AddCheckpoint:
    """Return the request in *body*.

    Raises:
        WitnessRefusedError: It is malformed (400).
    """
    if len(body) > MAX_REQUEST_BYTES:
        raise _malformed(f"the request has over {MAX_REQUEST_BYTES} bytes")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise _malformed("the request is not UTF-8") from None
    head, blank_line, note = text.partition("\n\n")
    old, *lines = head.split("\n", MAX_PATH_LENGTH + 1)
    old_size = parse_size(old.removeprefix(_OLD)) if old.startswith(_OLD) else None
    if not blank_line or old_size is None:
        raise _malformed("the request does not begin with its old size, or has no checkpoint")
    path = [decode_base64(line) or b"" for line in lines]
    if len(path) > MAX_PATH_LENGTH or any(len(sibling) != HASH_BYTES for sibling in path):
        raise _malformed(f"the request's proof is not one of up to {MAX_PATH_LENGTH} hashes in base64")
    return AddCheckpoint(old_size=old_size, path=tuple(path), note=note)


def _malformed(message: str) -> WitnessRefusedError:
    return WitnessRefusedError(message, status=BAD_REQUEST)
