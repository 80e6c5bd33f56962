"""A correct encoder of certificates, each step of which can be replaced.

It shares no code with vaxcert: the bytes come from `cbor2`, `zlib`, `base45` and `cryptography` alone. The holder
and all keys are invented.
"""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar

import base45
import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Callable

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
"""When the certificates here are looked at."""
ISSUED_AT, EXPIRES_AT = AT - timedelta(days=30), AT + timedelta(days=335)

ES256, PS256 = -7, -37
USAGE_OIDS = {"t": "1.3.6.1.4.1.1847.2021.1.1", "v": "1.3.6.1.4.1.1847.2021.1.2", "r": "1.3.6.1.4.1.1847.2021.1.3"}


@dataclass(frozen=True, slots=True)
class TestSigner:
    """A private key with its DSC."""

    __test__: ClassVar[bool] = False

    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    der: bytes

    @property
    def kid(self) -> bytes:
        return hashlib.sha256(self.der).digest()[:8]

    @property
    def algorithm(self) -> int:
        return ES256 if isinstance(self.key, ec.EllipticCurvePrivateKey) else PS256

    def sign(self, to_be_signed: bytes, digest: HashAlgorithm | None = None) -> bytes:
        digest = digest or SHA256()
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(to_be_signed, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        size = (self.key.key_size + 7) // 8
        r, s = utils.decode_dss_signature(self.key.sign(to_be_signed, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def kid_text(by: TestSigner) -> str:
    """Return the kid of *by* as reports show it."""
    return b64encode(by.kid).decode()


def make_key(kind: str = "EC-P256") -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    curves = {
        "EC-P256": ec.SECP256R1(),
        "EC-P384": ec.SECP384R1(),
        "EC-P521": ec.SECP521R1(),
        "EC-K256": ec.SECP256K1(),
    }
    if kind in curves:
        return ec.generate_private_key(curves[kind])
    return rsa.generate_private_key(65537, int(kind.removeprefix("RSA-")))


def make_signer(
    kind: str = "EC-P256",
    *,
    usages: str = "",
    not_before: datetime = AT - timedelta(days=365),
    not_after: datetime = AT + timedelta(days=365),
    country: str = "VN",
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
) -> TestSigner:
    """Return a new signer whose DSC, which signs itself, may sign the groups in *usages* (none: any)."""
    key = key or make_key(kind)
    name = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, country), x509.NameAttribute(NameOID.COMMON_NAME, "Invented DSC")]
    )
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), not_before, not_after)
    if usages:
        oids = [x509.ObjectIdentifier(USAGE_OIDS[usage]) for usage in usages]
        builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
    return TestSigner(key, builder.sign(key, SHA256()).public_bytes(Encoding.DER))


@cache
def signer(kind: str = "EC-P256", usages: str = "") -> TestSigner:
    """Return a signer of this kind, always the same one: making an RSA key takes long."""
    return make_signer(kind, usages=usages)


def vaccination(**changed: Any) -> dict[str, Any]:
    entry = {
        "ci": "URN:UVCI:01:VN:5E0C4D7A1B9F42638AD0C7E1F2B3A495",
        "co": "VN",
        "dn": 2,
        "dt": "2026-05-04",
        "is": "Ministry of Health of Viet Nam",
        "ma": "ORG-100030215",
        "mp": "EU/1/20/1528",
        "sd": 2,
        "tg": "840539006",
        "vp": "1119349007",
    }
    return _changed(entry, changed)


def covid_test(**changed: Any) -> dict[str, Any]:
    entry = {
        "ci": "URN:UVCI:01:VN:0B7D52C81E6F4A399D04B1C6A8E2F375",
        "co": "VN",
        "is": "Ministry of Health of Viet Nam",
        "nm": "Invented RT-PCR",
        "sc": "2026-11-20T01:30:00Z",
        "tc": "Bệnh viện Mẫu",
        "tg": "840539006",
        "tr": "260415000",
        "tt": "LP6464-4",
    }
    return _changed(entry, changed)


def recovery(**changed: Any) -> dict[str, Any]:
    entry = {
        "ci": "URN:UVCI:01:VN:93D1F0A2C4B64E7785E9A0B1C2D3E4F5",
        "co": "VN",
        "df": "2026-09-11",
        "du": "2027-02-28",
        "fr": "2026-09-01",
        "is": "Ministry of Health of Viet Nam",
        "tg": "840539006",
    }
    return _changed(entry, changed)


def dcc(*, name: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """Return a DCC with a vaccination, its members *changed*; `...` leaves one out."""
    whole = {
        "v": [vaccination()],
        "dob": "1983-10-10",
        "nam": _changed({"fn": "Nguyễn", "gn": "Thị Mẫu", "fnt": "NGUYEN", "gnt": "THI<MAU"}, name or {}),
        "ver": "1.3.0",
    }
    return _changed(whole, changed)


def claims(payload: Any = None, **changed: Any) -> dict[Any, Any]:
    """Return the CWT claims with *payload* as the DCC; `iss`, `exp` and `iat` can be *changed*."""
    keys = {"iss": 1, "exp": 4, "iat": 6, "hcert": -260}
    whole = {
        1: "VN",
        4: int(EXPIRES_AT.timestamp()),
        6: int(ISSUED_AT.timestamp()),
        -260: {1: dcc() if payload is None else payload},
    }
    return _changed(whole, {keys[name]: value for name, value in changed.items()})


def _changed(whole: dict[Any, Any], changed: dict[Any, Any]) -> dict[Any, Any]:
    return {key: value for key, value in (whole | changed).items() if value is not ...}


class Encoder:
    """Writes a correct certificate, step by step. Any step can be replaced, and the rest still fits together."""

    def __init__(self, by: TestSigner | None = None, **steps: Callable[..., Any]) -> None:
        """Sign with *by*; *steps* replace the methods of their names, and are given the encoder first."""
        self.by = by or signer()
        for name, step in steps.items():
            assert hasattr(self, name), name
            setattr(self, name, partial(step, self))

    def dcc(self) -> Any:
        return dcc()

    def claims(self) -> Any:
        return claims(self.dcc())

    def payload(self) -> bytes:
        return cbor2.dumps(self.claims(), canonical=True)

    def protected(self) -> bytes:
        return cbor2.dumps({1: self.by.algorithm, 4: self.by.kid}, canonical=True)

    def unprotected(self) -> Any:
        return {}

    def to_be_signed(self, protected: bytes, payload: bytes) -> bytes:
        return cbor2.dumps(["Signature1", protected, b"", payload])

    def signature(self, to_be_signed: bytes) -> bytes:
        return self.by.sign(to_be_signed)

    def message(self) -> list[Any]:
        protected, payload = self.protected(), self.payload()
        return [protected, self.unprotected(), payload, self.signature(self.to_be_signed(protected, payload))]

    def item(self) -> Any:
        return cbor2.CBORTag(18, self.message())

    def cose(self) -> bytes:
        return cbor2.dumps(self.item())

    def stream(self) -> bytes:
        return zlib.compress(self.cose(), 9)

    def body(self) -> str:
        return str(base45.b45encode(self.stream()), "ascii")

    def text(self) -> str:
        return "HC1:" + self.body()


def text_of(payload: Any, by: TestSigner | None = None) -> str:
    """Return the correct certificate with *payload* as its DCC."""
    return Encoder(by, dcc=lambda _: payload).text()


def text_of_claims(whole: Any, by: TestSigner | None = None) -> str:
    """Return the correct certificate with the CWT *whole*."""
    return Encoder(by, claims=lambda _: whole).text()


def text_of_payload(content: bytes, by: TestSigner | None = None) -> str:
    """Return the certificate whose payload is *content*, whatever that is."""
    return Encoder(by, payload=lambda _: content).text()


def text_of_cose(content: bytes) -> str:
    """Return *content* as the text of a certificate: the steps from zlib on are correct."""
    return Encoder(cose=lambda _: content).text()


@dataclass(frozen=True, slots=True)
class Case:
    """An encoder with what a verifier says of its certificate."""

    name: str
    why: str
    spec: str
    code: str | None
    """None for valid."""
    step: str
    """The step that says so; empty for valid."""
    warnings: tuple[str, ...]
    by: Callable[[], TestSigner]
    trusted: Callable[[], TestSigner] | None
    """Whom the verifier trusts instead of the signer."""
    steps: dict[str, Callable[..., Any]]

    def __str__(self) -> str:
        return self.name

    def encoder(self) -> Encoder:
        return Encoder(self.by(), **self.steps)

    def text(self) -> str:
        return self.encoder().text()

    def dsc(self) -> bytes:
        return (self.trusted or self.by)().der
