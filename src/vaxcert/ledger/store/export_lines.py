"""The lines of an auditor's export: one JSON object each, its members fixed, its values typed, its length bounded."""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.store.files import storage_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

MAX_LINE_BYTES: Final = 1024 * 1024
"""The longest line has an anchor's proof bundle, 256 KiB before it is in base64."""


@dataclass(frozen=True, slots=True)
class Member:
    """How one value stands in a line."""

    write: Callable[[object], object]
    read: Callable[[object], object]
    """Raises ValueError or TypeError for what is none."""


def _of_type(kind: type) -> Callable[[object], object]:
    def read(value: object) -> object:
        if type(value) is not kind:  # to Python true is a number too
            raise TypeError(f"not {kind.__name__}")
        return value

    return read


def _optional(member: Member) -> Member:
    return Member(
        lambda value: None if value is None else member.write(value),
        lambda value: None if value is None else member.read(value),
    )


def _hex(value: object) -> str:
    assert isinstance(value, bytes)
    return value.hex()


def _base64(value: object) -> str:
    assert isinstance(value, bytes)
    return b64encode(value).decode("ascii")


def _of_hex(value: object) -> bytes:
    text = str(_of_type(str)(value))
    content = bytes.fromhex(text)
    if content.hex() != text:  # fromhex skips spaces
        raise ValueError("not hexadecimal")
    return content


def _of_base64(value: object) -> bytes:
    try:
        return b64decode(str(_of_type(str)(value)), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _kind(value: object) -> str:
    assert isinstance(value, EntryKind)
    return value.value


INTEGER: Final = Member(lambda value: value, _of_type(int))
BOOLEAN: Final = Member(lambda value: value, _of_type(bool))
TEXT: Final = Member(lambda value: value, _of_type(str))
HEX: Final = Member(_hex, _of_hex)
BASE64: Final = Member(_base64, _of_base64)
KIND: Final = Member(_kind, EntryKind)


@dataclass(frozen=True, slots=True)
class LineFormat:
    """A file of lines: its name, and the members of its lines in their order."""

    name: str
    members: Mapping[str, Member]

    def line(self, values: Sequence[object]) -> bytes:
        """Return *values*, in the order of the members, as a line with its newline."""
        pairs = zip(self.members.items(), values, strict=True)
        written = {name: member.write(value) for (name, member), value in pairs}
        return json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def values(self, line: bytes) -> list[object]:
        """Return the values in *line*.

        Raises:
            LedgerDamagedError: It is not such a line.
        """
        try:
            found = json.loads(line)
            if type(found) is not dict or found.keys() != self.members.keys():
                raise TypeError("other members")  # noqa: TRY301 - one refusal for all that is wrong with a line
            return [member.read(found[name]) for name, member in self.members.items()]
        except (ValueError, TypeError, RecursionError) as error:
            raise LedgerDamagedError(f"a line of {self.name} is malformed") from error

    def read(self, folder: Path) -> Iterator[list[object]]:
        """Yield the values of each line of the file in *folder*.

        Raises:
            LedgerDamagedError: A line is malformed, cut or too long.
            StorageError: The file cannot be read.
        """
        path = folder / self.name
        with storage_errors(path, "read"), path.open("rb") as stream:
            while line := stream.readline(MAX_LINE_BYTES):
                yield self.values(self.whole(line))

    def whole(self, line: bytes) -> bytes:
        """Return *line* without its newline.

        Raises:
            LedgerDamagedError: It has none: it is cut, or too long.
        """
        if not line.endswith(b"\n"):
            raise LedgerDamagedError(f"a line of {self.name} is cut or too long")
        return line[:-1]


LEAVES: Final = LineFormat(
    "leaves.jsonl", {"kind": KIND, "row": BOOLEAN, "salt": _optional(HEX), "digest": _optional(HEX)}
)
CERTIFICATES: Final = LineFormat(
    "certificates.jsonl",
    {
        "leaf_index": INTEGER,
        "id": TEXT,
        "digest": HEX,
        "cose": BASE64,
        "kid": HEX,
        "issued_at": INTEGER,
        "expires_at": INTEGER,
    },
)
STATEMENTS: Final = LineFormat(
    "statements.jsonl",
    {
        "leaf_index": INTEGER,
        "kind": KIND,
        "digest": HEX,
        "subject": _optional(TEXT),
        "at": INTEGER,
        "detail": _optional(TEXT),
    },
)
ERASURES: Final = LineFormat("erasures.jsonl", {"leaf_index": INTEGER, "at": INTEGER})
CHECKPOINTS: Final = LineFormat(
    "checkpoints.jsonl", {"size": INTEGER, "root": HEX, "note": TEXT, "receipt_signature": BASE64, "at": INTEGER}
)
PROOFS: Final = LineFormat("proofs.jsonl", {"seq": INTEGER, "size": INTEGER, "event": TEXT, "bundle": BASE64})
"""The anchors that are final, each with the bundle that proves it without the chain."""
