"""The texts of a workbook: each once, in a table of its own, to which the cells refer by number."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING

from vaxcert.errors import InputTooLargeError
from vaxcert.service.workbook.markup import Depth, damaged, markup_parser, parse_part

if TYPE_CHECKING:
    from vaxcert.service.workbook.archive import Part

MAX_TABLE_BYTES = 96 * 2**20
"""Of all texts in UTF-8. A full sheet (1,048,575 records) of people's names, numbers and places has about 45 MiB."""

_MAX_TEXTS = 2**24
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


class Texts:
    """The table of texts, held in little more than their bytes: a list of as many strings takes four times that."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("I")

    def append(self, text: str) -> None:
        """Add *text* at the end.

        Raises:
            InputTooLargeError: Too many, or too long together.
        """
        self._bytes += text.encode("utf-8", "replace")  # a lone half of a pair (_xD83D_) is no text
        self._ends.append(len(self._bytes))
        if len(self._bytes) > MAX_TABLE_BYTES or len(self._ends) > _MAX_TEXTS:
            message = f"the workbook's texts take more than {MAX_TABLE_BYTES // 2**20} MiB"
            raise InputTooLargeError(message, hint="save the sheet as CSV UTF-8 (comma delimited)")

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends):
            raise damaged("a cell refers to a text that is not there")
        return self._bytes[self._ends[number - 1] if number else 0 : self._ends[number]].decode()


def read_texts(part: Part) -> Texts:
    """Return the texts of the table in *part* (ISO/IEC 29500-1 §18.4.9), without their formatting and pronunciation."""
    texts = Texts()
    parts: list[str] = []
    parser = markup_parser()
    depth = Depth()
    spoken = 0

    def start(name: str, _attributes: object) -> None:
        nonlocal spoken
        depth.enter()
        match name:
            case "t" if not spoken:
                parser.CharacterDataHandler = parts.append
            case "rPh":
                spoken += 1

    def end(name: str) -> None:
        nonlocal spoken
        depth.leave()
        match name:
            case "t":
                parser.CharacterDataHandler = None
            case "rPh":
                spoken -= 1
            case "si":
                texts.append(unescape("".join(parts)))
                parts.clear()

    parser.StartElementHandler, parser.EndElementHandler = start, end
    for _ in parse_part(parser, part):
        if sum(map(len, parts)) > MAX_TABLE_BYTES:
            raise damaged("a text is too long")
    return texts


def unescape(text: str) -> str:
    """Return *text* with the signs that XML cannot hold, which stand in it as `_x000D_` (ISO/IEC 29500-1 §22.4.2.4)."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text
