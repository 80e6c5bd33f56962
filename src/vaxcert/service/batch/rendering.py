"""One certificate in each format of an output."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from vaxcert.model.kid import Kid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from vaxcert.issue.issuer import Certificate
    from vaxcert.model.records import Record

    Render = Callable[[Record, Certificate], bytes]

LINE_FORMATS = ("jsonl", "txt")
STREAM_FORMATS = (*LINE_FORMATS, "blocks")
"""What a stream may hold; blocks are QR codes for a terminal."""
PICTURE_FORMATS = ("png", "svg")
PRINT_FORMATS = ("pdf", "sheets")
"""Letters of one certificate a page, and sheets of cards."""
FORMATS = (*STREAM_FORMATS, *PICTURE_FORMATS, *PRINT_FORMATS)

_to_json = json.JSONEncoder(ensure_ascii=False).encode  # `json.dumps` would make an encoder for each text


class Renderer:
    """Makes the output of one certificate after the other."""

    def __init__(self, formats: Sequence[str], *, max_version: int | None = None) -> None:
        """Make *formats*, QR codes of at most *max_version*."""
        self._renders = [_render_of(form, max_version) for form in formats]

    def render(self, record: Record, certificate: Certificate) -> tuple[bytes, ...]:
        """Return the output of *certificate*, made for *record*, in each format.

        Raises:
            QrError: Its text does not fit into a QR code of the size asked for.
            UnprintableTextError: It cannot be printed.
        """
        return tuple([render(record, certificate) for render in self._renders])


def end_json_line(line: bytes, leaf_index: int | None) -> bytes:
    """Return the rendered *line* with the place in the log, if there is one, and its end."""
    return line + (b"}\n" if leaf_index is None else b', "leaf_index": %d}\n' % leaf_index)


def _render_of(form: str, max_version: int | None) -> Render:
    match form:
        case "jsonl":
            return _json_line
        case "txt":
            return lambda _record, certificate: certificate.text.encode() + b"\n"
        case "blocks":
            return _blocks
        case "png" | "svg":
            return _picture(form, max_version)
    return _printable


def _json_line(record: Record, certificate: Certificate) -> bytes:
    """Return the line up to its end; of its texts only the caller's own id can have a sign that JSON escapes."""
    record_id = "null" if record.record_id is None else _to_json(record.record_id)
    end = _line_end(certificate.kid.value, certificate.issued_at, certificate.expires_at)
    return f'{{"record_id": {record_id}, "id": "{certificate.uvci}", "text": "{certificate.text}", {end}'.encode()


@lru_cache(maxsize=16)  # a segment has one of each
def _line_end(kid: bytes, issued_at: datetime, expires_at: datetime) -> str:
    instants = f'"issued_at": "{issued_at:%Y-%m-%dT%H:%M:%SZ}", "expires_at": "{expires_at:%Y-%m-%dT%H:%M:%SZ}"'
    return f'"kid": "{Kid(kid)}", {instants}'


def _blocks(_record: Record, certificate: Certificate) -> bytes:
    from vaxcert.codec import qr, qr_display  # noqa: PLC0415 - only where blocks are asked for

    return f"{certificate.uvci}\n{qr_display.to_terminal(qr.encode(certificate.text, level='L'))}\n".encode()


def _picture(form: str, max_version: int | None) -> Render:
    from vaxcert.codec import qr  # noqa: PLC0415 - only where pictures are asked for

    largest = qr.MAX_VERSION if max_version is None else max_version

    def render(_record: Record, certificate: Certificate) -> bytes:
        symbol = qr.encode(certificate.text, max_version=largest)
        return qr.to_png(symbol) if form == "png" else qr.to_svg(symbol).encode()

    return render


def _printable(record: Record, certificate: Certificate) -> bytes:
    """Check that a card can be made; it is, when all of the run are known."""
    from vaxcert.issue.documents import card_of  # noqa: PLC0415 - only where cards are asked for

    card_of(record, certificate)
    return b""
