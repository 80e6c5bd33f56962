"""Each layer gives back what went in, and takes nothing that the reference for it would not."""

from __future__ import annotations

import math
import zlib
from typing import Any

import base45 as reference
import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vaxcert.codec import base45, cbor, cose, hc1, inflate
from vaxcert.codec.cwt import MAX_NUMERIC_DATE, Claims
from vaxcert.errors import Base45Error, CborError, CodecError, CoseError, InflateError, InflateLimitError

ALPHABET = base45.ALPHABET.decode("ascii")

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
    | st.binary(max_size=30)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.integers(-300, 300) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)

base45_texts = (
    st.text(ALPHABET, max_size=200)
    | st.text(ALPHABET + "abc\n\t\0é", max_size=40)
    | st.text(max_size=40)
    | st.binary(max_size=200).map(lambda content: reference.b45encode(content).decode())
)


# --- base45 --------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=6000))
def test_base45_comes_back_and_is_written_like_the_reference(content: bytes) -> None:
    text = base45.encode(content)
    assert text == reference.b45encode(content).decode()
    assert base45.decode(text) == content


@given(base45_texts)
@example("GGW")
@example("::")
@example("::A")
@example("A")
@example("BB8 ")
@example("\n")
@example("BB8\n\n")
@example("BB\u2028")
@example("\U0001d7d8\U0001d7d8")
def test_base45_reads_what_the_reference_reads_but_for_a_newline_at_the_end(text: str) -> None:
    expected: bytes | None
    try:
        expected = None if text.endswith("\n") else reference.b45decode(text)
    except ValueError:
        expected = None
    assert _or_none(text) == expected


def _or_none(text: str) -> bytes | None:
    try:
        return base45.decode(text)
    except Base45Error:
        return None


@given(st.integers(0, 45**3 - 1), st.integers(0, 1100))
def test_every_triplet_is_judged_alone_wherever_it_stands(value: int, place: int) -> None:
    triplet = "".join(ALPHABET[digit] for digit in (value % 45, value // 45 % 45, value // 2025))
    decoded = _or_none("000" * place + triplet + "000" * (1100 - place))
    if value > 0xFFFF:
        assert decoded is None
    else:
        assert decoded == bytes(2 * place) + value.to_bytes(2, "big") + bytes(2 * (1100 - place))


# --- zlib ----------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=3000), st.integers(0, 9), st.integers(9, 15), st.integers(0, 4))
def test_any_zlib_stream_is_inflated(content: bytes, level: int, window: int, strategy: int) -> None:
    compressor = zlib.compressobj(level, zlib.DEFLATED, window, 8, strategy)
    assert inflate.inflate(compressor.compress(content) + compressor.flush()) == content


@given(st.binary(max_size=3000), st.integers(1, 9))
def test_what_is_deflated_any_zlib_inflates(content: bytes, level: int) -> None:
    assert zlib.decompress(inflate.deflate(content, level=level)) == content


@given(st.binary(max_size=300), st.integers(1, 300))
def test_the_bound_is_exact(content: bytes, limit: int) -> None:
    stream = zlib.compress(content)
    if len(content) <= limit:
        assert inflate.inflate(stream, limit=limit) == content
    else:
        with pytest.raises(InflateLimitError):
            inflate.inflate(stream, limit=limit)


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_cut_stream_is_never_taken_for_a_long_one(content: bytes, data: st.DataObject) -> None:
    stream = zlib.compress(content)
    size = data.draw(st.integers(0, len(stream) - 1))
    with pytest.raises(InflateError) as raised:
        inflate.inflate(stream[:size], limit=len(content))
    assert raised.type is InflateError


@given(st.binary(max_size=100) | st.binary(max_size=60).map(lambda rest: b"\x78\x9c" + rest))
def test_arbitrary_bytes_are_inflated_only_as_the_reference_does(stream: bytes) -> None:
    try:
        content = inflate.inflate(stream)
    except InflateError:
        return
    assert content == zlib.decompress(stream)


# --- CBOR ----------------------------------------------------------------------------------------------------------


@given(values)
def test_a_cbor_value_comes_back(value: Any) -> None:
    assert cbor.decode(cbor.encode(value)) == value
    assert cbor.decode(cbor2.dumps(value, canonical=True)) == value


@given(values, st.binary(min_size=1, max_size=20))
def test_nothing_may_follow_a_cbor_item(value: Any, tail: bytes) -> None:
    with pytest.raises(CborError):
        cbor.decode(cbor.encode(value) + tail)


@given(values, st.data())
def test_no_cbor_item_may_be_cut(value: Any, data: st.DataObject) -> None:
    content = cbor.encode(value)
    size = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(CborError):
        cbor.decode(content[:size])


PLAIN = {type(None), bool, int, float, str, bytes, list, tuple, *cbor.MAPS, cbor.Tag, cbor2.CBORSimpleValue}
PLAIN |= {type(cbor2.undefined)}
"""What decoding may make: nothing that computes, resolves or allocates by itself."""


@given(st.binary(max_size=80))
@example(bytes.fromhex("a2f97e0001f97e0002"))
@example(b"\xbf" * 40)
@example(b"\xd8\x1c" * 40)
@example(bytes.fromhex("bb00ffffffffffffff"))
def test_arbitrary_bytes_are_one_plain_item_or_an_error(content: bytes) -> None:
    try:
        value = cbor.decode(content)
    except CborError:
        return
    assert _kinds(value) <= PLAIN


def _kinds(value: Any) -> set[type]:
    kinds = {type(value)}
    match value:
        case list() | tuple():
            inner = [*value]
        case cbor.Tag():
            inner = [value.value]
        case _ if isinstance(value, cbor.MAPS):
            inner = [*value, *value.values()]
        case _:
            inner = []
    return kinds.union(*map(_kinds, inner))


# --- COSE, CWT, HC1 ------------------------------------------------------------------------------------------------


@given(
    st.sampled_from([cose.ES256, cose.PS256]), st.binary(max_size=64), st.binary(max_size=500), st.binary(max_size=300)
)
def test_a_message_comes_back(algorithm: int, kid: bytes, payload: bytes, signature: bytes) -> None:
    protected = cose.protected_header(algorithm, kid)
    parsed = cose.parse(cbor.decode(cose.encode(protected, payload, signature)))
    assert parsed == cose.Sign1(protected, payload, signature, algorithm, kid, algorithm_is_protected=True)
    assert parsed.to_be_signed() == cbor2.dumps(["Signature1", protected, b"", payload])


@given(
    st.sampled_from([cose.ES256, cose.PS256, -8]),
    st.binary(max_size=24),
    st.binary(min_size=1, max_size=300),
    st.binary(min_size=60, max_size=64),
    st.tuples(st.integers(0, 400), st.binary(max_size=2)),
)
def test_a_message_in_the_plain_layout_is_read_the_same_both_ways(
    algorithm: int, kid: bytes, payload: bytes, signature: bytes, change: tuple[int, bytes]
) -> None:
    whole = cose.encode(cose.protected_header(algorithm, kid), payload, signature)
    place, splice = change
    content = whole[:place] + splice + whole[place + len(splice) :]
    try:
        parsed = cose.parse_plain(content)
    except CodecError:
        parsed = None
    if parsed is not None:
        message = cose.parse(cbor.decode(content))
        assert parsed == (
            message.algorithm,
            message.kid,
            message.to_be_signed(),
            message.payload,
            message.signature,
        )


@given(values)
def test_an_item_is_a_message_or_an_error(item: Any) -> None:
    try:
        cose.parse(item)
    except CoseError:
        return
    assert len(item) == 4


seconds = st.integers(0, MAX_NUMERIC_DATE)


@given(st.none() | st.text(max_size=5), seconds, seconds, st.dictionaries(st.text(max_size=3), scalars, max_size=3))
def test_claims_come_back(issuer: str | None, issued: int, expires: int, dcc: dict[str, Any]) -> None:
    claims = Claims(issuer, issued, expires, dcc)
    assert Claims.from_map(cbor.decode(cbor.encode(claims.to_map()))) == claims
    assert (claims.issued_at.timestamp(), claims.expires_at.timestamp()) == (issued, expires)


@given(st.floats())
def test_a_float_is_an_instant_or_an_error_and_never_a_surprise(instant: float) -> None:
    try:
        claims = Claims.from_map({4: instant, 6: 0, -260: {1: {}}})
    except CodecError:
        assert math.isnan(instant) or not 0 <= instant <= MAX_NUMERIC_DATE
    else:
        assert claims.expires_seconds == math.floor(instant)


@given(values)
def test_a_value_is_claims_or_an_error(value: Any) -> None:
    try:
        Claims.from_map(value)
    except CodecError:
        return
    assert isinstance(value, dict)


@given(st.binary(max_size=2000), st.integers(1, 9))
def test_a_text_comes_back(message: bytes, level: int) -> None:
    text = hc1.encode(message, level=level)
    assert set(text) <= set(ALPHABET)
    assert hc1.decode(text) == message


@given(st.text(max_size=60) | base45_texts.map(lambda body: "HC1:" + body))
def test_an_arbitrary_text_is_a_message_or_an_error_of_ours(text: str) -> None:
    try:
        hc1.decode(text)
    except CodecError:
        return
    assert text.startswith("HC1:")
