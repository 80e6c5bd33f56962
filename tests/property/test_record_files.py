"""What is read fast is what is read carefully, and a file of any form ends in rows or in an error of ours."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING
from unittest import mock

from hypothesis import example, given
from hypothesis import strategies as st

from tests.workbooks import CELLS, FIELDS, HEADER, WorkbookMaker, sheet_of
from vaxcert.errors import InputError
from vaxcert.model.fields import VACCINATION_FIELDS
from vaxcert.service.lines import Lines
from vaxcert.service.record_files import read_rows

if TYPE_CHECKING:
    from vaxcert.service.row import Row

HEAD = ",".join(HEADER)
WORKBOOK = WorkbookMaker(
    {"A": sheet_of(HEADER, CELLS, ['t="s"><v>0</v></c>', *CELLS[1:]])}, texts=["VN-2"], formats=["dd/mm/yyyy"]
).content

xml_text = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"), exclude_characters="_\ufffe\uffff"), max_size=40
)


def read(content: bytes) -> list[Row]:
    file = io.BytesIO(content)
    stdin = io.TextIOWrapper(io.BufferedReader(file))  # type: ignore[type-var,unused-ignore] # is raw enough
    with mock.patch.object(sys, "stdin", stdin):
        return list(read_rows("-", VACCINATION_FIELDS))


cells = st.one_of(
    st.sampled_from(["", "a", '"b"', '"c,d"', '"e\nf"', '"g""h"', '"', 'i"j', "k\rl", " "]), st.text('a"', max_size=3)
)
ends = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])


@given(
    lines=st.lists(st.tuples(st.lists(cells, min_size=1, max_size=len(HEADER) + 1).map(",".join), ends), max_size=40),
    last=cells,
)
@example(lines=[('x"c,"d', "\n"), ("e", "\n"), ('f"', "\n")], last="")
def test_rows_in_blocks_are_those_that_come_one_by_one(lines: list[tuple[str, str]], last: str) -> None:
    content = (f"{HEAD}\n" + "".join(map("".join, lines)) + last).encode()
    with mock.patch.object(Lines, "whole_lines", return_value=[]):
        one_by_one = rows_or_error(content)
    assert rows_or_error(content) == one_by_one


def rows_or_error(content: bytes) -> tuple[list[Row], str | None]:
    """Return the rows of *content*, and the error in which they end."""
    file = io.BytesIO(content)
    stdin = io.TextIOWrapper(io.BufferedReader(file))  # type: ignore[type-var,unused-ignore] # is raw enough
    rows: list[Row] = []
    with mock.patch.object(sys, "stdin", stdin):
        try:
            rows.extend(read_rows("-", VACCINATION_FIELDS))
        except InputError as error:
            return rows, str(error)
    return rows, None


@given(lines=st.lists(st.text('ab ,"\t\x00\u00a0é', max_size=12), max_size=6), end=st.sampled_from(["\n", "\r\n"]))
@example(lines=['a,"b', 'c",d'], end="\n")
def test_lines_without_quotes_are_cut_as_the_csv_reader_cuts_them(lines: list[str], end: str) -> None:
    """The same cells, whether they come in a block of plain lines or, because of one quote before them, one by one."""
    plain = [line for line in lines if '"' not in line]
    content = end.join([HEAD, *plain]) + end
    quoted = end.join([HEAD, *(f'{line}\n"x"' for line in plain)]) + end
    fast = [(row.fields, row.problem) for row in read(content.encode())]
    slow = [
        (row.fields, row.problem)
        for row in read(quoted.encode())
        if row.problem is None or "1 cells" not in row.problem.message
    ]
    assert [row for row in fast if row[1] is None or "1 cells" not in row[1].message] == slow
    cells = next(csv.reader([plain[0]], strict=True), []) if plain else []
    if len(cells) == len(HEADER) and any(map(str.strip, cells)):
        assert fast[0][0] == dict(zip(HEADER, cells, strict=True))


@given(
    st.lists(st.tuples(st.sampled_from([*HEADER, "a:b"]), st.one_of(xml_text, st.integers(), st.none())), max_size=6)
)
def test_a_key_that_is_there_twice_never_goes_unseen(pairs: list[tuple[str, object]]) -> None:
    text = "{" + ",".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in pairs) + "}"
    (row,) = read((text + "\n").encode())
    if len(dict(pairs)) < len(pairs):
        assert row.problem is not None
        assert row.problem.code == "invalid_json"
    else:
        assert row.problem is None
        assert row.fields == dict(pairs)


@given(st.lists(xml_text, min_size=1, max_size=5))
def test_texts_in_a_sheet_are_read_as_they_were_written(texts: list[str]) -> None:
    header = (*HEADER, "site")
    own = sheet_of(header, *[(*CELLS, text) for text in texts])
    shared = sheet_of(header, *[(*CELLS, f't="s"><v>{number}</v></c>') for number in range(len(texts))])
    for book in (WorkbookMaker({"A": own}), WorkbookMaker({"A": shared}, texts=texts)):
        assert [row.fields.get("site", "") for row in read(book.content)] == texts


@given(place=st.integers(0, len(WORKBOOK) - 1), byte=st.integers(0, 255), cut=st.booleans())
def test_a_workbook_with_a_wrong_byte_or_end_gives_rows_or_an_error(place: int, byte: int, *, cut: bool) -> None:
    content = WORKBOOK[:place] if cut else WORKBOOK[:place] + bytes([byte]) + WORKBOOK[place + 1 :]
    with suppress(InputError):
        assert all(row.problem or row.fields.keys() <= FIELDS.keys() for row in read(content))


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), cut=st.booleans())
def test_a_compressed_file_with_a_wrong_byte_or_end_gives_rows_or_an_error(place: int, byte: int, *, cut: bool) -> None:
    packed = gzip.compress(f"{HEAD}\n{','.join(CELLS)}\n".encode(), mtime=0)
    place %= len(packed)
    content = packed[:place] if cut else packed[:place] + bytes([byte]) + packed[place + 1 :]
    with suppress(InputError):
        read(content)
