import pytest

from vaxcert.errors import RevocationBatchError
from vaxcert.trust.revocation.ber import to_der

DER = bytes.fromhex("3007 020101 0402abcd".replace(" ", ""))


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param("3007 020101 0402abcd", id="der"),
        pytest.param("3080 020101 0402abcd 0000", id="indefinite"),
        pytest.param("3082000b 020101 2406 0401ab 0401cd", id="string-in-pieces"),
        pytest.param("3080 020101 2480 0401ab 0401cd 0000 0000", id="pieces-indefinite"),
        pytest.param("3080 020101 2480 2480 0401ab 0000 0401cd 0000 0000", id="pieces-of-pieces"),
        pytest.param("308107 020101 0402abcd", id="long-length"),
    ],
)
def test_every_form_becomes_the_one_in_der(encoded: str) -> None:
    assert to_der(bytes.fromhex(encoded)) == DER


def test_a_long_string_keeps_its_content() -> None:
    content = bytes(300)
    assert to_der(b"\x24\x80\x04\x82\x01\x2c" + content + b"\0\0") == b"\x04\x82\x01\x2c" + content
    assert to_der(b"\x24\x80\x04\x81\xc8" + content[:200] + b"\x04\x64" + content[:100] + b"\0\0")[4:] == content


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        pytest.param("", "is cut", id="empty"),
        pytest.param("30", "is cut", id="no-length"),
        pytest.param("3007 020101 0402ab", "is cut", id="cut"),
        pytest.param("3080 020101", "is cut", id="no-end"),
        pytest.param("3082", "is cut", id="cut-length"),
        pytest.param("3007 020101 0402abcd 00", "bytes after", id="tail"),
        pytest.param("3003 0402abcd", "ends past the one around", id="past-parent"),
        pytest.param("0480 0000", "indefinite length where", id="indefinite-primitive"),
        pytest.param("30847fffffff", "absurd length", id="absurd"),
        pytest.param("1f8101 00", "tag that none has", id="long-tag"),
        pytest.param("3002 0000", "tag that none has", id="end-mark-inside"),
        pytest.param("2403 020101", "piece of another kind", id="mixed-pieces"),
        pytest.param("3080" * 40 + "0000" * 40, "nested too deep", id="deep"),
    ],
)
def test_what_is_not_whole_is_refused(encoded: str, message: str) -> None:
    with pytest.raises(RevocationBatchError, match=message):
        to_der(bytes.fromhex(encoded))
