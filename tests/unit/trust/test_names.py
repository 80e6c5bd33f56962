import pytest

from vaxcert.errors import TrustEntryError
from vaxcert.trust.der import SEQUENCE, SET, encode_element, encode_oid
from vaxcert.trust.names import country_of_name, format_name


def name(*attributes: tuple[str, int, bytes]) -> bytes:
    return encode_element(
        SEQUENCE,
        *(
            encode_element(
                SET,
                encode_element(SEQUENCE, encode_element(6, encode_oid(oid)), encode_element(tag, value)),
            )
            for oid, tag, value in attributes
        ),
    )


def test_a_name_is_shown_in_its_own_order() -> None:
    encoded = name(("2.5.4.6", 0x13, b"VN"), ("2.5.4.10", 0x0C, "Bộ Y tế".encode()), ("2.5.4.3", 0x0C, b"DSC 1"))
    assert format_name(encoded) == "C=VN, O=Bộ Y tế, CN=DSC 1"
    assert country_of_name(encoded) == "VN"


@pytest.mark.parametrize(
    ("tag", "value", "shown"),
    [
        (0x1E, "Bộ".encode("utf-16-be"), "Bộ"),
        (0x1C, "Bộ".encode("utf-32-be"), "Bộ"),
        (0x14, b"Caf\xe9", "Café"),
        (0x0C, "Bá»™".encode(), "Bá»™"),
        (0x0C, b"B\xff", "B\ufffd"),
        (0x1E, b"\x1e", "\ufffd"),
        (0x0C, b"\x1b[2J\n", "\ufffd[2J\ufffd"),
    ],
    ids=["BMP", "universal", "teletex", "mojibake", "not UTF-8", "half a character", "escape sequence"],
)
def test_no_text_is_too_odd_to_show(tag: int, value: bytes, shown: str) -> None:
    assert format_name(name(("2.5.4.3", tag, value))) == f"CN={shown}"


def test_an_unknown_attribute_is_shown_by_its_number() -> None:
    assert format_name(name(("2.5.4.42", 0x0C, b"x"))) == "2.5.4.42=x"


def test_an_attribute_without_type_or_value_is_passed_over() -> None:
    empty = encode_element(SEQUENCE, encode_element(SET, encode_element(SEQUENCE)))
    assert not format_name(empty)
    assert country_of_name(empty) is None


def test_a_country_is_compared_in_capitals() -> None:
    assert country_of_name(name(("2.5.4.6", 0x13, b" vn "))) == "VN"


def test_a_blank_country_is_none() -> None:
    assert country_of_name(name(("2.5.4.6", 0x13, b" "))) is None


@pytest.mark.parametrize("encoded", [b"", b"\x31\x00", b"\x30\x02\x31\x05", b"\x30\x00\x00\x00"])
def test_what_is_no_name_is_refused(encoded: bytes) -> None:
    with pytest.raises(TrustEntryError):
        format_name(encoded)
