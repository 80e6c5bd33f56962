"""Sources in blocks: the same as line by line, and nothing too large on the way."""

from __future__ import annotations

import gzip
import io
import pickle
import sys
from typing import TYPE_CHECKING

import pytest

from tests.faults.encoders import Encoder
from vaxcert.codec import qr
from vaxcert.errors import InputTruncatedError, PrefixError, StorageError
from vaxcert.service import line_blocks
from vaxcert.service.line_blocks import LineBlock, Unread, found_in, read_blocks
from vaxcert.service.sources import MAX_LINE_BYTES, STDIN, Found, read_source

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "HC1:NCF ABC"
LINES = (
    b'\xef\xbb\xbf\r\nHC1:A\n\n {"text": "HC1:B"}\r\n\xff\xfe\n  HC1:C \n{"text": 1}\n' + "HC1:Đ\n".encode() + b"HC1:E"
)


def comparable(found: Found) -> tuple[object, ...]:
    error = found.error and (type(found.error), str(found.error))
    return found.source, found.text, error, found.scanned, found.trimmed, found.receipt, found.ignored_codes


def in_blocks(source: str) -> list[tuple[object, ...]]:
    blocks = [pickle.loads(pickle.dumps(block)) for block in read_blocks(source)]
    return [comparable(found) for block in blocks for found in found_in(block)]


def one_by_one(source: str) -> list[tuple[object, ...]]:
    return [comparable(found) for found in read_source(source)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20, 1000])
def test_blocks_of_any_size_hold_what_the_lines_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    (tmp_path / "lines").write_bytes(LINES)
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", max(size, 3))  # the byte order mark comes at once
    found = in_blocks(str(tmp_path / "lines"))
    assert found == one_by_one(str(tmp_path / "lines"))
    assert [source for source, *_ in found] == [f"{tmp_path}/lines:{number}" for number in (2, 4, 5, 6, 7, 8, 9)]


@pytest.mark.parametrize("content", [b"", b"\n \r\n\t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_file_without_anything_holds_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "empty").write_bytes(content)
    found = in_blocks(str(tmp_path / "empty"))
    assert found == one_by_one(str(tmp_path / "empty"))
    [(_, _, error, *_)] = found
    assert isinstance(error, tuple)
    assert error[0] is PrefixError


@pytest.mark.parametrize("length", [MAX_LINE_BYTES - 1, MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 10 * MAX_LINE_BYTES])
def test_of_a_line_that_is_too_long_only_the_start_is_kept_and_the_next_is_counted_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    path = tmp_path / "long"
    path.write_bytes(b"HC1:X\n" + b"HC1:" + b"A" * (length - 4) + b"\nHC1:Y\n")
    for size in (100, line_blocks.BLOCK_BYTES):
        monkeypatch.setattr(line_blocks, "BLOCK_BYTES", size)
        blocks = list(read_blocks(str(path)))
        assert all(len(block.content) <= size + MAX_LINE_BYTES + 1 for block in blocks if isinstance(block, LineBlock))
        assert in_blocks(str(path)) == one_by_one(str(path))


def test_the_last_line_may_be_too_long_and_without_an_end(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"HC1:" + b"A" * 1_000_000)
    assert in_blocks(str(tmp_path / "long")) == one_by_one(str(tmp_path / "long"))


def test_a_block_tells_how_far_the_file_has_been_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", 20)
    content = b"HC1:ABCDEF\n" * 10
    (tmp_path / "lines").write_bytes(content)
    positions = [block.position for block in read_blocks(str(tmp_path / "lines")) if isinstance(block, LineBlock)]
    assert positions == [22, 44, 66, 88, 110]
    (tmp_path / "packed").write_bytes(packed := gzip.compress(content))
    *_, last = read_blocks(str(tmp_path / "packed"))
    assert isinstance(last, LineBlock)
    assert last.position == len(packed)


def test_a_picture_is_left_for_the_worker_to_read(tmp_path: Path) -> None:
    path = tmp_path / "card.png"
    path.write_bytes(qr.to_png(qr.encode(text := Encoder().text())))
    assert list(read_blocks(str(path))) == [Unread(str(path))]
    [(_, found, _, scanned, *_)] = in_blocks(str(path))
    assert (found, scanned) == (text, True)


@pytest.mark.parametrize("source", [TEXT, "rubbish", '{"text": 1}', "missing.txt", ""])
def test_what_is_no_file_is_found_at_once(source: str) -> None:
    assert all(isinstance(block, Found) for block in read_blocks(source))
    assert in_blocks(source) == one_by_one(source)


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    [(_, _, error, *_)] = in_blocks(str(tmp_path))
    assert isinstance(error, tuple)
    assert error[0] is StorageError


def of_stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[object]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))
    return list(read_blocks(STDIN))


def test_standard_input_is_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert of_stdin(monkeypatch, b"HC1:A\nHC1:B") == [LineBlock("stdin", 1, b"HC1:A\nHC1:B", 0)]
    text = Encoder().text()
    (found,) = of_stdin(monkeypatch, qr.to_png(qr.encode(text)))
    assert isinstance(found, Found)
    assert found.text == text


def test_a_packed_file_cut_short_gives_what_is_whole_and_then_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(b"HC1:A\n" * 100_000)[:-20])
    *found, last = (found for block in read_blocks(str(path)) for found in found_in(block))
    assert isinstance(last.error, InputTruncatedError)
    assert all(each.text == "HC1:A" for each in found)
