import cbor2
import pytest

from vaxcert.codec import cbor, cose
from vaxcert.errors import AlgorithmError, CoseError

KID = b"\1\2\3\4\5\6\7\x08"
PROTECTED = cose.protected_header(cose.ES256, KID)


def message(
    protected: object = PROTECTED, unprotected: object = None, payload: object = b"p", signature: object = b"s"
) -> list[object]:
    return [protected, {} if unprotected is None else unprotected, payload, signature]


def test_an_encoded_message_comes_back() -> None:
    wire = cose.encode(PROTECTED, b"payload" * 60, b"s" * 64)
    assert wire == cbor2.dumps(cbor2.CBORTag(18, message(payload=b"payload" * 60, signature=b"s" * 64)))
    parsed = cose.parse(cbor.decode(wire))
    assert (parsed.protected, parsed.payload, parsed.signature) == (PROTECTED, b"payload" * 60, b"s" * 64)
    assert (parsed.algorithm, parsed.kid, parsed.algorithm_is_protected) == (cose.ES256, KID, True)


@pytest.mark.parametrize("size", [0, 1, 23, 24, 255, 256, 65_535, 65_536])
def test_every_length_is_minimal(size: int) -> None:
    content = bytes(size)
    assert cose.sig_structure(content, content) == cbor2.dumps(["Signature1", content, b"", content])


def test_the_protected_header_is_deterministic() -> None:
    assert cbor2.dumps({1: -7, 4: KID}, canonical=True) == PROTECTED


@pytest.mark.parametrize("tags", [(), (18,), (61, 18), (61,)])
def test_the_tags_in_use_are_read(tags: tuple[int, ...]) -> None:
    item: object = message()
    for tag in reversed(tags):
        item = cbor2.CBORTag(tag, item)
    assert cose.parse(cbor.decode(cbor2.dumps(item))).kid == KID


def test_the_protected_kid_wins() -> None:
    assert cose.parse(message(unprotected={4: b"another"})).kid == KID


def test_the_unprotected_kid_and_algorithm_serve_where_there_is_no_other() -> None:
    parsed = cose.parse(message(protected=b"", unprotected={4: KID, 1: cose.PS256}))
    assert (parsed.kid, parsed.algorithm, parsed.algorithm_is_protected) == (KID, cose.PS256, False)


@pytest.mark.parametrize("kid", ["text", 7, b"x" * 65, None])
def test_a_kid_that_is_none_is_an_unknown_signer(kid: object) -> None:
    assert cose.parse(message(protected=cbor2.dumps({1: -7, 4: kid}))).kid == b""


@pytest.mark.parametrize("algorithm", [-8, -257, 5, 0, "ES256", -7.0, True, None, [-7]])
def test_another_algorithm_is_refused(algorithm: object) -> None:
    with pytest.raises(AlgorithmError):
        cose.parse(message(protected=cbor2.dumps({1: algorithm})))


def test_a_missing_algorithm_is_refused() -> None:
    with pytest.raises(AlgorithmError):
        cose.parse(message(protected=cbor2.dumps({4: KID})))


@pytest.mark.parametrize(
    "item",
    [
        None,
        7,
        {},
        [],
        message()[:3],
        [*message(), b""],
        message(protected="x"),
        message(protected={1: -7}),
        message(payload="x"),
        message(payload=None),
        message(signature=None),
        message(unprotected=[]),
        message(protected=b"\xff"),
        message(protected=cbor2.dumps([1])),
        message(protected=PROTECTED + b"\0"),
        message(protected=bytes.fromhex("a301260448010203040506070801" + "26")),
        message(protected=cbor2.dumps({1: -7, 9: b"x" * 1025})),
        cbor2.CBORTag(98, message()),
        cbor2.CBORTag(18, cbor2.CBORTag(61, message())),
        cbor2.CBORTag(18, cbor2.CBORTag(18, message())),
    ],
)
def test_another_structure_is_refused(item: object) -> None:
    with pytest.raises(CoseError):
        cose.parse(item)


def plain(protected: bytes = PROTECTED, payload: bytes = b"p" * 300, signature: bytes = b"s" * 64) -> bytes:
    return cose.encode(protected, payload, signature)


@pytest.mark.parametrize("size", [24, 200, 255, 256, 300, 65_535])
def test_the_plain_layout_is_read_as_any_other(size: int) -> None:
    content = plain(payload=b"p" * size)
    message = cose.parse(cbor.decode(content))
    assert cose.parse_plain(content) == cose.PlainSign1(
        message.algorithm, message.kid, message.to_be_signed(), message.payload, message.signature
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xd2\x84",
        plain()[1:],
        plain() + b"\0",
        plain() + b"s" * 64,
        plain()[:-1],
        plain(payload=b"p" * 23),
        plain(payload=b"p" * 65_536),
        plain(signature=b"s" * 96),
        plain(protected=cbor2.dumps({4: KID, 1: -7, 5: b"x" * 20})),
        plain(protected=cbor2.dumps({1: -7})),
        plain(protected=cbor2.dumps({4: KID})),
        plain(protected=cbor2.dumps({1: -8, 4: KID})),
        cbor2.dumps(cbor2.CBORTag(18, [PROTECTED, {4: KID}, b"p" * 300, b"s" * 64])),
        cbor2.dumps([PROTECTED, {}, b"p" * 300, b"s" * 64]),
    ],
)
def test_any_other_layout_is_left_to_the_steps(content: bytes) -> None:
    assert cose.parse_plain(content) is None


def test_no_changed_byte_outside_the_parts_is_plain() -> None:
    content = plain()
    parts = [
        range(3, 3 + len(PROTECTED)),
        range(len(content) - 366, len(content) - 66),
        range(len(content) - 64, len(content)),
    ]
    for at in set(range(len(content))) - {place for part in parts for place in part}:
        for flip in (1, 0x20, 0x80):
            assert cose.parse_plain(content[:at] + bytes((content[at] ^ flip,)) + content[at + 1 :]) is None, at


@pytest.mark.parametrize("labels", [[1], [4], [1, 2, 4], (4,)])
def test_a_critical_header_that_is_understood_changes_nothing(labels: object) -> None:
    assert cose.parse(message(protected=cbor2.dumps({1: -7, 2: labels, 4: KID}))).kid == KID


@pytest.mark.parametrize("labels", [[99], [1, 99], [3], ["1"], [True], [1.0], [], {}, 1, None, "14", b"\1"])
def test_a_critical_header_that_is_not_understood_is_refused(labels: object) -> None:
    with pytest.raises(CoseError, match="critical"):
        cose.parse(message(protected=cbor2.dumps({1: -7, 2: labels, 4: KID})))


def test_what_is_critical_in_the_unprotected_header_binds_nobody() -> None:
    assert cose.parse(message(unprotected={2: [99]})).kid == KID


PLAIN = cose.encode(PROTECTED, b"p" * 200, b"s" * 64)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        PLAIN[:79],
        PLAIN[1:],
        b"\xd8\x3d" + PLAIN,
        PLAIN[:-1],
        PLAIN + b"s",
        PLAIN.replace(b"\xa0", b"\xa1\x03\x01", 1),
        PLAIN.replace(b"\xd2\x84", b"\xd2\x9f", 1) + b"\xff",
        PLAIN.replace(b"\x58\xc8", b"\x59\x00\xc8", 1),
        PLAIN.replace(b"\x58\x40", b"\x59\x00\x40", 1),
        cose.encode(PROTECTED, b"p" * 20, b"s" * 64),
        cose.encode(PROTECTED, b"p" * 200, b"s" * 63),
        cose.encode(PROTECTED, b"p" * 200, b"s" * 256),
        cose.encode(PROTECTED, b"p" * 65_536, b"s" * 64),
        cose.encode(b"", b"p" * 200, b"s" * 64),
        cose.encode(cbor2.dumps({1: -8, 4: KID}), b"p" * 200, b"s" * 64),
        cose.encode(cbor2.dumps({1: -7}), b"p" * 200, b"s" * 64),
        cose.encode(cbor2.dumps({1: -7, 4: "kid"}), b"p" * 200, b"s" * 64),
        cose.encode(cbor2.dumps({1: True, 4: KID}), b"p" * 200, b"s" * 64),
    ],
)
def test_any_other_layout_is_left_to_cbor(content: bytes) -> None:
    assert cose.parse_plain(content) is None
