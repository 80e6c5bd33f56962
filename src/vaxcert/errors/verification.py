"""The certificate lies or has lapsed: rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors.base import VaxcertError

if TYPE_CHECKING:
    from datetime import datetime


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


class RevokedError(VerificationError):
    """The issuer, or whoever may speak for it, has withdrawn the certificate."""

    code = "revoked"
    hint = "the holder can ask the issuing authority why, and for a new certificate"

    def __init__(self, revoked_at: datetime | None, *, by_kid: bool = False) -> None:
        """Keep the instant *revoked_at*, where the list says it, and whether all that its key signed was revoked."""
        since = "" if revoked_at is None else f" at {revoked_at:%Y-%m-%dT%H:%MZ}"
        super().__init__(f"revoked{since}, with all that its key signed" if by_kid else f"revoked{since}")
        self.revoked_at = revoked_at
        self.by_kid = by_kid


class SupersededError(VerificationError):
    """The issuer has put a newer certificate in this one's place."""

    code = "superseded"
    hint = "ask for the newer certificate: a renewal or a correction has replaced this one"

    def __init__(self, superseded_at: datetime | None) -> None:
        """Keep the instant *superseded_at*, where the list says it."""
        since = "" if superseded_at is None else f" at {superseded_at:%Y-%m-%dT%H:%MZ}"
        super().__init__(f"superseded by a newer certificate{since}")
        self.superseded_at = superseded_at


class PolicyError(VerificationError):
    """The verifier's policy refuses the certificate."""

    code = "refused_by_policy"


class WeakKeyError(PolicyError):
    """The DSC's key is too weak or of a kind that the policy does not allow."""

    code = "key_not_allowed"
