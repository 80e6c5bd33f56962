"""What is signed cannot be changed: only a re-encoding that leaves the signed bytes alone verifies.

Exhaustive over every byte of some certificates, and beyond that by search. The re-encodings that do verify are those in
`tests.faults.odd.REENCODED`; each is a way to write the same signed bytes, and none a way to write others.
"""

from __future__ import annotations

import zlib
from functools import cache, partial
from typing import TYPE_CHECKING

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.encoders import AT, Encoder, TestSigner, covid_test, dcc, signer, text_of_cose
from tests.faults.odd import REENCODED
from vaxcert.codec import base45, cbor, cose, hc1, inflate
from vaxcert.errors import VaxcertError
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.encoders import Case

ALPHABET = base45.ALPHABET.decode("ascii")
KINDS = ("vaccination", "test", "rsa")


@cache
def genuine(kind: str) -> tuple[TestSigner, str]:
    """Return a signer and a certificate of his."""
    by = signer("RSA-2048") if kind == "rsa" else signer()
    payload = dcc(v=..., t=[covid_test()]) if kind == "test" else dcc()
    return by, Encoder(by, dcc=lambda _: payload).text()


@cache
def verifier(kind: str) -> Verifier:
    by, _ = genuine(kind)
    return Verifier(TrustList.of_certificates([by.der]))


def verifies(kind: str, text: str) -> bool:
    try:
        verifier(kind).verify(text, at=AT)
    except VaxcertError:
        return False
    assert verifier(kind).examine(text, at=AT).outcome == "valid"
    return True


def signed_part(text: str) -> tuple[bytes, bytes]:
    message = cose.parse(cbor.decode(hc1.decode(text)))
    return message.protected, message.payload


def message_verifies(kind: str, content: bytes) -> bool:
    return verifies(kind, hc1.encode(content, level=inflate.FASTEST_LEVEL))


def flips(content: bytes, bits: tuple[int, ...]) -> Iterator[bytes]:
    """Yield *content* with each byte changed in each of *bits*, and to the values that mean most in CBOR."""
    for place, byte in enumerate(content):
        for other in {byte ^ 1 << bit for bit in bits} | ({0, 0xA0, 0xF6, 0xFF} - {byte}):
            yield content[:place] + bytes((other,)) + content[place + 1 :]


def cuts(content: bytes) -> Iterator[bytes]:
    """Yield *content* without its end, without its start and without each byte."""
    for place in range(len(content)):
        yield content[:place]
        yield content[place + 1 :]
        yield content[:place] + content[place + 1 :]


def additions(content: bytes) -> Iterator[bytes]:
    """Yield *content* with a byte more at each place."""
    for place in range(len(content) + 1):
        for byte in {0, 0xFF, 0xF6, 0x40, *content[place : place + 1]}:
            yield content[:place] + bytes((byte,)) + content[place:]


@pytest.mark.parametrize("kind", KINDS)
def test_no_byte_of_a_message_can_be_changed(kind: str) -> None:
    message = hc1.decode(genuine(kind)[1])
    bits = tuple(range(8)) if kind == "vaccination" else (0, 7)
    assert [forged for forged in flips(message, bits) if message_verifies(kind, forged)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_byte_of_a_message_can_be_cut_but_its_tag(kind: str) -> None:
    message = hc1.decode(genuine(kind)[1])
    untagged = message[1:]
    assert {forged for forged in cuts(message) if message_verifies(kind, forged)} == {untagged}


@pytest.mark.parametrize("kind", KINDS)
def test_no_byte_can_be_added_to_a_message(kind: str) -> None:
    message = hc1.decode(genuine(kind)[1])
    assert [forged for forged in additions(message) if message_verifies(kind, forged)] == []


@pytest.mark.parametrize("kind", KINDS[:2])
def test_no_character_of_a_text_can_be_changed_to_another_message(kind: str) -> None:
    """Some bits of zlib mean nothing: the header's level, the padding after the last block. All others count."""
    text = genuine(kind)[1]
    changed = [text[:place] + sign + text[place + 1 :] for place in range(len(text)) for sign in ALPHABET]
    passing = {forged for forged in changed if forged != text and verifies(kind, forged)}
    assert all(hc1.decode(forged) == hc1.decode(text) for forged in passing)


@pytest.mark.parametrize("kind", KINDS[:2])
def test_no_character_of_a_text_can_be_cut_or_added(kind: str) -> None:
    text = genuine(kind)[1]
    cut = [text[:place] + text[place + 1 :] for place in range(len(text))]
    cut += [text[:place] for place in range(len(text))] + [text[place:] for place in range(1, len(text))]
    added = [text[:place] + sign + text[place:] for place in range(len(text) + 1) for sign in "0: \n"]
    assert [forged for forged in cut + added if verifies(kind, forged) and forged != text] == []


@given(st.sampled_from(KINDS), st.data())
def test_no_change_to_what_is_signed_verifies(kind: str, data: st.DataObject) -> None:
    by, text = genuine(kind)
    protected, payload = signed_part(text)
    signature = cose.parse(cbor.decode(hc1.decode(text))).signature
    forged_protected = data.draw(st.just(protected) | st.binary(max_size=40) | _spliced(protected))
    forged_payload = data.draw(st.just(payload) | st.binary(max_size=300) | _spliced(payload))
    unprotected = data.draw(st.sampled_from([{}, {1: by.algorithm, 4: by.kid}]))
    forged = text_of_cose(cbor2.dumps(cbor2.CBORTag(18, [forged_protected, unprotected, forged_payload, signature])))
    assert verifies(kind, forged) == ((forged_protected, forged_payload) == (protected, payload))


def _spliced(content: bytes) -> st.SearchStrategy[bytes]:
    places = st.integers(0, len(content))
    return st.builds(
        lambda start, end, new: content[: min(start, end)] + new + content[max(start, end) :],
        places,
        places,
        st.binary(max_size=9),
    )


@given(st.sampled_from(KINDS), st.data())
def test_whatever_verifies_says_what_was_signed(kind: str, data: st.DataObject) -> None:
    message = hc1.decode(genuine(kind)[1])
    forged = data.draw(_spliced(message))
    level = data.draw(st.integers(0, 9))
    text = "HC1:" + base45.encode(zlib.compress(forged, level))
    if verifies(kind, text):
        assert signed_part(text) == signed_part(genuine(kind)[1])


@pytest.mark.parametrize("case", REENCODED, ids=str)
def test_a_listed_re_encoding_is_another_text_of_the_same_signed_bytes(case: Case) -> None:
    encoder = case.encoder()
    text = encoder.text()
    plain = Encoder().text()
    assert text != plain
    assert signed_part(text) == signed_part(plain)
    assert verifies("vaccination", text)


def test_re_encodings_may_be_combined() -> None:
    steps = {name: step for case in REENCODED for name, step in case.steps.items()}
    chosen = {name: steps[name] for name in ("unprotected", "signature", "item", "stream")}
    combined = Encoder(None, **chosen)
    assert verifies("vaccination", combined.text())
    assert signed_part(combined.text()) == signed_part(Encoder().text())


def test_what_two_signers_signed_cannot_be_mixed() -> None:
    """A signature holds for its own payload under its own header, also between certificates of one signer."""
    texts = [Encoder(dcc=partial(lambda payload, _: payload, dcc(dob=f"198{year}-10-10"))).text() for year in range(4)]
    messages = [cose.parse(cbor.decode(hc1.decode(text))) for text in texts]
    for one in messages:
        for other in messages:
            mixed = text_of_cose(cose.encode(one.protected, one.payload, other.signature))
            assert verifies("vaccination", mixed) == (one is other)
