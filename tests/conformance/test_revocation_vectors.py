"""The bloom filters of the EU's revocation service: the public vectors, and vectors of our own for the same rules."""

import json
import struct
from base64 import b64decode
from pathlib import Path

import pytest

from vaxcert.trust.revocation.bloom import BloomFilter
from vaxcert.trust.revocation.varhash import VarHashList

VECTORS = range(4)


@pytest.mark.parametrize("number", VECTORS)
def test_the_public_filters_reproduce(vectors: Path, number: int) -> None:
    published = json.loads((vectors / "revocation" / "filter-test.json").read_bytes())
    assert len(published) == len(VECTORS)
    vector = published[number]
    elements = [text.encode() for text in vector["data"]]
    # Not every element of a vector was added; all of them count for the size.
    added = [element for element, was in zip(elements, vector["written"], strict=True) if was]
    made = BloomFilter.of(added, rate=vector["p"], capacity=len(elements))
    words = json.loads(b64decode(vector["filter"]))
    assert list(struct.unpack(f">{len(made.bits) // 4}i", made.bits)) == words
    read = BloomFilter.parse(made.to_bytes())
    assert [int(element in read) for element in elements] == json.loads(vector["exists"])


def test_a_filter_that_was_worked_out_by_hand_is_read() -> None:
    # SHA-256 of "vaxcert" and the bytes 0, 1 and 2 choose the bits 37, 39 and 27 of 64; the first two are negative.
    content = bytes.fromhex("0001 03 00 3c23d70a 00000001 00000001 00000002 00000010 05000000")
    read = BloomFilter.parse(content)
    assert b"vaxcert" in read
    assert b"another" not in read
    assert BloomFilter.of([b"vaxcert"], rate=0.01).hashes != read.hashes  # k is read, not computed
    assert read.to_bytes() == content


def test_a_list_of_hashes_that_was_written_by_hand_is_read() -> None:
    # Version 1, p = 1e-12, three entries of four bytes: first the one that is negative as a signed number.
    content = bytes.fromhex("0001 2b8cbccc 00000003 04 9c41e07a 00000000 5d20b3f6")
    read = VarHashList.parse(content)
    assert bytes.fromhex("5d20b3f6 0102030405060708090a0b0c") in read
    assert bytes.fromhex("9c41e07a 0102030405060708090a0b0c") in read
    assert bytes(16) in read
    assert bytes.fromhex("5d20b3f7 000000000000000000000000") not in read
    assert read.rate == pytest.approx(1e-12)
    assert read.to_bytes() == content
