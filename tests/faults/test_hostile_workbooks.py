"""Workbooks that are damaged, or made to take a reader's memory or time: each is refused, with little of both."""

from __future__ import annotations

import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.workbooks import CELLS, HEADER, LINKS, MAIN, WorkbookMaker, number_cell, row_of, sheet_of, sheet_with
from vaxcert.errors import InputDamagedError, InputError, InputTooLargeError, InputTruncatedError
from vaxcert.model.fields import VACCINATION_FIELDS
from vaxcert.service.record_files import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vaxcert.service.row import Row

MIB = 2**20
SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"
BOOK = "xl/workbook.xml"


def with_part(name: str, content: str | bytes | None) -> bytes:
    return WorkbookMaker(replaced={name: content}).content


def opened_and(*elements: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(elements)}'


GOOD = WorkbookMaker().content
SHEET_DATA = GOOD.index(SHEET.encode()) + len(SHEET)
ENDLESS_ROW = with_part(
    SHEET, sheet_of(HEADER, f"<row>{''.join(f'<c><v>{number:0900}</v></c>' for number in range(16_000))}</row>", CELLS)
)
DIRECTORY = GOOD.index(b"PK\x01\x02")


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], list[Row]]:
    """Return what reads the rows of a file."""

    def rows(content: bytes) -> list[Row]:
        path = tmp_path / "records.xlsx"
        path.write_bytes(content)
        return list(read_rows(str(path), VACCINATION_FIELDS))

    return rows


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Hold what a test takes, besides what it made before, to far less than its files unpack to."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * MIB


@pytest.mark.parametrize(
    "content",
    [
        with_part(SHEET, '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>' + sheet_of(HEADER, CELLS)),
        with_part(SHEET, '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + sheet_of(HEADER, CELLS)),
        with_part(TEXTS, f'<!DOCTYPE x [<!ENTITY a "b">]><sst xmlns="{MAIN}"><si><t>&a;</t></si></sst>'),
        with_part(BOOK, f'<!DOCTYPE x><workbook xmlns="{MAIN}"/>'),
        with_part(SHEET, sheet_of(HEADER, CELLS).replace("Nguyễn", "&undeclared;")),
        with_part(SHEET, opened_and("<row" + " " * 3 * MIB)),
        with_part(SHEET, f"<!--{'x' * 3 * MIB}-->" + sheet_of(HEADER, CELLS)),
        with_part(SHEET, opened_and("<a>" * MIB)),
        with_part(SHEET, opened_and(row_of(1, HEADER), '<row r="2"><row r="3">')),
        with_part(SHEET, opened_and('<row r="1"><c r="A1"><c r="B1">')),
        with_part(SHEET, opened_and('<c r="A1"/>')),
        with_part(SHEET, opened_and('<row r="2"/><row r="1"/>')),
        with_part(SHEET, opened_and('<row r="2"/><row r="2"/>')),
        with_part(SHEET, opened_and('<row r="0"/>')),
        with_part(SHEET, opened_and('<row r="1048577"/>')),
        with_part(SHEET, opened_and('<row r="99999999999999999999"/>')),
        with_part(SHEET, opened_and('<row r="x"/>')),
        with_part(SHEET, opened_and('<row r="-1"/>')),
        with_part(SHEET, opened_and('<row r="1"><c r="B1"/><c r="A1"/></row>')),
        with_part(SHEET, opened_and('<row r="1"><c r="A1"/><c r="A1"/></row>')),
        with_part(SHEET, opened_and('<row r="1"><c r="A2"/></row>')),
        with_part(SHEET, opened_and('<row r="1"><c r="XFE1"/></row>')),
        with_part(SHEET, opened_and('<row r="1"><c r="1"/></row>')),
        with_part(SHEET, opened_and('<row r="1"><c r="AAAAAAAAA1"/></row>')),
        with_part(SHEET, sheet_with(lot=number_cell("12x"))),
        with_part(SHEET, sheet_with(lot='t="s"><v>0</v></c>')),
        with_part(SHEET, sheet_with(lot='t="s"><v>-1</v></c>')),
        with_part(SHEET, sheet_with(lot='t="s"><v>²</v></c>')),
        with_part(SHEET, sheet_with(lot='t="z"><v>1</v></c>')),
        with_part(SHEET, sheet_of(HEADER, CELLS)[:-40]),
        with_part(SHEET, b"\x00\x01 no XML"),
        with_part(SHEET, ""),
        with_part(SHEET, None),
        with_part(TEXTS, None),
        with_part("xl/styles.xml", None),
        with_part("xl/_rels/workbook.xml.rels", None),
        with_part("xl/Workbook.xml", WorkbookMaker().parts()[BOOK]),
        GOOD + b"tail",
        GOOD[:SHEET_DATA] + bytes(20) + GOOD[SHEET_DATA + 20 :],
        GOOD[:-3],
        GOOD + b"PK\x05\x06",
    ],
    ids=lambda _content: "",
)
def test_a_damaged_workbook_is_refused(read: Callable[[bytes], list[Row]], content: bytes) -> None:
    with pytest.raises(InputDamagedError) as caught:
        read(content)
    assert caught.value.message.startswith("the workbook")
    assert caught.value.hint is not None


@pytest.mark.parametrize("length", [4, 100, DIRECTORY, len(GOOD) - 22])
def test_a_cut_workbook_is_refused(read: Callable[[bytes], list[Row]], length: int) -> None:
    with pytest.raises(InputTruncatedError, match="the workbook ends too early"):
        read(GOOD[:length])


def test_a_changed_byte_is_noticed_after_the_rows(read: Callable[[bytes], list[Row]]) -> None:
    stored = WorkbookMaker(compression=zipfile.ZIP_STORED).content
    with pytest.raises(InputDamagedError):
        read(stored.replace(b"FF0042", b"FF0043"))


def zeros_in(name: str, size: int, before: str) -> bytes:
    return with_part(name, before.encode() + b" " * size)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    "content",
    [
        zeros_in(SHEET, 64 * MIB, f'<worksheet xmlns="{MAIN}">'),
        zeros_in(TEXTS, 64 * MIB, f'<sst xmlns="{MAIN}">'),
        zeros_in("xl/styles.xml", 20 * MIB, f'<styleSheet xmlns="{MAIN}">'),
        zeros_in("_rels/.rels", 20 * MIB, "<Relationships>"),
        WorkbookMaker({f"s{number}": "" for number in range(1100)}).content,
        WorkbookMaker(replaced={f"x/{number}{'x' * 900}": "" for number in range(1200)}).content,
        GOOD[:-22] + b"PK\x06\x07" + bytes(16) + GOOD[-22:],
    ],
    ids=["sheet", "texts", "styles", "links", "sheets", "directory", "zip64"],
)
def test_a_workbook_that_unpacks_to_too_much_is_refused(read: Callable[[bytes], list[Row]], content: bytes) -> None:
    with pytest.raises(InputTooLargeError):
        read(content)


@pytest.mark.usefixtures("little_memory")
def test_a_claim_of_great_size_is_not_believed(read: Callable[[bytes], list[Row]]) -> None:
    rows = read(
        with_part(SHEET, sheet_of(HEADER, CELLS).replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>'))
    )
    assert len(rows) == 1


@pytest.mark.usefixtures("little_memory")
def test_two_cells_far_apart_are_two_cells(read: Callable[[bytes], list[Row]]) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    rows = read(with_part(SHEET, sheet_of(HEADER, CELLS, far)))
    assert [(row.line, row.problem and row.problem.code) for row in rows] == [(2, None), (1048576, "wrong_cell_count")]


@pytest.mark.usefixtures("little_memory")
def test_a_row_without_end_is_one_bad_row(read: Callable[[bytes], list[Row]]) -> None:
    rows = read(ENDLESS_ROW)
    assert [(row.line, row.problem and row.problem.code) for row in rows] == [(2, "line_too_long"), (3, None)]


def test_many_styles_are_refused(read: Callable[[bytes], list[Row]]) -> None:
    content = WorkbookMaker(formats=[0] * 70_000).content
    with pytest.raises(InputDamagedError, match="more styles than any may have"):
        read(content)


def test_a_text_without_end_is_refused(read: Callable[[bytes], list[Row]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaxcert.service.workbook.texts.MAX_TABLE_BYTES", MIB)
    noise = "".join(f"{number:07}" for number in range(3 * MIB // 7))
    with pytest.raises(InputDamagedError, match="a text is too long"):
        read(WorkbookMaker(texts=[noise]).content)
    with pytest.raises(InputTooLargeError, match="the workbook's texts take more than 1 MiB"):
        read(WorkbookMaker(texts=[noise[: MIB // 2]] * 3).content)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (with_part(SHEET, opened_and("<row" + " " * 20 * MIB)), "a tag is too long"),
        (with_part(SHEET, f"<!--{'x' * 20 * MIB}-->"), "a tag is too long"),
        (with_part(SHEET, opened_and("<a>" * 6 * MIB)), "nested too deep"),
        (with_part(SHEET, opened_and("<row><c><v>" + "1" * 15 * MIB)), "is no XML"),
        (with_part(BOOK, "<a>" * 4 * MIB), "nested too deep"),
        (with_part(TEXTS, "<a>" * 4 * MIB), "nested too deep"),
    ],
    ids=["tag", "comment", "depth", "value", "book", "texts"],
)
def test_what_a_parser_would_hold_whole_is_refused(
    read: Callable[[bytes], list[Row]], monkeypatch: pytest.MonkeyPatch, content: bytes, why: str
) -> None:
    monkeypatch.setattr(
        "vaxcert.service.workbook.archive._MAX_RATIO", 2000
    )  # not what the archive's bound would refuse
    with pytest.raises(InputDamagedError, match=why):
        read(content)


def other_archive(*names: str) -> bytes:
    return WorkbookMaker(replaced={**dict.fromkeys(WorkbookMaker().parts()), **dict.fromkeys(names, "x")}).content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (other_archive("mimetype", "content.xml"), "the file is an OpenDocument spreadsheet or text"),
        (with_part("xl/workbook.bin", "x"), r"the file is a binary Excel workbook \(.xlsb\)"),
        (other_archive("records.csv"), "the file is an archive, but no Excel workbook"),
        (with_part(BOOK, None), "the file is an archive, but no Excel workbook"),
        (
            with_part(BOOK, f'<document xmlns="word" xmlns:r="{LINKS}"/>'),
            "the file is an archive, but no Excel workbook",
        ),
        (WorkbookMaker(compression=zipfile.ZIP_BZIP2).content, "encrypted or compressed in a way of its own"),
        (WorkbookMaker(compression=zipfile.ZIP_LZMA).content, "encrypted or compressed in a way of its own"),
        (GOOD.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"), "encrypted or compressed"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), "or one with a password"),
    ],
    ids=["ods", "xlsb", "zip", "bookless", "docx", "bzip2", "lzma", "encrypted", "xls"],
)
def test_what_is_no_workbook_is_said(read: Callable[[bytes], list[Row]], content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(content)
    assert caught.value.hint is not None


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_part_that_is_there_twice_is_refused(read: Callable[[bytes], list[Row]], tmp_path: Path) -> None:
    path = tmp_path / "twice.xlsx"
    path.write_bytes(GOOD)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(SHEET, sheet_of(HEADER))
    with pytest.raises(InputDamagedError, match="two parts of one name"):
        read(path.read_bytes())
