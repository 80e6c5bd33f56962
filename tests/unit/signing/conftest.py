"""Invented authorities, and their keys under one passphrase: encrypting takes a quarter of a second each time."""

from datetime import UTC, datetime

import pytest

from vaxcert.model.certificate_type import CertificateType
from vaxcert.signing.authority import KeyKind, create_csca, create_dsc
from vaxcert.signing.key_pair import KeyPair
from vaxcert.signing.private_key import encrypt_private_key

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PASSPHRASE = b"correct horse battery"


@pytest.fixture(scope="session")
def at() -> datetime:
    return AT


@pytest.fixture(scope="session")
def passphrase() -> bytes:
    return PASSPHRASE


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
def encrypted_pem(pair: KeyPair) -> bytes:
    return encrypt_private_key(pair.private_key, PASSPHRASE)
