"""Signed envelopes (CMS SignedData, RFC 5652 §5) around one content, made."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from vaxcert.codec.cose import ES256, PS256
from vaxcert.trust.der import (
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    context_tag,
    encode_element,
    encode_integer,
)
from vaxcert.trust.revocation.cms import (
    CONTENT,
    CONTENT_TYPE,
    DATA,
    MESSAGE_DIGEST,
    SIGNED_ATTRIBUTES,
    SIGNED_DATA,
    SIGNING_TIME,
    algorithm_identifier,
    issuer_and_serial,
)

if TYPE_CHECKING:
    from vaxcert.trust.dsc import Dsc

_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_LAST_OF_UTC_TIME = 2049
"""RFC 5652 §11.3: later years take a GeneralizedTime."""
_CERTIFICATES = context_tag(0, constructed=True)
_SHA256_ALGORITHM = algorithm_identifier("2.16.840.1.101.3.4.2.1")
_ECDSA_SHA256 = algorithm_identifier("1.2.840.10045.4.3.2")
_PSS_SHA256 = algorithm_identifier(
    "1.2.840.113549.1.1.10",
    encode_element(
        SEQUENCE,
        encode_element(context_tag(0, constructed=True), _SHA256_ALGORITHM),
        encode_element(
            context_tag(1, constructed=True), algorithm_identifier("1.2.840.113549.1.1.8", _SHA256_ALGORITHM)
        ),
        encode_element(context_tag(2, constructed=True), encode_integer(32)),
    ),
)
"""RSASSA-PSS as PS256 has it (RFC 4055 §3.1, RFC 8230 §2)."""


class ContentSigner(Protocol):
    """Holds a private key, as `vaxcert.signing.signer.Signer` does."""

    @property
    def algorithm(self) -> int:
        """The COSE algorithm, ES256 or PS256."""
        ...

    @property
    def certificate(self) -> Dsc | None:
        """The signer's certificate."""
        ...

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the signature over *to_be_signed* in COSE form."""
        ...


def make_envelope(content: bytes, signer: ContentSigner, *, at: datetime) -> bytes:
    """Return *content* in a SignedData in DER, signed by *signer* at *at* (aware), with its certificate.

    Raises:
        ValueError: The signer has no certificate, or an algorithm other than ES256 and PS256.
        SigningError: The key could not be used.
    """
    certificate = None if signer.certificate is None else signer.certificate.certificate
    if certificate is None or signer.algorithm not in (ES256, PS256):
        raise ValueError("a signed envelope needs a signer with a certificate, of ES256 or PS256")
    attributes = _attributes(content, at)
    # RFC 5652 §5.4. No certificate's Sig_structure begins with the tag of a SET, so neither passes for the other.
    signature = signer.sign(encode_element(SET, attributes))
    if signer.algorithm == ES256:
        half = len(signature) // 2
        signature = encode_dss_signature(
            *(int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
        )
    signer_info = encode_element(
        SEQUENCE,
        encode_integer(1),
        issuer_and_serial(certificate),
        _SHA256_ALGORITHM,
        encode_element(SIGNED_ATTRIBUTES, attributes),
        _ECDSA_SHA256 if signer.algorithm == ES256 else _PSS_SHA256,
        encode_element(OCTET_STRING, signature),
    )
    plain = encode_element(CONTENT, encode_element(OCTET_STRING, content))
    signed_data = encode_element(
        SEQUENCE,
        encode_integer(1),
        encode_element(SET, _SHA256_ALGORITHM),
        encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, DATA), plain),
        encode_element(_CERTIFICATES, certificate.der),
        encode_element(SET, signer_info),
    )
    kind = encode_element(OBJECT_IDENTIFIER, SIGNED_DATA)
    return encode_element(SEQUENCE, kind, encode_element(CONTENT, signed_data))


def _attributes(content: bytes, at: datetime) -> bytes:
    """Return the signed attributes for *content*, in the order of a SET OF in DER (X.690 §11.6)."""
    values = {
        CONTENT_TYPE: encode_element(OBJECT_IDENTIFIER, DATA),
        SIGNING_TIME: _time(at.astimezone(UTC)),
        MESSAGE_DIGEST: encode_element(OCTET_STRING, sha256(content).digest()),
    }
    return b"".join(
        sorted(
            encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, kind), encode_element(SET, value))
            for kind, value in values.items()
        )
    )


def _time(at: datetime) -> bytes:
    if at.year > _LAST_OF_UTC_TIME:
        return encode_element(_GENERALIZED_TIME, at.strftime("%Y%m%d%H%M%SZ").encode())
    return encode_element(_UTC_TIME, at.strftime("%y%m%d%H%M%SZ").encode())
