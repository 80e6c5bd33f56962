import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from vaxcert.codec.cose import ES256, PS256
from vaxcert.errors import KeyFileError, SignerUsageError
from vaxcert.model.kid import Kid
from vaxcert.signing.authority import KeyKind
from vaxcert.signing.key_pair import KeyPair
from vaxcert.signing.signer import algorithm_for, check_signer_certificate
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.public_key import SIGNING_KEY_KINDS
from vaxcert.verify.policy import ALLOWED_KEYS


def test_each_kind_of_key_has_one_algorithm(pair: KeyPair, rsa_pair: KeyPair) -> None:
    assert algorithm_for(pair.certificate.public_key) == ES256 == -7
    assert algorithm_for(rsa_pair.certificate.public_key) == PS256 == -37


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1(), ec.BrainpoolP256R1()])
def test_another_curve_may_not_sign(curve: ec.EllipticCurve) -> None:
    with pytest.raises(KeyFileError, match="a key of the kind EC-"):
        algorithm_for(ec.generate_private_key(curve).public_key())


@pytest.mark.parametrize("bits", [1024, 2056, 2560])
def test_a_modulus_that_no_verifier_takes_may_not_sign(bits: int) -> None:
    with pytest.raises(KeyFileError, match=f"RSA-{bits} may not sign"):
        algorithm_for(rsa.generate_private_key(65537, bits).public_key())


def test_what_may_sign_is_what_is_verified() -> None:
    assert set(KeyKind) < SIGNING_KEY_KINDS == ALLOWED_KEYS


def test_a_csca_may_not_sign_certificates_of_people(csca: KeyPair) -> None:
    with pytest.raises(SignerUsageError, match="digitalSignature"):
        check_signer_certificate(Dsc.of_certificate(csca.certificate))


def test_a_bare_key_says_nothing_against_signing(pair: KeyPair) -> None:
    dsc = Dsc.of_certificate(pair.certificate)
    check_signer_certificate(dsc)
    check_signer_certificate(Dsc.of_spki(dsc.spki, kid=Kid(b"12345678")))
