from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from vaxcert.codec.cose import ES256, PS256
from vaxcert.errors import KeyFileError, PassphraseError, SignatureError, SignerUsageError
from vaxcert.model.kid import Kid
from vaxcert.signing.pem import PemSigner
from vaxcert.signing.private_key import unsafe_unencrypted_private_key
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.signature import verify_signature

if TYPE_CHECKING:
    from vaxcert.signing.key_pair import KeyPair
    from vaxcert.signing.signer import Signer


def signer_of(pair: KeyPair) -> PemSigner:
    return PemSigner.from_pem(unsafe_unencrypted_private_key(pair.private_key), pair.certificate_pem)


@pytest.mark.parametrize(("name", "algorithm", "size"), [("pair", ES256, 64), ("rsa_pair", PS256, 256)])
def test_a_signature_verifies_in_cose_form(
    request: pytest.FixtureRequest, name: str, algorithm: int, size: int
) -> None:
    pair: KeyPair = request.getfixturevalue(name)
    signer: Signer = signer_of(pair)
    assert signer.algorithm == algorithm
    assert signer.kid == Kid.of_dsc(pair.certificate.der)
    assert signer.certificate == Dsc.of_certificate(pair.certificate)
    signature = signer.sign(b"to be signed")
    assert len(signature) == size
    dsc = Dsc.of_certificate(pair.certificate)
    key, kind = dsc.public_key, dsc.key_kind
    verify_signature(key, kind, algorithm=algorithm, to_be_signed=b"to be signed", signature=signature)
    with pytest.raises(SignatureError):
        verify_signature(key, kind, algorithm=algorithm, to_be_signed=b"to be signeD", signature=signature)


def test_r_and_s_are_always_whole(pair: KeyPair) -> None:
    # One signature in 128 has an r or s that begins with a zero byte, which DER drops and COSE keeps; most have one
    # with the top bit set, before which DER puts a zero byte.
    signer = signer_of(pair)
    key = pair.certificate.public_key
    signatures = {number: signer.sign(number.to_bytes(2)) for number in range(4000)}
    assert {len(signature) for signature in signatures.values()} == {64}
    for leading in (range(1), range(1, 128), range(128, 256)):
        for half in (0, 32):
            number = next(number for number, signature in signatures.items() if signature[half] in leading)
            verify_signature(
                key, "EC-P256", algorithm=ES256, to_be_signed=number.to_bytes(2), signature=signatures[number]
            )


def test_a_passphrase_opens_the_key(pair: KeyPair, encrypted_pem: bytes, passphrase: bytes) -> None:
    signer = PemSigner.from_pem(encrypted_pem, pair.certificate_pem, password=passphrase)
    assert len(signer.sign(b"x")) == 64


@pytest.mark.parametrize("password", [None, b"wrong passphrase"])
def test_without_the_passphrase_there_is_no_signer(pair: KeyPair, encrypted_pem: bytes, password: bytes | None) -> None:
    with pytest.raises(PassphraseError):
        PemSigner.from_pem(encrypted_pem, pair.certificate_pem, password)


def test_a_key_with_another_certificate_is_refused(pair: KeyPair, rsa_pair: KeyPair) -> None:
    key_pem = unsafe_unencrypted_private_key(pair.private_key)
    with pytest.raises(KeyFileError, match="do not belong together"):
        PemSigner.from_pem(key_pem, rsa_pair.certificate_pem)


@pytest.mark.parametrize("certificate_pem", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_certificate_that_cannot_be_read_is_refused(pair: KeyPair, certificate_pem: bytes) -> None:
    with pytest.raises(KeyFileError):
        PemSigner.from_pem(unsafe_unencrypted_private_key(pair.private_key), certificate_pem)


def test_the_two_files_cannot_be_swapped(pair: KeyPair) -> None:
    with pytest.raises(KeyFileError):
        PemSigner.from_pem(pair.certificate_pem, unsafe_unencrypted_private_key(pair.private_key))


def test_a_csca_is_no_signer(csca: KeyPair) -> None:
    with pytest.raises(SignerUsageError):
        signer_of(csca)


@pytest.mark.parametrize("name", ["pair", "rsa_pair"])
def test_nothing_shows_the_key(request: pytest.FixtureRequest, name: str) -> None:
    pair: KeyPair = request.getfixturevalue(name)
    signer = signer_of(pair)
    assert repr(signer) == str(signer) == f"PemSigner(kid={signer.kid}, algorithm={signer.algorithm})"
    assert "key" not in repr(pair).lower().replace("keypair", "")
    for holder in (signer, pair):
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="holds a private key"):
                attempt(holder)
