import pytest

from vaxcert.trust.pem import format_block, is_pem, read_blocks


@pytest.mark.parametrize("size", [0, 1, 47, 48, 49, 1000])
def test_a_block_comes_back(size: int) -> None:
    content = bytes(range(256)) * 4
    written = format_block("CERTIFICATE", content[:size])
    assert is_pem(written)
    assert list(read_blocks(written)) == [("CERTIFICATE", content[:size])]
    assert max(map(len, written.splitlines())) <= 64


def test_what_stands_around_blocks_is_skipped() -> None:
    text = (
        b"Bag Attributes\r\n" + format_block("A", b"1").replace(b"\n", b"\r\n") + b"# \xe1\n" + format_block("B", b"2")
    )
    assert list(read_blocks(text)) == [("A", b"1"), ("B", b"2")]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (b"-----BEGIN A-----\nMQ==\n", "A"),
        (b"-----BEGIN A-----\nM\n-----END A-----\n", "A"),
        (b"-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nMQ==\n-----END A-----\n", "A"),
    ],
    ids=["cut short", "not base64", "with headers"],
)
def test_a_block_that_cannot_be_decoded_keeps_its_label(text: bytes, label: str) -> None:
    assert list(read_blocks(text)) == [(label, None)]


def test_a_block_cut_short_before_another_is_not_passed_over() -> None:
    cut_short = b"-----BEGIN A-----\nAAAA\n"
    assert list(read_blocks(cut_short + format_block("B", b"2"))) == [("A", None), ("B", b"2")]


def test_an_end_without_a_beginning_is_no_block() -> None:
    assert list(read_blocks(b"-----END A-----\n")) == []


def test_text_without_a_block_is_no_pem() -> None:
    assert not is_pem(b"HC1:NCFOXN")
