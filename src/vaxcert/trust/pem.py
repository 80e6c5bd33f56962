"""PEM (RFC 7468): the blocks in a text, whatever stands around them, and bundles of certificates."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

CERTIFICATE_LABEL = "CERTIFICATE"
_BEGIN, _END, _DASHES = "-----BEGIN ", "-----END ", "-----"
_LINE_CHARACTERS = 64
"""RFC 7468 §2: a line of the body, when written."""


class PemBlock(NamedTuple):
    """One block: its label, such as ``CERTIFICATE``, and what it holds; None where that is not base64."""

    label: str
    content: bytes | None


def is_pem(content: bytes) -> bool:
    """Whether a PEM block begins somewhere in *content*."""
    return _BEGIN.encode() in content


def read_blocks(pem: bytes) -> Iterator[PemBlock]:
    """Yield the blocks of *pem* in order; text between them is skipped, as bundles have comments there."""
    label: str | None = None
    body: list[str] = []
    for line in pem.decode("latin-1").splitlines():
        text = line.strip()
        if text.startswith(_BEGIN) and text.endswith(_DASHES):
            if label is not None:
                yield PemBlock(label, None)  # cut short, and another file's text put after it
            label, body = text[len(_BEGIN) : -len(_DASHES)], []
        elif label is not None and text.startswith(_END):
            yield PemBlock(label, _decoded("".join(body)))
            label = None
        elif label is not None:
            body.append(text)
    if label is not None:
        yield PemBlock(label, None)  # cut short: no END


def _decoded(body: str) -> bytes | None:
    try:
        return b64decode(body, validate=True)
    except binascii.Error:
        return None


def format_block(label: str, content: bytes) -> bytes:
    """Return *content* as a PEM block with *label*."""
    body = b64encode(content).decode("ascii")
    lines = [body[start : start + _LINE_CHARACTERS] for start in range(0, len(body), _LINE_CHARACTERS)]
    return "\n".join((f"{_BEGIN}{label}{_DASHES}", *lines, f"{_END}{label}{_DASHES}", "")).encode()
