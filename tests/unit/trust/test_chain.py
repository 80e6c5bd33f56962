from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from vaxcert.errors import ChainError
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.key_pair import KeyPair
from vaxcert.trust.certificate import Certificate
from vaxcert.trust.chain import ChainFault, verify_chain

NAME = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "XA"), x509.NameAttribute(NameOID.COMMON_NAME, "CSCA")])

IssuerKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
StrongHash = SHA256 | SHA384 | SHA512


def certificate(
    at: datetime,
    key: IssuerKey,
    *,
    is_ca: bool,
    hash_algorithm: StrongHash,
    pss: padding.PSS | None = None,
    signs_certificates: bool | None = None,
) -> Certificate:
    """Return a certificate in NAME, issued by NAME: with *key*'s signature and, of a CSCA, *key*'s public half."""
    public_key = (key if is_ca else ec.generate_private_key(ec.SECP256R1())).public_key()
    builder = x509.CertificateBuilder(NAME, NAME, public_key, 1, at, at + timedelta(days=9))
    builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=0 if is_ca else None), critical=True)
    if signs_certificates is not None:
        usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
        usage |= dict.fromkeys(("crl_sign", "encipher_only", "decipher_only"), False)
        key_usage = x509.KeyUsage(digital_signature=True, key_cert_sign=signs_certificates, **usage)
        builder = builder.add_extension(key_usage, critical=True)
    signed = builder.sign(key, hash_algorithm, rsa_padding=pss)
    return Certificate.of_der(signed.public_bytes(Encoding.DER))


def fault(dsc: Certificate | None, *cscas: Certificate, at: datetime | None = None) -> str:
    with pytest.raises(ChainError) as caught:
        verify_chain(dsc, cscas, at=at)
    assert caught.value.code == "dsc_not_chained"
    return caught.value.reason


def test_a_dsc_chains_to_the_csca_that_issued_it(csca: KeyPair, pair: KeyPair, rsa_pair: KeyPair, at: datetime) -> None:
    other = create_csca(country="XA", common_name="Another CSCA", at=at).certificate
    assert verify_chain(pair.certificate, [other, csca.certificate], at=at) is csca.certificate
    assert verify_chain(rsa_pair.certificate, [csca.certificate], at=at) is csca.certificate


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), ec.BrainpoolP256R1()])
@pytest.mark.parametrize("hash_algorithm", [SHA256(), SHA384(), SHA512()], ids=lambda algorithm: algorithm.name)
def test_an_ec_csca_may_have_any_curve(curve: ec.EllipticCurve, hash_algorithm: StrongHash, at: datetime) -> None:
    key = ec.generate_private_key(curve)
    issuer = certificate(at, key, is_ca=True, hash_algorithm=hash_algorithm)
    dsc = certificate(at, key, is_ca=False, hash_algorithm=hash_algorithm)
    assert verify_chain(dsc, [issuer], at=at) is issuer


@pytest.mark.parametrize(
    "pss", [None, padding.PSS(padding.MGF1(SHA256()), 32), padding.PSS(padding.MGF1(SHA256()), 20)]
)
def test_an_rsa_csca_may_sign_with_either_padding(pss: padding.PSS | None, at: datetime) -> None:
    key = rsa.generate_private_key(65537, 2048)
    issuer = certificate(at, key, is_ca=True, hash_algorithm=SHA256(), pss=pss)
    dsc = certificate(at, key, is_ca=False, hash_algorithm=SHA256(), pss=pss)
    assert verify_chain(dsc, [issuer], at=at) is issuer


def test_two_cscas_of_one_name_are_both_tried(csca: KeyPair, pair: KeyPair, at: datetime) -> None:
    namesake = create_csca(country="XA", common_name="CSCA of Testland", at=at).certificate
    assert verify_chain(pair.certificate, [namesake, csca.certificate], at=at) is csca.certificate


def test_a_namesake_with_another_key_did_not_issue_it(pair: KeyPair, at: datetime) -> None:
    namesake = create_csca(country="XA", common_name="CSCA of Testland", at=at).certificate
    assert fault(pair.certificate, namesake, at=at) == ChainFault.BAD_SIGNATURE


def test_without_any_csca_nothing_chains(pair: KeyPair, at: datetime) -> None:
    assert fault(pair.certificate, at=at) == ChainFault.UNKNOWN_ISSUER


def test_a_csca_of_another_name_is_not_asked(pair: KeyPair, at: datetime) -> None:
    other = create_csca(country="XA", common_name="Another CSCA", at=at).certificate
    assert fault(pair.certificate, other, at=at) == ChainFault.UNKNOWN_ISSUER


def test_a_bare_key_never_chains(csca: KeyPair, at: datetime) -> None:
    assert fault(None, csca.certificate, at=at) == ChainFault.NO_CERTIFICATE


@pytest.mark.parametrize("offset", [timedelta(seconds=-1), timedelta(days=1461, seconds=1)])
def test_a_csca_outside_its_validity_vouches_for_nobody(
    csca: KeyPair, pair: KeyPair, at: datetime, offset: timedelta
) -> None:
    assert fault(pair.certificate, csca.certificate, at=at + offset) == ChainFault.CSCA_NOT_VALID
    assert verify_chain(pair.certificate, [csca.certificate], at=None)


def test_a_dsc_that_has_lapsed_still_chains(csca: KeyPair, pair: KeyPair, at: datetime) -> None:
    assert verify_chain(pair.certificate, [csca.certificate], at=at + timedelta(days=1000))


def test_a_dsc_is_no_csca(odd_certificate: Callable[..., bytes], at: datetime) -> None:
    self_issued = Certificate.of_der(odd_certificate())
    assert fault(self_issued, self_issued, at=at) == ChainFault.NOT_A_CA


def test_a_ca_that_may_not_sign_certificates_is_no_csca(at: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = certificate(at, key, is_ca=True, hash_algorithm=SHA256(), signs_certificates=False)
    dsc = certificate(at, key, is_ca=False, hash_algorithm=SHA256())
    assert fault(dsc, issuer, at=at) == ChainFault.NOT_A_CA
    allowed = certificate(at, key, is_ca=True, hash_algorithm=SHA256(), signs_certificates=True)
    assert verify_chain(dsc, [allowed], at=at) is allowed


def test_a_state_vouches_for_no_other(csca: KeyPair, at: datetime) -> None:
    foreign = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "XB"), x509.NameAttribute(NameOID.COMMON_NAME, "DSC")]
    )
    issuer = x509.load_der_x509_certificate(csca.certificate.der).subject
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    builder = x509.CertificateBuilder(issuer, foreign, key, 1, at, at + timedelta(days=9))
    dsc = Certificate.of_der(builder.sign(csca.private_key, SHA256()).public_bytes(Encoding.DER))
    assert fault(dsc, csca.certificate, at=at) == ChainFault.COUNTRY_MISMATCH


def test_a_changed_dsc_does_not_chain(csca: KeyPair, pair: KeyPair, at: datetime) -> None:
    changed = pair.certificate.der.replace(b"DSC 1", b"DSC 3")
    assert fault(Certificate.of_der(changed), csca.certificate, at=at) == ChainFault.BAD_SIGNATURE


def test_the_furthest_fault_is_the_one_reported(csca: KeyPair, pair: KeyPair, at: datetime) -> None:
    late = at + timedelta(days=1462)
    namesake = create_csca(country="XA", common_name="CSCA of Testland", at=late).certificate
    assert fault(pair.certificate, csca.certificate, namesake, at=late) == ChainFault.BAD_SIGNATURE
    assert fault(pair.certificate, namesake, csca.certificate, at=late) == ChainFault.BAD_SIGNATURE


def test_every_dsc_of_an_authority_chains(csca: KeyPair, at: datetime) -> None:
    dsc = create_dsc(csca, common_name="DSC 9", organization="Ministry of Testing", usages=(), at=at)
    assert verify_chain(dsc.certificate, [csca.certificate], at=at) is csca.certificate
