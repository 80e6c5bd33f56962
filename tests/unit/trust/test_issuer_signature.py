"""Certificates signed by hand, truly, with algorithms that count and with those that do not."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA224, SHA256, SHA384, SHA512, HashAlgorithm

from vaxcert.signing.key_pair import KeyPair
from vaxcert.trust.certificate import Certificate
from vaxcert.trust.der import (
    BIT_STRING,
    INTEGER,
    NULL,
    OBJECT_IDENTIFIER,
    SEQUENCE,
    context_tag,
    encode_element,
    encode_integer,
    encode_oid,
    read_sequence,
)
from vaxcert.trust.issuer_signature import is_signed_by

EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)

HASH_OIDS = {
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
MGF1_OID, PSS_OID = "1.2.840.113549.1.1.8", "1.2.840.113549.1.1.10"


def algorithm(oid: str, *parameters: bytes) -> bytes:
    return encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, encode_oid(oid)), *parameters)


def pss_fields(hash_name: str, mask_hash_name: str, salt: int) -> list[bytes]:
    fields = (
        algorithm(HASH_OIDS[hash_name], encode_element(NULL)),
        algorithm(MGF1_OID, algorithm(HASH_OIDS[mask_hash_name])),
        encode_integer(salt),
    )
    return [encode_element(context_tag(number, constructed=True), field) for number, field in enumerate(fields)]


def pss(*fields: bytes) -> bytes:
    return algorithm(PSS_OID, encode_element(SEQUENCE, *fields))


@pytest.fixture
def signed(pair: KeyPair) -> Callable[..., Certificate]:
    """Return a maker of certificates: a DSC's content under another algorithm and signature."""
    content = read_sequence(read_sequence(pair.certificate.der)[0].encoded)

    def make(
        inner: bytes,
        sign: Callable[[bytes], bytes],
        *,
        outer: bytes | None = None,
        tag: int = BIT_STRING,
        bits: int = 0,
    ) -> Certificate:
        fields = [element.encoded for element in content]
        fields[2] = inner
        to_be_signed = encode_element(SEQUENCE, *fields)
        signature = encode_element(tag, bytes((bits,)), sign(to_be_signed))
        return Certificate.of_der(encode_element(SEQUENCE, to_be_signed, outer or inner, signature))

    return make


def ecdsa(hash_algorithm: HashAlgorithm) -> Callable[[bytes], bytes]:
    return lambda message: EC.sign(message, ec.ECDSA(hash_algorithm))


def rsa_pss(hash_algorithm: HashAlgorithm, mask_hash: HashAlgorithm, salt: int) -> Callable[[bytes], bytes]:
    return lambda message: RSA.sign(message, PSS(MGF1(mask_hash), salt), hash_algorithm)


def rsa_pkcs1(hash_algorithm: HashAlgorithm) -> Callable[[bytes], bytes]:
    return lambda message: RSA.sign(message, PKCS1v15(), hash_algorithm)


@pytest.mark.parametrize(
    ("oid", "hash_algorithm"),
    [("1.2.840.10045.4.3.2", SHA256()), ("1.2.840.10045.4.3.3", SHA384()), ("1.2.840.10045.4.3.4", SHA512())],
)
def test_ecdsa_with_a_strong_hash_counts(
    signed: Callable[..., Certificate], oid: str, hash_algorithm: HashAlgorithm
) -> None:
    certificate = signed(algorithm(oid), ecdsa(hash_algorithm))
    assert is_signed_by(certificate, EC.public_key())
    assert not is_signed_by(certificate, RSA.public_key())
    assert not is_signed_by(certificate, ec.generate_private_key(ec.SECP256R1()).public_key())


@pytest.mark.parametrize(
    ("oid", "hash_algorithm"),
    [("1.2.840.113549.1.1.11", SHA256()), ("1.2.840.113549.1.1.12", SHA384()), ("1.2.840.113549.1.1.13", SHA512())],
)
def test_pkcs1_with_a_strong_hash_counts(
    signed: Callable[..., Certificate], oid: str, hash_algorithm: HashAlgorithm
) -> None:
    certificate = signed(algorithm(oid, encode_element(NULL)), rsa_pkcs1(hash_algorithm))
    assert is_signed_by(certificate, RSA.public_key())
    assert not is_signed_by(certificate, EC.public_key())


@pytest.mark.parametrize(
    ("fields", "sign"),
    [
        (pss_fields("sha256", "sha256", 32), rsa_pss(SHA256(), SHA256(), 32)),
        (pss_fields("sha512", "sha512", 64), rsa_pss(SHA512(), SHA512(), 64)),
        (pss_fields("sha384", "sha256", 0), rsa_pss(SHA384(), SHA256(), 0)),
        (pss_fields("sha256", "sha256", 20)[:2], rsa_pss(SHA256(), SHA256(), 20)),
    ],
    ids=["SHA-256", "SHA-512", "mixed, no salt", "the default salt"],
)
def test_pss_with_a_strong_hash_counts(
    signed: Callable[..., Certificate], fields: list[bytes], sign: Callable[[bytes], bytes]
) -> None:
    assert is_signed_by(signed(pss(*fields), sign), RSA.public_key())


@pytest.mark.parametrize(
    ("inner", "sign"),
    [
        (algorithm("1.2.840.10045.4.1"), ecdsa(SHA1())),
        (algorithm("1.2.840.10045.4.3.1"), ecdsa(SHA224())),
    ],
    ids=["SHA-1", "SHA-224"],
)
def test_a_true_ecdsa_signature_with_a_weak_hash_does_not_count(
    signed: Callable[..., Certificate], inner: bytes, sign: Callable[[bytes], bytes]
) -> None:
    assert not is_signed_by(signed(inner, sign), EC.public_key())


@pytest.mark.parametrize(
    ("inner", "sign"),
    [
        (algorithm("1.2.840.113549.1.1.5"), rsa_pkcs1(SHA1())),
        (algorithm("1.2.840.113549.1.1.14"), rsa_pkcs1(SHA224())),
        (pss(*pss_fields("sha1", "sha256", 20)), rsa_pss(SHA1(), SHA256(), 20)),
        (pss(*pss_fields("sha256", "sha1", 20)), rsa_pss(SHA256(), SHA1(), 20)),
        (pss(*pss_fields("sha224", "sha224", 20)), rsa_pss(SHA224(), SHA224(), 20)),
        (pss(), rsa_pss(SHA1(), SHA1(), 20)),
        (pss(*pss_fields("sha256", "sha256", 20)[1:]), rsa_pss(SHA1(), SHA256(), 20)),
        (pss(*pss_fields("sha256", "sha256", 32)[::2]), rsa_pss(SHA256(), SHA1(), 32)),
        (pss(*pss_fields("sha256", "sha256", 100)), rsa_pss(SHA256(), SHA256(), 100)),
    ],
    ids=[
        "SHA-1",
        "SHA-224",
        "PSS with SHA-1",
        "PSS masked with SHA-1",
        "PSS with SHA-224",
        "PSS by its defaults",
        "PSS with the default hash",
        "PSS with the default mask",
        "PSS with a salt past any digest",
    ],
)
def test_a_true_rsa_signature_of_a_weak_kind_does_not_count(
    signed: Callable[..., Certificate], inner: bytes, sign: Callable[[bytes], bytes]
) -> None:
    assert not is_signed_by(signed(inner, sign), RSA.public_key())


@pytest.mark.parametrize(
    "inner",
    [
        encode_element(SEQUENCE),
        encode_element(INTEGER, b"\x01"),
        algorithm(PSS_OID),
        algorithm(PSS_OID, encode_element(NULL)),
        algorithm(PSS_OID, encode_element(SEQUENCE, b"\xa0\x00")),
        pss(*pss_fields("sha256", "sha256", 32)[:2], b"\xa2\x02\x04\x00"),
    ],
)
def test_an_algorithm_that_is_malformed_does_not_count(signed: Callable[..., Certificate], inner: bytes) -> None:
    assert not is_signed_by(signed(inner, rsa_pss(SHA256(), SHA256(), 32)), RSA.public_key())
    assert not is_signed_by(signed(inner, ecdsa(SHA256())), EC.public_key())


def test_the_algorithm_is_the_same_inside_and_outside(signed: Callable[..., Certificate]) -> None:
    inner, other = algorithm("1.2.840.10045.4.3.2"), algorithm("1.2.840.10045.4.3.3")
    assert is_signed_by(signed(inner, ecdsa(SHA256())), EC.public_key())
    assert not is_signed_by(signed(inner, ecdsa(SHA256()), outer=other), EC.public_key())
    assert not is_signed_by(signed(other, ecdsa(SHA256()), outer=inner), EC.public_key())


@pytest.mark.parametrize("changes", [{"bits": 1}, {"tag": 0x04}])
def test_a_signature_is_a_string_of_whole_bytes(signed: Callable[..., Certificate], changes: dict[str, int]) -> None:
    assert not is_signed_by(signed(algorithm("1.2.840.10045.4.3.2"), ecdsa(SHA256()), **changes), EC.public_key())


@pytest.mark.parametrize("signature", [b"", b"\x30\x00", bytes(64)])
def test_what_is_no_signature_does_not_count(signed: Callable[..., Certificate], signature: bytes) -> None:
    for inner in (algorithm("1.2.840.10045.4.3.2"), algorithm("1.2.840.113549.1.1.11")):
        certificate = signed(inner, lambda _message: signature)
        assert not is_signed_by(certificate, EC.public_key())
        assert not is_signed_by(certificate, RSA.public_key())
