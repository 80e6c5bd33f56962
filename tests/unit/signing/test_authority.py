from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from vaxcert.errors import KeyFileError, SigningError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.signing.authority import CSCA_TERM, DSC_TERM, KeyKind, Term, create_csca, create_dsc, rotate_dsc
from vaxcert.signing.key_pair import KeyPair
from vaxcert.trust.certificate import Certificate
from vaxcert.trust.chain import verify_chain
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.public_key import kind_of

TEST, VACCINATION, RECOVERY = CertificateType.TEST, CertificateType.VACCINATION, CertificateType.RECOVERY


def parsed(pair: KeyPair) -> x509.Certificate:
    return x509.load_der_x509_certificate(pair.certificate.der)


Kind = TypeVar("Kind", bound=x509.ExtensionType)


def extension(pair: KeyPair, kind: type[Kind]) -> tuple[Kind, bool]:
    found = parsed(pair).extensions.get_extension_for_class(kind)
    return found.value, found.critical


def test_a_csca_is_as_the_governance_wants_it(csca: KeyPair, at: datetime) -> None:
    certificate = csca.certificate
    assert certificate.subject == "C=XA, CN=CSCA of Testland"
    assert certificate.is_evident_csca
    assert kind_of(certificate.public_key) == "EC-P256"
    assert (certificate.not_before, certificate.not_after) == (at, at + CSCA_TERM.lifetime)
    assert certificate.key_use_ends == at + CSCA_TERM.key_use
    assert certificate.not_after.year - at.year == 4
    assert extension(csca, x509.BasicConstraints) == (x509.BasicConstraints(ca=True, path_length=0), True)
    usage, critical = extension(csca, x509.KeyUsage)
    assert critical
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (True, True, False)
    assert not extension(csca, x509.SubjectKeyIdentifier)[1]
    parsed(csca).verify_directly_issued_by(parsed(csca))


def test_a_dsc_is_as_the_governance_wants_it(csca: KeyPair, pair: KeyPair, at: datetime) -> None:
    usage, critical = extension(pair, x509.KeyUsage)
    assert critical
    assert (usage.digital_signature, usage.key_cert_sign, usage.crl_sign) == (True, False, False)
    authority, _ = extension(pair, x509.AuthorityKeyIdentifier)
    assert authority.key_identifier == extension(csca, x509.SubjectKeyIdentifier)[0].digest
    purposes, critical = extension(pair, x509.ExtendedKeyUsage)
    assert not critical
    assert [oid.dotted_string for oid in purposes] == ["1.3.6.1.4.1.1847.2021.1.2"]
    with pytest.raises(x509.ExtensionNotFound):
        extension(pair, x509.BasicConstraints)
    assert pair.certificate.not_after == at + DSC_TERM.lifetime
    assert pair.certificate.key_use_ends == at + DSC_TERM.key_use
    assert verify_chain(pair.certificate, [csca.certificate], at=at)


@pytest.mark.parametrize("usages", [(), (TEST,), (TEST, RECOVERY), (TEST, VACCINATION, RECOVERY)])
def test_a_dsc_may_sign_what_was_asked_for(csca: KeyPair, at: datetime, usages: tuple[CertificateType, ...]) -> None:
    pair = create_dsc(csca, common_name="DSC", usages=usages, at=at)
    assert pair.certificate.usages == set(usages)


def test_all_types_can_be_asked_for(csca: KeyPair, at: datetime) -> None:
    pair = create_dsc(csca, common_name="DSC", usages=frozenset(CertificateType), at=at)
    assert pair.certificate.usages == set(CertificateType)


@pytest.mark.parametrize("kind", KeyKind)
def test_a_dsc_has_the_kind_of_key_asked_for(csca: KeyPair, at: datetime, kind: KeyKind) -> None:
    pair = create_dsc(csca, common_name="DSC", usages=(), at=at, key_kind=kind)
    assert Dsc.of_certificate(pair.certificate).key_kind == kind


def test_serial_numbers_and_keys_do_not_repeat(csca: KeyPair, at: datetime) -> None:
    pairs = [create_dsc(csca, common_name="DSC", usages=(), at=at) for _ in range(20)]
    assert len({parsed(pair).serial_number for pair in pairs}) == 20
    assert len({Dsc.of_certificate(pair.certificate).spki for pair in pairs}) == 20
    assert min(parsed(pair).serial_number for pair in pairs) > 2**64


def test_fractions_of_a_second_are_cut(at: datetime) -> None:
    pair = create_csca(country="XA", common_name="CSCA", at=at + timedelta(microseconds=999_999))
    assert pair.certificate.not_before == at


def test_a_key_signs_no_longer_than_its_certificate_is_valid(at: datetime) -> None:
    term = Term(lifetime=timedelta(days=10), key_use=timedelta(days=99))
    pair = create_csca(country="XA", common_name="CSCA", at=at, term=term)
    assert pair.certificate.key_use_ends == pair.certificate.not_after


def test_an_organization_is_named(csca: KeyPair, at: datetime) -> None:
    pair = create_dsc(csca, common_name="DSC", organization="Bộ Thử nghiệm", usages=(), at=at)
    assert pair.certificate.subject == "C=XA, O=Bộ Thử nghiệm, CN=DSC"


def test_a_rotated_dsc_follows_on(csca: KeyPair, pair: KeyPair, at: datetime) -> None:
    later = at + timedelta(days=170)
    new = rotate_dsc(csca, pair.certificate, at=later)
    assert new.certificate.raw_subject == pair.certificate.raw_subject
    assert new.certificate.usages == pair.certificate.usages
    assert Dsc.of_certificate(new.certificate).kid != Dsc.of_certificate(pair.certificate).kid
    assert Dsc.of_certificate(new.certificate).spki != Dsc.of_certificate(pair.certificate).spki
    assert pair.certificate.not_before < new.certificate.not_before == later < pair.certificate.not_after
    assert verify_chain(new.certificate, [csca.certificate], at=later)


def test_a_rotated_dsc_keeps_its_kind_of_key(csca: KeyPair, rsa_pair: KeyPair, at: datetime) -> None:
    assert kind_of(rotate_dsc(csca, rsa_pair.certificate, at=at).certificate.public_key) == "RSA-2048"


def test_a_dsc_of_another_csca_cannot_be_rotated(pair: KeyPair, at: datetime) -> None:
    other = create_csca(country="XA", common_name="Another CSCA", at=at)
    with pytest.raises(SigningError, match="another CSCA"):
        rotate_dsc(other, pair.certificate, at=at)


def issued(csca: KeyPair, key: ec.EllipticCurvePrivateKey, at: datetime, *names: x509.NameAttribute[str]) -> KeyPair:
    """Return a certificate without extensions, named *names* and issued by *csca*."""
    builder = x509.CertificateBuilder(
        parsed(csca).subject, x509.Name(names), key.public_key(), 1, at, at + timedelta(days=999)
    )
    der = builder.sign(csca.private_key, SHA256()).public_bytes(Encoding.DER)
    return KeyPair(key, Certificate.of_der(der))


def test_a_key_that_may_not_sign_is_not_followed_on(csca: KeyPair, at: datetime) -> None:
    old = issued(csca, ec.generate_private_key(ec.SECP384R1()), at)
    with pytest.raises(SigningError, match="EC-P384"):
        rotate_dsc(csca, old.certificate, at=at)


def test_a_dsc_issues_nothing(pair: KeyPair, at: datetime) -> None:
    with pytest.raises(SigningError, match="may not issue"):
        create_dsc(pair, common_name="DSC", usages=(), at=at)


@pytest.mark.parametrize("offset", [timedelta(seconds=-1), timedelta(days=365, seconds=1), timedelta(days=1462)])
def test_a_csca_signs_in_its_time_only(csca: KeyPair, at: datetime, offset: timedelta) -> None:
    term = Term(lifetime=timedelta(days=1), key_use=timedelta(days=1))
    with pytest.raises(SigningError, match="may not sign at this time") as caught:
        create_dsc(csca, common_name="DSC", usages=(), at=at + offset, term=term)
    assert caught.value.hint


def test_a_csca_outlives_its_dscs(csca: KeyPair, at: datetime) -> None:
    term = Term(lifetime=CSCA_TERM.lifetime + timedelta(seconds=1), key_use=timedelta(days=1))
    with pytest.raises(SigningError, match="outlive its CSCA, which ends at 2030-11-22"):
        create_dsc(csca, common_name="DSC", usages=(), at=at, term=term)


@pytest.mark.parametrize("country", ["", "X", "XAA", "xa", "X1", "XA\n", "ÉÀ"])
def test_a_country_is_two_capital_letters(at: datetime, country: str) -> None:
    with pytest.raises(SigningError, match="two capital letters"):
        create_csca(country=country, common_name="CSCA", at=at)


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_has_its_bounds(csca: KeyPair, at: datetime, name: str) -> None:
    with pytest.raises(SigningError, match="1 to 64"):
        create_dsc(csca, common_name=name, usages=(), at=at)


def test_a_naive_instant_is_a_mistake(csca: KeyPair, at: datetime) -> None:
    naive = at.replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        create_csca(country="XA", common_name="CSCA", at=naive)
    with pytest.raises(ValueError, match="time zone"):
        create_dsc(csca, common_name="DSC", usages=(), at=naive)


def test_a_key_pair_belongs_together(csca: KeyPair, pair: KeyPair) -> None:
    with pytest.raises(KeyFileError, match="do not belong together"):
        KeyPair(csca.private_key, pair.certificate)


def foreign_csca(at: datetime, *names: x509.NameAttribute[str]) -> KeyPair:
    """Return a self-issued CA without a subject key identifier, as another tool may have made it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(names)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, at, at + timedelta(days=1461))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return KeyPair(key, Certificate.of_der(builder.sign(key, SHA256()).public_bytes(Encoding.DER)))


def test_a_csca_without_a_key_identifier_still_gives_one(at: datetime) -> None:
    csca = foreign_csca(at, x509.NameAttribute(NameOID.COUNTRY_NAME, "XA"))
    dsc = create_dsc(csca, common_name="DSC", usages=(), at=at)
    own = x509.SubjectKeyIdentifier.from_public_key(csca.private_key.public_key())
    assert extension(dsc, x509.AuthorityKeyIdentifier)[0].key_identifier == own.digest


def test_a_csca_without_a_country_issues_nothing(at: datetime) -> None:
    csca = foreign_csca(at, x509.NameAttribute(NameOID.COMMON_NAME, "CSCA"))
    with pytest.raises(SigningError, match="no country"):
        create_dsc(csca, common_name="DSC", usages=(), at=at)
