"""The JSON of revocation lists: bounded, well-formed, its fields present and of the right type."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from vaxcert.errors import RevocationListError, TrustEntryError
from vaxcert.trust.fields import MAX_KID_BYTES, decode_base64, encode_base64

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN_KID = "UNKNOWN_KID"
"""Stands for the kid where the signer is not known. It could be read as base64, so it is looked for first."""


def read_json(content: bytes, *, limit: int, kind: type[RevocationListError]) -> object:
    """Return what the JSON text *content* says.

    Raises:
        RevocationListError: It is longer than *limit*, not well-formed, or has a field twice, of which one would get
            lost; of class *kind*.
    """
    if len(content) > limit:
        raise kind(f"the list's JSON has over {limit} bytes")
    try:
        document: object = json.loads(content, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise kind("the list is not well-formed JSON") from error
    return document


def _without_repeats(members: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(members)
    if len(table) != len(members):
        raise ValueError("a field stands twice")
    return table


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object whose fields are asked for one by one; what is wrong with one raises an error of class *kind*."""

    members: Mapping[str, object] = field(repr=False)
    kind: type[RevocationListError]

    @classmethod
    def of(cls, value: object, kind: type[RevocationListError]) -> Self:
        """Return the fields of *value*, which has to be an object."""
        if not isinstance(value, dict):
            raise kind("an entry of the list is not an object")
        return cls(value, kind)

    def text(self, name: str) -> str:
        """Return the text in the field *name*."""
        value = self.members.get(name)
        if not isinstance(value, str):
            raise self.kind(f"the field {name} is missing or not text")
        return value

    def items(self, name: str) -> list[object]:
        """Return the list in the field *name*."""
        value = self.members.get(name)
        if not isinstance(value, list):
            raise self.kind(f"the field {name} is missing or not a list")
        return value

    def table(self, name: str) -> dict[str, object]:
        """Return the object in the field *name*."""
        value = self.members.get(name)
        if not isinstance(value, dict):
            raise self.kind(f"the field {name} is missing or not an object")
        return value

    def instant(self, name: str) -> datetime:
        """Return the instant in the field *name*."""
        return parse_instant(self.text(name), name, self.kind)

    def base64(self, name: str) -> bytes:
        """Return the bytes in the base64 field *name*, in either alphabet."""
        try:
            return decode_base64(self.text(name), name)
        except TrustEntryError as error:
            raise self.kind(f"the field {name} is not base64") from error

    def kid(self) -> bytes | None:
        """Return the kid in the field of that name, or None of `UNKNOWN_KID`."""
        if self.text("kid") == UNKNOWN_KID:
            return None
        kid = self.base64("kid")
        if not 1 <= len(kid) <= MAX_KID_BYTES:
            raise self.kind(f"the kid has {len(kid)} bytes")
        return kid


def parse_instant(text: str, name: str, kind: type[RevocationListError]) -> datetime:
    """Return the instant that *text* in the field *name* writes, which has to have its time zone."""
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise kind(f"the field {name} is not an instant") from error
    raise kind(f"the field {name} is not an instant with its time zone")


def format_instant(instant: datetime) -> str:
    """Return *instant* as the services write it, to the second."""
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def format_kid(kid: bytes | None) -> str:
    """Return *kid* in base64, or `UNKNOWN_KID`."""
    return UNKNOWN_KID if kid is None else encode_base64(kid)
