"""Invented signers: made by the code under test where it can, by hand where a certificate has to be odd."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.kid import Kid
from vaxcert.signing.authority import KeyKind, create_csca, create_dsc
from vaxcert.signing.key_pair import KeyPair
from vaxcert.trust.dsc import Dsc

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

OddCertificate = Callable[..., bytes]


@pytest.fixture(scope="session")
def at() -> datetime:
    return AT


@pytest.fixture(scope="session")
def csca() -> KeyPair:
    return create_csca(country="XA", common_name="CSCA of Testland", at=AT)


@pytest.fixture(scope="session")
def pair(csca: KeyPair) -> KeyPair:
    return create_dsc(csca, common_name="DSC 1", usages={CertificateType.VACCINATION}, at=AT)


@pytest.fixture(scope="session")
def rsa_pair(csca: KeyPair) -> KeyPair:
    return create_dsc(csca, common_name="DSC 2", usages=(), at=AT, key_kind=KeyKind.RSA_2048)


@pytest.fixture(scope="session")
def dsc(pair: KeyPair) -> Dsc:
    return Dsc.of_certificate(pair.certificate)


@pytest.fixture(scope="session")
def rsa_dsc(rsa_pair: KeyPair) -> Dsc:
    return Dsc.of_certificate(rsa_pair.certificate)


@pytest.fixture(scope="session")
def bare(dsc: Dsc) -> Dsc:
    return Dsc.of_spki(dsc.spki, kid=Kid(b"bare key"), country="XB", usages=frozenset({CertificateType.TEST}))


@pytest.fixture(scope="session")
def odd_certificate() -> OddCertificate:
    """Return a maker of self-issued certificates with raw extension values, which no library would write."""
    key = ec.generate_private_key(ec.SECP256R1())

    def make(
        extensions: Mapping[str, bytes] | None = None,
        *,
        common_name: str = "odd",
        country: str | None = "XA",
        public_key: CertificatePublicKeyTypes | None = None,
    ) -> bytes:
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
        if country is not None:
            attributes.append(x509.NameAttribute(NameOID.COUNTRY_NAME, country))
        name = x509.Name(attributes)
        builder = x509.CertificateBuilder(name, name, public_key or key.public_key(), 7, AT, AT + timedelta(days=30))
        for oid, value in (extensions or {}).items():
            builder = builder.add_extension(
                x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value), critical=False
            )
        return builder.sign(key, SHA256()).public_bytes(Encoding.DER)

    return make
