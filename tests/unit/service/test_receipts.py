"""Receipts in files, and whose they are."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from tests.faults.encoders import dcc, text_of, vaccination
from vaxcert.errors import InputError, StorageError
from vaxcert.ledger.log.receipt import MAX_RECEIPT_BYTES
from vaxcert.service.receipts import ReceiptBook

if TYPE_CHECKING:
    from pathlib import Path


def text(number: int) -> str:
    return text_of(dcc(v=[vaccination(ci=f"URN:UVCI:01:VN:{number}")]))


def line(number: int, receipt: bytes) -> str:
    return json.dumps({"id": f"URN:UVCI:01:VN:{number}", "receipt": b64encode(receipt).decode()})


def test_lines_are_found_by_the_id_of_the_certificate(tmp_path: Path) -> None:
    file = tmp_path / "receipts.jsonl"
    file.write_text(f"{line(1, b'one')}\n\n{line(2, b'two')}\n")
    book = ReceiptBook.load(file)
    assert [book.of_text(text(number)) for number in (1, 2, 3)] == [b"one", b"two", None]


def test_one_receipt_alone_is_for_whatever_is_shown_with_it(tmp_path: Path) -> None:
    file = tmp_path / "receipt.cbor"
    file.write_bytes(b"\xa3receipt")
    book = ReceiptBook.load(file)
    assert book.of_text(text(1)) == book.of_text("no certificate") == b"\xa3receipt"


@pytest.mark.parametrize("broken", ["HC1:", "", text_of({}), text_of(dcc(v=...)), text_of(dcc(v=[vaccination(ci=7)]))])
def test_what_has_no_id_has_no_receipt(broken: str) -> None:
    assert ReceiptBook({"7": b"seven"}).of_text(broken) is None


@pytest.mark.parametrize(
    "wrong",
    [
        "{",
        "{}",
        '{"id": "a"}',
        '{"receipt": "AAAA"}',
        '{"id": 1, "receipt": "AAAA"}',
        '{"id": "a", "receipt": 1}',
        '{"id": "a", "receipt": "A A="}',
        '{"id": "a", "receipt": null}',
        "[]",
        json.dumps({"id": "a", "receipt": b64encode(bytes(MAX_RECEIPT_BYTES + 1)).decode()}),
    ],
)
def test_a_line_that_holds_no_receipt_is_named(wrong: str, tmp_path: Path) -> None:
    file = tmp_path / "receipts.jsonl"
    file.write_text(f"{line(1, b'one')}\n{wrong}\n")
    with pytest.raises(InputError, match=r"receipts\.jsonl:2"):
        ReceiptBook.load(file)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        ReceiptBook.load(tmp_path / "nothing.cbor")
