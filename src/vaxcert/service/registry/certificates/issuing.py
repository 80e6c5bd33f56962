"""How a registry's certificates are issued, as the settings say: with which keys, by whom, into which ledger."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from vaxcert.errors import SettingsError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.issuer_secrets import load_secret
from vaxcert.service.registry.certificates.sequencer import CertificateSequencer, issuing_bench
from vaxcert.service.signers import SignerSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vaxcert.service.registry.desk import Desk
    from vaxcert.service.registry.registry_folder import RegistryFolder


class IssuingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[issuing]``.

    Attributes:
        keys: The keystore, with the issuer's secret in it.
        passphrase_file: The file whose first line opens both.
        issuer: Who answers for the certificates.
        country: The issuing country.
    """

    keys: str
    passphrase_file: str
    issuer: Annotated[str, Meta(min_length=1, max_length=80)]
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] = "VN"


@contextmanager
def open_sequencer(folder: RegistryFolder, desk: Desk, *, at: datetime) -> Iterator[CertificateSequencer | None]:
    """Yield the sequencer of the registry in *folder*; None where the settings name no keys and no ledger.

    Raises:
        SettingsError: They name one without the other, or something else.
        SigningError: The key or the secret cannot be had; the subclass says why.
        StorageError: A file cannot be read.
    """
    table, ledger = folder.settings().issuing, folder.ledger
    if not table and ledger is None:
        yield None
        return
    if not table or ledger is None:
        raise SettingsError(f"{folder.settings_file}: [issuing] and ledger go together")
    try:
        settings = msgspec.convert(table, IssuingSettings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{folder.settings_file}, [issuing]: {error}") from error
    source = SignerSource(keys=folder.path / settings.keys, passphrase_file=folder.path / settings.passphrase_file)
    at = at.astimezone(UTC)
    with source.open(usage=CertificateType.VACCINATION, at=at) as signer:
        assert isinstance(source.secret_path, Path)  # a keystore has its place for it
        secret = load_secret(source.secret_path, source.read_passphrase())
        bench = issuing_bench(signer, secret, issuer=settings.issuer, at=at, country=settings.country)
        yield CertificateSequencer(desk, ledger, bench)
