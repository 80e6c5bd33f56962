from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tests.faults.encoders import ES256, PS256, TestSigner, signer
from tests.faults.odd import P256_ORDER
from vaxcert.errors import SignatureError
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.signature import verify_signature

if TYPE_CHECKING:
    from collections.abc import Callable

MESSAGE = b"what is signed"


def check(by: TestSigner, signature: bytes, *, algorithm: int | None = None, message: bytes = MESSAGE) -> None:
    dsc = Dsc.of_der(by.der)
    verify_signature(
        dsc.public_key,
        dsc.key_kind,
        algorithm=by.algorithm if algorithm is None else algorithm,
        to_be_signed=message,
        signature=signature,
    )


@pytest.mark.parametrize("kind", ["EC-P256", "EC-P384", "RSA-1024", "RSA-2048"])
def test_a_genuine_signature_holds(kind: str) -> None:
    by = signer(kind)
    check(by, by.sign(MESSAGE))


@pytest.mark.parametrize("kind", ["EC-P256", "EC-P384", "RSA-2048"])
def test_a_signature_over_something_else_does_not(kind: str) -> None:
    by = signer(kind)
    with pytest.raises(SignatureError, match="does not match") as raised:
        check(by, by.sign(MESSAGE), message=MESSAGE + b"!")
    assert raised.value.__cause__ is not None


def test_no_flipped_bit_goes_unnoticed() -> None:
    by = signer()
    genuine = by.sign(MESSAGE)
    for bit in range(8 * len(genuine)):
        forged = bytearray(genuine)
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SignatureError):
            check(by, bytes(forged))


def test_small_and_large_numbers_are_written_right() -> None:
    """Of 2000 signatures some have a leading zero or a high bit in r or s, and each is of another length in DER."""
    by = signer()
    starts = set()
    for _ in range(2000):
        genuine = by.sign(MESSAGE)
        r, s = genuine[0], genuine[32]
        kinds = tuple("zero" if each == 0 else "high" if each > 0x7F else "low" for each in (r, s))
        if kinds not in starts:
            starts.add(kinds)
            check(by, genuine)
    assert {kind for pair in starts for kind in pair} == {"zero", "high", "low"}


def test_the_mirrored_signature_holds_too() -> None:
    by = signer()
    genuine = by.sign(MESSAGE)
    s = int.from_bytes(genuine[32:], "big")
    check(by, genuine[:32] + (P256_ORDER - s).to_bytes(32, "big"))


def _zero_r(genuine: bytes) -> bytes:
    return bytes(32) + genuine[32:]


def _zero_s(genuine: bytes) -> bytes:
    return genuine[:32] + bytes(32)


def _order_for_s(genuine: bytes) -> bytes:
    return genuine[:32] + P256_ORDER.to_bytes(32, "big")


def _swapped(genuine: bytes) -> bytes:
    return genuine[32:] + genuine[:32]


@pytest.mark.parametrize(
    "forge", [_zero_r, _zero_s, _order_for_s, _swapped, lambda _: bytes(64), lambda _: b"\xff" * 64]
)
def test_numbers_that_prove_nothing_are_refused(forge: Callable[[bytes], bytes]) -> None:
    by = signer()
    with pytest.raises(SignatureError):
        check(by, forge(by.sign(MESSAGE)))


@pytest.mark.parametrize("size", [0, 1, 3, 32, 63, 65, 96, 128, 70_000])
@pytest.mark.parametrize("kind", ["EC-P256", "RSA-2048"])
def test_a_signature_of_another_length_is_refused(kind: str, size: int) -> None:
    with pytest.raises(SignatureError):
        check(signer(kind), b"\x01" * size)


def test_der_is_not_what_cose_writes() -> None:
    by = signer()
    assert isinstance(by.key, ec.EllipticCurvePrivateKey)
    with pytest.raises(SignatureError, match=r"bytes long, not 64"):
        check(by, by.key.sign(MESSAGE, ec.ECDSA(SHA256())))


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        ("EC-P256", PS256),
        ("RSA-2048", ES256),
        ("EC-K256", ES256),
        ("EC-P521", ES256),
        ("EC-P256", -35),
        ("RSA-2048", -257),
    ],
)
def test_a_key_that_does_not_fit_the_algorithm_is_refused(kind: str, algorithm: int) -> None:
    by = signer(kind)
    with pytest.raises(SignatureError, match="does not fit"):
        check(by, by.sign(MESSAGE), algorithm=algorithm)


def test_another_salt_or_padding_is_not_ps256() -> None:
    by = signer("RSA-2048")
    assert isinstance(by.key, rsa.RSAPrivateKey)
    longest = padding.PSS(padding.MGF1(SHA256()), padding.PSS.MAX_LENGTH)
    for scheme in (longest, padding.PSS(padding.MGF1(SHA256()), 0), padding.PKCS1v15()):
        with pytest.raises(SignatureError):
            check(by, by.key.sign(MESSAGE, scheme, SHA256()))
