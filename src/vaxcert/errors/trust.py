"""Missing trust material: undetermined."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from vaxcert.errors.base import VaxcertError

if TYPE_CHECKING:
    from datetime import datetime


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


class StaleRevocationListError(TrustError):
    """Every revocation list that speaks for the certificate is older than the policy allows."""

    code = "stale_revocation_list"
    hint = "fetch a newer revocation list from whoever publishes it"

    def __init__(self, as_of: datetime) -> None:
        """Keep the instant *as_of* that the newest of them speaks for."""
        super().__init__(f"the revocation list is of {as_of:%Y-%m-%dT%H:%MZ}")
        self.as_of = as_of


class RevocationListError(TrustError):
    """A revocation list cannot be read, or does not say what was asked of it."""

    code = "invalid_revocation_list"


class RevocationBatchError(RevocationListError):
    """A batch of the EU gateway, or the signed envelope around it, is malformed or past a bound."""

    code = "invalid_revocation_batch"


class RevocationSliceError(RevocationListError):
    """A slice of a partitioned list is damaged, of an unknown kind, or a filter that hits too often."""

    code = "invalid_revocation_slice"


class UntrustedRevocationListError(RevocationListError):
    """A revocation list was not signed by anybody who is believed, or speaks of others' certificates."""

    code = "untrusted_revocation_list"


class OlderRevocationListError(RevocationListError):
    """A revocation list is older than the one that is kept: somebody may be bringing back what was revoked."""

    code = "older_revocation_list"


class ReceiptMissingError(TrustError):
    """The policy asks for a receipt, and there is none: the certificate may have been issued unseen."""

    code = "receipt_missing"
    hint = "the holder gets the receipt from the issuer"


class UnknownLogError(TrustError):
    """The receipt is of a log, or of a log's key, that is not known here."""

    code = "unknown_log"
    hint = "name the log with --log: its log.json or verifier key, from the issuer"
