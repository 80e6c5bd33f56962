"""COSE_Sign1 (RFC 9052 §4.2) as HCERT uses it (hcert-spec §3.3.1, §3.3.2)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from vaxcert.codec import cbor
from vaxcert.errors import AlgorithmError, CborError, CoseError

if TYPE_CHECKING:
    from collections.abc import Mapping

ES256 = -7
"""ECDSA on P-256 with SHA-256, the primary algorithm (RFC 9053 §2.1)."""

PS256 = -37
"""RSASSA-PSS with SHA-256 and a salt of 32 bytes, the secondary one (RFC 8230 §2)."""

ALGORITHM_NAMES = {ES256: "ES256", PS256: "PS256"}
"""The algorithms that a certificate may use: a verifier MUST take both (hcert-spec §3.3.2)."""

_ALGORITHM, _CRITICAL, _TYPE, _KID = 1, 2, 3, 4  # header labels (RFC 9052 §3.1)
_UNDERSTOOD = frozenset((_ALGORITHM, _CRITICAL, _KID))
_SIGN1_TAG, _CWT_TAG = 18, 61  # RFC 9052 §2, RFC 8392 §6
_MAX_KID_BYTES = 64  # a kid is 8 bytes; more is only an unknown signer, but a bound keeps reports short
_MAX_HEADER_BYTES = 1024
_SIGN1_START = b"\xd2\x84"  # tag 18, an array of four
_PLAIN_HEADER_ENDS = range(3, 27)  # after a protected header of under 24 bytes
_DOCUMENT_CONTEXT = b"vaxcert document"  # external_aad (RFC 9052 §4.3); a certificate's is empty
_LEAST_PLAIN_BYTES = 80  # a signature of ES256 and the little that stands before it


class Sign1(NamedTuple):
    """A COSE_Sign1, taken apart and not verified.

    The bytes are those received: the signature covers them as they stand, so a header with non-minimal
    lengths is read, and the text of the certificate may be re-encoded around them without breaking anything.
    """

    protected: bytes
    payload: bytes
    signature: bytes
    algorithm: int
    kid: bytes
    algorithm_is_protected: bool

    def to_be_signed(self) -> bytes:
        """Return the Sig_structure of this message (RFC 9052 §4.4), the bytes that the signature covers."""
        return _signature_head(self.protected) + cbor.byte_string(self.payload)


class PlainSign1(NamedTuple):
    """What a verifier needs of a COSE_Sign1, not verified."""

    algorithm: int
    kid: bytes
    to_be_signed: bytes
    """The Sig_structure (RFC 9052 §4.4)."""
    payload: bytes
    signature: bytes


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """Return ``["Signature1", protected, h'', payload]`` in CBOR (RFC 9052 §4.4)."""
    return _signature_head(protected) + cbor.byte_string(payload)


@lru_cache(maxsize=256)
def _signature_head(protected: bytes) -> bytes:
    """Return the part of a Sig_structure before the payload; one issuer's is the same for all its certificates."""
    return b"\x84\x6aSignature1" + cbor.byte_string(protected) + b"\x40"


@lru_cache(maxsize=256)
def protected_header(algorithm: int, kid: bytes) -> bytes:
    """Return the protected header ``{1: algorithm, 4: kid}`` in deterministic CBOR."""
    return cbor.encode({_ALGORITHM: algorithm, _KID: kid})


def document_header(algorithm: int, kid: bytes, content_type: str) -> bytes:
    """Return the protected header of a signed document that is no certificate: it says of which type it is."""
    return cbor.encode({_ALGORITHM: algorithm, _TYPE: content_type, _KID: kid})


def document_structure(protected: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure of such a document: its context is no certificate's, so no signature serves for both."""
    return cbor.encode(["Signature1", protected, _DOCUMENT_CONTEXT, payload])


def encode(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    """Return the tagged COSE_Sign1 with an empty unprotected header."""
    return _message_head(protected) + cbor.byte_string(payload) + cbor.byte_string(signature)


@lru_cache(maxsize=256)
def _message_head(protected: bytes) -> bytes:
    """Return the part of a COSE_Sign1 before the payload; one issuer's is the same for all its certificates."""
    return _SIGN1_START + cbor.byte_string(protected) + b"\xa0"


def parse_plain(content: bytes) -> PlainSign1 | None:
    """Return the COSE_Sign1 in *content* where its layout is that of `encode`, byte for byte; None for any other.

    Most issuers' is: tag 18, a short protected header with algorithm and kid, nothing unprotected, minimal lengths, and
    a signature of ES256.
    """
    if content[:2] != _SIGN1_START or len(content) < _LEAST_PLAIN_BYTES:
        return None
    header_end = content[2] - 0x40 + 3  # a byte string of under 24 bytes; any other ends somewhere else
    lead = content[header_end : header_end + 2]
    if lead == b"\xa0\x59":  # nothing unprotected, then a payload with two bytes of length
        payload_at, least = header_end + 4, 0x100
    elif lead == b"\xa0\x58":
        payload_at, least = header_end + 3, 24
    else:
        return None
    size = int.from_bytes(content[header_end + 2 : payload_at], "big")
    end = payload_at + size
    if not (header_end in _PLAIN_HEADER_ENDS and size >= least and content[end:-64] == b"\x58\x40"):
        return None
    header = _plain_header(content[3:header_end])
    if header is None:
        return None
    algorithm, kid, head = header
    return PlainSign1(algorithm, kid, head + content[header_end + 1 : end], content[payload_at:end], content[-64:])


@lru_cache(maxsize=256)
def _plain_header(protected: bytes) -> tuple[int, bytes, bytes] | None:
    """Return the algorithm, the kid and the start of the Sig_structure where *protected* has both."""
    algorithm, kid = _labels(protected)
    if type(algorithm) is not int or algorithm not in ALGORITHM_NAMES or type(kid) is not bytes:
        return None
    return algorithm, kid, _signature_head(protected)


def parse(item: object) -> Sign1:
    """Return the COSE_Sign1 that the decoded CBOR *item* is.

    The tag 18 may be missing, and a CWT tag 61 may stand around it; both are in use. kid and algorithm may stand
    in either header; the protected one wins (hcert-spec §3.3.3).

    Raises:
        AlgorithmError: The algorithm is missing, or neither ES256 nor PS256.
        CoseError: The structure is another one.
    """
    if isinstance(item, cbor.Tag) and item.tag == _CWT_TAG:
        item = item.value
    if isinstance(item, cbor.Tag) and item.tag == _SIGN1_TAG:
        item = item.value
    if not isinstance(item, (list, tuple)) or len(item) != 4:  # noqa: PLR2004 - RFC 9052 §4.2
        raise CoseError("not an array of four, as a COSE_Sign1 is")
    protected, unprotected, payload, signature = item
    if not (isinstance(protected, bytes) and isinstance(payload, bytes) and isinstance(signature, bytes)):
        raise CoseError("the protected header, payload and signature of a COSE_Sign1 are byte strings")
    if not isinstance(unprotected, cbor.MAPS):
        raise CoseError("the unprotected header of a COSE_Sign1 is a map")
    _check_labels(unprotected)
    algorithm, kid = _labels(protected)
    algorithm_is_protected = algorithm is not None
    if unprotected:
        algorithm = unprotected.get(_ALGORITHM) if algorithm is None else algorithm
        kid = unprotected.get(_KID) if kid is None else kid
    # `in` alone would take True for 1 and a float for an integer; no algorithm that matters is either.
    if type(algorithm) is not int or algorithm not in ALGORITHM_NAMES:
        raise AlgorithmError("the algorithm is neither ES256 nor PS256")
    if not isinstance(kid, bytes) or len(kid) > _MAX_KID_BYTES:
        kid = b""  # nothing to look the signer up by: an unknown signer, not a malformed certificate
    return Sign1(protected, payload, signature, algorithm, kid, algorithm_is_protected)


@lru_cache(maxsize=1024)
def _labels(protected: bytes) -> tuple[object, object]:
    """Return algorithm and kid of a protected header; one issuer's header is the same on all its certificates."""
    if not protected:
        return None, None  # RFC 9052 §3: an empty string stands for an empty map
    if len(protected) > _MAX_HEADER_BYTES:
        raise CoseError(f"the protected header is over {_MAX_HEADER_BYTES} bytes")
    try:
        header = cbor.decode(protected)
    except CborError as error:
        raise CoseError("the protected header is not CBOR") from error
    if not isinstance(header, cbor.MAPS):
        raise CoseError("the protected header is not a map")
    _check_labels(header)
    if _CRITICAL in header and not _are_understood(header[_CRITICAL]):
        # RFC 9052 §3.1: what the signer calls critical is processed, or the message refused.
        raise CoseError("the protected header calls something critical that is not known here")
    return header.get(_ALGORITHM), header.get(_KID)


def _check_labels(header: Mapping[object, object]) -> None:
    # RFC 9052 §1.4. To Python true is 1 and 4.0 is 4; to another reader they are not.
    if not all(type(label) in (int, str) for label in header):
        raise CoseError("a header has a label that is neither a whole number nor text")


def _are_understood(labels: object) -> bool:
    if not isinstance(labels, (list, tuple)) or not labels:
        return False
    return all(type(label) is int and label in _UNDERSTOOD for label in labels)
