"""Evidence is bounded, and its kind is told from its bytes."""

from __future__ import annotations

import pytest

from vaxcert.errors import EvidenceError
from vaxcert.registry.corrections.evidence import (
    MAX_ALL_BYTES,
    MAX_PIECE_BYTES,
    MAX_PIECES,
    MediaType,
    check_amount,
    media_type_of,
)

JPEG = b"\xff\xd8\xff\xe0" + bytes(50) + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(50) + b"\0\0\0\0IEND\xaeB`\x82"
PDF = b"%PDF-1.7\n" + bytes(50) + b"%%EOF\n"


@pytest.mark.parametrize(
    ("content", "kind"),
    [(JPEG, MediaType.JPEG), (PNG, MediaType.PNG), (PDF, MediaType.PDF), (PDF + b"\r\n" * 9, MediaType.PDF)],
)
def test_photographs_and_scans_are_told_by_their_bytes(content: bytes, kind: MediaType) -> None:
    assert media_type_of(content) is kind


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a;", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ\x90", b" " + PDF, b"PK\x03\x04", PNG[1:]],
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(EvidenceError, match="neither JPEG nor PNG nor PDF"):
        media_type_of(content)


@pytest.mark.parametrize("content", [JPEG[:-1], PNG[:-4], PDF[:-3], JPEG + bytes(1024)])
def test_half_a_file_is_refused(content: bytes) -> None:
    with pytest.raises(EvidenceError, match="has no end"):
        media_type_of(content)


def test_a_file_may_be_as_large_as_said_and_no_larger() -> None:
    largest = JPEG[:-2] + bytes(MAX_PIECE_BYTES - len(JPEG)) + JPEG[-2:]
    assert media_type_of(largest) is MediaType.JPEG
    with pytest.raises(EvidenceError, match=f"over {MAX_PIECE_BYTES} bytes"):
        media_type_of(largest + b"\0")


def test_there_may_be_as_many_as_said_and_no_more() -> None:
    check_amount([JPEG] * MAX_PIECES)
    with pytest.raises(EvidenceError, match=f"over {MAX_PIECES} files"):
        check_amount([JPEG] * (MAX_PIECES + 1))


def test_together_they_are_bounded_too() -> None:
    half = bytes(MAX_ALL_BYTES // 2)
    check_amount([half, half])
    with pytest.raises(EvidenceError, match="together"):
        check_amount([half, half, b"\0"])
