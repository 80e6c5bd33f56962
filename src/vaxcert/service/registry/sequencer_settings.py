"""Where the sequencer of a registry finds its keys: the table `[issuing]` of `registry.toml`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from vaxcert.errors import SettingsError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.files import read_secret_line
from vaxcert.service.issuer_secrets import load_secret
from vaxcert.service.registry.sequencer import issuing_bench
from vaxcert.service.signers import SignerSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vaxcert.service.batch.workbench import Workbench
    from vaxcert.service.registry.registry_folder import RegistryFolder


class IssuingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who issues, and with which keys. Paths are relative to the registry's folder; secrets are named, never written.

    Attributes:
        issuer: Who answers for the certificates.
        keys: The keystore; its newest DSC that may sign signs, and the issuer's secret lies beside it.
        passphrase_file: Has what the keys are encrypted with in its first line.
        country: The issuing country.
        secret: The issuer's secret, where it lies elsewhere.
        ledger_passphrase_file: Has what the log's key is encrypted with; without it nobody signs checkpoints here.
        unsafe_unencrypted_key: Take keys that lie there in the clear, for trials.
    """

    issuer: str
    keys: str
    passphrase_file: str | None = None
    country: str = "VN"
    secret: str | None = None
    ledger_passphrase_file: str | None = None
    unsafe_unencrypted_key: bool = False


class SequencerPlace:
    """Where a registry's certificates are issued: its ledger and its keys."""

    def __init__(self, folder: RegistryFolder) -> None:
        """Read what the settings in *folder* say.

        Raises:
            SettingsError: They name no ledger or no keys, or are wrong.
        """
        settings = folder.settings()
        ledger = folder.ledger
        if ledger is None or not settings.issuing:
            raise SettingsError(
                f"{folder.settings_file} does not say where certificates are issued",
                hint="give it `ledger` and the table [issuing] with `issuer` and `keys`",
            )
        self.ledger = ledger
        self._path = folder.path
        try:
            self._issuing = msgspec.convert(settings.issuing, IssuingSettings)
        except msgspec.ValidationError as error:
            raise SettingsError(f"{folder.settings_file} is wrong in [issuing]: {error}") from error

    @property
    def signs_checkpoints(self) -> bool:
        """Whether the settings say where the passphrase of the log's key is."""
        return self._issuing.ledger_passphrase_file is not None

    def ledger_passphrase(self) -> bytes:
        """Return the passphrase of the log's key.

        Raises:
            PassphraseError: Its file is empty.
            StorageError: It cannot be read.
        """
        assert self._issuing.ledger_passphrase_file is not None  # the caller has asked
        return read_secret_line(self._path / self._issuing.ledger_passphrase_file, "passphrase")

    @contextmanager
    def bench(self, at: datetime) -> Iterator[Workbench]:
        """Give the bench at which certificates are issued at *at* (aware).

        Raises:
            SecretMissingError: There is no issuer's secret.
            SigningError: The key cannot be had, or may not sign now.
            StorageError: A file cannot be read.
        """
        said = self._issuing
        source = SignerSource(
            keys=self._path / said.keys,
            passphrase_file=None if said.passphrase_file is None else self._path / said.passphrase_file,
            unsafe_unencrypted=said.unsafe_unencrypted_key,
        )
        place = source.secret_path if said.secret is None else self._path / said.secret
        assert place is not None  # a keystore has a place for it
        secret = load_secret(place, source.read_passphrase(), unsafe_unencrypted=said.unsafe_unencrypted_key)
        with source.open(usage=CertificateType.VACCINATION, at=at) as signer:
            try:
                yield issuing_bench(signer, secret, issuer=said.issuer, at=at, country=said.country)
            except ValueError as error:
                raise SettingsError(f"[issuing] is wrong: {error}") from error
