"""Receipts in files, and which of them belongs to a certificate."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Self, cast

from vaxcert.codec import cbor
from vaxcert.codec.cwt import Claims
from vaxcert.errors import CodecError, InputError
from vaxcert.ledger.log.receipt import MAX_RECEIPT_BYTES
from vaxcert.service.files import read_file
from vaxcert.verify.formats.hcert import layers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_FILE_BYTES = 256 * 1024 * 1024
"""A hundred thousand receipts with their anchors."""

_JSON_START = b"{"


class ReceiptBook:
    """Receipts by the id of their certificate, or one alone for whatever is shown with it."""

    def __init__(self, by_id: Mapping[str, bytes], *, only: bytes | None = None) -> None:
        self._by_id, self._only = dict(by_id), only

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the receipts in the file at *path*: one in CBOR, or JSON lines with `id` and `receipt`.

        Raises:
            InputError: A line is no such object.
            StorageError: The file cannot be read, or is too large.
        """
        content = read_file(path, limit=MAX_FILE_BYTES)
        if not content.lstrip().startswith(_JSON_START):
            return cls({}, only=content)
        lines = content.decode("utf-8", "replace").splitlines()
        return cls(dict(_entry(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()))

    def of_text(self, text: str) -> bytes | None:
        """Return the receipt of the certificate in *text*, or None where there is none."""
        if self._only is not None:
            return self._only
        try:
            *_, message = layers(text)
            claims = Claims.from_map(cbor.decode(message.payload))
        except CodecError:
            return None
        return next((self._by_id[id_] for id_ in _ids(claims.dcc) if id_ in self._by_id), None)


def _entry(line: str, place: str) -> tuple[str, bytes]:
    try:
        item = cast("dict[str, object]", json.loads(line))
        id_, receipt = item["id"], b64decode(cast("str", item["receipt"]), validate=True)
    except (ValueError, TypeError, KeyError, RecursionError):
        message = f"{place} is no JSON object with the members id and receipt"
        raise InputError(message, hint="`vaxcert ledger prove` writes such lines") from None
    if not isinstance(id_, str) or len(receipt) > MAX_RECEIPT_BYTES:
        raise InputError(f"{place} holds no receipt")
    return id_, receipt


def _ids(dcc: Mapping[str, object]) -> list[str]:
    """Return the ids that the payload gives its events, whatever else is wrong with it."""
    events = [event for group in ("v", "t", "r") for event in _list(dcc.get(group)) if isinstance(event, cbor.MAPS)]
    return [id_ for event in events if isinstance(id_ := event.get("ci"), str)]


def _list(item: object) -> list[object] | tuple[object, ...]:
    return item if isinstance(item, (list, tuple)) else ()
