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

    def __reduce__(self) -> tuple[object, ...]:
        # To another process as it is: without calling `__init__`, whose arguments differ from class to class.
        return _revive, (type(self), self.args, self.__dict__)


def _revive(kind: type[VaxcertError], args: tuple[object, ...], facts: dict[str, object]) -> VaxcertError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error
