"""The face that documents are set in: which characters it has and how wide they run.

The two fonts lie beside this module (fonts/SOURCE.md) and nothing else is ever used: a character that they lack would
be printed as an empty box, so whoever prints asks here first.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import repeat
from pathlib import Path
from struct import unpack_from
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parent / "fonts"
FILES = ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf")
FAMILY = "Noto Sans"

_STACKED_MARKS = re.compile("[\u0300-\u036f]{3}")
"""More than two combining marks on a letter grow into the line above; no name of a language in use has them."""


def printable(text: str) -> str | None:
    """Return *text* as it can be printed, or None where the face lacks a character of it.

    The text is composed (NFC), and a compatibility character that the face lacks, such as a full-width bracket or a
    no-break space, gives way to its plain form (NFKC).
    """
    advances = _advances()
    composed = normalize("NFC", text)
    if not advances.keys() >= set(composed):
        composed = "".join(letter if letter in advances else normalize("NFKC", letter) for letter in composed)
    if _STACKED_MARKS.search(composed) or not advances.keys() >= set(composed):
        return None
    return composed


def width(text: str) -> float:
    """Return how wide printable *text* runs at most, in units of the type size."""
    return sum(map(_advances().__getitem__, text))


@cache
def _advances() -> Mapping[str, float]:
    """Return the printable characters that all fonts have, each with its widest advance in ems."""
    regular, bold = (dict(_read_advances((FOLDER / name).read_bytes())) for name in FILES)
    return {
        chr(code): max(advance, bold[code])
        for code, advance in regular.items()
        if code in bold and chr(code).isprintable()
    }


def _read_advances(font: bytes) -> Iterator[tuple[int, float]]:
    """Yield each code point of *font* with its advance in ems (OpenType 1.9: cmap format 4, head, hhea, hmtx)."""
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
    columns = [unpack_from(f">{segments}H", font, subtable + start) for start in _segment_columns(segments)]
    for index, (end, start, delta, skip) in enumerate(zip(*columns, strict=True)):
        codes = range(start, min(end, 0xFFFE) + 1)
        if skip == 0:
            yield from ((code, (code + delta) & 0xFFFF) for code in codes)
            continue
        # The range's offset counts from its own place in the column.
        glyphs = subtable + _segment_columns(segments)[3] + 2 * index + skip
        yield from zip(codes, unpack_from(f">{len(codes)}H", font, glyphs), strict=True)
