"""XML as it stands in workbooks: read in pieces, nothing unbounded, no document types and so no entities."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

from vaxcert.errors import InputDamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.parsers.expat import XMLParserType

    from vaxcert.service.workbook.archive import Part

MAX_DEPTH = 32
"""Of elements within elements; Excel's own reach 12."""

_CHUNK_BYTES = 2**16
_MAX_TOKEN_BYTES = 2**20
"""The longest tag or comment, which the parser must hold whole."""


def markup_parser() -> XMLParserType:
    """Return a parser that knows the elements of workbooks by their local names, and all others by their full ones.

    A text comes in one piece where it stands in one, and a document type is refused.
    """
    # The parser looks every name up in this table, to give the same object each time: so it can as well give another.
    parser = expat.ParserCreate(namespace_separator=" ", intern=dict(_LOCAL_NAMES))
    parser.buffer_text = True
    parser.buffer_size = _CHUNK_BYTES
    parser.StartDoctypeDeclHandler = _refuse_document_type
    return parser


def parse_part(parser: XMLParserType, part: Part) -> Iterator[None]:
    """Parse *part* piece by piece: each time that this yields, a further piece has been parsed.

    Raises:
        InputDamagedError: It is no XML that a workbook may have.
    """
    read = 0
    try:
        while chunk := part.read(_CHUNK_BYTES):
            parser.Parse(chunk, False)
            read += len(chunk)
            if read - parser.CurrentByteIndex > _MAX_TOKEN_BYTES:
                raise damaged("a tag is too long")
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise damaged(f"line {error.lineno} is no XML") from error
    yield


_SHEETS = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
_LINKS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
_LOCAL_NAMES = {
    **{
        f"{space} {name}": name
        for space in _SHEETS  # ISO/IEC 29500-1, transitional and strict
        for name in ("row", "c", "v", "t", "f", "is", "rPh", "si", "sheet", "workbookPr", "numFmt", "cellXfs", "xf")
    },
    **{f"{space} id": "r:id" for space in _LINKS},
    "http://schemas.openxmlformats.org/package/2006/relationships Relationship": "Relationship",
}


class Depth:
    """Counts how deep an element stands in others."""

    def __init__(self) -> None:
        self._depth = 0

    def enter(self) -> None:
        """Go one deeper; raises `InputDamagedError` past `MAX_DEPTH`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise damaged("elements are nested too deep")

    def leave(self) -> None:
        """Come back."""
        self._depth -= 1


def damaged(why: str) -> InputDamagedError:
    """Return the error of a workbook in whose XML something is wrong."""
    return InputDamagedError(f"the workbook is damaged: {why}", hint="open it in Excel and save it anew")


def _refuse_document_type(*_declaration: object) -> None:
    raise damaged("it declares a document type, as no workbook does")
