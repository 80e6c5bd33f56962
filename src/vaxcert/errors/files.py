"""Files and settings, and printed documents."""

from __future__ import annotations

from vaxcert.errors.base import VaxcertError


class UnprintableTextError(VaxcertError):
    """A text cannot be printed: it is too long, or the documents' typeface lacks a character of it."""

    code = "unprintable_text"

    def __init__(self, message: str, *, field: str, hint: str | None = None) -> None:
        """Keep the name of the *field* that holds the text."""
        super().__init__(message, hint=hint)
        self.field = field


class InputError(VaxcertError):
    """A file of records cannot be taken as a whole: its header, encoding or format is wrong."""

    code = "invalid_input"


class InputDamagedError(InputError):
    """A file of records is damaged: what is compressed in it does not come out, or contradicts its own checksum."""

    code = "input_damaged"


class InputTruncatedError(InputDamagedError):
    """A file of records ends too early."""

    code = "input_truncated"
    hint = "copy the whole file again; the rows before its end have been read"


class InputTooLargeError(InputError):
    """A file of records is past a bound on what it may unpack to."""

    code = "input_too_large"


class StorageError(VaxcertError):
    """A file could not be read or written."""

    code = "storage_failed"


class MissingDependencyError(VaxcertError):
    """An optional library is not installed here."""

    code = "missing_dependency"


class SettingsError(VaxcertError):
    """The settings file or an environment variable holds a wrong value."""

    code = "invalid_settings"


class RevocationBookError(VaxcertError):
    """There is no book of revocations here, or the file is something else."""

    code = "not_a_revocation_book"


class CertificateUnknownError(VaxcertError):
    """A certificate that was named is not among those that are known here."""

    code = "certificate_unknown"
    hint = "look whether it was issued into another ledger, or say --unknown"
