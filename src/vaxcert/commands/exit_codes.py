"""The one table from errors and verdicts to exit codes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from vaxcert import errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.verify.report import Report

OK, BUG, INTERRUPTED = 0, 70, 130
UNDETERMINED = 4

_OF_ERROR: dict[type[errors.VaxcertError], int] = {
    # The nearest class in an error's ancestry decides.
    errors.VaxcertError: 6,  # could not work: disk, key, passphrase, a missing library
    errors.CodecError: 1,
    errors.VerificationError: 1,
    errors.PrefixError: 3,
    errors.NoQrCodeError: 3,
    errors.TrustError: UNDETERMINED,
    errors.TrustListError: 6,
    errors.RevocationListError: 6,
    errors.LedgerProofError: 1,
    errors.LedgerUnavailableError: UNDETERMINED,
    errors.InputError: 2,
    errors.SettingsError: 2,
    errors.RegistryInputError: 2,
    errors.RegistryError: 5,
}

_SEVERITY = (BUG, 2, 6, 1, 3, UNDETERMINED, 5, OK)


def of_error(kind: type[errors.VaxcertError]) -> int:
    """Return the exit code of an error of class *kind*."""
    return next(_OF_ERROR[ancestor] for ancestor in kind.__mro__ if ancestor in _OF_ERROR)


def of_report(report: Report) -> int:
    """Return the exit code of a verdict."""
    return OK if report.code is None else of_code(report.code)


def of_code(code: str) -> int:
    """Return the exit code of the error whose own code is *code*."""
    return of_error(_classes_by_code()[code])


def of_inspection(report: Report) -> int:
    """Return the exit code of an inspection: only what could not be decoded counts, since nothing was verified."""
    return OK if report.payload is not None else of_report(report)


def worst(codes: Iterable[int]) -> int:
    """Return the worst of several exit codes: a bug, then usage, then work not done, then the verdicts."""
    return min(codes, key=_SEVERITY.index, default=OK)


def error_classes() -> list[type[errors.VaxcertError]]:
    """Return every class that an error may have."""
    found: list[type[errors.VaxcertError]] = [errors.VaxcertError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return found


@cache
def _classes_by_code() -> dict[str, type[errors.VaxcertError]]:
    return {kind.code: kind for kind in error_classes()}
