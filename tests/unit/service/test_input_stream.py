"""Compressed records come as they are unpacked, and a file that is cut or damaged is told after its rows."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.workbooks import CELLS, FIELDS, HEADER
from vaxcert.errors import InputDamagedError, InputError, InputTruncatedError
from vaxcert.model.fields import VACCINATION_FIELDS
from vaxcert.service.lines import MAX_RECORD_BYTES
from vaxcert.service.record_files import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from typing_extensions import Buffer

    from vaxcert.service.row import Row

LINES = [",".join(HEADER), *[",".join((f"VN-{number}", *CELLS[1:])) for number in range(2000)]]
CSV = "\n".join(LINES).encode()


class Pipe(io.RawIOBase):
    """Gives a content in pieces of a size, and cannot go back."""

    def __init__(self, content: bytes, size: int) -> None:
        self._content = io.BytesIO(content)
        self._size = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        part = self._content.read(self._size)
        memoryview(buffer)[: len(part)] = part
        return len(part)


@pytest.fixture(params=["file", "pipe", "slow pipe"])
def rows(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Row]]:
    """Return what reads rows, and takes those before an error for them all where it is told to."""

    def read(content: bytes, *, until: type[InputError] | None = None) -> list[Row]:
        source = "-"
        if request.param == "file":
            (tmp_path / "records").write_bytes(content)
            source = str(tmp_path / "records")
        else:
            stream = io.BufferedReader(Pipe(content, 4096 if request.param == "pipe" else 5))
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        found: list[Row] = []
        if until is None:
            found.extend(read_rows(source, VACCINATION_FIELDS))
        else:
            with pytest.raises(until):
                found.extend(read_rows(source, VACCINATION_FIELDS))
        return found

    return read


def ids(rows: list[Row]) -> list[object]:
    return [row.fields["record_id"] for row in rows]


def test_csv_is_unpacked(rows: Callable[..., list[Row]]) -> None:
    assert ids(rows(gzip.compress(CSV))) == [f"VN-{number}" for number in range(2000)]


def test_json_is_unpacked(rows: Callable[..., list[Row]]) -> None:
    line = json.dumps(FIELDS)
    assert [row.fields for row in rows(gzip.compress(f"{line}\n{line}".encode()))] == [FIELDS, FIELDS]
    assert [row.fields for row in rows(gzip.compress(f"[{line}]".encode()))] == [FIELDS]


def test_several_members_are_one_file(rows: Callable[..., list[Row]]) -> None:
    cut = len(CSV) // 3
    assert len(rows(gzip.compress(CSV[:cut]) + gzip.compress(b"") + gzip.compress(CSV[cut:]))) == 2000


def test_a_cut_file_gives_its_whole_rows_and_then_the_error(rows: Callable[..., list[Row]]) -> None:
    packed = gzip.compress(CSV, mtime=0)[:-1500]
    whole = zlib.decompressobj(31).decompress(packed).count(b"\n") - 1
    found = rows(packed, until=InputTruncatedError)
    assert 500 < len(found) < 2000
    assert ids(found) == [f"VN-{number}" for number in range(whole)]


@pytest.mark.parametrize("length", [3, 10, 30])
def test_a_file_cut_before_its_rows_has_none(rows: Callable[..., list[Row]], length: int) -> None:
    assert rows(gzip.compress(CSV)[:length], until=InputTruncatedError) == []


def test_a_cut_checksum_is_a_cut_file(rows: Callable[..., list[Row]]) -> None:
    found = rows(gzip.compress(CSV + b"\n")[:-1], until=InputTruncatedError)
    assert len(found) == 2000


def test_a_last_row_without_end_is_none_in_a_cut_file(rows: Callable[..., list[Row]]) -> None:
    assert len(rows(gzip.compress(CSV)[:-1], until=InputTruncatedError)) == 1999


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(CSV)[:-8] + bytes(8),
        gzip.compress(CSV)[:40] + b"\xff" * 200 + gzip.compress(CSV)[240:],
        gzip.compress(CSV) + b"tail",
        b"\x1f\x8b\x07" + gzip.compress(CSV)[3:],
    ],
    ids=["checksum", "content", "tail", "method"],
)
def test_a_damaged_file_is_refused(rows: Callable[..., list[Row]], packed: bytes) -> None:
    assert all(row.problem is None for row in rows(packed, until=InputDamagedError))


@pytest.mark.parametrize("content", [gzip.compress(CSV), b"PK\x03\x04" + bytes(50), b"PAR1" + bytes(50)])
def test_what_is_packed_twice_is_refused(rows: Callable[..., list[Row]], content: bytes) -> None:
    assert rows(gzip.compress(content), until=InputError) == []


@pytest.mark.parametrize("sign", [b"x", b'"', b",", b" "])
def test_a_bomb_takes_little_memory(rows: Callable[..., list[Row]], sign: bytes) -> None:
    packer = zlib.compressobj(9, wbits=31)
    packed = packer.compress(LINES[0].encode() + b"\n")
    packed += b"".join(packer.compress(sign * 2**20) for _ in range(8)) + packer.flush()
    tracemalloc.start()
    found = rows(packed)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) < 5
    assert peak < 3 * 2**20


# --- lines, many at once -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("excess", [-1, 0, 1])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_the_longest_record_is_read_and_one_more_sign_is_not(
    rows: Callable[..., list[Row]], excess: int, end: bytes
) -> None:
    row = ",".join(CELLS).encode()
    site = b"x" * (MAX_RECORD_BYTES - len(row) - 1 - len(end) + excess)
    content = LINES[0].encode() + b",site\n" + row + b",s\n" + row + b"," + site + end
    last = rows(content)[1]
    assert (last.problem.code if last.problem else None) == ("line_too_long" if excess > 0 else None)
    assert excess > 0 or last.fields["site"] == site.decode()


def test_quoted_and_plain_lines_alternate(rows: Callable[..., list[Row]]) -> None:
    lines = [line.replace("Comirnaty", '"Comirnaty"') if number % 3 else line for number, line in enumerate(LINES)]
    lines[100:100] = ['"VN\n\n-x"' + LINES[1][4:], "", LINES[1] + "\r", "short"]
    found = rows("\n".join(lines).encode())
    assert [row.line for row in found[97:104]] == [99, 100, 101, 105, 106, 107, 108]
    assert [row.problem.code for row in found if row.problem] == ["wrong_cell_count"]
    assert found[99].fields["record_id"] == "VN\n\n-x"
    assert found[-1].fields == {**FIELDS, "record_id": "VN-1999"}


def test_a_bad_sign_is_named_by_its_line_after_the_rows_before(rows: Callable[..., list[Row]]) -> None:
    content = CSV.replace(b"VN-1500", b"VN-\xff")
    found = rows(content, until=InputError)
    assert ids(found) == [f"VN-{number}" for number in range(1500)]
