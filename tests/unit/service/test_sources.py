from __future__ import annotations

import gzip
import io
import json
import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.faults.encoders import Encoder
from vaxcert.codec import qr
from vaxcert.errors import (
    ImageError,
    InputDamagedError,
    InputError,
    InputTruncatedError,
    NoQrCodeError,
    PrefixError,
    StorageError,
)
from vaxcert.service.sources import MAX_LINE_BYTES, Found, read_source

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "HC1:NCF ABC"


def of_file(path: Path, content: bytes | str) -> list[Found]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_source(str(path)))


def of_stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[Found]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))
    return list(read_source("-"))


def error_of(found: list[Found]) -> object:
    (only,) = found
    assert only.text is None
    return only.error


# --- arguments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source", [TEXT, "HC2:X", "rubbish", "https://example.org", '{"a": 1', "", "HC1:" + "A" * 10_000]
)
def test_an_argument_that_names_no_file_is_a_text(source: str) -> None:
    (found,) = read_source(source)
    if source.startswith("{"):
        assert isinstance(found.error, PrefixError)
    else:
        assert found == Found("text", source)


def test_an_argument_with_a_nul_or_too_long_for_a_name_is_a_text() -> None:
    for source in ("a\0b", "a" * 5000):
        assert list(read_source(source)) == [Found("text", source)]


def test_a_json_argument_gives_its_text() -> None:
    assert list(read_source(json.dumps({"text": TEXT}))) == [Found("text", TEXT)]


@pytest.mark.parametrize("source", ["cards.txt", "here/card.png", "sub.dir/batch.jsonl", "tờ khai.pdf"])
def test_what_looks_like_a_file_and_is_none_is_missing(source: str) -> None:
    error = error_of(list(read_source(source)))
    assert isinstance(error, StorageError)
    assert error.message == f"{source} cannot be read: no such file"


def test_white_space_before_a_text_is_noted_and_its_line_end_is_not() -> None:
    assert list(read_source(f" \t{TEXT}")) == [Found("text", TEXT, trimmed=True)]
    assert list(read_source(f"{TEXT}\r\n")) == [Found("text", TEXT)]


def test_a_space_at_the_end_is_kept_since_it_is_base45() -> None:
    assert list(read_source(f"{TEXT} ")) == [Found("text", f"{TEXT} ")]


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    error = error_of(list(read_source(str(tmp_path))))
    assert isinstance(error, StorageError)
    assert "directory" in error.message.lower()


# --- lines ---------------------------------------------------------------------------------------------------------


def test_a_file_of_texts_has_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "batch.txt"
    assert of_file(path, f"{TEXT}\r\n\n  \n {TEXT}A\n{TEXT}B") == [
        Found(f"{path}:1", TEXT),
        Found(f"{path}:4", f"{TEXT}A", trimmed=True),
        Found(f"{path}:5", f"{TEXT}B"),
    ]


def test_json_lines_and_texts_may_be_mixed(tmp_path: Path) -> None:
    path = tmp_path / "batch"
    found = of_file(path, f'{{"id": 1, "text": "{TEXT}\\n"}}\n{TEXT}\n')
    assert [each.text for each in found] == [TEXT, TEXT]


@pytest.mark.parametrize(
    "line", ["{", "{}", '{"text": 5}', '{"text": null}', '{"Text": "HC1:"}', "{" * 3000, '{"a":' * 9000]
)
def test_a_json_line_without_a_text_is_no_certificate(tmp_path: Path, line: str) -> None:
    found = of_file(tmp_path / "batch.jsonl", f"{line}\n{TEXT}\n")
    assert isinstance(found[0].error, PrefixError)
    assert found[1].text == TEXT


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    (found,) = of_file(tmp_path / "excel.txt", b"\xef\xbb\xbf" + TEXT.encode())
    assert (found.text, found.trimmed) == (TEXT, False)


def test_a_very_long_line_is_cut_and_the_next_is_read(tmp_path: Path) -> None:
    found = of_file(tmp_path / "long.txt", "H" * (3 * MAX_LINE_BYTES + 5) + f"\n{TEXT}\n")
    assert [len(each.text or "") for each in found] == [MAX_LINE_BYTES, len(TEXT)]


def test_a_line_that_ends_just_at_the_bound_does_not_swallow_the_next(tmp_path: Path) -> None:
    found = of_file(tmp_path / "exact.txt", "H" * (MAX_LINE_BYTES - 1) + f"\n{TEXT}\n")
    assert [len(each.text or "") for each in found] == [MAX_LINE_BYTES - 1, len(TEXT)]


def test_bytes_that_are_no_utf_8_do_not_stop_the_reading(tmp_path: Path) -> None:
    found = of_file(tmp_path / "latin.txt", "HC1:é\n".encode("latin-1") + TEXT.encode())
    assert [each.text for each in found] == ["HC1:\ufffd", TEXT]


@pytest.mark.parametrize("content", [b"", b"\n", b"  \r\n\t\n"])
def test_a_file_with_nothing_in_it_is_no_certificate(tmp_path: Path, content: bytes) -> None:
    error = error_of(of_file(tmp_path / "empty.txt", content))
    assert isinstance(error, PrefixError)
    assert error.message.endswith("holds nothing")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_told_from_garbage_where_it_says_so(tmp_path: Path, encoding: str) -> None:
    error = error_of(of_file(tmp_path / "windows.txt", TEXT.encode(encoding)))
    if encoding == "utf-16":
        assert isinstance(error, InputError)
        assert error.hint == "save it in UTF-8"
    else:
        assert isinstance(error, PrefixError)


@pytest.mark.parametrize("content", [b"\x7fELF\x02\x01\x01\0\0", bytes(100), b"PK\x03\x04\x14\0\x08\0"])
def test_binary_garbage_is_one_find_and_not_a_thousand_lines(tmp_path: Path, content: bytes) -> None:
    error = error_of(of_file(tmp_path / "program", content + b"\n" * 1000))
    assert isinstance(error, PrefixError)
    assert "neither text nor a picture" in error.message


# --- standard input ------------------------------------------------------------------------------------------------


def test_standard_input_is_read_like_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert of_stdin(monkeypatch, f"{TEXT}\n{TEXT}".encode()) == [Found("stdin:1", TEXT), Found("stdin:2", TEXT)]


def test_an_empty_standard_input_is_no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(error_of(of_stdin(monkeypatch, b"")), PrefixError)


def test_a_line_is_found_before_the_next_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that writes one line and waits for the answer must not wait for ever."""
    receiving, sending = os.pipe()
    with os.fdopen(receiving, "rb") as reader, os.fdopen(sending, "wb", buffering=0) as writer:
        stdin = io.TextIOWrapper(reader)
        monkeypatch.setattr(sys, "stdin", stdin)
        writer.write(f"{TEXT}\n".encode())
        answers: list[Found] = []
        thread = threading.Thread(target=lambda: answers.append(next(read_source("-"))), daemon=True)
        thread.start()
        thread.join(10)
        assert answers == [Found("stdin:1", TEXT)]
        stdin.detach()


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(f"{TEXT}\n",), daemon=True)
    writer.start()
    assert [found.text for found in read_source(str(pipe))] == [TEXT]
    writer.join(10)


# --- pictures ------------------------------------------------------------------------------------------------------


def png(text: str) -> bytes:
    return qr.to_png(qr.encode(text))


def test_a_picture_is_told_by_its_first_bytes_and_not_its_name(tmp_path: Path) -> None:
    text = Encoder().text()
    path = tmp_path / "card.txt"
    assert of_file(path, png(text)) == [Found(str(path), text, scanned=True)]


def test_a_picture_may_come_through_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    text = Encoder().text()
    assert of_stdin(monkeypatch, png(text)) == [Found("stdin", text, scanned=True)]


def test_a_code_that_is_no_certificate_is_none(tmp_path: Path) -> None:
    error = error_of(of_file(tmp_path / "poster.png", png("HTTPS://EXAMPLE.ORG")))
    assert isinstance(error, NoQrCodeError)
    assert error.message == "the QR code is no certificate"


@pytest.mark.parametrize("start", [b"\x89PNG", b"GIF89a", b"BM", b"\xff\xd8\xff\xe0", b"%PDF-1.7", b"junk %PDF-1.7"])
def test_a_damaged_picture_is_refused_by_name(tmp_path: Path, start: bytes) -> None:
    assert isinstance(error_of(of_file(tmp_path / "card.png", start + bytes(40))), ImageError)


def test_several_codes_on_a_picture_are_numbered(tmp_path: Path) -> None:
    texts = [Encoder().text(), Encoder().text(), "HTTPS://EXAMPLE.ORG"]
    codes = [Image.open(io.BytesIO(png(text))).convert("L") for text in texts]
    side = max(code.width for code in codes) + 40
    sheet = Image.new("L", (side * 3, side), 255)
    for place, code in enumerate(codes):
        sheet.paste(code, (place * side + 20, 20))
    path = tmp_path / "sheet.png"
    sheet.save(path)
    found = list(read_source(str(path)))
    assert [(each.source, each.text, each.ignored_codes) for each in found] == [
        (f"{path}#1", texts[0], 1),
        (f"{path}#2", texts[1], 0),
    ]


# --- compressed files ----------------------------------------------------------------------------------------------


def test_a_packed_file_holds_what_it_holds_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(f'{TEXT}\n{{"text": "{TEXT}"}}\n'.encode())
    assert [found.text for found in of_file(tmp_path / "batch", packed)] == [TEXT, TEXT]
    assert [found.text for found in of_stdin(monkeypatch, packed)] == [TEXT, TEXT]
    text = Encoder().text()
    (scanned,) = of_file(tmp_path / "card", gzip.compress(qr.to_png(qr.encode(text))))
    assert (scanned.text, scanned.scanned) == (text, True)


def test_several_packed_files_on_end_are_one(tmp_path: Path) -> None:
    found = of_file(tmp_path / "batch.gz", gzip.compress(b"HC1:A\nHC1") + gzip.compress(b":B\n"))
    assert [each.text for each in found] == ["HC1:A", "HC1:B"]


PACKED = gzip.compress(b"".join(b"HC1:%d\n" % number for number in range(20_000)))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(PACKED[: len(PACKED) // 2], InputTruncatedError, id="cut"),
        pytest.param(PACKED[:-1], InputTruncatedError, id="cut_at_the_end"),
        pytest.param(b"\x1f\x8b", InputTruncatedError, id="two_bytes"),
        pytest.param(PACKED[:-8] + bytes(8), InputDamagedError, id="wrong_checksum"),
        pytest.param(PACKED[:10] + b"\xff" * 50, InputDamagedError, id="no_deflate"),
        pytest.param(b"\x1f\x8b" + bytes(30), InputDamagedError, id="no_gzip"),
        pytest.param(PACKED + b"more", InputDamagedError, id="more_behind"),
    ],
)
def test_a_packed_file_that_is_damaged_gives_what_can_be_unpacked_and_then_an_error(
    tmp_path: Path, content: bytes, error: type[InputError]
) -> None:
    *found, last = of_file(tmp_path / "batch.gz", content)
    assert [each.text for each in found] == [f"HC1:{number}" for number in range(len(found))]
    assert type(last.error) is error


def test_what_is_packed_twice_is_no_text(tmp_path: Path) -> None:
    error = error_of(of_file(tmp_path / "batch.gz.gz", gzip.compress(gzip.compress(TEXT.encode()))))
    assert isinstance(error, PrefixError)
