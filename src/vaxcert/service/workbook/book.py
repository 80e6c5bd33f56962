"""What a workbook says of itself: its sheets, its texts, and how its numbers are shown."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import InputTooLargeError
from vaxcert.service.workbook.archive import Archive
from vaxcert.service.workbook.markup import Depth, damaged, markup_parser, parse_part
from vaxcert.service.workbook.number_formats import BUILT_IN, GENERAL, MAX_CODE_CHARACTERS, NumberFormat
from vaxcert.service.workbook.texts import Texts, read_texts

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Mapping, Sequence

_MAX_BOOK_BYTES = 2**24
"""Of the parts that are read whole: a workbook of a thousand sheets with every style there can be has 4 MiB."""
_MAX_TEXTS_BYTES = 2**30
_MAX_SHEETS, _MAX_STYLES, _MAX_FORMATS = 1024, 2**16, 2**12
_START = "_rels/.rels"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of cells, by its name and its part of the archive."""

    name: str
    part: str
    is_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """A workbook, all but its cells."""

    archive: Archive
    sheets: Sequence[Sheet]
    texts: Texts
    formats: Sequence[NumberFormat]
    """How numbers are shown, by the number of a cell's style."""
    counts_from_1904: bool
    """Whether day 0 is 1904-01-01, as once on the Macintosh (ISO/IEC 29500-1 §18.17.4.1)."""


def open_workbook(stream: io.BufferedReader) -> Workbook:
    """Return the workbook in *stream*.

    Raises:
        InputError: It is none, or is damaged, encrypted or too large.
    """
    archive = Archive(stream)
    if _START not in archive or "[Content_Types].xml" not in archive or "xl/workbook.bin" in archive:
        raise archive.refusal()
    book = _related(archive, "", "officeDocument").get("", "xl/workbook.xml")
    if book not in archive:
        raise archive.refusal()
    sheets, counts_from_1904 = _sheets(archive, book)
    texts = _related(archive, book, "sharedStrings").get("")
    styles = _related(archive, book, "styles").get("")
    return Workbook(
        archive=archive,
        sheets=sheets,
        texts=_texts(archive, texts),
        formats=_formats(archive, styles) if styles is not None else (),
        counts_from_1904=counts_from_1904,
    )


def _texts(archive: Archive, name: str | None) -> Texts:
    if name is None:
        return Texts()
    with archive.part(name, limit=_MAX_TEXTS_BYTES) as part:
        return read_texts(part)


def _sheets(archive: Archive, book: str) -> tuple[list[Sheet], bool]:
    parts = _related(archive, book, "worksheet")
    sheets: list[Sheet] = []
    counts_from_1904 = False

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal counts_from_1904
        if name == "sheet" and (part := parts.get(attributes.get("r:id", ""))):  # others are charts and macros
            is_hidden = attributes.get("state", "visible") != "visible"
            sheets.append(Sheet(attributes.get("name", ""), part, is_hidden))
            if len(sheets) > _MAX_SHEETS:
                raise InputTooLargeError(f"the workbook has more than {_MAX_SHEETS} sheets")
        elif name == "workbookPr":
            counts_from_1904 = attributes.get("date1904") in {"1", "true", "on"}

    _read(archive, book, start)
    if not sheets:
        raise archive.refusal()
    return sheets, counts_from_1904


def _related(archive: Archive, name: str, kind: str) -> Mapping[str, str]:
    """Return the parts of a *kind* to which the part *name* is linked, by the link's id; the first also by none.

    The links of a part stand beside it in a folder `_rels` (ISO/IEC 29500-2 §6.5).
    """
    folder, file = posixpath.split(name)
    found: dict[str, str] = {}

    def start(element: str, attributes: Mapping[str, str]) -> None:
        if element == "Relationship" and attributes.get("Type", "").endswith(f"/{kind}"):
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            found.setdefault("", target)
            found[attributes.get("Id", "")] = target

    _read(archive, posixpath.join(folder, "_rels", f"{file}.rels"), start)
    return found


def _formats(archive: Archive, name: str) -> list[NumberFormat]:
    """Return how each style of the part *name* shows numbers (ISO/IEC 29500-1 §18.8)."""
    codes: dict[str, str] = {}
    styles: list[str] = []
    is_in_cell_styles = False

    def start(element: str, attributes: Mapping[str, str]) -> None:
        nonlocal is_in_cell_styles
        match element:
            case "numFmt":
                codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:MAX_CODE_CHARACTERS]
            case "cellXfs":
                is_in_cell_styles = True
            case "xf" if is_in_cell_styles:
                styles.append(attributes.get("numFmtId", "0"))
        if len(styles) > _MAX_STYLES or len(codes) > _MAX_FORMATS:
            raise damaged("it has more styles than any may have")

    def end(element: str) -> None:
        nonlocal is_in_cell_styles
        if element == "cellXfs":
            is_in_cell_styles = False

    _read(archive, name, start, end)
    own = {number: NumberFormat.of_code(code) for number, code in codes.items()}
    built_in = {str(number): shown for number, shown in BUILT_IN.items()}
    return [own.get(style) or built_in.get(style) or GENERAL for style in styles]


def _read(
    archive: Archive,
    name: str,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] = lambda _name: None,
) -> None:
    """Call *start* and *end* for the elements of a part, which is small."""
    parser = markup_parser()
    depth = Depth()

    def enter(element: str, attributes: Mapping[str, str]) -> None:
        depth.enter()
        start(element, attributes)

    def leave(element: str) -> None:
        depth.leave()
        end(element)

    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    with archive.part(name, limit=_MAX_BOOK_BYTES) as part:
        for _ in parse_part(parser, part):
            pass
