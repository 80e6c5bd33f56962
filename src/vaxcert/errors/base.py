"""The base of every error."""

from __future__ import annotations

from typing import ClassVar


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
