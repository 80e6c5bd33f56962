import struct
from hashlib import sha256

import pytest

from vaxcert.errors import RevocationSliceError
from vaxcert.trust.revocation.bloom import MAX_SLICE_BYTES
from vaxcert.trust.revocation.varhash import VarHashList

ENTRIES = [sha256(bytes((number,))).digest()[:16] for number in range(200)]
OTHERS = [sha256(bytes((number, 1))).digest()[:16] for number in range(200)]


def slice_of(
    version: int = 1, rate: float = 1e-12, capacity: int = 2, width: int = 4, prefixes: bytes = b"\1\2\3\4\5\6\7\x08"
) -> bytes:
    return struct.pack(">hfib", version, rate, capacity, width) + prefixes


def test_what_was_added_is_found_and_other_things_are_not() -> None:
    made = VarHashList.of(ENTRIES)
    assert all(entry in made for entry in ENTRIES)
    assert not any(entry in made for entry in OTHERS)


@pytest.mark.parametrize(
    ("rate", "known_bits", "width"), [(1e-12, 0, 6), (1e-12, 12, 8), (1e-3, 0, 4), (1e-3, 12, 4), (1e-38, 12, 16)]
)
def test_prefixes_are_as_long_as_the_rate_asks_for(rate: float, known_bits: int, width: int) -> None:
    assert VarHashList.of(ENTRIES, rate=rate, known_bits=known_bits).prefixes.width == width


def test_prefixes_stand_in_the_order_of_signed_numbers() -> None:
    entries = [bytes((first,)) + bytes(15) for first in (0x00, 0x7F, 0x80, 0xFF)]
    content = VarHashList.of(entries).to_bytes()
    assert content[11::6] == b"\x80\xff\x00\x7f"
    assert content[:11] == struct.pack(">hfib", 1, 1e-12, 4, 6)
    assert VarHashList.parse(content).to_bytes() == content


def test_prefixes_are_read_in_any_order_and_number() -> None:
    read = VarHashList.parse(slice_of(capacity=9, prefixes=b"\xf1\2\3\4\5\6\7\x08\1\2\3\4"))
    assert len(read.prefixes) == 3
    assert all(entry in read for entry in (b"\xf1\2\3\4 and more", b"\5\6\7\x08 and more", b"\1\2\3\4 and more"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "has 0 bytes", id="empty"),
        pytest.param(slice_of(prefixes=b""), "has 11 bytes", id="header-only"),
        pytest.param(bytes(MAX_SLICE_BYTES + 1), "bytes", id="too-large"),
        pytest.param(slice_of(version=0), "version 0", id="version"),
        pytest.param(slice_of(width=0), "makes no sense", id="no-width"),
        pytest.param(slice_of(width=-4), "makes no sense", id="negative-width"),
        pytest.param(slice_of(width=17), "makes no sense", id="wide"),
        pytest.param(slice_of(rate=0), "makes no sense", id="rate"),
        pytest.param(slice_of(rate=float("inf")), "makes no sense", id="infinite-rate"),
        pytest.param(slice_of(capacity=0), "makes no sense", id="capacity"),
        pytest.param(slice_of(prefixes=b"\1\2\3\4\5"), "cut or padded", id="cut"),
        pytest.param(slice_of(width=1, prefixes=b"\x01"), "hits 0.4%", id="short"),
    ],
)
def test_a_broken_slice_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(RevocationSliceError, match=message):
        VarHashList.parse(content)


def test_short_prefixes_are_refused_where_their_chunk_says_half_of_them() -> None:
    assert VarHashList.parse(slice_of(width=2, prefixes=b"\1\2"), known_bits=4)
    with pytest.raises(RevocationSliceError, match=r"hits 6\.2%"):
        VarHashList.parse(slice_of(width=2, prefixes=b"\1\2"), known_bits=12)


def test_a_list_of_nothing_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no entries"):
        VarHashList.of([])
    with pytest.raises(ValueError, match="rate of 2"):
        VarHashList.of(ENTRIES, rate=2)
