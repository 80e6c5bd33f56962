"""An invented authority that issues, invented records to issue, and a reader that shares no code with vaxcert."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import base45
import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

from vaxcert.issue.issuer import Issuer
from vaxcert.model.certificate_type import CertificateType
from vaxcert.signing.authority import KeyKind, create_csca, create_dsc
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.signing.key_pair import KeyPair
    from vaxcert.signing.signer import Signer

BORN = datetime(2021, 11, 1, tzinfo=UTC)
"""From when on the keys are valid: two years, of which they sign in the first 183 days."""

AT = datetime(2021, 12, 1, 9, 30, tzinfo=UTC)
"""When certificates are issued."""

VACCINATION: Mapping[str, object] = {
    "record_id": "VN-000001",
    "family_name": "Nguyễn",
    "given_name": "Thị Ánh",
    "birth_date": "10/10/1983",
    "sex": "nữ",
    "citizen_id": "036183000001",
    "nationality": "VN",
    "product": "Comirnaty",
    "lot": "FF0042",
    "dose_number": "2",
    "total_doses": "2",
    "vaccination_date": "2021-09-12",
    "site": "Trạm y tế phường Bình Minh",
}
TEST: Mapping[str, object] = {
    "record_id": "VN-000002",
    "family_name": "Đỗ",
    "given_name": "Hữu Đạt",
    "birth_date": "1990",
    "test_type": "PCR",
    "sampled_at": "2021-11-30T08:15+07:00",
    "result": "âm tính",
    "test_name": "Sample RT-PCR kit",
    "test_centre": "Bệnh viện đa khoa Tân Hòa",
}
RECOVERY: Mapping[str, object] = {
    "record_id": "VN-000003",
    "family_name": "Lê",
    "given_name": "Minh Quân",
    "birth_date": "1970-02",
    "first_positive_date": "2021-08-01",
    "valid_from": "2021-08-12",
    "valid_until": "2022-01-28",
}


@cache
def csca() -> KeyPair:
    return create_csca(country="VN", common_name="Invented CSCA", at=BORN)


USAGES = tuple(CertificateType)


def pair(kind: KeyKind = KeyKind.EC_P256, usages: tuple[CertificateType, ...] = USAGES) -> KeyPair:
    return _pair(kind, usages)


@cache
def _pair(kind: KeyKind, usages: tuple[CertificateType, ...]) -> KeyPair:
    return create_dsc(csca(), common_name="Invented DSC", usages=usages, at=BORN, key_kind=kind)


def dsc(kind: KeyKind = KeyKind.EC_P256, usages: tuple[CertificateType, ...] = USAGES) -> Dsc:
    return Dsc.of_certificate(pair(kind, usages).certificate)


def signer(kind: KeyKind = KeyKind.EC_P256, usages: tuple[CertificateType, ...] = USAGES) -> PemSigner:
    return PemSigner(pair(kind, usages).private_key, dsc(kind, usages))


def issuer(
    by: Signer | None = None,
    *,
    country: str = "VN",
    issuer: str = "Invented Ministry",
    validity: timedelta = timedelta(days=365),
    level: int = 9,
) -> Issuer:
    return Issuer(by or signer(), country=country, issuer=issuer, validity=validity, level=level)


@dataclass(frozen=True)
class Opened:
    """A text taken apart, its signature verified."""

    text: str
    cose: bytes
    header: dict[int, Any]
    payload: bytes
    claims: dict[int, Any]

    @property
    def dcc(self) -> dict[str, Any]:
        dcc: dict[str, Any] = self.claims[-260][1]
        return dcc


def opened(text: str, by: PemSigner | None = None) -> Opened:
    """Return what *text* holds, with `base45`, `zlib`, `cbor2` and `cryptography` alone; a bad signature raises."""
    assert text.startswith("HC1:")
    cose = zlib.decompress(base45.b45decode(text[4:]))
    tagged = cbor2.loads(cose)
    assert tagged.tag == 18
    protected, unprotected, payload, signature = tagged.value
    assert unprotected == {}
    covered = cbor2.dumps(["Signature1", protected, b"", payload])
    key = (by or signer()).certificate.public_key
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, covered, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    else:
        assert len(signature) == 64
        halves = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        key.verify(utils.encode_dss_signature(*halves), covered, ec.ECDSA(SHA256()))
    return Opened(text, cose, cbor2.loads(protected), payload, cbor2.loads(payload))
