"""An invented corpus: Vietnamese names put together at random, and a key and DSC made on the spot."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from benchmarks.peers.corpus import Corpus

if TYPE_CHECKING:
    from benchmarks.peers.corpus import Document

SEED = 20211015
VALIDITY = timedelta(days=365)
DSC_LIFETIME = timedelta(days=3 * 365)
"""Long enough that a certificate of two years ago was signed within it."""

_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
_MIDDLE = ("Văn", "Thị", "Hữu", "Đức", "Minh", "Ngọc", "Quốc", "Thanh", "Xuân", "Thùy", "Gia", "Bảo")
_GIVEN = ("An", "Bình", "Châu", "Dũng", "Giang", "Hằng", "Khánh", "Lan", "Mạnh", "Nga", "Oanh", "Phúc", "Quỳnh", "Sơn")
_PRODUCTS = ("EU/1/21/1529", "EU/1/20/1528", "EU/1/20/1507")  # two-dose vaccines of the EU register
_SITES = ("Trạm y tế phường Điện Biên", "Bệnh viện Chợ Rẫy", "Trung tâm y tế quận Hải Châu")


def draw_corpus(count: int, *, at: datetime) -> Corpus:
    """Return *count* distinct records and a new key, before anything is issued from them."""
    key_pem, certificate_pem = _make_dsc(at)
    dice = random.Random(SEED)
    return Corpus(
        at=int(at.timestamp()),
        expires_at=int((at + VALIDITY).timestamp()),
        country="VN",
        issuer="Ministry of Health",
        key_pem=key_pem,
        certificate_pem=certificate_pem,
        records=[_draw_record(number, dice) for number in range(count)],
        payloads=[],
        texts=[],
    )


def _draw_record(number: int, dice: random.Random) -> Document:
    born = date(1940, 1, 1) + timedelta(days=dice.randrange(20_000))
    dose = dice.choice((1, 2))
    return {
        "record_id": f"BENCH-{number:06}",
        "family_name": dice.choice(_FAMILY),
        "given_name": f"{dice.choice(_MIDDLE)} {dice.choice(_GIVEN)}",
        "birth_date": born.isoformat(),
        "nationality": "VN",
        "product": dice.choice(_PRODUCTS),
        "lot": f"{dice.choice('ABCDEFGH')}{dice.randrange(10_000):04}",
        "dose_number": dose,
        "total_doses": 2,
        "vaccination_date": (date(2021, 3, 8) + timedelta(days=dice.randrange(400))).isoformat(),
        "site": dice.choice(_SITES),
    }


def _make_dsc(at: datetime) -> tuple[str, str]:
    """Return a new P-256 key and a certificate that it signed for itself, both in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.COMMON_NAME, "Benchmark DSC")]
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at.astimezone(UTC) - DSC_LIFETIME)
        .not_valid_after(at.astimezone(UTC) + DSC_LIFETIME)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key_pem.decode("ascii"), certificate.public_bytes(Encoding.PEM).decode("ascii")
