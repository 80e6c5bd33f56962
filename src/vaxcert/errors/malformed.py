"""Malformed input: rejected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors.base import VaxcertError

if TYPE_CHECKING:
    from collections.abc import Sequence


class CodecError(VaxcertError):
    """The input is not what its format says."""

    code = "malformed"


class PrefixError(CodecError):
    """The text begins with no known prefix: it is not a certificate."""

    code = "unknown_prefix"
    hint = "a certificate's text begins with HC1:"


class TextTooLongError(CodecError):
    """The text is longer than any certificate may be."""

    code = "text_too_long"


class Base45Error(CodecError):
    """The body is not base45 (RFC 9285)."""

    code = "invalid_base45"


class InflateError(CodecError):
    """The body is not one whole zlib stream (RFC 1950)."""

    code = "invalid_zlib"


class InflateLimitError(InflateError):
    """The stream inflates to more than the bound."""

    code = "inflated_too_large"


class CborError(CodecError):
    """The bytes are not one well-formed CBOR item (RFC 8949)."""

    code = "invalid_cbor"


class CborDepthError(CborError):
    """The CBOR item is nested deeper than the bound."""

    code = "cbor_too_deep"


class DuplicateKeyError(CborError):
    """A CBOR map has the same key twice."""

    code = "duplicate_key"


class CborTagError(CborError):
    """A CBOR tag that no certificate uses."""

    code = "unexpected_tag"


class CoseError(CodecError):
    """The CBOR item is not a COSE_Sign1 (RFC 9052 §4.2)."""

    code = "invalid_cose"


class AlgorithmError(CoseError):
    """The COSE algorithm is missing, or none that a certificate may use."""

    code = "unsupported_algorithm"


class ClaimError(CodecError):
    """A CWT claim is missing or has the wrong type or range."""

    code = "invalid_claim"


class EventCountError(ClaimError):
    """The payload holds no event, or several; a certificate attests exactly one."""

    code = "not_one_event"


class UvciError(CodecError):
    """The text is not a UVCI, or its check character is wrong."""

    code = "invalid_uvci"


class PartialDateError(CodecError):
    """The text is not a date, a month or a year."""

    code = "invalid_date"


class TransliterationError(CodecError):
    """A name cannot be written in the machine-readable alphabet."""

    code = "invalid_name"

    def __init__(self, message: str, *, script: str | None = None, hint: str | None = None) -> None:
        """Keep the *script* of the letters that no table spells, where such letters are the reason."""
        super().__init__(message, hint=hint)
        self.script = script


class PersonNameError(CodecError):
    """A person's name is missing, too long or damaged."""

    code = "unusable_name"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with one field: where, which kind, and in words."""

    field: str
    code: str
    message: str


class SchemaError(CodecError):
    """A record or payload breaks its schema; every bad field is named at once."""

    code = "invalid_record"

    def __init__(self, message: str, *, problems: Sequence[FieldProblem] = (), hint: str | None = None) -> None:
        """Keep the *problems*, one for each bad field."""
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class ImageError(CodecError):
    """The file is not a picture or document that can be read."""

    code = "unreadable_image"


class ImageTooLargeError(ImageError):
    """The picture or document is past a bound on bytes, pixels or pages."""

    code = "image_too_large"

    def __init__(self, message: str, *, limit: int | None = None, hint: str | None = None) -> None:
        """Keep the *limit* that was passed, where it is one number: of bytes, pixels, pages or points."""
        super().__init__(message, hint=hint)
        self.limit = limit


class DocumentTooLargeError(ImageTooLargeError):
    """The PDF is past a bound on pages, page size or embedded pictures, or on the time or memory of drawing it."""

    code = "pdf_too_large"


class NoQrCodeError(ImageError):
    """The picture holds no readable QR code."""

    code = "no_qr_code"


class QrError(CodecError):
    """The text does not fit into a QR symbol."""

    code = "qr_overflow"


class QrAlphabetError(QrError):
    """The text has a character that a QR symbol's alphanumeric mode lacks."""

    code = "qr_alphabet"


class QrLayoutError(QrError):
    """The text has a run of zeros so long that no encoder here lays it out in alphanumeric mode."""

    code = "qr_layout"
