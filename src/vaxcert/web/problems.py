"""Errors as `application/problem+json` (RFC 9457), with the codes and hints of the command line.

The one table from errors to HTTP statuses, as `commands/exit_codes.py` is the one to exit codes.
"""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec

from vaxcert import errors
from vaxcert.service.wording import refusal

if TYPE_CHECKING:
    from vaxcert.service.wording import Language

PROBLEM_TYPE: Final = "application/problem+json"

_OF_ERROR: dict[type[errors.VaxcertError], HTTPStatus] = {
    # The nearest class in an error's ancestry decides.
    errors.VaxcertError: HTTPStatus.INTERNAL_SERVER_ERROR,  # disk, key, settings: the operator's matter
    errors.StorageError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.LedgerUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.LedgerStateError: HTTPStatus.CONFLICT,
    errors.NotLoggedError: HTTPStatus.NOT_FOUND,
    errors.EntryErasedError: HTTPStatus.GONE,
    errors.RegistryBusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.RegistryUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.CodecError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.VerificationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TrustError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.LedgerProofError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RegistryInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.CertificateUnknownError: HTTPStatus.NOT_FOUND,
    errors.RegistryError: HTTPStatus.CONFLICT,
    errors.NotAllowedError: HTTPStatus.FORBIDDEN,
    errors.NotRegisteredError: HTTPStatus.NOT_FOUND,
    errors.PersonErasedError: HTTPStatus.GONE,
    errors.StaleVersionError: HTTPStatus.PRECONDITION_FAILED,
    errors.IdempotencyConflictError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.WebError: HTTPStatus.BAD_REQUEST,
    errors.NoSuchRouteError: HTTPStatus.NOT_FOUND,
    errors.MethodError: HTTPStatus.METHOD_NOT_ALLOWED,
    errors.MediaTypeError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.BodyTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.PreconditionMissingError: HTTPStatus.PRECONDITION_REQUIRED,
    errors.AuthenticationError: HTTPStatus.UNAUTHORIZED,
    errors.TooManyRequestsError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.OverloadedError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.NotReadyError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.TooSlowError: HTTPStatus.REQUEST_TIMEOUT,
    errors.InternalError: HTTPStatus.INTERNAL_SERVER_ERROR,
}

RETRY_SECONDS: Final = 1
"""What a client is told to wait where nothing says how long: a full house empties in less."""


class FieldTold(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one field of a request."""

    field: str
    code: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was refused (RFC 9457)."""

    type: str
    """`urn:vaxcert:` and the code."""
    title: str
    """What that code says of every request, in English."""
    status: int
    code: str
    detail: str
    """What is said of this request, in the language that was asked for."""
    instance: str
    """The id of the request, which the service's log has too."""
    hint: str | None = None
    fields: tuple[FieldTold, ...] = ()
    """Every field that is wrong, where fields are."""


def status_of(kind: type[errors.VaxcertError]) -> HTTPStatus:
    """Return the HTTP status of an error of class *kind*."""
    return next(_OF_ERROR[ancestor] for ancestor in kind.__mro__ if ancestor in _OF_ERROR)


def problem_of(error: errors.VaxcertError, lang: Language, request_id: str) -> Problem:
    """Return what is told about *error* in the answer to the request *request_id*."""
    detail, hint = refusal(error, lang)
    status = status_of(type(error))
    if status is HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, errors.InternalError):
        # Its message is for the operator: it may name files. The log has its code.
        detail, hint = "the service cannot do this now", None
    return Problem(
        type=f"urn:vaxcert:{error.code}",
        title=_title(type(error)),
        status=status.value,
        code=error.code,
        detail=detail,
        instance=f"urn:vaxcert:request:{request_id}",
        hint=hint,
        fields=tuple(
            FieldTold(field=each.field, code=each.code, message=each.message) for each in getattr(error, "problems", ())
        ),
    )


def headers_of(error: errors.VaxcertError) -> dict[str, str]:
    """Return the headers that go with the answer about *error*."""
    match error:
        case errors.TooManyRequestsError():
            return {"retry-after": str(max(1, math.ceil(error.retry_after.total_seconds())))}
        case errors.AuthenticationError():
            return {"www-authenticate": "Bearer"}
    if status_of(type(error)) is HTTPStatus.SERVICE_UNAVAILABLE:
        return {"retry-after": str(RETRY_SECONDS)}
    return {}


def _title(kind: type[errors.VaxcertError]) -> str:
    first = (kind.__doc__ or "").strip().partition("\n")[0].strip()
    return first.removesuffix(".")
