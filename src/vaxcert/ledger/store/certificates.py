"""What a certificate says about itself: what its row in the log has to agree with."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from vaxcert.codec import cbor, cose
from vaxcert.codec.cwt import Claims
from vaxcert.errors import ClaimError, CoseError
from vaxcert.ledger.store.reader import CertificateRow

MAX_COSE_BYTES: Final = 64 * 1024
"""As much as a verifier inflates; a certificate has some 400 bytes."""

_GROUPS: Final = ("v", "t", "r")  # vaccination, test, recovery: a DCC has one of them (DCC schema)


def certificate_row(message: bytes) -> CertificateRow:
    """Return the row of the certificate in the COSE_Sign1 *message*; its signature is not verified.

    Raises:
        CodecError: It is not a certificate.
    """
    if len(message) > MAX_COSE_BYTES:
        raise CoseError(f"the certificate has over {MAX_COSE_BYTES} bytes")
    parsed = cose.parse(cbor.decode(message))
    claims = Claims.from_map(cbor.decode(parsed.payload))
    digest = sha256(parsed.to_be_signed()).digest()
    return CertificateRow(_id_of(claims), digest, message, parsed.kid, claims.issued_seconds, claims.expires_seconds)


def _id_of(claims: Claims) -> str:
    groups = (claims.dcc.get(group) for group in _GROUPS)
    entries = (entry for group in groups if isinstance(group, (list, tuple)) for entry in group)
    found = [entry.get("ci") for entry in entries if isinstance(entry, cbor.MAPS)]
    if len(found) != 1 or not isinstance(found[0], str):
        raise ClaimError("the certificate has not one id")
    return found[0]
