"""What the HTTP service refuses before a use case is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors.base import VaxcertError

if TYPE_CHECKING:
    from datetime import timedelta


class WebError(VaxcertError):
    """The HTTP service does not take the request."""

    code = "request_refused"


class NoSuchRouteError(WebError):
    """There is nothing at this address."""

    code = "no_such_route"
    hint = "GET /api/v1/openapi.json names every route"


class NotSetUpError(NoSuchRouteError):
    """The service was started without what this route works with."""

    code = "not_set_up"
    hint = "ask whoever runs it"


class MethodError(WebError):
    """The address takes another method."""

    code = "method_not_allowed"


class MediaTypeError(WebError):
    """The body is of a type that the route does not take."""

    code = "unsupported_media_type"


class BodyTooLargeError(WebError):
    """The body is larger than the route takes."""

    code = "body_too_large"


class HeaderError(WebError):
    """A header is missing or has no value that can be read."""

    code = "invalid_header"


class IdempotencyKeyMissingError(WebError):
    """What the route creates would be created twice if the request were sent twice."""

    code = "idempotency_key_missing"
    hint = "send Idempotency-Key with a new random value, and the same one when you send the request again"


class PreconditionMissingError(WebError):
    """The request does not say which version it changes."""

    code = "precondition_missing"
    hint = "send If-Match with the ETag of the version that you read"


class AuthenticationError(WebError):
    """Nobody has proved who they are, or not in a way that counts here."""

    code = "not_authenticated"
    hint = "sign in, and send Authorization: Bearer with the token"


class WrongCredentialsError(AuthenticationError):
    """The name and the password, or the phone and the code, do not go together."""

    code = "wrong_credentials"
    hint = "after several wrong ones the account is locked for a while"


class TooManyRequestsError(WebError):
    """One client or account asks more often than it may."""

    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after: timedelta, hint: str | None = None) -> None:
        """Keep how long to wait, *retry_after*."""
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class LockedOutError(TooManyRequestsError):
    """Too many wrong passwords or codes came, and none is looked at for a while."""

    code = "locked_out"


class OverloadedError(WebError):
    """The service has as many requests in its hands as it can answer in time."""

    code = "overloaded"
    hint = "send the request again after the time in Retry-After"


class NotReadyError(WebError):
    """The service cannot answer as it should: its database is away, or its trust list too old."""

    code = "not_ready"


class TooSlowError(WebError):
    """The request took longer than it may."""

    code = "too_slow"


class InternalError(WebError):
    """A defect of the service."""

    code = "internal_error"
    hint = "please report this, with the id of the request"
