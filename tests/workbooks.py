"""Excel workbooks made by hand, part by part: right ones, and such as no program writes."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"

GENERAL, DATE, TEXT = 0, 14, 49

HEADER = (
    "record_id",
    "family_name",
    "given_name",
    "birth_date",
    "citizen_id",
    "product",
    "lot",
    "dose_number",
    "total_doses",
    "vaccination_date",
)
CELLS = ("VN-1", "Nguyễn", "Thị Ánh", "10/10/1983", "079183000001", "Comirnaty", "FF0042", "2", "2", "12/09/2021")
FIELDS = dict(zip(HEADER, CELLS, strict=True))


def column_name(number: int) -> str:
    """Return what Excel calls the column of a *number* from 0."""
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def text_cell(text: str) -> str:
    """Return a cell with a *text* of its own, without its name."""
    return f't="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def number_cell(number: object, style: int = 0) -> str:
    """Return a cell with a *number* in a *style*, without its name."""
    return f's="{style}"><v>{number}</v></c>'


def row_of(number: int, cells: Sequence[str | None]) -> str:
    """Return the row of a *number* with *cells*; those that begin with an attribute are XML already."""
    made = [
        f'<c r="{column_name(place)}{number}" ' + (cell if cell.startswith(("t=", "s=")) else text_cell(cell))
        for place, cell in enumerate(cells)
        if cell is not None
    ]
    return f'<row r="{number}">{"".join(made)}</row>'


def sheet_of(*rows: Sequence[str | None] | str, space: str = MAIN) -> str:
    """Return a sheet of *rows*, which are cells, or XML as it stands."""
    made = (row if isinstance(row, str) else row_of(number, row) for number, row in enumerate(rows, 1))
    return f'<worksheet xmlns="{space}"><sheetData>{"".join(made)}</sheetData><pageMargins left="1"/></worksheet>'


def sheet_with(**changed: str | None) -> str:
    """Return a sheet of one record, in which the cells of some fields are *changed*."""
    return sheet_of(HEADER, [changed.get(name, cell) for name, cell in FIELDS.items()])


@dataclass
class WorkbookMaker:
    """The parts of a workbook; `content` is it as a file."""

    sheets: Mapping[str, str] = field(default_factory=lambda: {"Danh sách": sheet_of(HEADER, CELLS)})
    texts: Sequence[str] = ()
    formats: Sequence[int | str] = ()
    """Of each style: the number of a format, or its code."""
    hidden: Sequence[str] = ()
    properties: str = ""
    replaced: Mapping[str, str | bytes | None] = field(default_factory=dict)
    """Parts with another content, or with none at all."""
    space: str = MAIN
    compression: int = zipfile.ZIP_DEFLATED

    def parts(self) -> dict[str, str | bytes]:
        """Return the parts by their names."""
        names = {name: f"xl/worksheets/sheet{number}.xml" for number, name in enumerate(self.sheets, 1)}
        listed = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="r{number}"'
            f"{' state=' + quoteattr('hidden') if name in self.hidden else ''}/>"
            for number, name in enumerate(self.sheets, 1)
        )
        links = [(f"r{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(names) + 1)]
        links += [("s", "styles", "styles.xml"), ("t", "sharedStrings", "/xl/sharedStrings.xml")]
        texts = "".join(text if text.startswith("<si>") else f"<si><t>{escape(text)}</t></si>" for text in self.texts)
        parts: dict[str, str | bytes | None] = {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
            "_rels/.rels": _links([("b", "officeDocument", "xl/workbook.xml")]),
            "xl/workbook.xml": f'<workbook xmlns="{self.space}" xmlns:r="{LINKS}">{self.properties}'
            f"<sheets>{listed}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": _links(links),
            "xl/styles.xml": self._styles(),
            "xl/sharedStrings.xml": f'<sst xmlns="{self.space}">{texts}</sst>',
            **{part: self.sheets[name] for name, part in names.items()},
            **self.replaced,
        }
        return {name: content for name, content in parts.items() if content is not None}

    @property
    def content(self) -> bytes:
        """The workbook as a file."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", self.compression) as archive:
            for name, content in self.parts().items():
                archive.writestr(name, content)
        return file.getvalue()

    def _styles(self) -> str:
        codes = styles = ""
        for number, shown in enumerate(self.formats, 200):
            if isinstance(shown, str):
                codes += f'<numFmt numFmtId="{number}" formatCode={quoteattr(shown)}/>'
            styles += f'<xf numFmtId="{number if isinstance(shown, str) else shown}"/>'
        return (
            f'<styleSheet xmlns="{self.space}"><numFmts>{codes}</numFmts>'
            f'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
            f"<cellXfs>{styles}</cellXfs><dxfs><xf/></dxfs></styleSheet>"
        )


def _links(links: Sequence[tuple[str, str, str]]) -> str:
    made = "".join(f'<Relationship Id="{name}" Type="{LINKS}/{kind}" Target="{part}"/>' for name, kind, part in links)
    return f'<Relationships xmlns="{PACKAGE}/relationships">{made}</Relationships>'
