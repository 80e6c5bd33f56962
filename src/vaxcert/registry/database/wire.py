"""How values are written for PostgreSQL: as text, in the bytes that go to the server."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID

from psycopg import Binary
from psycopg.types.json import Json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Written: TypeAlias = Sequence[bytes | None]
    """The values of a statement; None is NULL."""


def _written_bool(value: object) -> bytes:
    return b"t" if value else b"f"


def _written_int(value: int) -> bytes:
    return b"%d" % value


def _written(value: object) -> bytes:
    return str(value).encode()


def _written_bytes(value: bytes) -> bytes:
    return b"\\x" + value.hex().encode()


def _written_binary(value: Binary) -> bytes:
    return _written_bytes(bytes(value.obj))


def _written_uuid(value: UUID) -> bytes:
    return b"%032x" % value.int


def _written_json(value: Json) -> bytes:
    written: str | bytes = (value.dumps or json.dumps)(value.obj)
    return written if isinstance(written, bytes) else written.encode()


class _Writers(dict[type, "Callable[[Any], bytes]"]):
    """What writes the values of each type, as text; subclasses, such as enumerations of texts, are met as they come."""

    def __missing__(self, kind: type) -> Callable[[Any], bytes]:
        for base in kind.__mro__[1:]:
            if base in self:
                self[kind] = self[base]
                return self[base]
        raise TypeError(f"a value of the type {kind.__name__}")


WRITERS: Final = _Writers(
    {
        Binary: _written_binary,
        bool: _written_bool,
        bytes: _written_bytes,
        date: _written,
        datetime: _written,
        Decimal: _written,
        float: _written,
        int: _written_int,
        Json: _written_json,
        str: str.encode,
        UUID: _written_uuid,
    }
)
"""What writes the values of each type; a TypeError of one that is not known here."""
