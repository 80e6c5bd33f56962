"""The signer that a command was given: a key file with its certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import KeyFileError
from vaxcert.service.files import read_file
from vaxcert.signing.pem import PemSigner
from vaxcert.signing.private_key import is_encrypted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_KEY_FILE_BYTES = 64 * 1024

_KEY_SUFFIX, _CERTIFICATE_SUFFIX = ".key.pem", ".pem"


def load_signer(key: Path, certificate: Path | None, passphrase: Callable[[], bytes | None]) -> PemSigner:
    """Return the signer with the private key in the file *key*.

    Args:
        key: The private key, PEM; as `vaxcert keys create` names it, ``NAME.key.pem``.
        certificate: The DSC, PEM; by default ``NAME.pem`` beside the key.
        passphrase: Called only where the key is encrypted.

    Raises:
        KeyFileError: A file is no key or certificate, or they do not belong together.
        PassphraseError: The passphrase is missing or wrong.
        StorageError: A file cannot be read.
    """
    if certificate is None:
        if not key.name.endswith(_KEY_SUFFIX):
            raise KeyFileError(f"no certificate is known for {key}", hint="name the DSC with --certificate")
        certificate = key.with_name(key.name.removesuffix(_KEY_SUFFIX) + _CERTIFICATE_SUFFIX)
    key_pem = read_file(key, limit=MAX_KEY_FILE_BYTES)
    certificate_pem = read_file(certificate, limit=MAX_KEY_FILE_BYTES)
    password = passphrase() if is_encrypted(key_pem) else None
    return PemSigner.from_pem(key_pem, certificate_pem, password=password)
