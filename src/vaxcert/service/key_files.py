"""What lies in a keystore or key file, shown without opening a private key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import KeyFileError, TrustEntryError
from vaxcert.service.files import read_file
from vaxcert.signing.private_key import MAX_KEY_BYTES, is_encrypted
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.pem import CERTIFICATE_LABEL, is_pem, read_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

KEY_SUFFIX, CERTIFICATE_SUFFIX = ".key.pem", ".pem"
"""How a keystore names a private key and, beside it, its certificate."""

_PRIVATE_KEY = "PRIVATE KEY"
_ENCRYPTED_PRIVATE_KEY = "ENCRYPTED PRIVATE KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """A certificate, a private key, or both together."""

    path: Path
    """The certificate's file; without a certificate, the key's."""
    certificate: Dsc | None
    is_key_encrypted: bool | None
    """None where there is no private key."""


def read_keys(path: Path) -> tuple[KeyEntry, ...]:
    """Return what *path* holds: a keystore with its CSCA first and its newest DSC next, or a file of PEM or DER.

    No key is opened, so no passphrase is needed.

    Raises:
        KeyFileError: A file holds neither certificate nor private key, or one that cannot be read.
        StorageError: It cannot be read.
    """
    if not path.is_dir():
        return tuple(_read_file(path))
    found = {entry.path: entry for file in sorted(path.glob("*.pem")) for entry in _read_file(file)}
    for key_path in [file for file in found if file.name.endswith(KEY_SUFFIX)]:
        pair = found.get(certificate_beside(key_path))
        if pair is not None:
            key = found.pop(key_path)
            found[pair.path] = KeyEntry(
                path=pair.path, certificate=pair.certificate, is_key_encrypted=key.is_key_encrypted
            )
    if not found:
        raise KeyFileError(f"there are no keys or certificates (.pem) in {path}")
    return tuple(sorted(found.values(), key=_rank))


def certificate_beside(key: Path) -> Path:
    """Return where the certificate of the private key in the file *key*, ``NAME.key.pem``, stands."""
    return key.with_name(key.name.removesuffix(KEY_SUFFIX) + CERTIFICATE_SUFFIX)


def key_beside(certificate: Path) -> Path:
    """Return where the private key of the certificate in the file *certificate*, ``NAME.pem``, stands."""
    return certificate.with_name(certificate.name.removesuffix(CERTIFICATE_SUFFIX) + KEY_SUFFIX)


def _read_file(path: Path) -> Iterator[KeyEntry]:
    content = read_file(path, limit=MAX_KEY_BYTES)
    blocks = list(read_blocks(content)) if is_pem(content) else []
    ders = [block.content or b"" for block in blocks if block.label == CERTIFICATE_LABEL] if blocks else [content]
    labels = [block.label for block in blocks if block.label.endswith(_PRIVATE_KEY)]
    encrypted = _are_encrypted(labels, content) if labels else None
    if not ders and encrypted is None:
        raise _unknown(path)
    if not ders:
        yield KeyEntry(path=path, certificate=None, is_key_encrypted=encrypted)
    for der in ders:
        try:
            certificate = Dsc.of_der(der)
        except TrustEntryError as error:
            if not blocks:
                raise _unknown(path) from error
            raise KeyFileError(f"{path}: {error.message}") from error
        yield KeyEntry(path=path, certificate=certificate, is_key_encrypted=encrypted)


def _are_encrypted(labels: Sequence[str], content: bytes) -> bool:
    # OpenSSL's older form says so inside the block; with several keys that could be the word of one for another.
    return all(label == _ENCRYPTED_PRIVATE_KEY for label in labels) or (len(labels) == 1 and is_encrypted(content))


def _unknown(path: Path) -> KeyFileError:
    return KeyFileError(
        f"{path} holds neither a certificate nor a private key",
        hint="`vaxcert trust list` shows trust lists in other forms",
    )


def _rank(entry: KeyEntry) -> tuple[int, int, str]:
    if entry.certificate is None or entry.certificate.certificate is None:
        return 2, 0, entry.path.name
    is_ca = entry.certificate.certificate.is_ca
    return 0 if is_ca else 1, -entry.certificate.not_before_seconds, entry.path.name
