"""The face that documents are set in: which characters it has, and how wide they run.

The two fonts lie beside this module (fonts/SOURCE.md) and no other is ever used. A character that they lack would be
printed as an empty box, so whoever prints asks here first.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from struct import unpack_from
from typing import TYPE_CHECKING, Final, Literal
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Weight = Literal["regular", "bold"]

FOLDER = Path(__file__).parent / "fonts"

_FILES: Final[Mapping[Weight, str]] = {"regular": "NotoSans-Regular.ttf", "bold": "NotoSans-Bold.ttf"}

_LAST_CODE = 0xFFFE
"""U+FFFF ends a table of characters and stands for none."""

_STACKED_MARKS = re.compile("[\u0300-\u036f]{3}")
"""More than two combining marks on a letter grow into the line above; no name of a language in use has them."""


def printable(text: str) -> str | None:
    """Return *text* as it can be printed, or None where the face lacks a character of it.

    The text is composed (NFC). A compatibility character that the face lacks, such as a full-width bracket or a
    no-break space, gives way to its plain form (NFKC).
    """
    if text.isascii() and text.isprintable():
        return text
    known = advances().keys()
    composed = normalize("NFC", text)
    if not known >= set(composed):
        composed = "".join(letter if letter in known else normalize("NFKC", letter) for letter in composed)
    if _STACKED_MARKS.search(composed) or not known >= set(composed):
        return None
    return composed


def width(text: str, weight: Weight = "regular") -> float:
    """Return how wide printable *text* runs, in ems."""
    return sum(map(advances(weight).__getitem__, text))


@cache
def advances(weight: Weight = "regular") -> Mapping[str, float]:
    """Return every character that can be printed, with its advance in ems; they are the same in both weights."""
    font = (FOLDER / _FILES[weight]).read_bytes()
    return {chr(code): advance for code, advance in _read_advances(font) if chr(code).isprintable()}


def _read_advances(font: bytes) -> Iterator[tuple[int, float]]:
    """Yield each code point of *font* with its advance in ems (OpenType 1.9, tables cmap, head, hhea and hmtx)."""
    tables = {}
    for record in range(12, 12 + 16 * unpack_from(">H", font, 4)[0], 16):
        tag, _, offset, _ = unpack_from(">4sLLL", font, record)
        tables[tag] = offset
    em = unpack_from(">H", font, tables[b"head"] + 18)[0]
    long_metrics = unpack_from(">H", font, tables[b"hhea"] + 34)[0]
    for code, glyph in _read_cmap(font, tables[b"cmap"]):
        # Glyphs past the long metrics share the last advance.
        yield code, unpack_from(">H", font, tables[b"hmtx"] + 4 * min(glyph, long_metrics - 1))[0] / em


def _read_cmap(font: bytes, cmap: int) -> Iterator[tuple[int, int]]:
    """Yield each code point of the basic plane with its glyph, from the first subtable, which is of format 4."""
    subtable = cmap + unpack_from(">L", font, cmap + 8)[0]
    segments = unpack_from(">H", font, subtable + 6)[0] // 2
    row = f">{segments}H"
    ends = unpack_from(row, font, subtable + 14)
    starts, deltas, offsets = (unpack_from(row, font, subtable + 16 + 2 * segments * n) for n in (1, 2, 3))
    for index, (start, end, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        codes = range(start, min(end, _LAST_CODE) + 1)
        if offset == 0:
            yield from ((code, (code + delta) & 0xFFFF) for code in codes)
        else:
            # An offset counts from its own place in the table to the segment's list of glyphs.
            glyphs = subtable + 16 + 6 * segments + 2 * index + offset
            yield from zip(codes, unpack_from(f">{len(codes)}H", font, glyphs), strict=True)
