"""Issuing and keys."""

from __future__ import annotations

from vaxcert.errors.base import VaxcertError


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


class SecretMissingError(SigningError):
    """There is no issuer's secret, from which the ids of certificates follow."""

    code = "secret_missing"


class SealError(SigningError):
    """A stored certificate does not open: another secret sealed it, or it was altered."""

    code = "seal_broken"


class SignerRevokedError(SigningError):
    """The issuer has revoked the DSC that was to sign."""

    code = "signer_revoked"
