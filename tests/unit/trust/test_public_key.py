import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vaxcert.errors import TrustEntryError
from vaxcert.trust.public_key import MAX_SPKI_BYTES, kind_of, load_spki, spki_of


@pytest.mark.parametrize(
    ("curve", "kind"),
    [
        (ec.SECP256R1(), "EC-P256"),
        (ec.SECP384R1(), "EC-P384"),
        (ec.SECP521R1(), "EC-P521"),
        (ec.SECP256K1(), "EC-secp256k1"),
        (ec.BrainpoolP256R1(), "EC-brainpoolP256r1"),
    ],
)
def test_an_ec_key_is_named_by_its_curve(curve: ec.EllipticCurve, kind: str) -> None:
    key = ec.generate_private_key(curve).public_key()
    assert kind_of(key) == kind
    assert load_spki(spki_of(key)) == key


@pytest.mark.parametrize("bits", [1024, 2048])
def test_an_rsa_key_is_named_by_its_length(bits: int) -> None:
    key = rsa.generate_private_key(65537, bits).public_key()
    assert kind_of(key) == f"RSA-{bits}"
    assert load_spki(spki_of(key)) == key


def test_a_key_of_another_kind_is_refused() -> None:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    with pytest.raises(TrustEntryError, match="neither EC nor RSA") as caught:
        load_spki(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    assert caught.value.reason == "unsupported_key"


def test_a_point_off_its_curve_is_refused() -> None:
    spki = bytearray(spki_of(ec.generate_private_key(ec.SECP256R1()).public_key()))
    spki[-1] ^= 1
    with pytest.raises(TrustEntryError) as caught:
        load_spki(bytes(spki))
    assert caught.value.reason == "unreadable"


def test_a_key_past_the_bound_is_not_even_parsed() -> None:
    with pytest.raises(TrustEntryError) as caught:
        load_spki(bytes(MAX_SPKI_BYTES + 1))
    assert caught.value.reason == "too_large"
