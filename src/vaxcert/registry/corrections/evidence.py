"""Evidence for a correction: photographs of papers and cards, bounded in size, kind and number.

The kind is told from the first bytes, never from a name or from what the sender says. Nothing here decodes a picture:
whoever reviews it sees it in a program of their own.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_PIECES: Final = 4
"""Both sides of a card, and two pages of a paper."""

MAX_PIECE_BYTES: Final = 2 * 2**20
"""A photograph of a page at 200 dpi as JPEG has half a megabyte."""

MAX_ALL_BYTES: Final = 5 * 2**20


class MediaType(StrEnum):
    """What evidence may be."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    PDF = "application/pdf"


_BEGINNINGS: Final[Mapping[MediaType, bytes]] = {
    MediaType.JPEG: b"\xff\xd8\xff",
    MediaType.PNG: b"\x89PNG\r\n\x1a\n",
    MediaType.PDF: b"%PDF-",
}

_ENDINGS: Final[Mapping[MediaType, bytes]] = {
    MediaType.JPEG: b"\xff\xd9",
    MediaType.PNG: b"IEND\xaeB`\x82",
    MediaType.PDF: b"%%EOF",
}
"""So that half an upload is not taken for a whole one."""

_TAIL_BYTES: Final = 1024
"""Cameras and programs put some bytes behind the end."""


def media_type_of(content: bytes) -> MediaType:
    """Return what kind of file *content* is.

    Raises:
        EvidenceError: It is of another kind, cut off, or too large.
    """
    if len(content) > MAX_PIECE_BYTES:
        raise EvidenceError(f"the file has over {MAX_PIECE_BYTES} bytes", hint="save the picture smaller, as JPEG")
    for kind, beginning in _BEGINNINGS.items():
        if content.startswith(beginning):
            if _ENDINGS[kind] not in content[-_TAIL_BYTES:]:
                raise EvidenceError(f"the file begins as {kind} and has no end", hint="send it again")
            return kind
    raise EvidenceError("the file is neither JPEG nor PNG nor PDF", hint="send a photograph or a scan")


def check_amount(contents: Sequence[bytes]) -> None:
    """Check that *contents* are not too many or too large together.

    Raises:
        EvidenceError: They are.
    """
    if len(contents) > MAX_PIECES:
        raise EvidenceError(f"there are over {MAX_PIECES} files")
    if sum(map(len, contents)) > MAX_ALL_BYTES:
        raise EvidenceError(f"the files have over {MAX_ALL_BYTES} bytes together", hint="save the pictures smaller")
