"""Every error that vaxcert raises, each with a stable code.

A class says what went wrong; `code` names it for machines and never changes; `hint`, where one is known, says
what the reader can do. Facts stand as attributes. No message holds personal data.
The three answers of a verifier follow from the branch: a `CodecError` or `VerificationError` is *rejected*,
a `TrustError` is *undetermined*.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class VaxcertError(Exception):
    """The base of everything that vaxcert raises on purpose."""

    code: ClassVar[str] = "vaxcert_error"
    hint: str | None = None

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        """Keep *message* (lower-case, no full stop) and an optional *hint*."""
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint


# --- malformed input ---------------------------------------------------------------------------------------------


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


# --- missing trust material: undetermined ------------------------------------------------------------------------


class TrustError(VaxcertError):
    """What would decide is missing: the answer is *undetermined*."""

    code = "trust_undetermined"


class UnknownSignerError(TrustError):
    """No DSC in the trust list has the certificate's kid."""

    code = "unknown_signer"

    def __init__(self, kid: bytes) -> None:
        """Keep the *kid* that was looked for."""
        super().__init__(
            f"no signer with kid {b64encode(kid).decode() or '(none)'} in the trust list",
            hint="add the issuer's DSC with --trust, or update the trust list",
        )
        self.kid = kid


class StaleTrustListError(TrustError):
    """The trust list is older than the policy allows."""

    code = "stale_trust_list"

    def __init__(self, as_of: datetime | None) -> None:
        """Keep the instant that the list speaks for, or None where the list has no date."""
        age = "carries no date" if as_of is None else f"is of {as_of:%Y-%m-%dT%H:%MZ}"
        super().__init__(f"the trust list {age}", hint="import a newer trust list")
        self.as_of = as_of


class TrustListError(TrustError):
    """A trust list, or a certificate in it, cannot be read."""

    code = "invalid_trust_list"


class TrustEntryError(TrustListError):
    """One entry of a trust list, or one certificate, cannot be taken; the others can."""

    code = "invalid_trust_entry"

    def __init__(self, message: str, *, reason: str, hint: str | None = None) -> None:
        """Keep the *reason*, a word for machines such as ``unreadable``."""
        super().__init__(message, hint=hint)
        self.reason = reason


class ChainError(TrustEntryError):
    """A DSC was not issued by any of the CSCAs that are trusted."""

    code = "dsc_not_chained"


# --- the certificate lies or has lapsed: rejected -----------------------------------------------------------------


class VerificationError(VaxcertError):
    """The certificate is well-formed and refused."""

    code = "refused"


class SignatureError(VerificationError):
    """No DSC with the certificate's kid made this signature."""

    code = "bad_signature"


class NotYetValidError(VerificationError):
    """The certificate's time has not come."""

    code = "not_yet_valid"

    def __init__(self, issued_at: datetime) -> None:
        """Keep the instant *issued_at* from which the certificate holds."""
        super().__init__(f"not valid before {issued_at:%Y-%m-%dT%H:%MZ}")
        self.issued_at = issued_at


class ExpiredError(VerificationError):
    """The certificate's time is over."""

    code = "expired"

    def __init__(self, expired_at: datetime) -> None:
        """Keep the instant *expired_at* through which the certificate held."""
        super().__init__(f"expired at {expired_at:%Y-%m-%dT%H:%MZ}")
        self.expired_at = expired_at


class DscNotValidError(VerificationError):
    """The DSC is outside its own validity at the time of verification."""

    code = "dsc_not_valid"


class KeyUsageError(VerificationError):
    """The DSC may not sign this kind of certificate (hcert-spec A.4)."""

    code = "wrong_key_usage"


class PolicyError(VerificationError):
    """The verifier's policy refuses the certificate."""

    code = "refused_by_policy"


class WeakKeyError(PolicyError):
    """The DSC's key is too weak or of a kind that the policy does not allow."""

    code = "key_not_allowed"


# --- issuing and keys ---------------------------------------------------------------------------------------------


class SigningError(VaxcertError):
    """A certificate, or a key for it, could not be made."""

    code = "signing_failed"


class SignerUsageError(SigningError):
    """The signer's DSC may not sign this kind of certificate, now or until the expiry asked for."""

    code = "signer_not_allowed"


class ExpiryPastDscError(SignerUsageError):
    """The certificate would outlive the DSC that signs it (hcert-spec §3.3.5)."""

    code = "expiry_past_dsc"


class SignerUnavailableError(SigningError):
    """The token or remote signer does not answer."""

    code = "signer_unavailable"


class KeyFileError(SigningError):
    """A key or certificate file cannot be read, or the two do not belong together."""

    code = "invalid_key_file"


class PassphraseError(KeyFileError):
    """The passphrase is missing or wrong."""

    code = "wrong_passphrase"
    hint = "give the passphrase with --passphrase-file FILE or --passphrase-fd N"


# --- printed documents --------------------------------------------------------------------------------------------


class UnprintableTextError(VaxcertError):
    """A text cannot be printed: it is too long, or the documents' typeface lacks a character of it."""

    code = "unprintable_text"

    def __init__(self, message: str, *, field: str, hint: str | None = None) -> None:
        """Keep the name of the *field* that holds the text."""
        super().__init__(message, hint=hint)
        self.field = field


# --- files and settings ------------------------------------------------------------------------------------------


class InputError(VaxcertError):
    """A file of records cannot be taken as a whole: its header, encoding or format is wrong."""

    code = "invalid_input"


class StorageError(VaxcertError):
    """A file could not be read or written."""

    code = "storage_failed"


class MissingDependencyError(VaxcertError):
    """An optional library is not installed here."""

    code = "missing_dependency"


class SettingsError(VaxcertError):
    """The settings file or an environment variable holds a wrong value."""

    code = "invalid_settings"
