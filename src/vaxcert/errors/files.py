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


class StorageError(VaxcertError):
    """A file could not be read or written."""

    code = "storage_failed"


class MissingDependencyError(VaxcertError):
    """An optional library is not installed here."""

    code = "missing_dependency"


class SettingsError(VaxcertError):
    """The settings file or an environment variable holds a wrong value."""

    code = "invalid_settings"
