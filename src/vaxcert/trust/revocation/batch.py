"""Batches of revoked certificates as the EU gateway passes them on: JSON in a signed envelope."""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from vaxcert.errors import RevocationBatchError, UntrustedRevocationListError
from vaxcert.trust.fields import encode_base64
from vaxcert.trust.pem import is_pem, read_blocks
from vaxcert.trust.revocation.cms import open_envelope
from vaxcert.trust.revocation.cms_writer import make_envelope
from vaxcert.trust.revocation.hashes import ENTRY_BYTES, HashType
from vaxcert.trust.revocation.wire import Fields, format_instant, format_kid, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vaxcert.trust.certificate import Certificate
    from vaxcert.trust.revocation.cms_writer import ContentSigner

MAX_ENTRIES = 1000
"""The gateway's bound on one batch."""

MAX_BATCH_BYTES = 512 * 1024
"""A batch of a thousand entries has 40 kB; pretty-printed, signed and in base64 it stays under a quarter of this."""

_COUNTRY = re.compile(r"[A-Z]{2}")
_DER_START = 0x30
_PEM_LABELS = ("CMS", "PKCS7")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationBatch:
    """Up to a thousand revoked certificates of one signer; who says so is not known yet."""

    country: str
    expires: datetime
    """When it may be dropped: none of its certificates is valid any more."""
    kid: bytes | None
    """The kid of the certificates' signer, or None where that is not known."""
    hash_type: HashType
    entries: tuple[bytes, ...]
    """16 bytes each."""

    def __post_init__(self) -> None:
        if not _COUNTRY.fullmatch(self.country):
            raise RevocationBatchError("the batch's country is no two-letter code")
        if not 1 <= len(self.entries) <= MAX_ENTRIES:
            raise RevocationBatchError(f"the batch has {len(self.entries)} entries, not 1 to {MAX_ENTRIES}")
        if any(len(entry) != ENTRY_BYTES for entry in self.entries):
            raise RevocationBatchError(f"an entry of the batch has not {ENTRY_BYTES} bytes")

    @classmethod
    def parse(cls, document: bytes) -> Self:
        """Return the batch that the JSON *document* writes; fields that are not known are skipped.

        Raises:
            RevocationBatchError: A field is missing or malformed, or a bound passed.
        """
        kind = RevocationBatchError
        fields = Fields.of(read_json(document, limit=MAX_BATCH_BYTES, kind=kind), kind)
        listed = fields.items("entries")
        if len(listed) > MAX_ENTRIES:
            raise kind(f"the batch has {len(listed)} entries, not 1 to {MAX_ENTRIES}")
        try:
            hash_type = HashType(fields.text("hashType"))
        except ValueError as error:
            raise kind("the batch's hash type is not known") from error
        return cls(
            country=fields.text("country"),
            expires=fields.instant("expires"),
            kid=fields.kid(),
            hash_type=hash_type,
            entries=tuple(Fields.of(entry, kind).base64("hash") for entry in listed),
        )

    def to_json(self) -> bytes:
        """Return the batch as the gateway takes it."""
        fields = {
            "country": self.country,
            "expires": format_instant(self.expires),
            "kid": format_kid(self.kid),
            "hashType": self.hash_type.value,
            "entries": [{"hash": encode_base64(entry)} for entry in self.entries],
        }
        return json.dumps(fields, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedBatch:
    """A batch that a trusted signer of its country has signed."""

    batch: RevocationBatch
    signer: Certificate
    signed_at: datetime | None
    """None where the signer did not say."""


def verify_batch(signed: bytes, trusted: Iterable[Certificate], *, at: datetime) -> VerifiedBatch:
    """Return the batch in the signed envelope *signed*: DER or BER, in base64 as the gateway answers, or PEM.

    Args:
        signed: The envelope.
        trusted: The certificates that may sign batches, such as the member states' upload certificates.
        at: The instant at which the signer's certificate has to be valid (aware).

    Raises:
        RevocationBatchError: The envelope or the batch is malformed, or past a bound.
        UntrustedRevocationListError: No trusted and valid certificate signed it, or that of another country did.
    """
    if len(signed) > MAX_BATCH_BYTES:
        raise RevocationBatchError(f"the signed batch has over {MAX_BATCH_BYTES} bytes")
    opened = open_envelope(_envelope(signed), trusted, at=at)
    batch = RevocationBatch.parse(opened.content)
    # The gateway holds the same: a state revokes its own certificates and nobody else's.
    if opened.signer.country not in (None, batch.country):
        raise UntrustedRevocationListError("the batch is of another country than its signer")
    return VerifiedBatch(batch=batch, signer=opened.signer, signed_at=opened.signed_at)


def sign_batch(batch: RevocationBatch, signer: ContentSigner, *, at: datetime) -> bytes:
    """Return *batch* in an envelope in DER that *signer* signs at *at* (aware).

    Raises:
        ValueError: The signer has no certificate, or one of another country.
        SigningError: The key could not be used.
    """
    if signer.certificate is not None and signer.certificate.country not in (None, batch.country):
        raise ValueError("a batch is signed by its own country")
    return make_envelope(batch.to_json(), signer, at=at)


def _envelope(signed: bytes) -> bytes:
    if signed[:1] == bytes((_DER_START,)):  # no base64 of an envelope begins with a nought
        return signed
    if is_pem(signed):
        blocks = [block for block in read_blocks(signed) if block.label in _PEM_LABELS]
        if len(blocks) != 1 or blocks[0].content is None:
            raise RevocationBatchError(f"expected one signed envelope in PEM, found {len(blocks)}")
        return blocks[0].content
    try:
        return b64decode(b"".join(signed.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RevocationBatchError("the batch is in no form of a signed envelope") from error
