"""The file that the issuer's secret lies in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import PassphraseError, SecretMissingError
from vaxcert.service.files import read_file, whole_file
from vaxcert.signing.issuer_secret import IssuerSecret
from vaxcert.signing.private_key import MAX_KEY_BYTES, is_encrypted

if TYPE_CHECKING:
    from pathlib import Path


def load_secret(path: Path, passphrase: bytes | None, *, unsafe_unencrypted: bool = False) -> IssuerSecret:
    """Return the issuer's secret in the file *path*.

    Raises:
        SecretMissingError: There is no such file.
        KeyFileError: It holds no issuer's secret.
        PassphraseError: The passphrase is missing or wrong, or the secret in the clear.
        StorageError: It cannot be read.
    """
    if not path.exists():
        raise SecretMissingError(
            f"there is no issuer's secret {path}",
            hint=f"make one with `vaxcert keys secret {path}`, and keep it with the keys: ids follow from it",
        )
    pem = read_file(path, limit=MAX_KEY_BYTES)
    if not is_encrypted(pem) and not unsafe_unencrypted:
        raise PassphraseError(f"the issuer's secret {path} is not encrypted", hint="say --unsafe-unencrypted-key")
    return IssuerSecret.from_pem(pem, passphrase if is_encrypted(pem) else None)


def create_secret(path: Path, passphrase: bytes) -> None:
    """Make a new issuer's secret in the new file *path*, encrypted under *passphrase*.

    Raises:
        PassphraseError: The passphrase is too short.
        StorageError: There is something at *path* already, or it cannot be written.
    """
    pem = IssuerSecret.create().to_pem(passphrase)
    with whole_file(path) as stream:
        stream.write(pem)
