"""Making CSCAs and DSCs as hcert-spec A.4 and the certificate governance want them.

A certificate outlives the time in which its key signs by as long as what it signed is valid. Time comes in as *at*;
keys and serial numbers come from the system's random source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from vaxcert.errors import SigningError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.signing.key_pair import KeyPair
from vaxcert.trust.certificate import Certificate
from vaxcert.trust.public_key import kind_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from vaxcert.signing.private_key import PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long a certificate is valid, and how long of that its key signs."""

    lifetime: timedelta
    key_use: timedelta


CSCA_TERM = Term(lifetime=timedelta(days=4 * 365 + 1), key_use=timedelta(days=365))
DSC_TERM = Term(lifetime=timedelta(days=2 * 365), key_use=timedelta(days=183))
"""Four years and one; two years and half a one (recommended by the certificate governance)."""

_USAGE_OIDS = {
    CertificateType.TEST: x509.ObjectIdentifier("1.3.6.1.4.1.1847.2021.1.1"),
    CertificateType.VACCINATION: x509.ObjectIdentifier("1.3.6.1.4.1.1847.2021.1.2"),
    CertificateType.RECOVERY: x509.ObjectIdentifier("1.3.6.1.4.1.1847.2021.1.3"),
}
"""hcert-spec A.4. An issuer writes these only; the ones with a stray 0 are for reading."""
_COUNTRY = re.compile(r"[A-Z]{2}")
_RSA_EXPONENT = 65537


class KeyKind(StrEnum):
    """A kind of key that a DSC may have (hcert-spec §3.3.2; certificate governance)."""

    EC_P256 = "EC-P256"
    RSA_2048 = "RSA-2048"
    RSA_3072 = "RSA-3072"


def create_csca(
    *,
    country: str,
    common_name: str,
    at: datetime,
    organization: str | None = None,
    term: Term = CSCA_TERM,
) -> KeyPair:
    """Return a new CSCA on P-256, valid from *at* (aware).

    Args:
        country: The state, ISO 3166-1 alpha-2.
        common_name: What sets this CSCA apart from the state's others.
        at: The start of its validity.
        organization: The authority's name, or None.
        term: How long it is valid and signs.

    Raises:
        SigningError: The country or a name is not one that X.520 allows.
        ValueError: *at* is naive.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(country, common_name, organization)
    builder = _builder(key, subject=name, issuer=name, at=at, term=term)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(is_ca=True), critical=True)
    return _signed(key, builder, key)


def create_dsc(
    csca: KeyPair,
    *,
    common_name: str,
    usages: Collection[CertificateType],
    at: datetime,
    organization: str | None = None,
    key_kind: KeyKind = KeyKind.EC_P256,
    term: Term = DSC_TERM,
) -> KeyPair:
    """Return a new DSC of the state of *csca*, valid from *at* (aware).

    Args:
        csca: Signs the DSC.
        common_name: What sets this DSC apart from the state's others.
        usages: The certificate types that it may sign; none means any.
        at: The start of its validity.
        organization: The authority's name, or None.
        key_kind: The kind of its key.
        term: How long it is valid and signs.

    Raises:
        SigningError: The CSCA may not sign at *at*, or would not outlive the DSC; or a name is none that X.520 allows.
        ValueError: *at* is naive.
    """
    country = csca.certificate.country
    if country is None:
        raise SigningError("the CSCA names no country")
    subject = _name(country, common_name, organization)
    return _issue(csca, subject, usages, at=at, key_kind=key_kind, term=term)


def rotate_dsc(
    csca: KeyPair,
    previous: Certificate,
    *,
    at: datetime,
    term: Term = DSC_TERM,
) -> KeyPair:
    """Return a DSC with a new key that follows on *previous*: same subject, certificate types and kind of key.

    The previous DSC stays valid, so that what it signed can be checked to its end.

    Raises:
        SigningError: *previous* is not of this CSCA, has a kind of key that may not sign, or `create_dsc` says why.
        ValueError: *at* is naive.
    """
    if previous.raw_issuer != csca.certificate.raw_subject:
        raise SigningError("the DSC to follow on was issued by another CSCA")
    kind = kind_of(previous.public_key)
    if kind not in set(KeyKind):
        raise SigningError(f"a key like that of the DSC to follow on ({kind}) may not sign certificates")
    subject = x509.load_der_x509_certificate(previous.der).subject
    return _issue(csca, subject, previous.usages, at=at, key_kind=KeyKind(kind), term=term)


def _issue(
    csca: KeyPair,
    subject: x509.Name,
    usages: Collection[CertificateType],
    *,
    at: datetime,
    key_kind: KeyKind,
    term: Term,
) -> KeyPair:
    _check_csca(csca.certificate, at=_whole_second(at), until=_whole_second(at) + term.lifetime)
    issuer = x509.load_der_x509_certificate(csca.certificate.der)
    key = _generate(key_kind)
    builder = _builder(key, subject=subject, issuer=issuer.subject, at=at, term=term)
    builder = builder.add_extension(_authority_key_id(issuer), critical=False)
    builder = builder.add_extension(_key_usage(is_ca=False), critical=True)
    if usages:
        oids = [_USAGE_OIDS[usage] for usage in sorted(usages)]
        builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
    return _signed(key, builder, csca.private_key)


def _check_csca(csca: Certificate, *, at: datetime, until: datetime) -> None:
    if not (csca.is_ca and csca.signs_certificates):
        raise SigningError("the certificate given as CSCA may not issue certificates")
    if not csca.not_before <= at <= csca.not_after or (csca.key_use_ends is not None and at > csca.key_use_ends):
        raise SigningError("the CSCA's key may not sign at this time", hint="make a new CSCA")
    if until > csca.not_after:
        raise SigningError(
            f"the DSC would outlive its CSCA, which ends at {csca.not_after:%Y-%m-%d}",
            hint="choose a shorter life for the DSC, or make a new CSCA",
        )


def _builder(
    key: PrivateKey,
    *,
    subject: x509.Name,
    issuer: x509.Name,
    at: datetime,
    term: Term,
) -> x509.CertificateBuilder:
    start = _whole_second(at)
    public_key = key.public_key()
    builder = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=public_key,
        serial_number=x509.random_serial_number(),
        not_valid_before=start,
        not_valid_after=start + term.lifetime,
    )
    period = x509.PrivateKeyUsagePeriod(start, start + min(term.key_use, term.lifetime))
    builder = builder.add_extension(period, critical=False)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)


def _signed(key: PrivateKey, builder: x509.CertificateBuilder, signing_key: PrivateKey) -> KeyPair:
    certificate = builder.sign(signing_key, SHA256())
    return KeyPair(key, Certificate.of_der(certificate.public_bytes(Encoding.DER)))


def _generate(kind: KeyKind) -> PrivateKey:
    if kind is KeyKind.EC_P256:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(_RSA_EXPONENT, int(kind.removeprefix("RSA-")))


def _authority_key_id(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Return the issuer's own identifier, or one made from its key where it has none."""
    try:
        identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        identifier = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key())
    return x509.AuthorityKeyIdentifier(identifier.digest, None, None)


def _key_usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )


def _name(country: str, common_name: str, organization: str | None) -> x509.Name:
    if not _COUNTRY.fullmatch(country):
        raise SigningError("the country is not two capital letters")
    try:
        attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, country)]
        if organization:
            attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    except ValueError as error:
        raise SigningError("a name in the certificate has 1 to 64 characters") from error
    return x509.Name(attributes)


def _whole_second(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("at needs a time zone: a certificate holds from an instant")
    return at.replace(microsecond=0)
