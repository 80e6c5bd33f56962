import pytest

from vaxcert.codec import base45
from vaxcert.errors import Base45Error


@pytest.mark.parametrize(
    ("content", "text"),
    # RFC 9285 §4.3 and §4.4
    [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0"), (b"", "")],
)
def test_the_examples_of_the_rfc(content: bytes, text: str) -> None:
    assert base45.encode(content) == text
    assert base45.decode(text) == content


def test_the_largest_pair_and_triplet_are_read() -> None:
    assert base45.decode("FGW") == b"\xff\xff"
    assert base45.decode("U5") == b"\xff"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("GGW", "more than two bytes"),
        (":::", "more than two bytes"),
        ("000GGW", "more than two bytes"),
        ("V5", "more than one byte"),
        ("::", "more than one byte"),
        ("A", "one character too long"),
        ("BB8A", "one character too long"),
        ("bb8", "does not have"),
        ("BB8\n", "does not have"),
        ("\nBB8", "does not have"),
        ("BBé", "does not have"),
        ("BB\u0661", "does not have"),
        ("BB\0", "does not have"),
    ],
)
def test_what_is_no_base45_is_refused(text: str, why: str) -> None:
    with pytest.raises(Base45Error, match=why):
        base45.decode(text)


def test_an_overflow_in_any_block_is_found() -> None:
    text = base45.encode(b"\x5a" * 10_000)
    for at in (0, 3 * 1023, 3 * 1024, 3 * 4000):
        with pytest.raises(Base45Error, match="more than two bytes"):
            base45.decode(text[:at] + "GGW" + text[at + 3 :])


@pytest.mark.parametrize("size", [0, 1, 2, 3, 2047, 2048, 2049, 2050, 4096, 4097, 65_536])
def test_every_size_around_a_block_comes_back(size: int) -> None:
    content = bytes(at * 7 % 251 for at in range(size))
    assert base45.decode(base45.encode(content)) == content
