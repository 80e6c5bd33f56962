import struct
from hashlib import sha256

import pytest

from vaxcert.errors import RevocationSliceError
from vaxcert.trust.revocation.bloom import DEFAULT_RATE, MAX_SLICE_BYTES, BloomFilter, stored_rate

ENTRIES = [sha256(bytes((number,))).digest()[:16] for number in range(200)]
OTHERS = [sha256(bytes((number, 1))).digest()[:16] for number in range(200)]

HEADER = ">hbbfiii"


def slice_of(  # noqa: PLR0917  each test names the one field that it breaks
    version: int = 1,
    hashes: int = 4,
    function: int = 0,
    rate: float = 1e-4,
    capacity: int = 8,
    count: int = 8,
    words: int = 2,
    bits: bytes = b"\x11" * 8,
) -> bytes:
    return struct.pack(HEADER, version, hashes, function, rate, capacity, count, words) + bits


def test_what_was_added_is_found_and_other_things_are_not() -> None:
    made = BloomFilter.of(ENTRIES)
    assert all(entry in made for entry in ENTRIES)
    assert not any(entry in made for entry in OTHERS)


def test_the_size_is_the_one_that_the_rate_asks_for() -> None:
    # n ln(1/p) / ln(2)^2 bits, and at most three words more by the service's rounding.
    made = BloomFilter.of(ENTRIES, rate=1e-12)
    assert 200 * 57.51 <= 8 * len(made.bits) <= 200 * 57.51 + 4 * 32
    assert made.hashes == 40
    assert made.measured_rate < 2e-12


@pytest.mark.parametrize(
    ("count", "words", "hashes"), [(1, 2, 44), (2, 6, 67), (3, 7, 52), (4, 8, 44), (100, 180, 40), (1000, 1798, 40)]
)
def test_sizes_are_rounded_as_the_service_rounds_them(count: int, words: int, hashes: int) -> None:
    made = BloomFilter.of(ENTRIES[:1], rate=DEFAULT_RATE, capacity=count)
    assert (len(made.bits) // 4, made.hashes) == (words, hashes)


def test_the_bits_are_those_of_signed_numbers_counted_from_the_left() -> None:
    entry = ENTRIES[0]
    made = BloomFilter.of([entry], rate=0.5)
    assert (len(made.bits), made.hashes) == (4, 22)
    expected = 0
    for counter in range(22):
        value = int.from_bytes(sha256(entry + bytes((counter,))).digest(), "big")
        value -= (value >> 255) << 256
        expected |= 1 << (31 - value % 32)
    assert int.from_bytes(made.bits, "big") == expected


def test_a_slice_is_read_back_byte_for_byte() -> None:
    content = BloomFilter.of(ENTRIES).to_bytes()
    assert BloomFilter.parse(content).to_bytes() == content
    assert content[:4] == b"\x00\x01\x28\x00"  # version 1, forty hashes, the only hash function
    assert content[4:16] == struct.pack(">fii", 1e-12, 200, 200)


def test_more_entries_than_it_was_made_for_are_read() -> None:
    crowded = BloomFilter.of(ENTRIES[:20], rate=1e-12, capacity=10)
    read = BloomFilter.parse(crowded.to_bytes())
    assert (read.capacity, read.count) == (10, 20)
    assert all(entry in read for entry in ENTRIES[:20])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "has 0 bytes", id="empty"),
        pytest.param(slice_of(bits=b"", words=0), "has 20 bytes", id="header-only"),
        pytest.param(bytes(MAX_SLICE_BYTES + 1), "bytes", id="too-large"),
        pytest.param(slice_of(version=2), "version 2", id="version"),
        pytest.param(slice_of(function=1), "hash function 1", id="function"),
        pytest.param(slice_of(hashes=0), "makes no sense", id="no-hashes"),
        pytest.param(slice_of(hashes=-1), "makes no sense", id="negative-hashes"),
        pytest.param(slice_of(capacity=0), "makes no sense", id="capacity"),
        pytest.param(slice_of(count=-1), "makes no sense", id="count"),
        pytest.param(slice_of(rate=0), "makes no sense", id="rate-0"),
        pytest.param(slice_of(rate=1.5), "makes no sense", id="rate-over-1"),
        pytest.param(slice_of(rate=float("nan")), "makes no sense", id="rate-nan"),
        pytest.param(slice_of(words=-2), "cut or padded", id="negative-words"),
        pytest.param(slice_of(words=2**31 - 1), "cut or padded", id="words-promised"),
        pytest.param(slice_of(bits=b"\x11" * 7), "cut or padded", id="cut"),
        pytest.param(slice_of(bits=b"\x11" * 9), "cut or padded", id="padded"),
        pytest.param(slice_of(bits=b"\xff" * 8), "hits 100.0%", id="all-set"),
        pytest.param(slice_of(hashes=1, bits=b"\x00" * 7 + b"\x01"), "hits 1.6%", id="one-hash"),
    ],
)
def test_a_broken_slice_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(RevocationSliceError, match=message):
        BloomFilter.parse(content)


@pytest.mark.parametrize("rate", [0, -1e-3, 1.5, float("nan"), 1e-50])
def test_a_rate_that_is_none_is_a_mistake_of_the_caller(rate: float) -> None:
    with pytest.raises(ValueError, match="rate of"):
        BloomFilter.of(ENTRIES, rate=rate)


def test_a_filter_that_nobody_could_read_is_not_made() -> None:
    with pytest.raises(ValueError, match="no entries"):
        BloomFilter.of([])
    with pytest.raises(ValueError, match="no entries"):
        BloomFilter.of(ENTRIES, capacity=0)
    with pytest.raises(ValueError, match="nobody reads"):
        BloomFilter.of(ENTRIES[:1], rate=1e-30)  # more hashes than the header can say
    with pytest.raises(ValueError, match="nobody reads"):
        BloomFilter.of(ENTRIES, capacity=10_000_000)


def test_a_rate_is_the_one_of_four_bytes() -> None:
    assert stored_rate(0.1) == 0.10000000149011612
