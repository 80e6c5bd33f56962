"""What a batch keeps of a certificate in the log, before it is sealed; and how a log that has it sealed is looked into.

The column `cose` holds the certificate's COSE bytes or a sealed content, which is all the store knows of the latter. It
was sealed under the issuer's secret together with the certificate's id, so that it opens in its own row alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vaxcert.codec import cbor
from vaxcert.errors import LedgerFormatError
from vaxcert.ledger.store.certificates import MAX_COSE_BYTES, certificate_row
from vaxcert.signing.issuer_secret import CONTENT_BYTES, IDENTITY_BYTES, SEAL_BYTES, is_sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from vaxcert.ledger.store.reader import CertificateRow, LoggedCertificate
    from vaxcert.signing.issuer_secret import IssuerSecret

    Opener: TypeAlias = Callable[[str, bytes], bytes]
    """From a certificate's id and its sealed content to the content; SealError where it does not open."""

FORMAT: Final = 1
MAX_STORED_BYTES: Final = MAX_COSE_BYTES + 64 * 1024
"""The certificate, and as much again for what is printed beside it."""
MAX_VERSION: Final = 2**32 - 1
"""A version is a part of what the certificate's id is derived from, in four bytes."""

_ITEMS: Final = 6
# An array and its first item; byte strings of 32 and 16 bytes (RFC 8949 §3.1).
_HEAD: Final = bytes((0x80 | _ITEMS, FORMAT))
_IDENTITY_HEAD: Final = bytes((0x58, IDENTITY_BYTES))
_CONTENT_HEAD: Final = bytes((0x40 | CONTENT_BYTES,))


class StoredCertificate(NamedTuple):
    """A certificate with what a later run needs: to know it again, to renew it and to print it."""

    cose: bytes
    identity: bytes
    """Whose certificate it is, as a keyed digest."""
    version: int
    """1, and one more with each correction and renewal."""
    content: bytes
    """A keyed digest of the record that it was issued from: another one is a correction."""
    printed: Mapping[str, str]
    """What stands on the card and not in the certificate."""

    def __repr__(self) -> str:
        return f"StoredCertificate(version={self.version})"  # the rest says whose certificate it is


def encode_stored(message: bytes, identity: bytes, version: int, content: bytes, printed: Mapping[str, str]) -> bytes:
    """Return a `StoredCertificate` of these parts as CBOR: ``[1, cose, identity, version, content, printed]``."""
    # By hand: there are millions, and the encoder of any value takes twice the time.
    number = bytes((version,)) if version < 24 else cbor.encode(version)  # noqa: PLR2004 - RFC 8949 §3
    marks = _IDENTITY_HEAD + identity + number + _CONTENT_HEAD + content
    return _HEAD + cbor.byte_string(message) + marks + cbor.encode(printed)


def parse_stored(plain: bytes) -> StoredCertificate:
    """Return the stored certificate in the opened content *plain*; its COSE bytes are not looked into.

    Raises:
        CborError: It is not one CBOR item.
        LedgerFormatError: It is larger than any, or is none.
    """
    if len(plain) > MAX_STORED_BYTES:
        raise LedgerFormatError(f"a stored certificate has over {MAX_STORED_BYTES} bytes")
    items = cbor.decode(plain)
    if not isinstance(items, list) or len(items) != _ITEMS or items[0] != FORMAT:
        raise LedgerFormatError(f"a stored certificate is no array of {_ITEMS} items in the form {FORMAT}")
    _, message, identity, version, content, printed = items
    if not (isinstance(message, bytes) and _is_bytes(identity, IDENTITY_BYTES) and _is_bytes(content, CONTENT_BYTES)):
        raise LedgerFormatError("a stored certificate has no COSE bytes, or a digest of another length")
    if type(version) is not int or not 1 <= version <= MAX_VERSION:
        raise LedgerFormatError("a stored certificate has no version")
    if not isinstance(printed, dict) or not all(isinstance(text, str) for pair in printed.items() for text in pair):
        raise LedgerFormatError("what is printed of a stored certificate is no map of texts")
    return StoredCertificate(message, identity, version, content, printed)


def opener_of(secret: IssuerSecret) -> Opener:
    """Return what opens certificates that were sealed under *secret*."""
    return lambda certificate_id, content: secret.open(content, about=certificate_id.encode("utf-8", "replace"))


def stored_row(certificate: LoggedCertificate, opener: Opener | None) -> CertificateRow | None:
    """Return what the certificate in a row says of itself; None where it is sealed, and there is nothing to open it.

    Args:
        certificate: The row. Only its id and its stored content are read.
        opener: Opens sealed contents.

    Raises:
        CodecError: It is no certificate.
        LedgerFormatError: What is sealed cannot be a stored certificate, or is none.
        SealError: It does not open.
    """
    content = certificate.cose
    if not is_sealed(content):
        return certificate_row(content)
    if not 0 <= len(content) - SEAL_BYTES <= MAX_STORED_BYTES:
        raise LedgerFormatError("what is marked as sealed is shorter or longer than any sealed certificate")
    if opener is None:
        return None
    return certificate_row(parse_stored(opener(certificate.id, content)).cose)


def differing_columns(row: LoggedCertificate, said: CertificateRow) -> str:
    """Return the names of the columns of *row* that are not what its certificate *said*, as a list in words.

    The stored content itself is none of them: it is the certificate, or has it sealed.
    """
    columns = (column for column in said._fields if column != "cose")
    return ", ".join(column for column in columns if getattr(row, column) != getattr(said, column))


def _is_bytes(value: object, length: int) -> bool:
    return isinstance(value, bytes) and len(value) == length
