"""RLP: the examples of its specification, and what is not canonical."""

from __future__ import annotations

import pytest

from vaxcert.errors import ChainProofError
from vaxcert.ledger.evm.rlp_items import (
    Item,
    decode_list,
    decode_rlp,
    encode_integer,
    encode_rlp,
    integer_of,
    octets_of,
)

NESTED: Item = [[], [[]], [[], [[]]]]


@pytest.mark.parametrize(
    ("item", "encoded"),
    [
        (b"dog", b"\x83dog"),
        ([b"cat", b"dog"], b"\xc8\x83cat\x83dog"),
        (b"", b"\x80"),
        (b"\x00", b"\x00"),
        (b"\x0f", b"\x0f"),
        (b"\x04\x00", b"\x82\x04\x00"),
        (NESTED, b"\xc7\xc0\xc1\xc0\xc3\xc0\xc1\xc0"),
        (b"a" * 56, b"\xb8\x38" + b"a" * 56),
    ],
)
def test_the_specification_s_examples(item: Item, encoded: bytes) -> None:
    assert encode_rlp(item) == encoded
    assert decode_rlp(encoded, "example", limit=100) == item


@pytest.mark.parametrize(
    "encoded",
    [
        *(b"", b"\x81", b"\x81\x01", b"\x83do", b"\xb8\x01a", b"\xb9\x00\x38" + b"a" * 56, b"\xbf"),
        *(b"\xc1", b"\xc0\xc0", b"\xc2\x83a", b"\xf8", b"\xff" * 9),
    ],
)
def test_what_is_not_canonical_or_cut_is_refused(encoded: bytes) -> None:
    with pytest.raises(ChainProofError, match="example is not RLP"):
        decode_rlp(encoded, "example", limit=100)


def test_what_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(ChainProofError, match="longer than 3"):
        decode_rlp(b"\x83dog", "example", limit=3)


def test_text_where_a_list_is_expected_is_refused() -> None:
    with pytest.raises(ChainProofError, match="no list"):
        decode_list(b"\x83dog", "example", limit=10)


@pytest.mark.parametrize(("number", "encoded"), [(0, b""), (1, b"\x01"), (256, b"\x01\x00")])
def test_integers_have_no_zeros_in_front(number: int, encoded: bytes) -> None:
    assert encode_integer(number) == encoded
    assert integer_of(encoded, "count", max_bytes=2) == number


@pytest.mark.parametrize("item", [b"\x00", b"\x00\x01", b"\x01\x00\x00", []])
def test_what_is_no_integer_is_refused(item: Item) -> None:
    with pytest.raises(ChainProofError, match="count"):
        integer_of(item, "count", max_bytes=2)


@pytest.mark.parametrize("item", [b"", b"\x00", b"\x00" * 3, []])
def test_bytes_of_another_length_are_refused(item: Item) -> None:
    with pytest.raises(ChainProofError, match="text"):
        octets_of(item, "text", length=2)
