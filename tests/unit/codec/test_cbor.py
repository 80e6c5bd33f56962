import cbor2
import pytest

from vaxcert.codec import cbor
from vaxcert.errors import CborDepthError, CborError, CborTagError, DuplicateKeyError


def test_a_value_comes_back() -> None:
    value = {1: "VN", 4: 1_700_000_000, -260: {1: {"v": [{"dn": 2}], "f": 1.5, "b": b"\0", "n": None, "t": True}}}
    assert cbor.decode(cbor.encode(value)) == value


def test_the_order_of_a_map_is_kept() -> None:
    assert cbor.encode({"b": 1, "a": 2}) == bytes.fromhex("a2616201616102")


def test_a_date_time_under_tag_0_is_its_text() -> None:
    assert cbor.decode(cbor2.dumps(cbor2.CBORTag(0, "2021-06-28T00:59:59+02:00"))) == "2021-06-28T00:59:59+02:00"


def test_tag_0_on_something_else_is_refused() -> None:
    with pytest.raises(CborTagError):
        cbor.decode(cbor2.dumps(cbor2.CBORTag(0, 5)))


def test_indefinite_lengths_are_read() -> None:
    # a map, an array, a text and a byte string of indefinite length
    assert cbor.decode(bytes.fromhex("bf61619f017f61626163ffff61625f4101ffff")) == {"a": [1, "bc"], "b": b"\1"}


def test_non_minimal_lengths_are_read() -> None:
    assert cbor.decode(bytes.fromhex("b90001" + "1900011a00000002")) == {1: 2}


def test_the_deepest_allowed_nesting_is_read() -> None:
    assert cbor.decode(b"\x81" * cbor.MAX_DEPTH + b"\x01") is not None


@pytest.mark.parametrize("start", [b"\x81", b"\xa1\x01", b"\x9f", b"\xd2\x81"])
def test_deeper_nesting_is_refused(start: bytes) -> None:
    for depth in (cbor.MAX_DEPTH + 1, 1000, 60_000 // len(start)):
        with pytest.raises(CborDepthError):
            cbor.decode(start * depth + b"\x01")


def test_a_long_chain_of_tags_is_refused() -> None:
    with pytest.raises(CborError):
        cbor.decode(b"\xd2" * 60_000 + b"\x01")


@pytest.mark.parametrize("wire", ["a201010102", "a261610161610" + "2", "a1" + "01a2" + "02000200", "bf01010102ff"])
def test_a_key_twice_is_refused(wire: str) -> None:
    with pytest.raises(DuplicateKeyError):
        cbor.decode(bytes.fromhex(wire))


@pytest.mark.parametrize(
    "wire",
    [
        *("", "ff", "1c", "18", "62c328", "0102", "a10101f6", "9a00ffffff00", "a101", "7f4100ff", "f818", "fc"),
        *("5b7fffffffffffffff", "9b7fffffffffffffff", "bb7fffffffffffffff"),
    ],
)
def test_what_is_not_one_whole_item_is_refused(wire: str) -> None:
    with pytest.raises(CborError):
        cbor.decode(bytes.fromhex(wire))


@pytest.mark.parametrize(
    "tag", [1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 43000, 55799]
)
@pytest.mark.parametrize("value", [1, "a", b"\1" * 20, [1, 2], {}, None])
def test_a_tag_that_would_build_an_object_is_refused(tag: int, value: object) -> None:
    with pytest.raises(CborError):
        cbor.decode(cbor2.dumps({"x": cbor2.CBORTag(tag, value)}))


def test_no_tag_becomes_an_object_of_the_library() -> None:
    for tag in range(1, 300):
        try:
            value = cbor.decode(cbor2.dumps([cbor2.CBORTag(tag, None)]))
        except CborError:
            continue
        assert isinstance(value, list)
        assert isinstance(value[0], cbor.Tag), f"tag {tag} became {type(value[0])}"
