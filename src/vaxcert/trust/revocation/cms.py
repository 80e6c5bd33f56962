"""Signed envelopes (CMS SignedData, RFC 5652 §5) around one content, opened.

An envelope's own certificates are left aside: whom to believe is the caller's to say, by certificates that he has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256, sha384, sha512
from typing import TYPE_CHECKING, NamedTuple

from vaxcert.errors import RevocationBatchError, TrustEntryError, UntrustedRevocationListError
from vaxcert.trust.der import (
    NULL,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    context_tag,
    encode_element,
    encode_oid,
    read_element,
    read_elements,
    read_instant,
    read_sequence,
)
from vaxcert.trust.issuer_signature import is_signature_of
from vaxcert.trust.revocation.ber import to_der

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vaxcert.trust.certificate import Certificate
    from vaxcert.trust.der import Element

DATA, SIGNED_DATA = encode_oid("1.2.840.113549.1.7.1"), encode_oid("1.2.840.113549.1.7.2")
CONTENT_TYPE, MESSAGE_DIGEST = encode_oid("1.2.840.113549.1.9.3"), encode_oid("1.2.840.113549.1.9.4")
SIGNING_TIME = encode_oid("1.2.840.113549.1.9.5")
_SHA256 = encode_oid("2.16.840.1.101.3.4.2.1")
_DIGESTS = {
    _SHA256: sha256,
    encode_oid("2.16.840.1.101.3.4.2.2"): sha384,
    encode_oid("2.16.840.1.101.3.4.2.3"): sha512,
}
_SUBJECT_KEY_IDENTIFIER = encode_oid("2.5.29.14")
CONTENT, _KEY_IDENTIFIER = context_tag(0, constructed=True), context_tag(0, constructed=False)
SIGNED_ATTRIBUTES = context_tag(0, constructed=True)


def algorithm_identifier(oid: str, *parameters: bytes) -> bytes:
    """Return the AlgorithmIdentifier of *oid* (RFC 5280 §4.1.1.2)."""
    return encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, encode_oid(oid)), *parameters)


_NULL = encode_element(NULL)
_RSA_ENCRYPTION = encode_oid("1.2.840.113549.1.1.1")
_PKCS1 = {
    digest: algorithm_identifier(f"1.2.840.113549.1.1.{number}", _NULL)
    for number, digest in enumerate(_DIGESTS, start=11)
}
"""RFC 3370 §3.2: an RSA signature may be named by the bare key, and then the digest says the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedContent:
    """A content whose signature holds."""

    content: bytes
    signer: Certificate
    signed_at: datetime | None
    """When it was signed, as the signer says and signed; None where he does not say."""


class _SignerInfo(NamedTuple):
    name: bytes
    """The SignerIdentifier as it stands: issuer and serial number, or the key's identifier."""
    digest: bytes
    attributes: Element | None
    algorithm: bytes
    signature: bytes


def open_envelope(envelope: bytes, trusted: Iterable[Certificate], *, at: datetime) -> SignedContent:
    """Return the content of *envelope*, in BER or DER, once a certificate of *trusted* is found to have signed it.

    Args:
        envelope: The SignedData with its content, bounded by the caller.
        trusted: The certificates that may sign such contents.
        at: The instant at which the signer's certificate has to be valid (aware).

    Raises:
        RevocationBatchError: It is malformed, or of a kind that is not read here.
        UntrustedRevocationListError: None of *trusted* has signed it, or one that is not valid or may not sign.
    """
    try:
        content, signer_info = _read(to_der(envelope))
        signed_at = _check_attributes(signer_info, content)
    except TrustEntryError as error:
        raise RevocationBatchError("the signed envelope cannot be read") from error
    signer = _signer_of(signer_info, content, trusted)
    if not signer.not_before <= at <= signer.not_after:
        raise UntrustedRevocationListError("the signer's certificate is not valid at this time")
    if not _signs_contents(signer):
        raise UntrustedRevocationListError("the signer's certificate has no digitalSignature in its key usage")
    return SignedContent(content=content, signer=signer, signed_at=signed_at)


def _read(der: bytes) -> tuple[bytes, _SignerInfo]:
    """Return the content and the one SignerInfo of the SignedData in *der*."""
    kind, wrapped = read_sequence(der, count=2)
    if kind.tag != OBJECT_IDENTIFIER or kind.content != SIGNED_DATA or wrapped.tag != CONTENT:
        raise RevocationBatchError("the envelope is no SignedData")
    # RFC 5652 §5.1: version, digest algorithms, content; certificates and CRLs may be absent; signers come last.
    fields = _fields(wrapped.content, least=4)
    if fields[-1].tag != SET:
        raise RevocationBatchError("fields of the signed envelope are missing")
    content_kind, *content = _fields(fields[2].encoded, least=1)
    if content_kind.content != DATA or len(content) != 1 or content[0].tag != CONTENT:
        raise RevocationBatchError("the signed envelope holds no plain content")
    signers = read_elements(fields[-1].content)
    if len(signers) != 1:
        raise RevocationBatchError(f"the signed envelope has {len(signers)} signers, not one")
    return read_element(content[0].content, OCTET_STRING).content, _read_signer(signers[0])


def _read_signer(element: Element) -> _SignerInfo:
    # RFC 5652 §5.3: version, name, digest algorithm, [0] signed attributes, signature algorithm, signature, [1] others.
    _version, name, digest, *rest = _fields(element.encoded, least=5)
    attributes = rest.pop(0) if rest[0].tag == SIGNED_ATTRIBUTES else None
    if [field.tag for field in rest[:2]] != [SEQUENCE, OCTET_STRING]:
        raise RevocationBatchError("fields of the signed envelope are missing")
    digest_oid = _fields(digest.encoded, least=1)[0].content
    if digest_oid not in _DIGESTS:
        raise RevocationBatchError("the envelope's digest is none of SHA-256, SHA-384 and SHA-512")
    algorithm = rest[0].encoded
    if _fields(algorithm, least=1)[0].content == _RSA_ENCRYPTION:
        algorithm = _PKCS1[digest_oid]
    return _SignerInfo(name.encoded, digest_oid, attributes, algorithm, rest[1].content)


def _fields(encoded: bytes, *, least: int) -> tuple[Element, ...]:
    fields = read_sequence(encoded)
    if len(fields) < least:
        raise RevocationBatchError("fields of the signed envelope are missing")
    return fields


def _check_attributes(signer: _SignerInfo, content: bytes) -> datetime | None:
    """Check that the signed attributes speak of *content* (RFC 5652 §5.4), and return the signing time."""
    if signer.attributes is None:
        return None  # §5.3: they may be absent around plain content; then the signature covers the content itself
    values: dict[bytes, Element] = {}
    for attribute in read_elements(signer.attributes.content):
        kind, listed = read_sequence(attribute.encoded, count=2)
        found = read_elements(read_element(listed.encoded, SET).content)
        # §11: each of these attributes has one value and stands once.
        if kind.content in values or len(found) != 1:
            raise RevocationBatchError("an attribute of the envelope's signer stands twice or has not one value")
        values[kind.content] = found[0]
    content_kind, digest = values.get(CONTENT_TYPE), values.get(MESSAGE_DIGEST)
    if content_kind is None or digest is None or content_kind.content != DATA:
        raise RevocationBatchError("the envelope's signed attributes lack the content's type or digest")
    if digest.content != _DIGESTS[signer.digest](content).digest():
        raise UntrustedRevocationListError("the content of the envelope is not the one that was signed")
    time = values.get(SIGNING_TIME)
    return None if time is None else read_instant(time.content)


def _signer_of(signer: _SignerInfo, content: bytes, trusted: Iterable[Certificate]) -> Certificate:
    named = [certificate for certificate in trusted if signer.name in _names_of(certificate)]
    if not named:
        raise UntrustedRevocationListError("the signer of the envelope is none of those that are trusted")
    # §5.4: the attributes are signed as a SET OF, not under the tag that they have in the envelope.
    signed = content if signer.attributes is None else encode_element(SET, signer.attributes.content)
    for certificate in named:
        if is_signature_of(certificate.public_key, signed, algorithm=signer.algorithm, signature=signer.signature):
            return certificate
    raise UntrustedRevocationListError("the signature on the envelope does not hold")


def _signs_contents(certificate: Certificate) -> bool:
    try:
        return certificate.signs_payloads
    except TrustEntryError:
        return False  # what its key usage says cannot be read


@lru_cache(maxsize=4096)
def _names_of(certificate: Certificate) -> tuple[bytes, ...]:
    """Return what a SignerIdentifier of *certificate* may be (RFC 5652 §5.3)."""
    by_number = issuer_and_serial(certificate)
    try:
        identifier = read_element(certificate.extensions[_SUBJECT_KEY_IDENTIFIER], OCTET_STRING).content
    except (KeyError, TrustEntryError):
        return (by_number,)  # none, or one that a list of trusted signers has in an odd form
    return by_number, encode_element(_KEY_IDENTIFIER, identifier)


def issuer_and_serial(certificate: Certificate) -> bytes:
    """Return the SignerIdentifier that names *certificate* by its issuer and number."""
    version_or_serial, second, *_rest = read_sequence(read_sequence(certificate.der, count=3)[0].encoded)
    serial = second if version_or_serial.tag == CONTENT else version_or_serial  # RFC 5280 §4.1: version is [0]
    return encode_element(SEQUENCE, certificate.raw_issuer, serial.encoded)
